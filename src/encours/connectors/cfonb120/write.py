"""Writing CFONB120 statements: records of 120 characters, signed last digit, complements where the bank gives them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from encours.core.base.money import exponent

_CREDIT, _DEBIT = "{ABCDEFGHI", "}JKLMNOPQR"
#: kind of receipt -> interbank operation code of a credit and of a debit.
_CODES = {
    "transfer": ("05", "06"),
    "cheque": ("02", "03"),
    "direct_debit": ("A1", "B3"),
    "return": ("A5", "B3"),
    "draft": ("31", "33"),
    "card": ("11", "38"),
    "cash": ("04", "04"),
    "out": ("06", "06"),
    "other": ("91", "91"),
}
_LABELS = {"cheque": "REMISE CHEQUES", "draft": "ENCAISSEMENT EFFETS", "direct_debit": "PRELEVEMENTS EMIS"}


def write_cfonb120(statement: dict[str, Any], receipts: pl.DataFrame, path: Path, *, complements: bool = True) -> None:
    """One statement of the Book and its receipts.

    `statement`: a row of the Book's statements whose account is a French IBAN. `receipts`: the Book's receipts of it;
    receipts of one `line_id` become one movement, as a cheque deposit does. Without `complements` the label of 31
    characters is all that is left of the text.
    """
    frame = _Frame(statement)
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        file.write(frame.balance("01", statement["from_on"], statement["opening"]) + "\n")
        for record in _movements(frame, receipts, complements):
            file.write(record + "\n")
        file.write(frame.balance("07", statement["to_on"], statement["closing"]) + "\n")


class _Frame:
    """What every record of one account begins with."""

    def __init__(self, statement: dict[str, Any]) -> None:
        iban = statement["account"]
        self.bank, self.branch, self.account = iban[4:9], iban[9:14], iban[14:25]
        self.currency = statement["currency"]
        self.decimals = exponent(self.currency)

    def start(self, code: str, operation: str = "") -> str:
        """Positions 1 to 34."""
        head = f"{code}{self.bank:<5}{'':4}{self.branch:<5}{self.currency}{self.decimals} {self.account:<11}"
        return f"{head[:32]:<32}{operation:<2}"

    def balance(self, code: str, day: date, minor: int) -> str:
        """A record 01 or 07."""
        return f"{self.start(code)}{day:%d%m%y}{'':50}{amount(minor)}".ljust(120)


def amount(minor: int) -> str:
    """Fourteen characters; the last one carries the units digit and the sign."""
    digits = f"{abs(minor):014d}"
    return digits[:-1] + (_CREDIT if minor >= 0 else _DEBIT)[int(digits[-1])]


def ascii_upper(text: str | None) -> str:
    """What the French interbank character set keeps of a text."""
    flat = unicodedata.normalize("NFD", text or "").encode("ascii", "ignore").decode("ascii")
    return " ".join(flat.upper().split())


def pieces(text: str, *widths: int) -> list[str]:
    """The text in pieces of at most these widths, cut between words where there are any."""
    parts = []
    for width in widths:
        cut = text.rfind(" ", 0, width + 1) if len(text) > width else len(text)
        cut = cut if cut > 0 else width
        parts.append(text[:cut].strip())
        text = text[cut:].strip()
    return parts


def _movements(frame: _Frame, receipts: pl.DataFrame, complements: bool) -> Iterator[str]:
    key = "line_id" if "line_id" in receipts.columns else "receipt_id"
    rows = receipts.sort("booked_on", key, maintain_order=True).iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: row[key]):
        details = list(group)
        yield from _movement(frame, details, complements)


def _movement(frame: _Frame, details: list[dict[str, Any]], complements: bool) -> Iterator[str]:
    row, total = details[0], sum(detail["amount"] for detail in details)
    code = _CODES.get(row["kind"], _CODES["other"])[total < 0]
    value = row["value_on"] or row["booked_on"]
    text, name = ascii_upper(row["remittance"]), ascii_upper(row["payer_name"])
    gathered = _LABELS.get(row["kind"]) if len(details) > 1 else None
    label, *rest = [gathered] if gathered else pieces(text, 31, 70, 70, 70, 70)
    number = row["receipt_id"].rpartition(":")[2][-7:].rjust(7, "0")
    yield (
        f"{frame.start('04', code)}{row['booked_on']:%d%m%y}  {value:%d%m%y}{label[:31]:<31}  {number:<7}"
        f"  {amount(total)}{'':16}"
    )[:120]
    if not complements or gathered:
        return
    start = f"{frame.start('05', code)}{row['booked_on']:%d%m%y}{'':5}"
    parts = [
        ("NPY", name),
        ("RCN", row["end_to_end_id"] or ""),
        ("CPY", row["payer_account"] or ""),
        *zip(("LCC", "LC2", "LC2", "LC2"), rest, strict=True),
    ]
    for qualifier, content in parts:
        if content:
            yield f"{start}{qualifier}{content[:70]:<70}".ljust(120)
