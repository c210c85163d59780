"""Field 86: who paid and what for, in the spellings banks use (German `?20`, Dutch `/REMI/`, plain text)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from encours.connectors.base.accounts import normal_account

_GERMAN = re.compile(r"(\d{3})\??(?=\?\d\d)")
_GERMAN_PART = re.compile(r"\?(\d{2})")
_GERMAN_KEY = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP)\+")
_GERMAN_WIDTH = 27
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|PREF|MARF|CSID|ORDP|BENM|CNTP|RTRN|PURP|ISDT|TRCD|SVCL|ID|ADDR|ULTC|ULTD)/"
)
#: Why a direct debit came back (`?34`) in ISO's words: the numbers of which bank documents say the same.
_GERMAN_REASONS = {
    "901": "AC01", "902": "AC04", "903": "AC06", "904": "AG01", "906": "AM04", "908": "BE04", "909": "MD01",
    "910": "MD02", "912": "MD06", "913": "MD07",
}  # fmt: skip
#: What came back and what the banks take for it, in the purpose (`OAMT+98,50`, `COAM+3,00`).
_PAID, _TAKEN = "OAMT", "COAM"
_ULTIMATE = "ULTD"
_WIDTH = 65
#: Some banks mask digits, so that the check number fails: the form is enough where an account is expected.
_IBAN_FORM = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
#: ISO 20022 allows no longer end-to-end reference; what is longer has other text behind it.
_END_TO_END_MAX = 35


@dataclass(slots=True)
class Details:
    """What field 86 tells. `code` is the German business transaction code, `reason` why a payment came back.

    `on_account_of`: for whose account the payer pays. `paid` and `taken`: what came back and the banks' charges for it,
    as they are written.
    """

    remittance: str = ""
    name: str | None = None
    on_account_of: str | None = None
    account: str | None = None
    end_to_end: str | None = None
    code: str | None = None
    returned: bool = False
    reason: str | None = None
    paid: str | None = None
    taken: str | None = None


def details(text: str) -> Details:
    """Reads field 86 in whichever spelling it is."""
    if _GERMAN.match(text):
        return _german(text.replace("\n", ""))
    if text.startswith("/") and _SLASHED.match(text):
        return _slashed(_unwrap(text))
    return _plain(text)


def _german(text: str) -> Details:
    pieces = _GERMAN_PART.split(text)
    parts: dict[str, str] = {}
    purpose = ""
    for key, value in zip(pieces[1::2], pieces[2::2], strict=False):
        if "20" <= key <= "29" or "60" <= key <= "63":
            # A full line goes on in the next one, a short one ends with a word.
            purpose += value if len(value) >= _GERMAN_WIDTH else f"{value} "
        else:
            parts[key] = parts.get(key, "") + value
    keyed = _GERMAN_KEY.split(purpose)
    named = dict(zip(keyed[1::2], keyed[2::2], strict=False))
    name = f"{parts.get('32', '')}{parts.get('33', '')}"
    account = normal_account(parts.get("31", ""))
    return Details(
        remittance=named.get("SVWZ") or keyed[0] or " ".join(named.values()) or parts.get("00", ""),
        name=name or named.get("ABWA"),
        on_account_of=named.get("ABWA"),
        account=account or normal_account(named.get("IBAN", "")) or None,
        end_to_end=_short(named.get("EREF")),
        code=text[:3],
        reason=_GERMAN_REASONS.get(parts.get("34", "")[:3]),
        paid=named.get(_PAID),
        taken=named.get(_TAKEN),
    )


def looks_like_iban(text: str) -> bool:
    """Whether a text has an IBAN's form, its check number aside."""
    return bool(_IBAN_FORM.fullmatch(text))


def _short(text: str | None) -> str | None:
    return text if text is not None and len(text.strip()) <= _END_TO_END_MAX else None


def _slashed(text: str) -> Details:
    pieces = _SLASHED.split(text)
    parts: dict[str, str] = {}
    last = ""
    for key, value in zip(pieces[1::2], pieces[2::2], strict=False):
        # The ultimate debtor is a tag of its own, with the name behind it (`/ULTD//NAME/…`).
        key = _ULTIMATE if key == "NAME" and last == _ULTIMATE else key
        last = key
        if value.strip("/ ") or key != _ULTIMATE:
            parts.setdefault(key, value.strip("/ "))
    account = normal_account(parts.get("IBAN") or parts.get("CNTP", "").split("/")[0])
    return Details(
        remittance=parts.get("REMI") or "",
        name=parts.get("NAME") or parts.get(_ULTIMATE),
        on_account_of=parts.get(_ULTIMATE),
        account=account or None,
        end_to_end=parts.get("EREF"),
        returned="RTRN" in parts,
        reason=parts.get("RTRN") or None,
    )


def _plain(text: str) -> Details:
    first, _, rest = text.partition("\n")
    word, _, name = first.partition(" ")
    if _IBAN_FORM.fullmatch(word):
        return Details(remittance=rest.replace("\n", " "), name=name or None, account=normal_account(word))
    return Details(remittance=_unwrap(text))


def _unwrap(text: str) -> str:
    """Lines joined: a line as long as the message allows was cut anywhere, a shorter one ends with a word."""
    lines = text.split("\n")
    return "".join(line if len(line) >= _WIDTH else f"{line} " for line in lines).strip()
