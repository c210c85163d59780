"""Tables that leave as CSV or XLSX: amounts as numbers, dates as dates, no formula out of anybody's text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import get_language

from encours.core.base.money import exponent, to_decimal
from encours.usecases.rights import Actor

KINDS = ("csv", "xlsx")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet would run a text that begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A heading and its cells; a money cell is (minor units, currency)."""

    label: str
    cells: Sequence[Any]
    kind: Literal["text", "money", "date", "number"] = "text"


def check(kind: str, actor: Actor) -> None:
    """Whether the actor may take a list along as a file of this kind. Raises Http404 and PermissionDenied."""
    if kind not in KINDS:
        raise Http404
    if not actor.may("export_list", None).ok:
        raise PermissionDenied


def answer(kind: str, name: str, columns: Sequence[Column]) -> HttpResponse:
    """The table as a download."""
    body, content_type = (_csv(columns), "text/csv; charset=utf-8") if kind == "csv" else (_xlsx(columns), _XLSX)
    return HttpResponse(
        body, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    )


def _csv(columns: Sequence[Column]) -> bytes:
    # French spreadsheets expect semicolons and decimal commas; the mark of UTF-8 keeps their accents.
    french = (get_language() or "fr") == "fr"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow([column.label for column in columns])
    for row in zip(*(column.cells for column in columns), strict=True):
        writer.writerow([_plain(cell, column.kind, french) for cell, column in zip(row, columns, strict=True)])
    return ("\ufeff" + out.getvalue()).encode()


def _plain(cell: Any, kind: str, french: bool) -> str:
    if cell is None or (kind == "money" and cell[0] is None):
        return ""
    if kind == "money":
        text = str(to_decimal(*cell))
        return text.replace(".", ",") if french else text
    if kind == "number":
        text = f"{cell:.1f}"
        return text.replace(".", ",") if french else text
    if kind == "date":
        return str(cell.isoformat())
    return f"'{cell}" if str(cell).startswith(_FORMULA) else str(cell)


def _xlsx(columns: Sequence[Column]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        head = book.add_format({"bold": True, "bottom": 1})
        dates, numbers = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "0.0"})
        money = {
            scale: book.add_format({"num_format": "#,##0" + ("." + "0" * scale if scale else "")}) for scale in range(5)
        }
        for x, column in enumerate(columns):
            sheet.write_string(0, x, column.label, head)
            for y, cell in enumerate(column.cells, start=1):
                if cell is None or (column.kind == "money" and cell[0] is None):
                    continue
                if column.kind == "money":
                    sheet.write_number(y, x, float(to_decimal(*cell)), money[exponent(cell[1])])
                elif column.kind == "date":
                    sheet.write_datetime(y, x, cell, dates)
                elif column.kind == "number":
                    sheet.write_number(y, x, cell, numbers)
                else:
                    sheet.write_string(y, x, str(cell))
            sheet.set_column(x, x, 32 if column.label and x == 2 else 14)
        sheet.freeze_panes(1, 0)
        if columns:
            sheet.autofilter(0, 0, max(1, len(columns[0].cells)), len(columns) - 1)
    return out.getvalue()
