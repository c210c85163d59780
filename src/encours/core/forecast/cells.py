"""Distributions of payment days laid on the cells of a forecast: two weeks of days, then weeks, then later or never."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.issue import CallError
from encours.core.base.kernel import kernel

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

#: Days that are forecast one by one, and the days of a week.
DAYS, WEEK = 14, 7
#: Weeks that can be asked for: the distributions reach a year beyond the due date.
MOST_WEEKS = 52

#: What is read of a distribution: `p` lies evenly on `days` days from `from_on`; what is missing to 1 is never paid.
SPREAD_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "from_on": pl.Date(),
    "days": pl.Int32(),
    "p": pl.Float64(),
}


def edges(weeks: int) -> Int64:
    """Where the cells end, in days after `as_of`: 1 … 14, 21, 28, … Raises CallError for weeks outside 1 … 52."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise CallError([f"weeks: {weeks} is not between 1 and {MOST_WEEKS}"])
    later = np.arange(DAYS + WEEK, WEEK * weeks + 1, WEEK)
    return np.concatenate([np.arange(1, DAYS + 1), later]).astype(np.int64)


def chances(item_ids: pl.Series, spread: pl.DataFrame, as_of: date, ends: Int64) -> Float64:
    """The chance that each item is paid by the end of each cell: a row an item, in the order of `item_ids`.

    What a distribution says of days up to `as_of` counts on the day after. Rows of other items are left out; an item
    without a distribution is never paid. Raises CallError where a distribution says more than all.
    """
    rows = _in_order(item_ids, spread)
    origin = (as_of - date(1970, 1, 1)).days
    begin = (rows["from_on"].to_physical() - origin).cast(pl.Int64).to_numpy()
    length, share = rows["days"].cast(pl.Int64).to_numpy(), rows["p"].to_numpy()
    found = np.zeros((len(item_ids), len(ends)))
    _fill(rows["_place"].cast(pl.Int64).to_numpy(), begin, length, share, ends, found)
    paid: Float64 = np.cumsum(found, axis=1)
    if len(share) and paid.size and (paid[:, -1].max() > 1 + 1e-6 or share.min() < -1e-9):
        raise CallError(["spread: the chances of an item are negative or sum to more than 1"])
    return np.clip(paid, 0.0, 1.0)


def _in_order(item_ids: pl.Series, spread: pl.DataFrame) -> pl.DataFrame:
    """The rows with the place of their item, in an order that does not hang on the frame's."""
    # Millions of rows: an id is looked up once a run of it, not once a row.
    runs = spread.select(item_id="item_id", _run=pl.col("item_id").rle_id())
    heads = runs.unique("_run", keep="first", maintain_order=True)
    places = pl.DataFrame({"item_id": item_ids}).with_row_index("_place")
    found = heads.join(places, on="item_id", how="left", maintain_order="left")["_place"]
    rows = spread.select("from_on", "days", "p", _place=found.gather(runs["_run"]))
    rows = rows.filter(pl.col("_place").is_not_null())
    # One run an item, its days in order: then it does not matter in what order the items stand.
    same = pl.col("_place") == pl.col("_place").shift(1)
    falls = rows.select((same & (pl.col("from_on") <= pl.col("from_on").shift(1))).any()).item()
    broken = found.drop_nulls().n_unique() < len(found.drop_nulls())
    return rows.sort("_place", "from_on", "days", "p") if falls or broken else rows


@kernel
def _fill(place: Any, begin: Any, length: Any, share: Any, ends: Any, found: Any) -> None:
    last = len(ends)
    for row in range(len(place)):
        low, size = begin[row], length[row]
        high = low + size - 1  # the last day of the row
        before = 0  # the cell before ends on this day
        for cell in range(last):
            first = low if cell == 0 or low > before else before + 1
            until = high if high < ends[cell] else ends[cell]
            if until >= first:
                found[place[row], cell] += share[row] * (until - first + 1) / size
            if high <= ends[cell]:
                break
            before = ends[cell]
