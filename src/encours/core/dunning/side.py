"""Steps beside the ladder: courtesy before the due date, a question after the invoice, thanks after the payment."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import polars as pl

from encours.core.dunning import choose
from encours.core.dunning.climb import applies
from encours.core.dunning.climbed import last_messages, sent
from encours.core.dunning.events import RECENT_DAYS, happened
from encours.core.dunning.facts import GROUP, ITEMS, Facts
from encours.core.dunning.runs import run_key, steps
from encours.core.dunning.scenario import DUE, PAID, Scenario, Step

#: Thanks come soon or not at all.
_THANKS_DAYS = 7
#: Who was written to within so many days needs no courtesy; what falls due in the meantime goes into one message.
_COURTESY_DAYS = 7
_KEYS = [f"item.{name}" for name in GROUP]


def side_rows(of: Facts, rows: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Rows (an item, its run and step) of steps that ask for nothing overdue; `runs`: those in which something is.

    A payer who is asked for money today, or soon after another message, gets no second message; tasks stand beside.
    """
    found = [part for part in (_ahead(of, rows), _thanked(of)) if part.height]
    if not found:
        return rows.head(0).with_columns(_of_step(of, rows))
    every = pl.concat(found, how="diagonal")
    info = steps(of.scenarios)
    every = every.join(info, on=["scenario", "step"], how="left", maintain_order="left")
    last = last_messages(of).rename({name: f"item.{name}" for name in GROUP})
    every = every.join(last, on=_KEYS, how="left", maintain_order="left", nulls_equal=True)
    asked = runs.select(**{f"item.{name}": pl.col(name) for name in GROUP}).unique()
    asked = asked.with_columns(_asked=pl.lit(True))
    every = every.join(asked, on=_KEYS, how="left", maintain_order="left", nulls_equal=True)
    calm = pl.when(pl.col("chased") > 0).then(pl.max_horizontal("pause", _COURTESY_DAYS)).otherwise("pause")
    soon = (pl.col("messaged_on") + pl.duration(days=calm) > of.as_of).fill_null(False)
    every = every.filter((pl.col("pause") == 0) | ~(soon | pl.col("_asked").fill_null(False)))
    # One step a run: the first of its scenario. The others come on the next days.
    first = every.group_by("run").agg(_place=pl.col("_place").min())
    every = every.join(first, on=["run", "_place"], how="semi", maintain_order="left")
    return every.with_columns(since=pl.lit(None, dtype=pl.Date)).drop("_asked", "_place")


def _of_step(of: Facts, rows: pl.DataFrame) -> list[pl.Series]:
    shape = {**steps(of.scenarios).head(0).schema, "run": pl.String(), "since": pl.Date(), "messaged_on": pl.Date()}
    return [pl.Series(name, [], dtype=dtype) for name, dtype in shape.items() if name not in rows.columns]


