"""Conditions and steps of a scenario in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from encours.core.dunning.fields import Fault
from encours.core.dunning.scenario import Condition, Step
from encours.web.shell import words
from encours.web.shell.issue_words import said

_COLUMNS = {
    "customer.kind": gettext_lazy("kind of customer"),
    "customer.country": gettext_lazy("country"),
    "customer.segment": gettext_lazy("segment"),
    "customer.importance": gettext_lazy("importance"),
    "customer.strategy": gettext_lazy("strategy"),
    "customer.collector": gettext_lazy("collector"),
    "customer.language": gettext_lazy("language"),
    "profile.profile": gettext_lazy("habit"),
    "profile.strategy": gettext_lazy("strategy"),
    "profile.sales_share": gettext_lazy("share of sales"),
    "profile.overdue_share": gettext_lazy("share of the overdue"),
    "profile.share_late": gettext_lazy("share paid late"),
    "profile.paid_year": gettext_lazy("paid in a year"),
    "position.overdue": gettext_lazy("overdue"),
    "position.oldest_days": gettext_lazy("days of the oldest"),
    "position.open": gettext_lazy("open balance"),
    "item.amount": gettext_lazy("amount of the invoice"),
    "item.payment_method": gettext_lazy("way of payment"),
    "item.open": gettext_lazy("open of the invoice"),
}
_OPS = {
    "eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"), "is_null": gettext_lazy("is not known"), "not_null": gettext_lazy("is known"),
}  # fmt: skip
#: The place before a sentence: `sme/letter: `, in French `sme/letter : `.
_PLACED = re.compile(r"^[a-z0-9_/#]+\s*:\s+")
_VALUES = {"customer.kind": "customer", "profile.profile": "profile", "customer.strategy": "strategy",
           "profile.strategy": "strategy"}  # fmt: skip


def condition(one: Condition) -> str:
    """A condition as one reads it: `kind of customer = business`."""
    label = str(_COLUMNS.get(one.column, one.column))
    if one.op in ("is_null", "not_null"):
        return f"{label} {_OPS[one.op]}"
    return f"{label} {_OPS.get(one.op, one.op)} {_value(one.column, one.value)}"


def _value(column: str, value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return ", ".join(_value(column, part) for part in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return words.word(_VALUES.get(column, ""), str(value))


def when(step: Step) -> str:
    """When a step comes: `10 days after the due date`."""
    anchor = words.word("anchor", step.anchor)
    if step.end_of_month:
        return _("at the end of the month, %(days)s days after %(anchor)s") % {"days": step.days, "anchor": anchor}
    if step.days == 0:
        return _("with %(anchor)s") % {"anchor": anchor}
    days = abs(step.days)
    text = (
        ngettext("%(days)d day after %(anchor)s", "%(days)d days after %(anchor)s", days)
        if step.days > 0
        else ngettext("%(days)d day before %(anchor)s", "%(days)d days before %(anchor)s", days)
    )
    return text % {"days": days, "anchor": anchor}


def short(step: Step, day: int | None = None) -> str:
    """The same on the time line: D−7, D+10; where it counts from the step before, its days after that."""
    if step.event is not None:
        return words.word("anchor", step.anchor)
    if day is not None:
        return at_day(day)
    return f"+{step.days}" if step.anchor == "previous" else at_day(step.days)


def at_day(day: int) -> str:
    """A day beside the due date: D−7, D, D+10."""
    letter = _("D")
    return letter if day == 0 else f"{letter}{'+' if day > 0 else chr(0x2212)}{abs(day)}"


def columns(used: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The columns that a condition can be chosen of, with their words; those in use first known by their code."""
    known = {name: str(label) for name, label in _COLUMNS.items()}
    return [*known.items(), *((one, one) for one in dict.fromkeys(used) if one and one not in known)]


def operators() -> list[tuple[str, str]]:
    """What can be asked of a column."""
    return [(name, str(label)) for name, label in _OPS.items()]


def values() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can stand in columns whose values are known: the column's words, each value with its own."""
    lists = {"customer.kind": "customer", "profile.profile": "profile", "customer.strategy": "strategy"}
    return [(str(_COLUMNS[column]), list(words.words(kind).items()))
            for column, kind in lists.items()]  # fmt: skip


def typed(one: Condition) -> tuple[str, str, str]:
    """A condition as a form shows it: column, operator, value."""
    value = one.value
    if value is None:
        return one.column, one.op, ""
    if isinstance(value, tuple):
        return one.column, one.op, ", ".join(value)
    if isinstance(value, bool):
        return one.column, one.op, str(value).lower()
    return one.column, one.op, f"{value:f}" if isinstance(value, Decimal) else str(value)


def beside(faults: Iterable[str], fields: Iterable[str], names: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The faults by the field that they stand beside, and those that stand above the form. `names`: of steps."""
    known, found, rest = set(fields), dict[str, list[str]](), list[str]()
    for fault in faults:
        name = field_of(fault)
        if name in known:
            found.setdefault(name, []).append(_named(fault, _short(fault), names))
        else:
            rest.append(_named(fault, said(str(fault)), names))
    return {name: " · ".join(dict.fromkeys(texts)) for name, texts in found.items()}, rest


def field_of(fault: str) -> str:
    """The form's field of a fault: a step's or a scenario's own, or that of one condition (`segment#2`)."""
    if not isinstance(fault, Fault):
        return ""
    tail = fault.place.rpartition("/")[2]
    return tail if "#" in tail else fault.field


def _short(fault: str) -> str:
    """The sentence without its place; the first letter large, as it stands alone."""
    if not isinstance(fault, Fault):
        return said(fault)
    whole = said(fault.short) if fault.wanted else said(str(fault))
    text = whole if fault.wanted else _PLACED.sub("", whole, count=1) if fault.place else whole
    return text[:1].upper() + text[1:]


def _named(fault: str, text: str, names: dict[str, str]) -> str:
    """Codes of steps as their names, where the sentence is about steps: `call` is a word elsewhere."""
    for code, name in names.items() if ": step " in fault else ():
        text = re.sub(rf"\b{re.escape(code)}\b(?!/)", _("“%(name)s”") % {"name": name}, text)
    return text
