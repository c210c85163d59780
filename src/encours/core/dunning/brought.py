"""What the actions that were done are believed to have brought, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import polars as pl

from encours.core.dunning.effects import CELL_WEIGHT, HARDEST, Effects, known_profile

#: Actions done, in one currency: `euro_days` (whole units and days) as they were weighed on their day.
DONE: dict[str, pl.DataType] = {
    "channel": pl.String(), "level": pl.Int64(), "profile": pl.String(), "euro_days": pl.Float64(),
}  # fmt: skip
_SURE = 1.96  # 95 % of a bell curve


@dataclass(frozen=True)
class Brought:
    """Euro-days (whole units of the currency, days) with their 95 % interval; never below nothing."""

    euro_days: float
    low: float
    high: float


def brought(done: pl.DataFrame, effects: Effects) -> Brought:
    """The sum over DONE, with the interval that the share who react (`effects.CELLS`) leaves it.

    A cell's reach is believed on as many messages as its prior stands for and one's own come to; actions of one cell
    are wrong together, cells apart. How much earlier who reacts pays, and what is peculiar to a payer, counts as known:
    the interval is that of the reactions alone, and narrows as messages and hold-outs are seen.
    """
    cells = effects.cells.select("channel", "level", "profile", "reach", "own_share")
    rows = done.with_columns(level=pl.col("level").fill_null(1).clip(0, HARDEST), profile=known_profile())
    sums = rows.group_by("channel", "level", "profile").agg(pl.col("euro_days").sum())
    seen = CELL_WEIGHT / (1.0 - pl.col("own_share")).clip(lower_bound=1e-6)
    spread = ((1.0 - pl.col("reach")) / (pl.col("reach") * seen)).sqrt()
    parts = sums.join(cells, on=["channel", "level", "profile"], how="inner")
    parts = parts.select(square=(pl.col("euro_days") * spread).pow(2))
    total, beside = float(sums["euro_days"].sum()), _SURE * sqrt(float(parts["square"].sum()))
    return Brought(total, max(0.0, total - beside), total + beside)


def together(found: list[Brought]) -> Brought:
    """Several that are known apart from each other (entities) as one."""
    total = sum(one.euro_days for one in found)
    beside = sqrt(sum((one.high - one.euro_days) ** 2 for one in found))
    return Brought(total, max(0.0, total - beside), total + beside)
