"""How a customer pays, in the words of somebody who knows no statistics: composed of figures, in two languages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encours.usecases.payment_habit import Habit
from encours.web.shell import format as form
from encours.web.shell import paying_words

_DECADES = [10, 20, 31]
#: Figures of which the page speaks, and what makes them worth a line.
_TOLD_SHARE, _MOVED_DAYS = 0.02, 2


def weekday(on: date) -> str:
    """A day as people say it: `Tue 1 Dec`, with its year where that is another."""
    return form.day(on, "EEE d MMM")


def run_days(habit: Habit) -> str:
    """The days on which the payer pays, as a phrase; empty where no run shows."""
    number, days = habit.figures.get("run_weekday"), habit.figures.get("run_month_days")
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


def usual(habit: Habit) -> str:
    """How late the payer usually is, as a phrase; empty where there are too few payments to say."""
    median = habit.median
    if median is None or habit.payments < 5:
        return ""
    if abs(median) <= 1:
        return _("usually pays on the due date")
    if median < 0:
        return ngettext(
            "usually pays %(days)s day before the due date", "usually pays %(days)s days before the due date", -median
        ) % {"days": -median}
    return ngettext("usually pays %(days)s day late", "usually pays %(days)s days late", median) % {"days": median}


def because(habit: Habit) -> str:
    """Why the next money is expected when it is: what is due, and what the payer usually does."""
    money = habit.money
    if money is None:
        return ""
    due = ngettext(
        "%(count)s invoice due by %(day)s is open", "%(count)s invoices due by %(day)s are open", money.items
    ) % {"count": money.items, "day": form.day(money.last_due_on)}
    parts = [due]
    if phrase := usual(habit):
        parts.append(_("this customer %(usual)s") % {"usual": phrase})
        if habit.run_explains and (run := run_days(habit)):
            parts[-1] = _("%(habit)s, %(run)s") % {"habit": parts[-1], "run": run}
    elif habit.profile == "drawn":
        parts.append(_("their payment is drawn by us"))
    else:
        parts.append(_("too few payments are known: the pace of similar customers is taken"))
    return parts[0] if len(parts) == 1 else _("%(first)s and %(second)s") % {"first": parts[0], "second": parts[1]}


def about(minor: int) -> int:
    """An amount to three figures: nobody expects the cents."""
    scale: int = 10 ** max(0, len(str(abs(minor))) - 3)
    return round(minor / scale) * scale


def said_of(habit: Habit) -> dict[str, Any]:
    """What the page says of a habit, beside the figures themselves."""
    money = habit.money
    return {
        "habit": habit,
        "because": because(habit),
        "about": about(money.amount) if money else None,
        "around": weekday(money.on) if money else "",
        "between": (weekday(money.from_on), weekday(money.to_on)) if money and money.from_on and money.to_on else None,
        "habit_facts": facts(habit),
    }


def facts(habit: Habit) -> list[tuple[str, str]]:
    """The figures of a habit that say something, each with its name."""
    figures = habit.figures
    found: list[tuple[str, str]] = []
    if habit.payments >= 5 and habit.median is not None and habit.p90 is not None:
        found.append((_("Usually"), _delay(habit.median)))
        found.append((_("Nine in ten by"), _delay(habit.p90)))
    if run := run_days(habit):
        share = form.percent(figures.get("run_share"), 0)
        found.append((_("Run days"), _("%(run)s (%(share)s of them)") % {"run": run, "share": share}))
    trend = figures.get("trend_days")
    if trend is not None and abs(trend) >= _MOVED_DAYS:
        later = _("%(days)s days later than before") if trend > 0 else _("%(days)s days earlier than before")
        found.append((_("Last 3 months"), later % {"days": abs(round(trend))}))
    large = figures.get("large_days")
    if large is not None and abs(large) >= _MOVED_DAYS:
        later = _("%(days)s days later") if large > 0 else _("%(days)s days earlier")
        found.append((_("Large invoices"), later % {"days": abs(round(large))}))
    if figures.get("promises"):
        kept = _("%(kept)s of %(all)s") % {"kept": figures.get("promises_kept") or 0, "all": figures["promises"]}
        found.append((_("Promises kept"), kept))
    for name, label in (
        ("share_parts", _("Paid in parts")),
        ("share_deducted", _("With a deduction")),
        ("share_disputed", _("Disputed")),
    ):
        if (figures.get(name) or 0) >= _TOLD_SHARE:
            found.append((label, form.percent(figures[name], 0)))
    if figures.get("returned"):
        found.append((_("Came back unpaid"), form.number(figures["returned"])))
    return [*found, *paying_words.facts(habit.paying), *_of_our_own(habit)]


def _of_our_own(habit: Habit) -> list[tuple[str, str]]:
    """What is no habit of the customer: payments counted, their last day, our own posting lag."""
    counted = [(_("Payments known"), form.number(habit.payments))]
    lag = habit.figures.get("lag_days")
    if lag is not None and lag >= 1:
        days = ngettext("%(days)s day after the bank", "%(days)s days after the bank", round(lag))
        counted.append((_("Posted by us"), days % {"days": round(lag)}))
    return counted


def _delay(days: int) -> str:
    """A delay in days as a phrase."""
    if days == 0:
        return _("on the due date")
    if days < 0:
        return ngettext("%(days)s day before due", "%(days)s days before due", -days) % {"days": -days}
    return ngettext("%(days)s day after due", "%(days)s days after due", days) % {"days": days}
