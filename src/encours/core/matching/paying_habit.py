"""What a customer's settled payments say of the next one: which items it pays at once, and how it names them.

Small on purpose: it is asked for one customer at a time, of its latest payments, each time anew from the matches that
stand. It shows, explains and orders what a person chooses from; no score and no certificate counts on it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from encours.core.base.numbers import bare_signs
from encours.core.matching.spans import near_spans, quoted_spans, whole_spans

#: Payments of a customer that are looked at, the latest ones, and fewer than which no habit is spoken of.
LAST, LEAST = 24, 5
#: What each payment weighs of the one after it: twelve payments ago counts less than a third.
_FADES = 0.9
#: The share of the weights from which on something is usual.
_USUAL = 0.6


@dataclass(frozen=True)
class OpenItem:
    """An invoice that stood open as a payment came. `references`: what names it beside its number."""

    item_id: str
    number: str
    references: tuple[str, ...]
    issued_on: date
    due_on: date


@dataclass(frozen=True)
class Payment:
    """Money of a customer, what was open of it that day, and what of that it settled: `paid`, and in part `parts`."""

    booked_on: date
    text: str
    open: tuple[OpenItem, ...]
    paid: frozenset[str]
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Style:
    """How a text names what it pays: number, digits, tail (the last `digits` ones), other, list, near or none."""

    name: str
    digits: int = 0


@dataclass(frozen=True)
class Seen:
    """A way or a style: `times` of the `of` payments that show one; `share` of them by weight, the latest the most."""

    name: str
    digits: int
    times: int
    of: int
    share: float

    @property
    def is_usual(self) -> bool:
        """Whether most of what came lately was so."""
        return self.of >= LEAST and self.share >= _USUAL


@dataclass(frozen=True)
class PayingHabit:
    """What was seen of a customer, the likeliest first. `payments`: how many were looked at."""

    payments: int
    ways: tuple[Seen, ...]
    styles: tuple[Seen, ...]

    @cached_property
    def way(self) -> Seen | None:
        """What it usually pays at once; None where nothing is usual."""
        return next((one for one in self.ways[:1] if one.is_usual), None)

    @cached_property
    def style(self) -> Seen | None:
        """How it usually names what it pays; None where nothing is usual."""
        return next((one for one in self.styles[:1] if one.is_usual), None)

    def of_way(self, name: str) -> Seen | None:
        """How often it paid in a way, `times` 0 where never; None while too few payments say anything."""
        return _seen_of(self.ways, Style(name))

    def of_style(self, name: str, digits: int = 0) -> Seen | None:
        """How often it named things in a style, as `of_way`."""
        return _seen_of(self.styles, Style(name, digits))


def _seen_of(seen: Sequence[Seen], one: Style) -> Seen | None:
    of = seen[0].of if seen else 0
    if of < LEAST:
        return None
    alike = [row for row in seen if (row.name, row.digits) == (one.name, one.digits)]
    return alike[0] if alike else Seen(one.name, one.digits, 0, of, 0.0)


def habit_of_payments(payments: Sequence[Payment]) -> PayingHabit:
    """The habit of a customer; at most LAST payments count, the latest ones."""
    latest = sorted(payments, key=lambda one: one.booked_on, reverse=True)[:LAST]  # stable: equal days as given
    ways = [Style(way) for one in latest if (way := way_of(one))]
    styles = [style for one in latest if (style := style_of(one))]
    return PayingHabit(len(latest), _counted(ways), _counted(styles))


def _counted(latest_first: Sequence[Style]) -> tuple[Seen, ...]:
    times: dict[Style, int] = defaultdict(int)
    weight: dict[Style, float] = defaultdict(float)
    for place, one in enumerate(latest_first):
        times[one] += 1
        weight[one] += _FADES**place
    whole = sum(weight.values())
    found = [Seen(one.name, one.digits, times[one], len(latest_first), weight[one] / whole) for one in times]
    return tuple(sorted(found, key=lambda one: (-one.share, one.name, one.digits)))


def way_of(payment: Payment) -> str:
    """Which of the open items a payment settles: one, balance, due_until, month, several or part.

    "" where it says nothing: it settles none of them, or only one was open and it is paid whole.
    """
    paid = [item for item in payment.open if item.item_id in payment.paid | payment.parts]
    left = [item for item in payment.open if item.item_id not in payment.paid | payment.parts]
    if not paid or (len(payment.open) == 1 and not payment.parts):
        return ""
    if payment.parts:
        return "part"
    if len(paid) == 1:
        return "one"
    if not left:
        return "balance"
    months = {(item.issued_on.year, item.issued_on.month) for item in paid}
    if len(months) == 1 and not any((item.issued_on.year, item.issued_on.month) in months for item in left):
        return "month"
    if max(item.due_on for item in paid) < min(item.due_on for item in left):
        return "due_until"
    return "several"


def style_of(payment: Payment) -> Style | None:
    """How the text names what is paid, by the item that it names best; None where no item is paid."""
    paid = [item for item in payment.open if item.item_id in payment.paid | payment.parts]
    if not paid:
        return None
    named = [style for item in paid if (style := _by_number(payment.text, item.number))]
    if named:
        return min(named, key=lambda one: (_SURE.index(one.name), -one.digits))
    if whole_spans(payment.text, [name for item in paid for name in item.references]):
        return Style("other")
    return Style("near") if near_spans(payment.text, [item.number for item in paid]) else Style("none")


#: Ways to quote a number, the surest first.
_SURE = ("number", "digits", "tail")


def _by_number(text: str, number: str) -> Style | None:
    whole = bare_signs(number)
    digits = re.sub(r"\D", "", whole)
    for start, end in quoted_spans(text, [number]):
        said = bare_signs(text[start:end])
        if said == whole:
            return Style("number")
        return Style("digits") if said == digits else Style("tail", len(said))
    return None
