"""Settings of an entity or of all, from a day on: declared once with their type, changed by an audited act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from encours.core.base.issue import CallError
from encours.core.terms import TermError, parse_term
from encours.store import audit
from encours.store.models import Setting
from encours.usecases import clock
from encours.usecases.rights import Actor, require


@dataclass(frozen=True)
class Declared:
    """A setting: its default, and what is wrong with a value (None: nothing)."""

    default: Any
    fault: Callable[[Any], str | None]


def _limits(value: Any) -> str | None:
    good = isinstance(value, list) and 0 < len(value) <= 8 and all(isinstance(n, int) and n > 0 for n in value)
    return None if good and value == sorted(set(value)) else "give up to eight rising numbers of days"


def _choice(*words: str) -> Callable[[Any], str | None]:
    return lambda value: None if value in words else f"choose one of {', '.join(words)}"


def _prefixes(value: Any) -> str | None:
    good = isinstance(value, list) and value and all(isinstance(p, str) and p.isalnum() for p in value)
    return None if good else "give account numbers, or their first digits"


def _term(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > 190:
        return "give a text of up to 190 characters"
    try:
        parse_term(value)
    except TermError as error:
        return "; ".join(error.faults)
    return None


def _rates(value: Any) -> str | None:
    try:
        rows = [(date.fromisoformat(row["from_on"]), float(row["percent"])) for row in value]
    except (TypeError, KeyError, ValueError):
        return "give rows of a day and a rate in percent"
    return None if all(-5 <= percent <= 100 for _, percent in rows) else "a rate lies between −5 and 100 percent"


#: Setting key -> its declaration. Screens show them by key.
DECLARED: Mapping[str, Declared] = {
    "ageing.limits": Declared([30, 60, 90], _limits),
    "ageing.by": Declared("due", _choice("due", "issued")),
    "fec.receivable_accounts": Declared(["411", "413", "416", "4191", "4198"], _prefixes),
    "terms.default": Declared("30 days", _term),
    "rates.main_refinancing": Declared([], _rates),
    "rates.legal_business": Declared([], _rates),
}


def setting(key: str, entity_id: str | None, on: date) -> Any:
    """The value in force on a day: the entity's own, else the one for all, else the default. Raises KeyError."""
    declared = DECLARED[key]
    rows = Setting.objects.filter(Q(entity_id=entity_id) | Q(entity__isnull=True), key=key).filter(
        Q(from_on__isnull=True) | Q(from_on__lte=on)
    )
    ranked = sorted(rows, key=lambda row: (row.entity_id is not None, row.from_on or date.min, row.pk))
    return ranked[-1].value if ranked else declared.default


def change_setting(
    actor: Actor, key: str, value: Any, entity_id: str | None = None, from_on: date | None = None
) -> None:
    """A new value from a day on; earlier ones stay, so that a past day is still read as it was.

    For all entities only by who administers the installation. Raises NotAllowedError or CallError.
    """
    permission = require(actor, "manage_settings", entity_id)
    if entity_id is None and not actor.is_superuser:
        raise CallError(["a setting for all entities is changed by who administers the installation"])
    if key not in DECLARED:
        raise CallError([f"{key!r} is not a setting; there are {', '.join(DECLARED)}"])
    if fault := DECLARED[key].fault(value):
        raise CallError([f"{key}: {fault}"])
    assert permission.ok
    with transaction.atomic():
        before = setting(key, entity_id, from_on or clock.today())
        Setting.objects.create(entity_id=entity_id, key=key, value=value, from_on=from_on)
        audit.append(
            clock.now(),
            actor.name,
            "change_setting",
            entity_id=entity_id or "",
            subject=key,
            before=before,
            after={"value": value, "from_on": from_on},
        )
