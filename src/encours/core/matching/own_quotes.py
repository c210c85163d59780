"""What a receipt has settled itself is no sign of a second payment: its number in the text says nothing any more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.book import Book
from encours.core.matching.references.scan import Marks


def without_own(
    marks: Marks, receipts: pl.DataFrame, known: Book, items: pl.DataFrame
) -> tuple[Marks, npt.NDArray[np.bool_]]:
    """The marks without quotes of items that are closed, and that the quoting receipt itself paid before; and which
    receipts quoted such items.

    `receipts` as `asks.make_receipts`, `items` as `pool.make_items`; both in the order of their arrays. Only the rest
    of a receipt that is applied in part can quote such an item.
    """
    continued = np.zeros(receipts.height, dtype=np.bool_)
    begun = receipts.filter(pl.col("amount") != pl.col("unapplied")).select("row", "receipt_id")
    if not begun.height:
        return marks, continued
    cash = known.allocations.filter((pl.col("kind") == "cash") & pl.col("reversed_on").is_null())
    closed = items.with_row_index("place").filter(pl.col("open") == 0).select("place", "item_id")
    own = begun.join(cash.select("receipt_id", "item_id"), on="receipt_id").join(closed, on="item_id")
    drop = np.zeros(len(marks.item), dtype=np.bool_)
    for (row,), part in own.group_by("row"):
        first, last = marks.start[int(str(row))], marks.start[int(str(row)) + 1]
        if last > first:
            quotes = slice(marks.first[first], marks.last[last - 1])
            drop[quotes] = np.isin(marks.item[quotes], part["place"].to_numpy())
            continued[int(str(row))] = drop[quotes].any()
    if not drop.any():
        return marks, continued
    before = np.concatenate([[0], np.cumsum(drop)])
    fewer = marks._replace(
        first=marks.first - before[marks.first],
        last=marks.last - before[marks.last],
        item=marks.item[~drop],
        kind=marks.kind[~drop],
        namesakes=marks.namesakes[~drop],
    )
    return fewer, continued
