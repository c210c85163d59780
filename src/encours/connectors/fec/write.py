"""Writing a FEC: the 18 columns of LPF art. A47 A-1, and the due date that many ledgers add as a 19th."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

#: FEC column -> the ledger frame's column.
_COLUMNS = {
    "JournalCode": "journal",
    "JournalLib": "journal_name",
    "EcritureNum": "entry",
    "EcritureDate": "day",
    "CompteNum": "account",
    "CompteLib": "account_name",
    "CompAuxNum": "customer_code",
    "CompAuxLib": "customer_name",
    "PieceRef": "piece",
    "PieceDate": "piece_on",
    "EcritureLib": "label",
    "Debit": "debit",
    "Credit": "credit",
    "EcritureLet": "letter",
    "DateLet": "lettered_on",
    "ValidDate": "day",
    "Montantdevise": "",
    "Idevise": "",
    "DateEcheance": "due_on",
}


def file_name(siren: str, closing: date) -> str:
    """SirenFECAAAAMMJJ.txt."""
    return f"{siren}FEC{closing:%Y%m%d}.txt"


def write_fec(lines: pl.DataFrame, path: Path, *, due_dates: bool = True, encoding: str = "utf-8") -> None:
    """Ledger lines as a tab-separated FEC with CR LF line ends.

    `lines`: journal, journal_name, entry, day, account, account_name, customer_code?, customer_name?, piece, piece_on,
    label, debit, credit (cents), letter?, lettered_on?, due_on?. Characters that the encoding lacks become `?`.
    """
    names = [name for name in _COLUMNS if due_dates or name != "DateEcheance"]
    frame = lines.select(_cell(name, _COLUMNS[name], lines.schema).alias(name) for name in names)
    text = frame.write_csv(separator="\t", line_terminator="\r\n", quote_style="never", null_value="")
    path.write_bytes(text.encode(encoding, errors="replace"))


def _cell(name: str, column: str, schema: pl.Schema) -> pl.Expr:
    if not column:
        return pl.lit("")
    dtype = schema[column]
    if dtype == pl.Date:
        return pl.col(column).dt.strftime("%Y%m%d").fill_null("")
    if dtype.is_integer():
        cents = (pl.col(column) % 100).cast(pl.String).str.zfill(2)
        return (pl.col(column) // 100).cast(pl.String) + "," + cents
    return pl.col(column).cast(pl.String).str.replace_all(r"[\t\r\n|]", " ").fill_null("")
