"""Settings of an entity or of all, from a day on: declared once with their type, changed by an audited act."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from encours.core.base.issue import CallError
from encours.core.terms import TermError, parse_term
from encours.store import audit
from encours.store.models import Setting
from encours.usecases import clock, letter_settings, mail_settings, quiet_days
from encours.usecases.rights import Actor, require


@dataclass(frozen=True)
class Declared:
    """A setting: its default, what is wrong with a value (None: nothing), the act that changes it, and where it shows.

    `part`: the part of the settings page on which it stands. `private`: it names people, so the audit holds its digest.
    """

    default: Any
    fault: Callable[[Any], str | None]
    act: str = "manage_settings"
    part: str = "rules"
    private: bool = False


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


def _between(low: int, high: int) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"give a whole number from {low} to {high}"

    return fault


def _template(value: Any) -> str | None:
    good = isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9_]{0,39}", value)
    return None if good else "give the code of a template"


def _aim(value: Any) -> str | None:
    """Cash brought forward, euros before the month ends, or before a day that is named."""
    if value in ("euro_days", MONTH_END):
        return None
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        day = date.min
    ahead = (day - clock.today()).days
    return None if 0 < ahead <= AIM_DAYS else "give a day after today, within a year"


def _rates(value: Any) -> str | None:
    try:
        rows = [(date.fromisoformat(row["from_on"]), float(row["percent"])) for row in value]
    except (TypeError, KeyError, ValueError):
        return "give rows of a day and a rate in percent"
    return None if all(-5 <= percent <= 100 for _, percent in rows) else "a rate lies between −5 and 100 percent"


#: `dunning.objective`: euros received before the month ends; beside it `euro_days`, or a day as 2027-01-15.
MONTH_END = "month_end"
AIM, AIM_ACT, AIM_DAYS = "dunning.objective", "pin_action", 366
#: Setting key -> its declaration. Screens show them by key.
DECLARED: Mapping[str, Declared] = {
    "ageing.limits": Declared([30, 60, 90], _limits),
    "ageing.by": Declared("due", _choice("due", "issued")),
    "fec.receivable_accounts": Declared(["411", "413", "416", "4191", "4198"], _prefixes),
    "terms.default": Declared("30 days", _term),
    "rates.main_refinancing": Declared([], _rates),
    "rates.legal_business": Declared([], _rates),
    "penalties.contract": Declared("", letter_settings.contract_fault),
    "letters.sender": Declared({}, letter_settings.sender_fault, part="letters", private=True),
    "letters.window": Declared("right", _choice("right", "left"), part="letters"),
    "letters.notice_days": Declared(15, letter_settings.days_fault, part="letters"),
    "letters.signatories": Declared([], letter_settings.signatories_fault, part="letters", private=True),
    "payment.accounts": Declared([], letter_settings.accounts_fault, "print_iban", "letters"),
    "payment.factors": Declared([], letter_settings.factors_fault, "print_iban", "letters"),
    "money.percent": Declared(5, _between(0, 30)),
    "dunning.minutes": Declared(120, _between(10, 600)),
    "dunning.cap": Declared(3, _between(1, 20)),
    "dunning.cap_days": Declared(7, _between(1, 60)),
    "dunning.floor": Declared(15, _between(0, 10_000)),
    "dunning.habit_days": Declared(5, _between(0, 60)),
    "dunning.quiet_days": Declared([], quiet_days.fault),
    "dunning.digest": Declared("1", _choice("off", "1", "2", "3", "4", "5")),
    "dunning.digest_template": Declared("sales_digest", _template),
    AIM: Declared("euro_days", _aim, AIM_ACT),
    "portal.public_address": Declared("", letter_settings.address_fault, part="letters"),
    "mail.own_address": Declared("", letter_settings.own_address_fault, part="mail"),
    "mail.channel": Declared({}, mail_settings.channel_fault, part="mail"),
    "mail.mailbox": Declared({}, mail_settings.mailbox_fault, part="mail"),
    "mail.sender": Declared({}, mail_settings.mail_sender_fault, part="mail", private=True),
    "mail.per_minute": Declared(60, mail_settings.pace_fault, part="mail"),
    "mail.window": Declared(
        {"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "19:00"}, mail_settings.window_fault, part="mail"
    ),
    "mail.attach": Declared(
        {"statement": True, "copies": "none", "megabytes": 10}, mail_settings.attach_fault, part="mail"
    ),
    "mail.test_mode": Declared(True, mail_settings.yes_no_fault, "lift_test_mode", "mail"),
}


#: Entity -> the rows of all its settings, while `read_at_once` holds.
_at_once: ContextVar[dict[str, list[Setting]] | None] = ContextVar("settings_read_at_once", default=None)


@contextmanager
def read_at_once(entity_id: str) -> Iterator[None]:
    """Within it, settings of the entity are read from the database once: what makes a document asks for a dozen."""
    before = _at_once.get()
    if before is not None and entity_id in before:
        yield
        return
    rows = list(Setting.objects.filter(Q(entity_id=entity_id) | Q(entity__isnull=True)))
    token = _at_once.set({**(before or {}), entity_id: rows})
    try:
        yield
    finally:
        _at_once.reset(token)


@contextmanager
def read_all_at_once(entity_ids: Iterable[str]) -> Iterator[None]:
    """The same of several entities: a page asks each for a few."""
    with ExitStack() as reading:
        for entity_id in entity_ids:
            reading.enter_context(read_at_once(entity_id))
        yield


def setting(key: str, entity_id: str | None, on: date) -> Any:
    """The value in force on a day: the entity's own, else the one for all, else the default. Raises KeyError."""
    declared = DECLARED[key]
    read = (_at_once.get() or {}).get(entity_id or "")
    rows = (
        [row for row in read if row.key == key and (row.from_on is None or row.from_on <= on)]
        if read is not None
        else Setting.objects.filter(Q(entity_id=entity_id) | Q(entity__isnull=True), key=key).filter(
            Q(from_on__isnull=True) | Q(from_on__lte=on)
        )
    )
    ranked = sorted(rows, key=lambda row: (row.entity_id is not None, row.from_on or date.min, row.pk))
    return ranked[-1].value if ranked else declared.default


def change_setting(
    actor: Actor, key: str, value: Any, entity_id: str | None = None, from_on: date | None = None
) -> None:
    """A new value from a day on; earlier ones stay, so that a past day is still read as it was.

    For all entities only by who administers the installation. Raises NotAllowedError or CallError.
    """
    declared = DECLARED.get(key)
    permission = require(actor, declared.act if declared else "manage_settings", entity_id)
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
            before=_audited(key, before),
            after={"value": _audited(key, value), "from_on": from_on},
        )


def _audited(key: str, value: Any) -> Any:
    """What the audit keeps of a value: itself, or its digest where it names people."""
    return {"sha256": hashlib.sha256(audit.canonical(value).encode()).hexdigest()} if DECLARED[key].private else value
