"""What each line of a remittance pays: the items that it names, else the one open amount of its customer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from encours.core.matching.pool import Pool
from encours.core.matching.remittance import Line, Remittance

#: Quoted items of one line among which a set of its amount is sought.
_QUOTED_MAX = 12


@dataclass(frozen=True)
class Paid:
    """A line takes `cash` off an item (a place in the pool), and `deducted` beside it as `cause`."""

    line: int
    place: int
    cash: int
    deducted: int = 0
    cause: str = ""


@dataclass(frozen=True)
class Settled:
    """What the lines pay. `lost`: lines that find no open item; `short`: lines that do not tie with what is open;
    `by_amount`: lines tied by their amount alone; `withheld`: taken off by the payer without a cause to book."""

    paid: tuple[Paid, ...]
    lost: tuple[int, ...]
    short: tuple[int, ...]
    by_amount: tuple[int, ...]
    withheld: int

    @property
    def cash(self) -> int:
        """Money that the lines use."""
        return sum(one.cash for one in self.paid)


class Left:
    """What is open of the pool's items while remittances take from them."""

    def __init__(self, pool: Pool, beside: Left | None = None) -> None:
        """`beside`: what is used already, which stays as it is while this one takes more."""
        self.pool = pool
        self._used: dict[int, int] = {}
        self._beside = {} if beside is None else beside._used

    def of(self, place: int) -> int:
        """What is left of an item."""
        if place < 0:
            return 0
        pool = self.pool
        return int(pool.open[place] - pool.taken[place] - pool.held[place]) - self._taken(place)

    def _taken(self, place: int) -> int:
        return self._used.get(place, 0) + self._beside.get(place, 0)

    def allows(self, place: int, amount: int) -> bool:
        """Whether the item is open for the amount."""
        left = self.of(place)
        return amount != 0 and left * amount > 0 and abs(amount) <= abs(left)

    def take(self, paid: Sequence[Paid]) -> None:
        """Uses what is paid."""
        for one in paid:
            self._used[one.place] = self._used.get(one.place, 0) + one.cash + one.deducted


def settle(remittance: Remittance, left: Left) -> Settled:
    """The items of every line, in their order; each item once beyond nothing that is open. Takes nothing of `left`."""
    trial = Left(left.pool, left)  # a trial of its own: the pair may yet be laid aside
    paid: list[Paid] = []
    lost, short, by_amount, withheld = [], [], [], 0
    for number, line in enumerate(remittance.lines):
        booked = line.deducted if line.cause else 0
        withheld += line.deducted - booked
        places, sure = _places(line, line.amount + booked, remittance, trial)
        if not places:
            lost.append(number)
            continue
        found = _cut(number, line, places, booked)
        trial.take(found)
        paid += found
        if sum(amount for _, amount in places) != line.amount + booked:
            short.append(number)
        if not sure:
            by_amount.append(number)
    return Settled(tuple(paid), tuple(lost), tuple(short), tuple(by_amount), withheld)


def _cut(number: int, line: Line, places: list[tuple[int, int]], booked: int) -> list[Paid]:
    """Cash and deduction of each item: what is deducted goes on the largest that bears it."""
    rest, found = booked, []
    for place, amount in sorted(places, key=lambda one: -abs(one[1])):
        share = max(0, min(rest, amount)) if rest > 0 else 0
        rest -= share
        found.append(Paid(number, place, amount - share, share, line.cause if share else ""))
    return found


def _places(line: Line, wanted: int, remittance: Remittance, left: Left) -> tuple[list[tuple[int, int]], bool]:
    """(item, amount) of a line, and whether a number or the file says so."""
    pool = left.pool
    if line.ties:
        whole = sum(amount for _, amount in line.ties) == wanted
        return (list(line.ties), True) if whole and all(left.allows(*one) for one in line.ties) else ([], True)
    quoted = [one for one in line.quotes if pool.currency[one] == remittance.currency]
    if quoted:
        return _quoted(quoted, wanted, left), True
    if line.customer < 0:
        return [], False
    return _by_amount(
        range(int(pool.start[line.customer]), int(pool.open_end[line.customer])), wanted, remittance, left
    )


def _quoted(quoted: list[int], wanted: int, left: Left) -> list[tuple[int, int]]:
    """All that is quoted, else the one set of it that makes the amount, else the one item in part or in full."""
    alive = [(one, left.of(one)) for one in quoted if left.of(one)]
    if not alive or sum(amount for _, amount in alive) == wanted:
        return alive
    if len(alive) == 1:
        place, amount = alive[0]
        if amount * wanted <= 0:
            return []
        return [(place, wanted if abs(wanted) <= abs(amount) else amount)]
    if len(alive) > _QUOTED_MAX:
        return []
    sets = [
        list(part)
        for size in range(1, len(alive))
        for part in itertools.combinations(alive, size)
        if sum(amount for _, amount in part) == wanted
    ]
    return sets[0] if len(sets) == 1 else []


def _by_amount(places: range, wanted: int, remittance: Remittance, left: Left) -> tuple[list[tuple[int, int]], bool]:
    """The one open item of the customer with this amount, else its whole balance; else nothing is guessed."""
    mine = [(one, left.of(one)) for one in places if left.pool.currency[one] == remittance.currency and left.of(one)]
    same = [one for one in mine if one[1] == wanted]
    if len(same) == 1:
        return same, False
    if not same and mine and sum(amount for _, amount in mine) == wanted:
        return mine, False
    return [], False
