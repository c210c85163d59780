"""The customer took the cash discount (escompte) that the terms offer for paying early."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from encours.core.matching.differences.case import Case, Chosen
from encours.core.matching.differences.cause import EXACT, POSSIBLE, Cause, Found, Line, Proof, plain, share
from encours.core.matching.differences.policy import Rule
from encours.core.terms import TermError, parse_term

#: Rates that are taken where none is offered, in percent.
_RATES = tuple(Decimal(text) for text in ("0.5", "1", "1.5", "2", "2.5", "3"))
_FEW = 10  # items among which every choice is tried


class _Discount(Cause):
    name = "discount"
    sentence = "The customer took the discount for early payment that the terms offer."
    kind = "discount"
    # A day or two of grace: the value date is the bank's, not the customer's. A `percent` lets usual rates pass that no
    # terms offer, up to it; none ships.
    rule = Rule(account="665", owner="accounting", days=2)
    unproved = "no discount is offered on these items"

    def find(self, case: Case, rule: Rule) -> Found | None:
        """The offers of the chosen items, of some or one of them; else a usual rate, which no terms offer."""
        if case.gap <= 0 or not case.owed:
            return None
        offers = {item.item_id: found for item in case.owed if (found := offer(item)) is not None}
        lines = _fitting(case, {name: amount for name, (amount, _) in offers.items()})
        if lines is None:
            return _usual(case, rule.percent)
        last = min(offers[str(line.item_id)][1] for line in lines)
        late = (case.paid_on - last).days
        proof = Proof(EXACT, f"exactly the discount of {case.money(case.gap)} offered until {last}")
        if late > (rule.days or 0):
            return Found(proof, lines, f"the discount was offered until {last} and was taken {late} days late")
        return Found(proof, lines)

    def offered(self, case: Case, rule: Rule) -> int:
        """What the terms of the chosen items offer all together to a payment on its day."""
        until = case.paid_on - timedelta(days=rule.days or 0)
        found = [one for item in case.owed if (one := offer(item)) is not None and one[1] >= until]
        every = sum(amount for amount, _ in found)
        # The offers of items that are late must not stand beside: then the whole would not be found as one.
        return every if len(found) == sum(offer(item) is not None for item in case.owed) else 0

    def gives_up(self, case: Case, found: Found) -> bool:
        """A discount within its terms is the customer's right."""
        return bool(found.outside) or found.proof.strength < EXACT

    def outside(self, case: Case, rule: Rule) -> str:
        """The share of the rule is for discounts that no terms offer: what they offer is theirs to say."""
        return super().outside(case, replace(rule, percent=None))


def offer(item: Chosen) -> tuple[int, date] | None:
    """The discount that an item offers and its last day; None where it offers none."""
    if item.discount_amount and item.discount_on is not None and item.discount_amount > 0:
        return min(item.discount_amount, item.open), item.discount_on
    if not item.terms:
        return None
    try:
        terms = parse_term(item.terms).discount
    except TermError:
        return None
    if terms is None:
        return None
    return min(share(item.amount, terms.percent), item.open), item.issued_on + timedelta(days=terms.days)


def _fitting(case: Case, offers: dict[str, int]) -> tuple[Line, ...] | None:
    """The offers that make the gap: all of them, else as many as it takes; a cent an item may be rounding."""
    if not offers:
        return None
    names = list(offers)
    sizes = [len(names)] if len(names) > _FEW else range(len(names), 0, -1)
    for size in sizes:
        for chosen in combinations(names, size):
            off = case.gap - sum(offers[name] for name in chosen)
            if abs(off) < size or off == 0:  # each discount was rounded, or the sum was
                open_of = {item.item_id: item.open for item in case.owed}
                amounts = {name: offers[name] for name in chosen}
                amounts[chosen[0]] += off
                if 0 < amounts[chosen[0]] <= open_of[chosen[0]]:
                    return tuple(Line(name, amount, "discount") for name, amount in amounts.items())
    return None


def _usual(case: Case, limit: Decimal | None) -> Found | None:
    owed = sum(item.open for item in case.owed)
    for rate in _RATES:
        if abs(share(owed, rate) - case.gap) <= 1:
            proof = Proof(POSSIBLE, f"{case.money(case.gap)} is {plain(rate)} % of the items, a usual rate of discount")
            lines = _by_rate(case, rate)
            allowed = limit is not None and rate <= limit
            return Found(proof, lines, "" if allowed else _Discount.unproved) if lines else None
    return None


def _by_rate(case: Case, rate: Decimal) -> tuple[Line, ...]:
    amounts = {item.item_id: share(item.open, rate) for item in case.owed}
    first = case.owed[0]
    amounts[first.item_id] += case.gap - sum(amounts.values())
    if not 0 < amounts[first.item_id] <= first.open:
        return ()
    return tuple(Line(name, amount, "discount") for name, amount in amounts.items() if amount)


CAUSE = _Discount()
