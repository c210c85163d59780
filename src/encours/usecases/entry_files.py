"""The files of a batch: CSV and XLSX for an import mask, FEC lines for the rest, and the letters of existing lines."""

from __future__ import annotations

import io
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.fec.write import write_fec
from encours.core.base.money import to_decimal
from encours.store.models import EntryBatch
from encours.store.rows import select

#: Kinds of files: their ending and content type.
KINDS = {
    "csv": (".csv", "text/csv; charset=utf-8"),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "fec": (".txt", "text/plain; charset=utf-8"),
    "letters": ("-letters.csv", "text/csv; charset=utf-8"),
}
#: Columns of the entries' table, in order: ISO dates, amounts with the currency's decimals.
ENTRY_COLUMNS = (
    "batch",
    "journal",
    "period",
    "entry",
    "day",
    "account",
    "auxiliary",
    "auxiliary_name",
    "piece",
    "label",
    "debit",
    "credit",
    "currency",
    "foreign_amount",
    "foreign_currency",
    "letter",
)
#: Columns of the letters' table: `erp_line` is the line as it was imported, a blank letter takes one off.
LETTER_COLUMNS = (
    "batch",
    "account",
    "auxiliary",
    "subject",
    "reference",
    "day",
    "debit",
    "credit",
    "currency",
    "letter",
    "erp_line",
)
_ACCOUNT_NAMES = {
    "411": "Clients", "4117": "Clients - retenues de garantie", "413": "Clients - effets à recevoir",
    "416": "Clients douteux", "4191": "Clients - avances et acomptes reçus", "4198": "Clients - avoirs à établir",
    "401": "Fournisseurs", "451": "Groupe", "467": "Autres comptes débiteurs ou créditeurs", "471": "Compte d'attente",
    "44571": "TVA collectée", "44574": "TVA en attente d'encaissement", "511": "Valeurs à l'encaissement",
    "512": "Banque", "519": "Concours bancaires courants", "627": "Services bancaires",
    "654": "Pertes sur créances irrécouvrables", "658": "Écarts de règlement", "758": "Écarts de règlement",
    "665": "Escomptes accordés", "666": "Pertes de change", "766": "Gains de change", "709": "RRR accordés",
}  # fmt: skip


def batch_name(batch: EntryBatch) -> str:
    """ENC-00012-BQ1-2026-03: number, journal and period."""
    return f"ENC-{batch.number:05d}-{batch.journals.replace(' ', '-') or 'LET'}-{batch.period:%Y-%m}"


def make_file(batch: EntryBatch, kind: str) -> bytes:
    """The file's bytes, made of what the batch holds: the same whenever it is made."""
    makers = {"csv": _csv, "xlsx": _xlsx, "fec": _fec, "letters": _letters_csv}
    return makers[kind](batch)


def entry_table(batch: EntryBatch) -> pl.DataFrame:
    """The batch's lines under ENTRY_COLUMNS; amounts as Decimal texts."""
    columns = [
        "id", "number", "journal", "day", "piece", "account", "auxiliary", "auxiliary_name", "label", "net",
        "foreign_amount", "foreign_currency", "letter",
    ]  # fmt: skip
    from encours.store.models import EntryLine

    rows = select(EntryLine, columns, "t.batch_id = %s", [batch.pk])
    sides = _sides(rows, batch.currency)
    foreign = [
        None if amount is None else str(to_decimal(amount, currency))
        for amount, currency in rows.select("foreign_amount", "foreign_currency").iter_rows()
    ]
    return rows.with_columns(
        sides,
        batch=pl.lit(f"{batch.number:05d}"),
        period=pl.lit(batch.period),
        entry="number",
        currency=pl.lit(batch.currency),
        foreign_amount=pl.Series(foreign, dtype=pl.String),
    ).select(ENTRY_COLUMNS)


