"""What each planned action is worth to the entity: cash brought forward, by the effects that it believes in."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import add_months, end_of_month
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan
from encours.core.dunning.worth import BEFORE, Objective
from encours.store import parquet
from encours.usecases.learn_effects import effects_of
from encours.usecases.manage_settings import setting
from encours.usecases.team_day import team_day
from encours.usecases.weigh_plan import weigh_plan

_MONTH_END = "month_end"


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
    aim = objective_of(entity_id, made)
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


def objective_of(entity_id: str, made: Plan) -> Objective:
    """What the entity's day of work is for: euro-days, or money received until the end of the month."""
    if str(setting("dunning.objective", entity_id, made.as_of)) != _MONTH_END:
        return Objective()
    end = end_of_month(made.as_of)
    # On the last day of a month nothing that is done can bring money before it ends: the next one's end counts.
    return Objective(BEFORE, end if end > made.as_of else end_of_month(add_months(made.as_of, 1)))
