"""What is usual of a customer's payments, and what of a receipt is not, in words: each with its counts."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encours.core.matching.paying_habit import LEAST, PayingHabit, Seen
from encours.usecases.desk_habit import DeskHabit


def way(seen: Seen) -> str:
    """What is paid at once."""
    return {
        "one": _("one invoice at a time"),
        "balance": _("all that is open"),
        "due_until": _("the oldest invoices first"),
        "month": _("the invoices of a month"),
        "several": _("a choice of several invoices"),
        "part": _("a part of an invoice"),
    }[seen.name]


def style(seen: Seen) -> str:
    """How the text names what is paid."""
    if seen.name == "tail":
        return ngettext("the last %(digits)s digit", "the last %(digits)s digits", seen.digits) % {
            "digits": seen.digits
        }
    return {
        "number": _("the whole number"),
        "digits": _("the digits of the number"),
        "other": _("an order, delivery or payment reference"),
        "near": _("the number with a slip"),
        "none": _("no reference"),
    }[seen.name]


def _times(what: str, seen: Seen) -> str:
    return _("%(what)s, %(times)s of %(of)s times") % {"what": what, "times": seen.times, "of": seen.of}


def facts(known: PayingHabit | None) -> list[tuple[str, str]]:
    """What is usual, or most frequent where nothing is, each with its name; nothing of too few payments."""
    if known is None:
        return []
    found = []
    for label, seen, word in ((_("Pays at once"), known.ways, way), (_("Quotes in the text"), known.styles, style)):
        if seen and seen[0].of >= LEAST:
            said = _times(word(seen[0]), seen[0])
            found.append((label, said if seen[0].is_usual else _("varies; mostly %(most)s") % {"most": said}))
    return found


def evidence(habit: DeskHabit | None) -> list[tuple[str, str]]:
    """What the habit says of a receipt and its proposal: a tone (good, slip or "") and a sentence."""
    if habit is None:
        return []
    known = habit.known
    pays = _told(habit.way, known.way, way, _("Settles: %(what)s"))
    names = _told(habit.style, known.style, style, _("Quotes: %(what)s"))
    return [one for one in (pays, names) if one is not None]


def _told(now: Seen | None, usual: Seen | None, word: Callable[[Seen], str], says: str) -> tuple[str, str] | None:
    """What is proposed as often as it was seen; what never was speaks against it; else what is usual."""
    seen = now or usual
    if seen is None:
        return None
    if seen.times:
        return "good" if now and now == usual else "", says % {"what": _times(word(seen), seen)}
    never = _("%(what)s, never in %(of)s payments") % {"what": word(seen), "of": seen.of}
    if usual is not None:
        never = _("%(never)s; usually %(usual)s") % {"never": never, "usual": _times(word(usual), usual)}
    return "slip", says % {"what": never}
