"""What letters need to know of the entity: who writes, on which accounts money is taken, who signs; and its faults."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from encours.connectors.base.accounts import is_iban

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_LONG = 190
#: Lines of a sender's address, as an envelope's window holds them.
_LINES_MAX = 6


@dataclass(frozen=True)
class Sender:
    """Who writes: `address` line by line, `place` before the date, `legal` as a letterhead ends."""

    address: tuple[str, ...] = ()
    place: str = ""
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    legal: str = ""


@dataclass(frozen=True)
class Account:
    """An account on which an entity takes money of a currency."""

    holder: str
    iban: str
    bic: str
    currency: str


@dataclass(frozen=True)
class Factor:
    """A factor that collects: `code` is the value of the event that assigned the claim (`*`: any)."""

    code: str
    name: str
    iban: str
    bic: str
    mention: str


@dataclass(frozen=True)
class Signatory:
    """Who signs formal notices: a user by e-mail address, with title and the delegation that the letter quotes.

    `role`: the signatory role of steps that is meant; "" any that nobody else is named for.
    """

    email: str
    name: str
    title: str
    delegation: str
    role: str = ""


def sender_fault(value: Any) -> str | None:
    """What is wrong with `letters.sender`."""
    if not isinstance(value, dict) or set(value) - set(Sender.__dataclass_fields__):
        return "give address, place, email, phone, vat_id and legal"
    lines = value.get("address", [])
    if not isinstance(lines, list) or len(lines) > _LINES_MAX or not all(_short(line) for line in lines):
        return f"give an address of up to {_LINES_MAX} lines"
    return None if all(_short(part) for key, part in value.items() if key != "address") else "a text is too long"


def accounts_fault(value: Any) -> str | None:
    """What is wrong with `payment.accounts`: rows of holder, iban, bic, currency; one account a currency."""
    if not _rows(value, {"holder", "iban", "bic", "currency"}):
        return "give rows of holder, IBAN, BIC and currency"
    currencies = [row["currency"] for row in value]
    if len(set(currencies)) < len(currencies):
        return "give one account a currency"
    return next((fault for row in value if (fault := _account_fault(row))), None)


def factors_fault(value: Any) -> str | None:
    """What is wrong with `payment.factors`: rows of code, name, iban, bic, mention."""
    if not _rows(value, {"code", "name", "iban", "bic", "mention"}):
        return "give rows of code, name, IBAN, BIC and mention"
    return next((fault for row in value if (fault := _account_fault(row))), None)


def signatories_fault(value: Any) -> str | None:
    """What is wrong with `letters.signatories`: rows of email, name, title, delegation and, where wanted, role."""
    rows = [{"role": ""} | row if isinstance(row, dict) else row for row in value] if isinstance(value, list) else None
    names = {"email", "name", "title", "delegation", "role"}
    good = rows is not None and _rows(rows, names) and all(row["name"] and row["title"] for row in rows)
    return None if good else "give rows of e-mail address, name, title and delegation"


def contract_fault(value: Any) -> str | None:
    """What is wrong with `penalties.contract`: empty, or `mro N`, `legal N`, `fixed N` (points, times, percent)."""
    good = value == "" or (
        isinstance(value, str) and re.fullmatch(r"(mro|fixed) \d{1,2}([.,]\d{1,2})?|legal \d", value)
    )
    return None if good else "give nothing, or mro 12, legal 3 or fixed 15"


def address_fault(value: Any) -> str | None:
    """What is wrong with `portal.public_address`."""
    good = isinstance(value, str) and (value == "" or re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?(/[\w./-]*)?", value))
    return None if good else "give nothing, or an address that begins with https://"


def own_address_fault(value: Any) -> str | None:
    """What is wrong with `mail.own_address`: inside a company's own network it may be plain http."""
    good = isinstance(value, str) and (value == "" or re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?(/[\w./-]*)?", value))
    return None if good else "give nothing, or an address that begins with https:// or http://"


def days_fault(value: Any) -> str | None:
    """What is wrong with a number of days."""
    return None if isinstance(value, int) and 1 <= value <= 90 else "give a number of days from 1 to 90"


def _account_fault(row: dict[str, str]) -> str | None:
    if not is_iban(row["iban"]):
        return f"{row['iban']} is no IBAN: its check number is wrong"
    if row["bic"] and not _BIC.fullmatch(row["bic"]):
        return f"{row['bic']} is no BIC"
    return None


def _rows(value: Any, names: set[str]) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, dict) and set(row) == names and all(_short(part) for part in row.values()) for row in value
    )


def _short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2 * _LONG