def _ahead(of: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Items not yet late that a step speaks of: near the due date, or after an event."""
    rows = rows.filter(~pl.col("item.is_overdue") & (pl.col("chased") > 0))
    wanted = [
        (one, place, step)
        for one in of.scenarios.active
        for place, step in enumerate(one.steps)
        if not step.chases and step.event != PAID
    ]
    if rows.is_empty() or not wanted:
        return rows.head(0)
    rows = rows.with_columns(run=run_key())
    items = rows.select(
        item_id="item.item_id", customer_id="item.customer_id", payer_id="item.payer_id", due_on="item.due_on"
    )
    left = sent(of, items).group_by("item_id", "level").agg(left_on=pl.col("sent_on").max())
    events = happened(of, of.scenarios.active)
    parts = [_speaks(one, place, step, rows, events, left, of.as_of) for one, place, step in wanted]
    return pl.concat(parts)


def _speaks(
    one: Scenario, place: int, step: Step, rows: pl.DataFrame, events: pl.DataFrame, left: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    mine = rows.filter(pl.col("scenario") == one.code)
    gone = left.filter(pl.col("level") == step.code).select("item_id", "left_on")
    mine = mine.join(gone, left_on="item.item_id", right_on="item_id", how="left", maintain_order="left")
    if step.event is None:
        since = pl.lit(None, dtype=pl.Date)
        day = pl.col("item.due_on") + pl.duration(days=step.days)
        mine = mine.filter((day <= as_of) if step.anchor == DUE else pl.lit(False))
    else:
        kind = events.filter(pl.col("kind") == step.event).select("item_id", "event_on")
        mine = mine.join(kind, left_on="item.item_id", right_on="item_id", how="inner", maintain_order="left")
        day, since = pl.col("event_on") + pl.duration(days=step.days), pl.col("event_on")
        mine = mine.filter((day <= as_of) & (day >= as_of - timedelta(days=RECENT_DAYS)))
    again = pl.coalesce(pl.col("left_on") < since, pl.col("left_on").is_null())
    if step.window and as_of.isoweekday() not in step.window.weekdays:
        mine = mine.head(0)
    mine = mine.filter(again).with_columns(pl.col("chased").sum().over("run").alias("position.chased"))
    found = mine.filter(applies(step)).with_columns(step=pl.lit(step.code), _place=pl.lit(place))
    return found.select(*rows.columns, "step", "_place")


def _thanked(of: Facts) -> pl.DataFrame:
    """Items that were asked for and have just been paid, of payers of whom nothing is late."""
    wanted = [(one, step) for one in of.scenarios.active for step in one.steps if step.event == PAID]
    if not wanted:
        return of.items.head(0)
    paid = _just_paid(of)
    if paid.is_empty():
        return of.items.head(0)
    then = dataclasses.replace(of, items=paid.select(*ITEMS))
    rows = choose.rows(then)
    rows = rows.with_columns(scenario=choose.chosen(then, rows), held=pl.lit(0, pl.Int64), chased=pl.lit(0, pl.Int64))
    rows = rows.with_columns(pl.lit(0, pl.Int64).alias("position.chased"), run=run_key())
    rows = rows.join(paid.select("item_id", "paid_on", "levels"), left_on="item.item_id", right_on="item_id")
    parts = []
    for one, step in wanted:
        day = pl.col("paid_on") + pl.duration(days=step.days)
        codes = [other.code for other in one.steps if other.chases]
        asked = pl.col("levels").list.set_intersection(codes).list.len() > 0
        mine = rows.filter(
            (pl.col("scenario") == one.code) & asked & ~pl.col("levels").list.contains(step.code)
            & (day <= of.as_of) & (day >= of.as_of - timedelta(days=_THANKS_DAYS)) & applies(step)
        )  # fmt: skip
        parts.append(mine.with_columns(step=pl.lit(step.code), _place=pl.lit(one.codes.index(step.code))))
    return pl.concat(parts).drop("paid_on", "levels")


def _just_paid(of: Facts) -> pl.DataFrame:
    """ITEMS with paid_on and levels (codes that left for the item): paid lately, their payer owing nothing late."""
    since = of.as_of - timedelta(days=RECENT_DAYS)
    settled = of.book.allocations.filter(pl.col("reversed_on").is_null() & (pl.col("allocated_on") <= of.as_of))
    last = settled.group_by("item_id").agg(
        paid_on=pl.col("allocated_on").max(), cash=(pl.col("kind") == "cash").any()
    ).filter(pl.col("cash") & (pl.col("paid_on") >= since))  # fmt: skip
    done = of.book.open_items().filter((pl.col("open") == 0) & (pl.col("amount") > 0))
    done = done.join(last, on="item_id").join(of.payers, on="customer_id", how="left")
    late = of.overdue.select("payer_id").unique()
    done = done.join(late, on="payer_id", how="anti")
    told = of.book.touches.filter(pl.col("item_id").is_not_null() & pl.col("level").is_not_null())
    told = told.group_by("item_id").agg(levels=pl.col("level").unique().sort())
    done = done.join(told, on="item_id").with_columns(
        overdue_days=pl.lit(0), is_overdue=pl.lit(False), creditor=pl.lit(None, dtype=pl.String)
    )
    return done.select(
        *(pl.col(name).cast(dtype) for name, dtype in ITEMS.items()), "paid_on", "levels"
    ).sort("item_id")  # fmt: skip
