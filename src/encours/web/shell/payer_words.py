"""Figures of how a customer pays, as phrases that its page and the files of all customers share."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from encours.web.shell import format as form

_DECADES = [10, 20, 31]


def run_days(figures: dict[str, Any]) -> str:
    """The days on which the payer pays, as a phrase; empty where no run shows."""
    number, days = figures.get("run_weekday"), figures.get("run_month_days")
    if number is not None:
        # 5 January 2026 is a Monday.
        return _("on %(weekday)ss") % {"weekday": form.day(date(2026, 1, 4 + int(number)), "EEEE")}
    if not days:
        return ""
    if days == _DECADES:
        return _("on the 10th, the 20th and the last day of the month")
    if days == [15, 31]:
        return _("on the 15th and the last day of the month")
    if days == [31]:
        return _("at the end of the month")
    return _("about the %(days)s of the month") % {"days": ", ".join(str(one) for one in days)}
