"""Writing MT940 statements with structured details (`?20` … in pieces of 27 characters, `EREF+`, `SVWZ+`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from encours.core.base.money import to_decimal

_WIDTH = 27
#: Sub-fields of the purpose, in order: 27 characters each.
_PURPOSE = (*range(20, 30), *range(60, 64))
#: kind of receipt -> (SWIFT type, business transaction code) of a credit and of a debit.
_CODES = {
    "transfer": ("TRF", "166", "TRF", "116"),
    "direct_debit": ("DDT", "171", "DDT", "105"),
    "cheque": ("CHK", "170", "CHK", "101"),
    "return": ("RTI", "159", "RTI", "109"),
    "out": ("TRF", "116", "TRF", "116"),
    "other": ("MSC", "835", "CHG", "808"),
}
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ ")


def write_mt940(statement: dict[str, Any], receipts: pl.DataFrame, path: Path, *, number: int = 1) -> None:
    """One statement of the Book and its receipts; receipts of one `line_id` become one line.

    `statement`: a row of the Book's statements. Characters outside SWIFT's set X become blanks.
    """
    currency = statement["currency"]
    lines = [
        ":20:" + f"{statement['to_on']:%Y%m%d}ENCOURS"[:16],
        f":25:{statement['account']}",
        f":28C:{number:05d}/001",
        f":60F:{_balance(statement['opening'], statement['from_on'], currency)}",
        *_movements(receipts),
        f":62F:{_balance(statement['closing'], statement['to_on'], currency)}",
        "-",
    ]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("ascii"))


def swift_text(text: str | None) -> str:
    """What SWIFT's character set X keeps: no accents, no signs of other kinds."""
    flat = unicodedata.normalize("NFD", text or "").encode("ascii", "ignore").decode("ascii")
    return " ".join("".join(letter if letter in _ALLOWED and letter != "?" else " " for letter in flat).split())


def _balance(minor: int, day: date, currency: str) -> str:
    return f"{'C' if minor >= 0 else 'D'}{day:%y%m%d}{currency}{_amount(minor, currency)}"


def _amount(minor: int, currency: str) -> str:
    text = f"{to_decimal(abs(minor), currency):f}".replace(".", ",")
    return text if "," in text else text + ","


def _movements(receipts: pl.DataFrame) -> Iterator[str]:
    key = "line_id" if "line_id" in receipts.columns else "receipt_id"
    rows = receipts.sort("booked_on", key, maintain_order=True).iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: row[key]):
        details = list(group)
        yield from _movement(details[0], sum(row["amount"] for row in details), len(details))


def _movement(row: dict[str, Any], total: int, count: int) -> Iterator[str]:
    codes = _CODES.get(row["kind"], _CODES["other"])
    swift, code = codes[:2] if total >= 0 else codes[2:]
    value = row["value_on"] or row["booked_on"]
    mark = "C" if total >= 0 else "D"
    reference = row["receipt_id"].rpartition(":")[2][-16:]
    yield (
        f":61:{value:%y%m%d}{row['booked_on']:%m%d}{mark}{_amount(total, row['currency'])}N{swift}NONREF//{reference}"
    )
    parts = [f"{code}?00{'VIREMENT' if total >= 0 else 'DEBIT'}"]
    purpose = swift_text(row["remittance"]) if count == 1 else f"REMISE DE {count} OPERATIONS"
    if row["end_to_end_id"]:
        purpose = f"EREF+{row['end_to_end_id']}".ljust(_WIDTH) + f"SVWZ+{purpose}"
    pieces = [purpose[start : start + _WIDTH] for start in range(0, len(purpose), _WIDTH)]
    parts += [f"?{field}{piece}" for field, piece in zip(_PURPOSE, pieces, strict=False)]
    if count == 1 and row["payer_account"]:
        parts.append(f"?31{row['payer_account']}")
    name = swift_text(row["payer_name"]) if count == 1 else ""
    parts += [f"?{field}{name[start : start + _WIDTH]}" for field, start in ((32, 0), (33, _WIDTH)) if name[start:]]
    yield from _wrapped("".join(parts))


def _wrapped(text: str) -> Iterator[str]:
    """Field 86 in lines of 65 characters at most; a blank never stands where a line is cut."""
    head, width = ":86:", 61
    while text:
        cut = width
        while len(text) > cut > 1 and " " in text[cut - 1 : cut + 1]:
            cut -= 1
        yield head + text[:cut]
        head, text, width = "", text[cut:], 65
