"""How a customer pays, in the words of somebody who knows no statistics: composed of figures, in two languages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encours.usecases.payment_habit import Habit
from encours.web.shell import format as form
from encours.web.shell import payer_words, paying_words, words

#: Figures of which the page speaks, and what makes them worth a line.
_TOLD_SHARE, _MOVED_DAYS = 0.02, 2
#: So nearly all that nobody would name the rest; so few payments say nothing.
_ALL_SHARE, _FEW = 0.995, 5
#: A change of habit is news for a year; a profile or a signal of these kinds tells its day itself.
_NEWS_DAYS, _TELL_A_CHANGE = 365, ("slipping", "habit_changed")
_DRAWN = "drawn"


def weekday(on: date) -> str:
    """A day as people say it: `Tue 1 Dec`, with its year where that is another."""
    return form.day(on, "EEE d MMM")


def usual(habit: Habit) -> str:
    """How late the payer usually is, as a phrase; empty where there are too few payments to say."""
    median = habit.median
    if median is None or habit.payments < _FEW:
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
    if habit.profile == _DRAWN:
        parts.append(_("their payment is drawn by us"))
    elif phrase := usual(habit):
        parts.append(_("this customer %(usual)s") % {"usual": phrase})
        if habit.run_explains and (run := payer_words.run_days(habit.figures)):
            parts[-1] = _("%(habit)s, %(run)s") % {"habit": parts[-1], "run": run}
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
        "habit_more": more(habit),
    }


def facts(habit: Habit) -> list[tuple[str, str]]:
    """What is read in ten seconds: when they pay, how, and what is another way than it was."""
    figures = habit.figures
    found: list[tuple[str, str]] = []
    if habit.profile != _DRAWN and habit.payments >= _FEW and habit.median is not None and habit.p90 is not None:
        found.append((_("Usually"), _delay(habit.median)))
        found.append((_("Nine in ten by"), _delay(habit.p90)))
    if run := payer_words.run_days(figures):
        share = form.percent(figures.get("run_share"), 0)
        found.append((_("Run days"), _("%(run)s (%(share)s of them)") % {"run": run, "share": share}))
    found += [*_way_of(habit), *(_change(habit) if _is_news(habit) else _trends(figures))]
    large = figures.get("large_days")
    if large is not None and abs(large) >= _MOVED_DAYS:
        later = _("%(days)s days later than the others") if large > 0 else _("%(days)s days earlier than the others")
        found.append((_("Large invoices"), later % {"days": abs(round(large))}))
    if figures.get("promises"):
        kept = _("%(kept)s of %(all)s") % {"kept": figures.get("promises_kept") or 0, "all": figures["promises"]}
        found.append((_("Promises kept"), kept))
    return found


def more(habit: Habit) -> list[tuple[str, str]]:
    """The rest of what says something, for who asks further."""
    moved = _trends(habit.figures) if _is_news(habit) else _change(habit)
    found = [*moved, *_completeness(habit)]
    if habit.profile == _DRAWN and habit.payments >= _FEW and habit.median is not None:
        found.insert(0, (_("What is not drawn"), _delay(habit.median)))
    if (habit.figures.get("share_disputed") or 0) >= _TOLD_SHARE:
        share = form.percent(habit.figures["share_disputed"], 0)
        found.append((_("Disputed"), _("%(share)s of the invoices") % {"share": share}))
    return [*found, *paying_words.facts(habit.paying), *_of_our_own(habit)]


def _way_of(habit: Habit) -> list[tuple[str, str]]:
    """By what the money comes. Where nearly all of it is drawn by us, a channel of the few others would mislead."""
    drawn, back = habit.figures.get("drawn") or 0, habit.figures.get("returned") or 0
    channel = habit.figures.get("channel")
    found = [(_("Pays by"), str(words.word("receipt", channel)))] if channel and habit.profile != _DRAWN else []
    if not drawn:
        return [*found, (_("Came back unpaid"), form.number(back))] if back else found
    drew = ngettext("%(count)s invoice", "%(count)s invoices", drawn) % {"count": form.number(drawn)}
    returned = _("none came back")
    if back:
        returned = ngettext("%(count)s came back unpaid", "%(count)s came back unpaid", back) % {
            "count": form.number(back)
        }
    found.append((_("Direct debits and drafts"), _("%(drawn)s, %(back)s") % {"drawn": drew, "back": returned}))
    return found


def _is_news(habit: Habit) -> bool:
    """Whether they pay otherwise since some day of the last year: it says more than any trend."""
    changed = _changed(habit)
    return changed is not None and changed[0] > habit.as_of - timedelta(days=_NEWS_DAYS)


def _changed(habit: Habit) -> tuple[date, int] | None:
    """The day since which they pay otherwise, where nothing above tells another one; by how many days."""
    told = {habit.profile, *(one.kind for one in habit.signals)}
    if habit.changed is None or abs(habit.changed[1]) < _MOVED_DAYS or not told.isdisjoint(_TELL_A_CHANGE):
        return None
    return habit.changed


def _change(habit: Habit) -> list[tuple[str, str]]:
    changed = _changed(habit)
    if changed is None:
        return []
    on, moved = changed
    return [(_("Since %(day)s") % {"day": form.day(on, "d MMM yyyy")}, _moved(moved))]


def _trends(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the last payments went against those before."""
    spans = ((_("Last 3 months"), figures.get("trend_days")), (_("Last 12 months"), figures.get("trend_year_days")))
    return [(label, _moved(days)) for label, days in spans if days is not None and abs(days) >= _MOVED_DAYS]


def _moved(days: float) -> str:
    later = _("%(days)s days later than before") if days > 0 else _("%(days)s days earlier than before")
    return later % {"days": abs(round(days))}


def _completeness(habit: Habit) -> list[tuple[str, str]]:
    """How much of an invoice comes, and in how many payments."""
    full = habit.figures.get("share_full")
    if habit.payments < _FEW or full is None:
        return []
    if full >= _ALL_SHARE:
        return [(_("Invoices paid"), _("in full, at once"))]
    said = [_("%(share)s in full, at once") % {"share": form.percent(full, 0)}]
    for name, phrase in (("share_parts", _("%(share)s in parts")), ("share_deducted", _("%(share)s with a deduction"))):
        if (share := habit.figures.get(name) or 0) >= _TOLD_SHARE:
            said.append(phrase % {"share": form.percent(share, 0)})
    return [(_("Invoices paid"), " · ".join(said))]


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
