"""The day's work: which actions to take first within the minutes that the team has.

The best use of minutes is what brings most per minute. What a person pinned comes before what the model thinks, in the
order of the pins. What leaves by itself takes no minute; what costs more than it brings is shown, and left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from encours.core.base.issue import CallError

TODAY, LATER, LEAVE, ITSELF = "today", "later", "leave", "itself"
#: One row an action. `rank`: from 1 in its collector's list, over all places. `place`: today (fits the minutes), later
#: (worth it, no minute left), leave (costs more than it brings), itself (leaves automatically). `from_minute`: minutes
#: of the day before it, null outside today. `pinned`: a person put it there.
WORKLIST: dict[str, pl.DataType] = {
    "action_id": pl.String(), "collector": pl.String(), "rank": pl.Int64(), "place": pl.String(),
    "from_minute": pl.Int64(), "minutes": pl.Int64(), "per_minute": pl.Float64(), "pinned": pl.Boolean(),
}  # fmt: skip
_LEAST_MINUTES = 1
#: The places in the order in which they stand in a list.
_PLACES = {TODAY: 0, LATER: 1, LEAVE: 2, ITSELF: 3}


@dataclass(frozen=True)
class Team:
    """Minutes that each collector has today; `others`: those of whoever is not named, and of what belongs to nobody.

    Null of others: what belongs to nobody is a list of its own without an end.
    """

    minutes: Mapping[str, int] = field(default_factory=dict)
    others: int | None = 120

    def check(self) -> None:
        """Raises CallError naming every collector with less than no minutes."""
        wrong = [f"{who} cannot work {count} minutes" for who, count in self.minutes.items() if count < 0]
        if self.others is not None and self.others < 0:
            wrong.append(f"nobody can work {self.others} minutes")
        if wrong:
            raise CallError(wrong)


def worklist(
    actions: pl.DataFrame,
    worth: pl.DataFrame,
    portfolios: pl.DataFrame | None = None,
    pins: pl.DataFrame | None = None,
    team: Team | None = None,
) -> pl.DataFrame:
    """WORKLIST, by collector and rank. `actions`: plan.ACTIONS; `worth`: worth.WORTH of the same actions.

    `portfolios`: customer_id, collector. `pins`: action_id, pin (1 first); they outrank the model and count against the
    minutes like any other. The same frames in another order of rows give the same list. Raises CallError.
    """
    crew = team or Team()
    crew.check()
    rows = actions.select("action_id", "customer_id", "mode", "minutes").join(
        worth.select("action_id", "priority", "chase"), on="action_id", how="left"
    )
    rows = _beside(rows, portfolios, "customer_id", "collector", pl.String())
    rows = _beside(rows, pins, "action_id", "pin", pl.Int64())
    rows = rows.with_columns(
        minutes=pl.col("minutes").fill_null(0),
        pinned=pl.col("pin").is_not_null(),
        itself=(pl.col("mode") == "automatic") & pl.col("pin").is_null(),
        chase=pl.col("chase").fill_null(True),
    ).with_columns(per_minute=pl.col("priority") / pl.col("minutes").clip(_LEAST_MINUTES, None))
    rows = rows.sort(
        "collector", "itself", "pin", pl.col("chase").not_(), "per_minute", "action_id",
        descending=[False, False, False, False, True, False], nulls_last=True,
    )  # fmt: skip
    wanted = pl.col("pinned") | (pl.col("chase") & ~pl.col("itself"))
    rows = _within(rows.with_columns(wanted=wanted), crew)
    place = (
        pl.when("itself").then(pl.lit(ITSELF))
        .when(pl.col("fits")).then(pl.lit(TODAY))
        .when("wanted").then(pl.lit(LATER))
        .otherwise(pl.lit(LEAVE))
    )  # fmt: skip
    rows = rows.with_columns(place=place, from_minute=pl.when("fits").then("from_minute"))
    # Something short may fit after something long that does not: today's work stands first, in its order.
    rows = rows.with_columns(_place=pl.col("place").replace_strict(_PLACES, return_dtype=pl.Int64))
    rows = rows.sort("collector", "_place", maintain_order=True, nulls_last=True)
    rows = rows.with_columns(rank=pl.int_range(1, pl.len() + 1).over("collector"))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in WORKLIST.items())


def together(listed: pl.DataFrame) -> pl.DataFrame:
    """WORKLIST of the whole team: each collector's order stays, and of two collectors' work what brings more stands
    first. What somebody put first comes before all else of its place."""
    place = pl.col("place").replace_strict(_PLACES, return_dtype=pl.Int64)
    # Each list as one falling line: a pin is above all of it, what stands lower brings no more than what is above it.
    line = pl.when("pinned").then(float("inf")).otherwise(pl.col("per_minute").fill_null(float("-inf")))
    rows = listed.with_columns(_place=place).sort("collector", "rank", nulls_last=True)
    rows = rows.with_columns(_line=line.cum_min().over("collector", "_place"))
    return rows.sort(
        "_place", "_line", "rank", "action_id", descending=[False, True, False, False]
    ).select(*WORKLIST)  # fmt: skip


def _beside(rows: pl.DataFrame, given: pl.DataFrame | None, key: str, name: str, dtype: pl.DataType) -> pl.DataFrame:
    if given is None:
        return rows.with_columns(pl.lit(None, dtype=dtype).alias(name))
    one = given.sort(name).unique(key, keep="first", maintain_order=True).select(key, pl.col(name).cast(dtype))
    return rows.join(one, on=key, how="left")


def _within(rows: pl.DataFrame, crew: Team) -> pl.DataFrame:
    """Rows with `fits` and `from_minute`: taken in order while minutes are left; what is too long is passed over."""
    left: dict[str | None, int | None] = {}
    left.update(crew.minutes)
    used: dict[str | None, int] = {}
    fits: list[bool] = []
    begins: list[int] = []
    for who, minutes, wanted in rows.select("collector", "minutes", "wanted").iter_rows():
        begun, most = used.get(who, 0), left.get(who, crew.others)
        fit = wanted and (most is None or begun + minutes <= most)
        used[who] = begun + minutes if fit else begun
        fits.append(fit)
        begins.append(begun)
    return rows.with_columns(fits=pl.Series(fits, dtype=pl.Boolean), from_minute=pl.Series(begins, dtype=pl.Int64))
