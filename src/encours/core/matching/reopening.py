"""What a returned payment opens again, on its day: from then on the same run may propose it for later money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import DIGITS
from encours.core.matching.references.scan import Marks
from encours.core.matching.returned import Tie

#: Place of an item in the pool and cash in the item's sign, minor units.
Line = tuple[int, int]


@dataclass
class Reopening:
    """The ties of a run, and what of them is open again so far.

    `row_of`: receipt_id → row of the originals that this run decides; `early`: receipt_id → what the stage before the
    search proposes for them; `places`: item_id → place, of what the ties name; `quoted`: row of a return → items whose
    number its text bears. `lines`: row of a return → what it takes back, positive, in the
    item's sign; `by_item`: place → row of the return that opened it last.
    """

    ties: Sequence[Tie]
    places: Mapping[str, int]
    customer: npt.NDArray[np.int32]
    quoted: Mapping[int, set[int]] = field(default_factory=dict)
    row_of: Mapping[str, int] = field(default_factory=dict)
    early: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    lines: dict[int, list[Line]] = field(default_factory=dict)
    by_item: dict[int, int] = field(default_factory=dict)
    _gone: dict[tuple[str, int], int] = field(default_factory=dict)

    def reopen(self, until: int, decided: Mapping[int, Sequence[Line]], pool: Pool) -> bool:
        """Opens what the returns booked up to the day `until` take back, as far as it is known; whether anything was.

        `decided`: row of a receipt → the cash that this run proposes for it. What is opened is so from the return's day
        on: to money that was booked before, it counts as known too late.
        """
        any_opened = False
        for tie in self.ties:
            if tie.day > until or tie.row in self.lines:
                continue
            chosen = chosen_lines(
                self._paid(tie, decided), tie, self.places, self.quoted.get(tie.row, set()), self.customer
            )
            if not chosen:
                continue
            self.lines[tie.row] = chosen
            for place, amount in chosen:
                self._gone[tie.original, place] = self._gone.get((tie.original, place), 0) + amount
                pool.taken[place] -= amount
                pool.changed[place] = max(int(pool.changed[place]), tie.day)
                pool.owner[place] = tie.row
                self.by_item[place] = tie.row
            any_opened = True
        return any_opened

    def _paid(self, tie: Tie, decided: Mapping[int, Sequence[Line]]) -> list[Line]:
        """What the original had paid, in the book and in this run, less what came back of it already."""
        row = self.row_of.get(tie.original, -1)
        of_book = [(self.places[item], amount) for item, amount in tie.paid if item in self.places]
        sums: dict[int, int] = {}
        for place, amount in (*of_book, *self.early.get(tie.original, ()), *decided.get(row, ())):
            sums[place] = sums.get(place, 0) + amount
        left = ((place, amount - self._gone.get((tie.original, place), 0)) for place, amount in sums.items())
        return sorted((place, amount) for place, amount in left if amount)

    def opened(self, items: Iterable[int], row: int) -> int:
        """Row of the return that opened one of these items again, for the receipt at `row`; −1 where none did.

        The payment that came back is not one that needs its return.
        """
        own = {tie.row for tie in self.ties if self.row_of.get(tie.original) == row}
        by = (self.by_item.get(int(item), -1) for item in items)
        return next((one for one in by if one >= 0 and one not in own), -1)

    def touches(self, start: npt.NDArray[np.int64], item: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """For hypotheses whose lines are `start[n]` to `start[n + 1]` of `item`: whether one pays what opened again."""
        hit = np.isin(item, np.fromiter(self.by_item, dtype=np.int64, count=len(self.by_item)))
        total = np.concatenate([[0], np.cumsum(hit)])
        found: npt.NDArray[np.bool_] = total[start[1:]] > total[start[:-1]]
        return found

    def frame(self, item_ids: pl.Series) -> pl.DataFrame:
        """row, item_id, amount: what is taken back."""
        rows = [(row, item_ids[place], amount) for row, lines in self.lines.items() for place, amount in lines]
        return pl.DataFrame(rows, schema={"row": pl.UInt32, "item_id": pl.String, "amount": pl.Int64}, orient="row")


def chosen_lines(
    paid: Sequence[Line], tie: Tie, places: Mapping[str, int], quoted: set[int], customer: npt.NDArray[np.int32]
) -> list[Line]:
    """What of a payment's lines came back: all, or those of one cheque or debtor of it that make the money.

    Of a payment of more than came back: the items of the slip's one instrument, those that the text names, the one
    customer whose lines sum to it, the one line of that amount. Nothing where none of these says it.
    """
    if sum(amount for _, amount in paid) <= tie.money:
        return list(paid)
    for wanted in ({places[item] for item in tie.slip if item in places}, quoted):
        part = [line for line in paid if line[0] in wanted]
        if part and sum(amount for _, amount in part) == tie.money:
            return part
    by_customer: dict[int, list[Line]] = {}
    for place, amount in paid:
        by_customer.setdefault(int(customer[place]), []).append((place, amount))
    for sets in (list(by_customer.values()), [[line] for line in paid]):
        fitting = [part for part in sets if sum(amount for _, amount in part) == tie.money]
        if len(fitting) == 1:
            return fitting[0]
    return []


def make_reopening(
    ties: Sequence[Tie],
    item_ids: pl.Series,
    pool: Pool,
    marks: Marks,
    receipt_ids: pl.Series,
    early: Sequence[Mapping[str, object]],
) -> Reopening:
    """The ties of a run before anything is decided. `early`: allocations of the stage before the search."""
    originals = {tie.original for tie in ties}
    cash = [row for row in early if row["receipt_id"] in originals and row["kind"] == "cash"]
    named = {item for tie in ties for item in (*(item for item, _ in tie.paid), *tie.slip)}
    rows = receipt_ids.is_in(list(originals)).arg_true().to_list()
    wanted = {row["item_id"] for row in cash} | named
    places = {str(item_ids[place]): place for place in item_ids.is_in(list(wanted)).arg_true().to_list()}
    lines: dict[str, list[Line]] = {}
    for row in cash:
        lines.setdefault(str(row["receipt_id"]), []).append((places[str(row["item_id"])], int(str(row["amount"]))))
    quoted = {tie.row: _quoted(tie.row, marks) for tie in ties}
    return Reopening(ties, places, pool.customer, quoted, {str(receipt_ids[row]): row for row in rows}, lines)


def _quoted(row: int, marks: Marks) -> set[int]:
    """Items whose number stands in a receipt's text."""
    return {
        int(marks.item[quote])
        for mark in range(marks.start[row], marks.start[row + 1])
        for quote in range(marks.first[mark], marks.last[mark])
        if marks.kind[quote] <= DIGITS
    }
