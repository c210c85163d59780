"""The mapping of a source: which column is which field, in which formats. Proposed, corrected once, saved as JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.connectors.sheet.values import DATE_FORMATS, DECIMAL_MARKS
from encours.core.base.issue import CallError
from encours.core.base.money import is_currency

VERSION = 1
#: `as_is`: money in, and what a customer owes, is positive. `reversed`: the other way round.
SIGNS = ("as_is", "reversed")


@dataclass(frozen=True)
class ColumnMap:
    """One column: its place from 0, its heading, the field it fills, and its date format or decimal mark."""

    index: int
    field: str
    heading: str | None = None
    format: str = "auto"


@dataclass(frozen=True)
class Mapping:
    """How to read one source. `columns` may give one field several times where the kind joins texts.

    `header_row` counts the sheet's rows from 1 (None: no headings). `currency`, `account`, `entity` and `as_of` say
    what no column says. `opening_items` makes items of an aged balance's buckets. Columns are found again by their
    heading when an export moved them.
    """

    kind: str
    columns: tuple[ColumnMap, ...]
    header_row: int | None = 1
    sheet: str | None = None
    currency: str | None = None
    sign: str = "as_is"
    entity: str | None = None
    account: str | None = None
    as_of: date | None = None
    opening_items: bool = False

    def of_field(self, name: str) -> list[ColumnMap]:
        """The columns that fill a field, in order."""
        return [column for column in self.columns if column.field == name]

    def to_json(self) -> dict[str, Any]:
        """The form that is saved; `from_json` reads it back."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "sheet": self.sheet,
            "header_row": self.header_row,
            "columns": [
                {"index": column.index, "heading": column.heading, "field": column.field, "format": column.format}
                for column in self.columns
            ],
            "currency": self.currency,
            "sign": self.sign,
            "entity": self.entity,
            "account": self.account,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "opening_items": self.opening_items,
        }

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> Mapping:
        """A saved mapping. Raises CallError listing every fault of it."""
        faults: list[str] = []
        columns = _columns(data.get("columns"), faults)
        kind = data.get("kind")
        if not isinstance(kind, str):
            faults.append("mapping: kind is absent")
        header_row = data.get("header_row", 1)
        if header_row is not None and (not isinstance(header_row, int) or header_row < 1):
            faults.append(f"mapping: header_row {header_row!r} is no row number")
        sign = data.get("sign") or "as_is"
        if sign not in SIGNS:
            faults.append(f"mapping: sign {sign!r} is neither as_is nor reversed")
        currency = data.get("currency") or None
        if currency is not None and not is_currency(currency):
            faults.append(f"mapping: {currency!r} is no ISO 4217 currency")
        as_of = _day(data.get("as_of"), faults)
        if faults:
            raise CallError(faults)
        return cls(
            kind=str(kind),
            columns=columns,
            header_row=header_row,
            currency=currency,
            sign=sign,
            as_of=as_of,
            opening_items=bool(data.get("opening_items")),
            sheet=data.get("sheet") or None,
            entity=data.get("entity") or None,
            account=data.get("account") or None,
        )


def _day(value: object, faults: list[str]) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        faults.append(f"mapping: as_of {value!r} is no date")
        return None


def _columns(rows: object, faults: list[str]) -> tuple[ColumnMap, ...]:
    if not isinstance(rows, list) or not rows:
        faults.append("mapping: columns is empty")
        return ()
    columns = []
    for row in rows:
        index, name, form = row.get("index"), row.get("field"), row.get("format") or "auto"
        if not isinstance(index, int) or not isinstance(name, str) or index < 0:
            faults.append(f"mapping: a column needs index and field, not {row!r}")
        elif form not in DATE_FORMATS and form not in DECIMAL_MARKS:
            faults.append(f"mapping: format {form!r} of {name} is neither a date format nor a decimal mark")
        else:
            columns.append(ColumnMap(index, name, row.get("heading"), form))
    return tuple(columns)


def normal_heading(text: str | None) -> str:
    """A heading to compare: no accents, no case, words parted by one blank, CamelCase split."""
    if not text:
        return ""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = unicodedata.normalize("NFKD", split.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9<>+]+", plain.lower()))
