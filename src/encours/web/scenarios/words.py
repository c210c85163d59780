"""Conditions and steps of a scenario in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from encours.core.dunning.scenario import Condition, Step
from encours.web.shell import words

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


def short(step: Step) -> str:
    """The same on the time line: D−7, D+10, +3."""
    if step.event is not None:
        return words.word("anchor", step.anchor)
    if step.anchor == "previous":
        return f"+{step.days}"
    sign = "+" if step.days >= 0 else "\u2212"
    return _("D") + f"{sign}{abs(step.days)}"
