"""What each planned action is worth to the entity: cash brought forward, by the effects that it believes in."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan
from encours.core.dunning.worth import BEFORE
from encours.store import parquet
from encours.usecases.day_aim import aim_of
from encours.usecases.learn_effects import effects_of
from encours.usecases.team_day import team_day
from encours.usecases.weigh_plan import weigh_plan


def with_worth(
    entity_id: str, made: Plan, known: Known, spread: pl.DataFrame, book: Book | None = None
) -> pl.DataFrame:
    """The plan's actions in the order of work (what people put first, then what brings most a minute, less its cost and
    what it costs the relationship; what fits nobody's minutes after what does), with their three reasons, euro_days and
    days_earlier (brought forward, before any cost), and chance_before (minor units more expected before the manager's
    date; null without one).

    `book`: the entity's with all its versions, where it has been read already.
    """
    whole = parquet.read_book([entity_id]) if book is None else book
    aim = aim_of(entity_id, made.as_of)
    work = team_day(entity_id, made.as_of, made.actions, whole)
    weighed = weigh_plan(
        made,
        whole,
        known,
        spread,
        effects_of(entity_id),
        aim,
        portfolios=work.portfolios,
        pins=work.pins,
        team=work.team,
    )
    asked = made.actions.select("action_id", "amount")
    rows = weighed.worth.join(asked, on="action_id", how="left")
    euro = pl.when(pl.col("amount_eur") > 0).then(pl.col("amount") / pl.col("amount_eur")).otherwise(0.0)
    before = (pl.col("euros_before") * euro).round(0).cast(pl.Int64) if aim.kind == BEFORE else pl.lit(None, pl.Int64)
    told = rows.select("action_id", "days_earlier", "euro_days", chance_before=before)
    return weighed.plan.actions.join(told, on="action_id", how="left", maintain_order="left")
