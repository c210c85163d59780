"""Conditions and steps of a scenario in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from encours.core.dunning.fields import Fault
from encours.core.dunning.scenario import Cap, Condition, Step
from encours.web.shell import format as form
from encours.web.shell import words
from encours.web.shell.issue_words import said

_COLUMNS = {
    "customer.kind": gettext_lazy("kind of customer"),
    "customer.country": gettext_lazy("country"),
    "customer.segment": gettext_lazy("segment"),
    "customer.importance": gettext_lazy("importance"),
    "customer.strategy": gettext_lazy("strategy of the files"),
    "customer.collector": gettext_lazy("collector"),
    "customer.sales_owner": gettext_lazy("sales owner"),
    "customer.language": gettext_lazy("language"),
    "customer.credit_limit": gettext_lazy("credit limit"),
    "customer.created_on": gettext_lazy("customer since"),
    "profile.profile": gettext_lazy("habit"),
    "profile.strategy": gettext_lazy("strategy decided here"),
    "profile.sales_share": gettext_lazy("share of sales"),
    "profile.overdue_share": gettext_lazy("share of the overdue"),
    "profile.margin_share": gettext_lazy("share of margin"),
    "profile.share_late": gettext_lazy("share paid late"),
    "profile.promise_kept": gettext_lazy("share of promises kept"),
    "profile.paid_year": gettext_lazy("paid in a year"),
    "profile.payments": gettext_lazy("number of payments"),
    "profile.delay_median": gettext_lazy("usual delay"),
    "position.overdue": gettext_lazy("overdue"),
    "position.overdue_items": gettext_lazy("number of overdue invoices"),
    "position.oldest_days": gettext_lazy("days of the oldest"),
    "position.open": gettext_lazy("open balance"),
    "position.not_due": gettext_lazy("not due yet"),
    "item.kind": gettext_lazy("kind of item"),
    "item.amount": gettext_lazy("amount of the invoice"),
    "item.open": gettext_lazy("open of the invoice"),
    "item.currency": gettext_lazy("currency"),
    "item.overdue_days": gettext_lazy("days overdue"),
    "item.issued_on": gettext_lazy("issued on"),
    "item.due_on": gettext_lazy("due on"),
    "item.payment_method": gettext_lazy("way of payment"),
    "item.purchase_order": gettext_lazy("purchase order"),
    "item.creditor": gettext_lazy("creditor"),
}
_GROUPS = {"customer": gettext_lazy("The customer"), "profile": gettext_lazy("How it pays"),
           "position": gettext_lazy("What it owes"), "item": gettext_lazy("The invoice")}  # fmt: skip
_SHARES = {"profile.sales_share", "profile.overdue_share", "profile.margin_share", "profile.share_late",
           "profile.promise_kept"}  # fmt: skip
_DAYS = {"profile.delay_median", "position.oldest_days", "item.overdue_days"}
_AMOUNTS = {"customer.credit_limit", "profile.paid_year", "position.overdue", "position.open", "position.not_due",
            "item.amount", "item.open"}  # fmt: skip
_OPS = {
    "eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"), "is_null": gettext_lazy("is not known"), "not_null": gettext_lazy("is known"),
}  # fmt: skip
#: The place before a sentence: `sme/letter: `, in French `sme/letter : `.
_PLACED = re.compile(r"^[a-z0-9_/#]+\s*:\s+")
_VALUES = {"customer.kind": "customer", "profile.profile": "profile", "customer.strategy": "strategy",
           "profile.strategy": "strategy", "item.kind": "item", "item.payment_method": "payment_method"}  # fmt: skip


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
        told = form.number(float(value), _places(value))
        return f"{told} {unit(column, '')}".rstrip() if column in _DAYS else told
    return value_says(column, str(value))


def value_says(column: str, value: str) -> str:
    """A value of a column in words; what has none stays itself."""
    if column == "customer.country":
        return form.country(value)
    return words.word(_VALUES.get(column, ""), value)


def unit(column: str, currency: str) -> str:
    """In what a column is counted; "" where that goes without saying."""
    if column in _AMOUNTS:
        return currency
    return str(_("days")) if column in _DAYS else str(_("from 0 to 1")) if column in _SHARES else ""


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


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


def cap(one: Cap) -> str:
    """A cap as one reads it: `at most 4 contacts within 30 days (SMS)`."""
    contacts = ngettext("at most %(contacts)d contact", "at most %(contacts)d contacts", one.contacts)
    within = ngettext("within %(days)d day", "within %(days)d days", one.days)
    over = f" ({', '.join(words.word('channel', code) for code in one.channels)})" if one.channels else ""
    return f"{contacts % {'contacts': one.contacts}} {within % {'days': one.days}}{over}"


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


def columns(used: Iterable[str] = ()) -> list[tuple[str, list[tuple[str, str]]]]:
    """The columns that a condition can be chosen of, by what they are about; one in use stands there by its code."""
    more = {name: name for name in used if name and name not in _COLUMNS}
    known = {name: str(label) for name, label in _COLUMNS.items()} | more
    return [
        (str(label), [(name, says) for name, says in known.items() if name.startswith(f"{about}.")])
        for about, label in _GROUPS.items()
    ]


def operator(code: str) -> str:
    """What is asked of a column: `=`, `is one of`."""
    return str(_OPS.get(code, code))


def typed(one: Condition) -> tuple[str, str, str]:
    """A condition as a form shows it: column, operator, value."""
    value = one.value
    if value is None:
        return one.column, one.op, ""
    if isinstance(value, tuple):
        return one.column, one.op, ", ".join(value)
    if isinstance(value, bool):
        return one.column, one.op, str(value).lower()
    if isinstance(value, Decimal):
        return one.column, one.op, f"{value:f}".replace(".", form.symbols(get_language() or "fr")[0])
    return one.column, one.op, str(value)


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
    """The form's field of a fault: a step's or a scenario's own, that of one condition (`segment#2`), or of one cap
    (`caps#1-days`)."""
    if not isinstance(fault, Fault):
        return ""
    tail = fault.place.rpartition("/")[2]
    if tail.startswith("caps#"):
        return f"{tail}-{fault.field}"
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
