"""A run: what one message asks of one payer. Its step is the worst that any of its items has reached."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.dunning.climb import NEXT, next_steps
from encours.core.dunning.climbed import MESSAGES, climbed, last_messages, sent
from encours.core.dunning.events import happened
from encours.core.dunning.facts import GROUP, Facts
from encours.core.dunning.scenario import ORDER_HOLD, Scenario, Scenarios, Step

WAITING, PAUSED, CAPPED, NOTICE, OBJECTION = "waiting", "paused", "capped", "notice_running", "objection"
ENDED, NO_SCENARIO = "ladder_ended", "no_scenario"
#: A notice to the sales owner is good for so many days; after them it is given again.
NOTICE_DAYS = 30
#: Columns that keep a run together: one payer, entity, currency, creditor and scenario.
_KEYS = (*(f"item.{name}" for name in GROUP), "scenario")

_STEPS: dict[str, pl.DataType] = {
    "scenario": pl.String(), "step": pl.String(), "step_name": pl.String(), "step_level": pl.Int64(),
    "channel": pl.String(), "template": pl.String(), "tone": pl.String(), "sender": pl.String(),
    "signatory": pl.String(), "formal": pl.Boolean(), "mode": pl.String(), "to": pl.List(pl.String()),
    "cc": pl.List(pl.String()), "minutes": pl.Int64(), "notice_days": pl.Int64(), "pause": pl.Int64(),
}  # fmt: skip


def steps(scenarios: Scenarios) -> pl.DataFrame:
    """One row a step of each scenario, with what an action needs of it."""
    rows = [_row(one, step) for one in scenarios.scenarios for step in one.steps]
    return pl.DataFrame(rows, schema=_STEPS, orient="row")


def _row(one: Scenario, step: Step) -> tuple[object, ...]:
    # Nothing leaves twice on a day, whatever the scenario says.
    pause = max(one.pause_days, 1) if step.mode != "task" and step.channel in MESSAGES else 0
    return (
        one.code, step.code, step.name(), step.level, step.channel, step.template, step.tone, step.sender,
        step.signatory, step.formal, step.mode, list(step.to), list(step.cc), step.minutes,
        -(-step.notice_hours // 24), pause,
    )  # fmt: skip


def standing(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """The late rows with NEXT and `run`. `rows`: what conditions read, with scenario, chased and held."""
    late = rows.filter("item.is_overdue").with_columns(run=run_key())
    asked = pl.col("chased") > 0
    late = late.with_columns(
        pl.col("chased").sum().over("run").alias("position.chased"),
        oldest_due_on=pl.col("item.due_on").filter(asked).min().over("run"),
    )
    items = late.select(
        "scenario", item_id="item.item_id", customer_id="item.customer_id", payer_id="item.payer_id",
        due_on="item.due_on",
    )  # fmt: skip
    touches = sent(facts, items)
    up = climbed(touches, items, facts.scenarios)
    done = touches.group_by("item_id").agg(done=pl.col("level").drop_nulls().unique().sort())
    late = late.join(up.join(done, on="item_id", how="left"), left_on="item.item_id", right_on="item_id", how="left")
    late = late.with_columns(pl.col("done").fill_null(pl.lit([], dtype=pl.List(pl.String))))
    left = touches.group_by("item_id", "level").agg(left_on=pl.col("sent_on").max())
    active = facts.scenarios.active
    events = happened(facts, active)
    parts = [pl.DataFrame(schema=NEXT)]
    for one in active:
        mine = late.filter(pl.col("scenario") == one.code)
        if mine.height:
            parts.append(next_steps(one, mine, events, left, facts.as_of))
    found = pl.concat(parts)
    late = late.join(found, left_on="item.item_id", right_on="item_id", how="left")
    return late.with_columns(pl.col("ready").fill_null(False)).sort("item.item_id")


def run_key() -> pl.Expr:
    """One text a run: payer, entity, currency, creditor, scenario."""
    return pl.concat_str([pl.col(key).fill_null("") for key in _KEYS], separator="\x1f")


def led(facts: Facts, late: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The leads of the day, and the late rows with the `lead` that each goes with (null: none is ready for it).

    A run has at most one message: the step of its worst item that is ready. It asks for what has not climbed higher.
    A task stands beside it, with the items that are ready for it, unless a message at a later step speaks of them.
    Leads: one row a `lead` with its step and what keeps it back (`block`).
    """
    info = steps(facts.scenarios)
    late = late.join(
        info.select("scenario", "step", "mode"), on=["scenario", "step"], how="left", maintain_order="left"
    )
    ready = late.filter(pl.col("ready") & (pl.col("chased") > 0))
    order = ["run", "level", "place", "item.due_on", "item.item_id"]
    worst = ready.sort(order, descending=[False, True, True, False, False])
    message = worst.filter(pl.col("mode") != "task").unique("run", keep="first", maintain_order=True)
    late = late.join(message.select("run", _at="place"), on="run", how="left", maintain_order="left")
    asked = pl.col("chased") > 0
    alone = asked & pl.col("ready") & (pl.col("mode") == "task") & (pl.col("place") > pl.col("_at")).fill_null(True)
    along = asked & (pl.col("rung") <= pl.col("_at"))
    lead = pl.when(alone).then(pl.concat_str("run", "step", separator="\x1e")).when(along).then("run")
    late = late.with_columns(lead=lead).drop("_at", "mode")
    tasks = worst.join(late.select("item.item_id", "lead"), on="item.item_id", how="left", maintain_order="left")
    tasks = tasks.filter(pl.col("mode") == "task").filter(pl.col("lead") != pl.col("run"))
    tasks = tasks.unique("lead", keep="first", maintain_order=True)
    heads = pl.concat([message.with_columns(lead="run"), tasks], how="diagonal")
    keys = {name: f"item.{name}" for name in GROUP}
    leads = heads.select(
        "lead", "run", "scenario", "step", "level", "place", "since", owner="customer.sales_owner", **keys
    ).join(info, on=["scenario", "step"], how="left", maintain_order="left")
    last = last_messages(facts)
    leads = leads.join(last, on=list(GROUP), how="left", maintain_order="left", nulls_equal=True)
    return _blocked(facts, leads), late


