"""The ways in which open items make up an amount exactly: for a person who doubts the one that was proposed.

Small on purpose: it is asked for one receipt at a time, of the few items beside it. What is left over or missing is
no way; whoever chooses such items says what the difference is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

#: Items of one customer among which pairs and triples are looked for, the oldest due first.
_AMONG = 80


@dataclass(frozen=True)
class Part:
    """An open item. `open` in minor units with its sign; `discount`: what may be taken off it on the day, else 0."""

    item_id: str
    customer_id: str
    due_on: date
    open: int
    discount: int = 0

    @property
    def worth(self) -> tuple[int, ...]:
        """What may come for it."""
        return (self.open, self.open - self.discount) if self.discount else (self.open,)


def ways(parts: Sequence[Part], money: int, most: int) -> list[tuple[str, ...]]:
    """At most so many sets of items of one customer that make up the money, the fewest and the oldest items first.

    One, two or three items, whole or less their discount; the oldest in due order; all that is open.
    """
    place = {part.item_id: (part.due_on, part.item_id) for part in parts}
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for customer_id in dict.fromkeys(part.customer_id for part in parts):
        own = sorted((part for part in parts if part.customer_id == customer_id), key=lambda part: place[part.item_id])
        for ids in _of_customer(own, money):
            found.setdefault(frozenset(ids), tuple(sorted(ids, key=place.__getitem__)))
    return sorted(found.values(), key=lambda ids: (len(ids), [place[one] for one in ids]))[:most]


def _of_customer(own: Sequence[Part], money: int) -> Iterator[tuple[str, ...]]:
    few = own[:_AMONG]
    yield from _runs(own, money)
    values = [(worth, number) for number, part in enumerate(few) for worth in part.worth]
    at: dict[int, list[int]] = {}
    for worth, number in values:
        at.setdefault(worth, []).append(number)
    for number in at.get(money, ()):
        yield (few[number].item_id,)
    for place, (worth, first) in enumerate(values):
        for second in at.get(money - worth, ()):
            if second > first:
                yield few[first].item_id, few[second].item_id
        for other, second in values[place + 1 :]:
            if second == first:
                continue
            for third in at.get(money - worth - other, ()):
                if third > second:
                    yield few[first].item_id, few[second].item_id, few[third].item_id


def _runs(own: Sequence[Part], money: int) -> Iterator[tuple[str, ...]]:
    """The oldest items that add up to the money; all of them, where they do."""
    total = 0
    for count, part in enumerate(own, start=1):
        total += part.open
        if total == money:
            yield tuple(one.item_id for one in own[:count])
