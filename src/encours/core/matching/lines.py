"""What each receipt pays, line by line, in flat arrays that grow: a million receipts need no million small arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from encours.core.matching.claims import Hypotheses

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: Columns of the hypotheses that are not one place a hypothesis.
_OF_LINES = ("start", "item", "pay")


@dataclass
class Lines:
    """Receipt r pays `size[r]` lines from `first[r]` of `item` (place in the pool) and `pay`; `used` of these hold one.

    What a receipt gave back stays in the arrays, but no receipt has it.
    """

    first: Int64
    size: Int32
    item: Int32
    pay: Int64
    used: int = 0

    @classmethod
    def none(cls, receipts: int) -> Lines:
        """No receipt pays anything yet."""
        return cls(
            np.zeros(receipts, np.int64), np.zeros(receipts, np.int32), np.empty(0, np.int32), np.empty(0, np.int64)
        )

    def put(self, hypotheses: Hypotheses, chosen: Int64) -> None:
        """The receipts of some hypotheses pay their lines."""
        begin = hypotheses.start[chosen]
        sizes = hypotheses.start[chosen + 1] - begin
        places = _spread(begin, sizes)
        end = self.used + len(places)
        if end > len(self.item):
            room = max(end, 2 * len(self.item), 1_024) - self.used
            self.item = np.concatenate([self.item[: self.used], np.empty(room, np.int32)])
            self.pay = np.concatenate([self.pay[: self.used], np.empty(room, np.int64)])
        self.item[self.used : end], self.pay[self.used : end] = hypotheses.item[places], hypotheses.pay[places]
        receipts = hypotheses.ask[chosen]
        self.first[receipts], self.size[receipts] = self.used + np.cumsum(sizes) - sizes, sizes
        self.used = end

    def of(self, receipt: int) -> tuple[Int32, Int64]:
        """The items and amounts of a receipt."""
        lines = slice(self.first[receipt], self.first[receipt] + self.size[receipt])
        return self.item[lines], self.pay[lines]

    def take_back(self, receipt: int) -> tuple[Int32, Int64]:
        """The items and amounts of a receipt, which pays nothing from now on."""
        given = self.of(receipt)
        self.size[receipt] = 0
        return given

    def flat(self) -> tuple[Int64, Int32, Int64]:
        """Receipt, item and amount of every line, in the order of the receipts."""
        rows = np.flatnonzero(self.size)
        sizes = self.size[rows]
        places = _spread(self.first[rows], sizes)
        return np.repeat(rows, sizes), self.item[places], self.pay[places]


def _spread(begin: Int64, sizes: npt.NDArray[np.integer]) -> Int64:
    """The places of all lines, one run after the other."""
    ends = np.cumsum(sizes, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    places: Int64 = np.repeat(begin - (ends - sizes), sizes) + np.arange(total)
    return places


def only(hypotheses: Hypotheses, chosen: Int64) -> Hypotheses:
    """Some of the hypotheses with their lines."""
    begin = hypotheses.start[chosen]
    sizes = hypotheses.start[chosen + 1] - begin
    places = _spread(begin, sizes)
    start = np.zeros(len(chosen) + 1, dtype=np.int64)
    np.cumsum(sizes, out=start[1:])
    columns = {name: getattr(hypotheses, name)[chosen] for name in Hypotheses._fields if name not in _OF_LINES}
    return Hypotheses(start=start, item=hypotheses.item[places], pay=hypotheses.pay[places], **columns)


def joined(parts: Sequence[Hypotheses]) -> Hypotheses:
    """The hypotheses of several tables in one."""
    ends = np.cumsum([0, *(part.start[-1] for part in parts)])
    starts = [np.zeros(1, dtype=np.int64), *(part.start[1:] + end for part, end in zip(parts, ends, strict=False))]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Hypotheses._fields}
    return Hypotheses(**{**columns, "start": np.concatenate(starts)})