def _blocked(facts: Facts, runs: pl.DataFrame) -> pl.DataFrame:
    """Leads with block (a reason, null: may go), block_until (last day held), block_task, goes_on (after a notice)."""
    day = facts.as_of
    runs = runs.join(notices_given(facts), on=["payer_id", "step"], how="left", maintain_order="left")
    runs = runs.join(_objections(facts), on=["payer_id", "step"], how="left", maintain_order="left")
    runs = runs.join(_capped(facts, runs), on="lead", how="left", maintain_order="left")
    paused_until = pl.col("messaged_on") + pl.duration(days=pl.col("pause") - 1)
    wants_notice = (pl.col("notice_days") > 0) & (not facts.known.settings.assume_notices)
    goes_on = pl.coalesce("asked_on", pl.lit(day)) + pl.duration(days="notice_days")
    objects = pl.col("objected").fill_null(False)
    block = (
        pl.when((pl.col("pause") > 0) & (paused_until >= day)).then(pl.lit(PAUSED))
        .when(pl.col("capped_until").is_not_null()).then(pl.lit(CAPPED))
        .when(objects).then(pl.lit(OBJECTION))
        .when(wants_notice & (goes_on > day)).then(pl.lit(NOTICE))
    )  # fmt: skip
    runs = runs.with_columns(block=block, goes_on=pl.when(wants_notice).then(goes_on))
    until = (
        pl.when(pl.col("block") == PAUSED).then(paused_until)
        .when(pl.col("block") == CAPPED).then("capped_until")
        .when(pl.col("block") == OBJECTION).then("objected_until")
        .when(pl.col("block") == NOTICE).then(pl.col("goes_on") - timedelta(days=1))
    )  # fmt: skip
    return runs.with_columns(
        block_until=until, block_task=pl.when(pl.col("block") == OBJECTION).then(pl.lit("decide_objection"))
    )


def notices_given(facts: Facts) -> pl.DataFrame:
    """payer_id, step, asked_on: notices that still count."""
    given = facts.known.notices.filter(
        pl.col("asked_on").is_between(facts.as_of - timedelta(days=NOTICE_DAYS), facts.as_of)
    )
    return given.group_by(payer_id="customer_id", step="step").agg(asked_on=pl.col("asked_on").min())


def _objections(facts: Facts) -> pl.DataFrame:
    stand = facts.known.objections.filter(
        pl.coalesce(pl.col("until_on") >= facts.as_of, pl.lit(True)) & pl.col("step").is_not_null()
    )
    forever = pl.when(pl.col("until_on").is_null().any()).then(None).otherwise(pl.col("until_on").max())
    return stand.group_by(payer_id="customer_id", step="step").agg(
        objected=pl.lit(True), objected_until=forever, objection=pl.col("reason").sort().first()
    )


def _capped(facts: Facts, runs: pl.DataFrame) -> pl.DataFrame:
    """lead, capped_until: leads whose payer has had as many contacts as its scenario's caps allow."""
    parts = [pl.DataFrame(schema={"lead": pl.String(), "capped_until": pl.Date()})]
    wrote = facts.book.touches.filter((pl.col("sent_on") <= facts.as_of) & (pl.col("channel") != ORDER_HOLD))
    wrote = wrote.join(facts.payers, on="customer_id").select("payer_id", "channel", "level", "sent_on").unique()
    for one in facts.scenarios.active:
        for cap in one.caps:
            mine = runs.filter((pl.col("scenario") == one.code) & (pl.col("channel") != ORDER_HOLD))
            since = facts.as_of - timedelta(days=cap.days - 1)
            told = wrote.filter(pl.col("sent_on") >= since)
            if cap.channels:
                mine = mine.filter(pl.col("channel").is_in(cap.channels))
                told = told.filter(pl.col("channel").is_in(cap.channels))
            nth = pl.col("sent_on").sort(descending=True).slice(cap.contacts - 1, 1).first()
            full = told.group_by("payer_id").agg(n=pl.len(), nth=nth).filter(pl.col("n") >= cap.contacts)
            full = full.with_columns(capped_until=pl.col("nth") + pl.duration(days=cap.days - 1))
            parts.append(mine.join(full, on="payer_id").select("lead", "capped_until"))
    return pl.concat(parts).group_by("lead").agg(pl.col("capped_until").max())
