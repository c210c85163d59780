"""What letters need to know, as a person reads and types it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from encours.usecases.edit_steps import SIGNATORIES
from encours.usecases.letter_settings import Account, Factor, Sender, Signatory
from encours.usecases.show_settings import SettingRow

#: Rows of a setting -> its fields, in the order of the page; one empty row more than there are can be filled in.
ROWS: dict[str, tuple[str, ...]] = {
    "payment.accounts": ("currency", "iban", "bic", "holder"),
    "payment.factors": ("code", "name", "iban", "bic", "mention"),
    "letters.signatories": ("name", "title", "delegation", "email", "role"),
}
_UPPER = ("iban", "bic", "currency")
_KINDS = {"payment.accounts": Account, "payment.factors": Factor, "letters.signatories": Signatory}
#: Which values each of the two forms sends.
FORMS = {
    "writer": (
        "letters.sender",
        "letters.window",
        "letters.notice_days",
        "letters.signatories",
        "portal.public_address",
    ),
    "payment": ("payment.accounts", "payment.factors"),
}


@dataclass(frozen=True)
class LettersShown:
    """The part of the settings that letters need."""

    sender: Sender
    address: str
    window: str
    notice_days: int
    public_address: str
    accounts: list[Any]
    factors: list[Any]
    signatories: list[Any]
    signing_roles: tuple[str, ...] = SIGNATORIES


def shown(rows: Sequence[SettingRow]) -> LettersShown:
    """The settings in fields, with an empty row behind each list."""
    value = {row.key: row.value for row in rows}
    sender = Sender(**{**value["letters.sender"], "address": tuple(value["letters.sender"].get("address", ()))})

    def listed(key: str) -> list[Any]:
        kind = _KINDS[key]
        return [*(kind(**row) for row in value[key]), kind(**dict.fromkeys(ROWS[key], ""))]

    return LettersShown(
        sender, "\n".join(sender.address), value["letters.window"], value["letters.notice_days"],
        value["portal.public_address"], listed("payment.accounts"), listed("payment.factors"),
        listed("letters.signatories"),
    )  # fmt: skip


def typed(form: QueryDict) -> dict[str, Any]:
    """The values that one of the forms sends. Raises ValueError for what is no number, or for another form."""
    wanted = FORMS.get(form.get("form", ""))
    if wanted is None:
        raise ValueError(form.get("form", ""))
    found: dict[str, Any] = {key: _listed(form, key) for key in wanted if key in ROWS}
    if "letters.sender" in wanted:
        lines = [line.strip() for line in form.get("address", "").splitlines() if line.strip()]
        texts = {name: form.get(name, "").strip() for name in ("place", "email", "phone", "vat_id", "legal")}
        found["letters.sender"] = {"address": lines, **texts} if lines or any(texts.values()) else {}
        found["letters.window"] = form.get("window", "")
        found["letters.notice_days"] = int(form.get("notice_days", ""))
        found["portal.public_address"] = form.get("public_address", "").strip()
    return found


def _listed(form: QueryDict, key: str) -> list[dict[str, str]]:
    """The rows of a list that are filled in, whatever their number."""
    columns = {name: form.getlist(f"{key}:{name}") for name in ROWS[key]}
    rows = []
    for place in range(max(map(len, columns.values()), default=0)):
        row = {name: cells[place].strip() if place < len(cells) else "" for name, cells in columns.items()}
        if any(row.values()):
            rows.append({name: _squeezed(cell) if name in _UPPER else cell for name, cell in row.items()})
    return rows


def _squeezed(text: str) -> str:
    return "".join(text.split()).upper()