def letter_table(batch: EntryBatch) -> pl.DataFrame:
    """The lines to be lettered, under LETTER_COLUMNS."""
    from encours.store.models import EntryLetter

    columns = ["id", "account", "auxiliary", "letter", "subject", "reference", "erp_line", "day", "net"]
    rows = select(EntryLetter, columns, "t.batch_id = %s", [batch.pk])
    return rows.with_columns(
        _sides(rows, batch.currency), batch=pl.lit(f"{batch.number:05d}"), currency=pl.lit(batch.currency)
    ).select(LETTER_COLUMNS)


def _sides(rows: pl.DataFrame, currency: str) -> list[pl.Series]:
    nets = rows["net"].to_list()
    return [
        pl.Series("debit", [_plain(max(net, 0), currency) for net in nets], dtype=pl.String),
        pl.Series("credit", [_plain(max(-net, 0), currency) for net in nets], dtype=pl.String),
    ]


def _plain(amount: int, currency: str) -> str:
    return str(to_decimal(amount, currency))


def _csv(batch: EntryBatch) -> bytes:
    return _safe(entry_table(batch)).write_csv(line_terminator="\r\n").encode()


def _letters_csv(batch: EntryBatch) -> bytes:
    return _safe(letter_table(batch)).write_csv(line_terminator="\r\n").encode()


def _safe(table: pl.DataFrame) -> pl.DataFrame:
    """A spreadsheet would run a text that begins like a formula: names and labels come from files of others."""
    texts = [name for name in ("auxiliary", "auxiliary_name", "label", "reference") if name in table.columns]
    return table.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]")).then(pl.lit("'") + pl.col(name)).otherwise(name).alias(name)
        for name in texts
    )


def _fec(batch: EntryBatch) -> bytes:
    """The 18 columns; existing lines that only change their letter are no entry and stand in the letters' file."""
    table = entry_table(batch)
    accounts = table["account"]
    cents = {
        side: pl.Series(side, [int(Decimal(text).scaleb(2)) for text in table[side]], dtype=pl.Int64)
        for side in ("debit", "credit")
    }
    lines = table.with_columns(
        **cents,
        journal_name="journal",
        account_name=pl.Series([account_name(account) for account in accounts], dtype=pl.String),
        customer_code="auxiliary",
        customer_name="auxiliary_name",
        piece_on="day",
        lettered_on=pl.when(pl.col("letter") != "").then("day"),
        due_on=pl.lit(None, dtype=pl.Date),
    )
    with tempfile.TemporaryDirectory(prefix="encours-fec-") as scratch:
        path = Path(scratch) / "fec.txt"
        write_fec(lines, path, due_dates=False)
        return path.read_bytes()


def account_name(account: str) -> str:
    """The name of an account by its longest known beginning."""
    known = [prefix for prefix in _ACCOUNT_NAMES if account.startswith(prefix)]
    return _ACCOUNT_NAMES[max(known, key=len)] if known else account


def _xlsx(batch: EntryBatch) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        at: datetime = batch.export.exported_at
        book.set_properties({"title": batch_name(batch), "created": at.replace(tzinfo=None, microsecond=0)})
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "date": book.add_format({"num_format": "dd/mm/yyyy"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
        }
        for title, table in (("Ecritures", entry_table(batch)), ("Lettrage", letter_table(batch))):
            _sheet(book.add_worksheet(title), table, formats)
    return out.getvalue()


def _sheet(sheet: Any, table: pl.DataFrame, formats: dict[str, Any]) -> None:
    for x, name in enumerate(table.columns):
        sheet.write_string(0, x, name, formats["head"])
        money = name in ("debit", "credit", "foreign_amount")
        for y, cell in enumerate(table[name], start=1):
            if cell is None or cell == "":
                continue
            if table.schema[name] == pl.Date:
                sheet.write_datetime(y, x, cell, formats["date"])
            elif money:
                sheet.write_number(y, x, float(cell), formats["money"])
            else:
                sheet.write_string(y, x, str(cell))
        sheet.set_column(x, x, 40 if name == "label" else 14)
    sheet.freeze_panes(1, 0)
