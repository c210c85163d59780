"""The frames of a plan, put together from the day's items: actions and their lines, what is held, tasks, own words."""

from __future__ import annotations

import polars as pl

from encours.core.dunning import choose, words
from encours.core.dunning.facts import GROUP, Facts
from encours.core.dunning.holds import held_actions, held_items
from encours.core.dunning.inside import internal
from encours.core.dunning.prove import assert_told
from encours.core.dunning.result import ACTIONS, HELD, LINES, TASKS
from encours.core.dunning.runs import ENDED, NO_SCENARIO, WAITING, led, standing
from encours.core.dunning.side import side_rows

_OF_STEP = (
    "scenario", "step", "step_name", "channel", "template", "tone", "sender", "signatory", "formal", "mode", "to",
    "cc", "minutes",
)  # fmt: skip


def assemble(of: Facts) -> dict[str, pl.DataFrame]:
    """actions, lines, held, parts, tasks, internal: see `result`."""
    rows = choose.rows(of)
    rows = rows.with_columns(scenario=choose.chosen(of, rows))
    holds = held_items(of)
    rows = _with_holds(rows, holds)
    late = standing(of, rows)
    leads, late = led(of, late)
    asked = late.drop("run", "scenario", "step", "level", "since", "place").join(
        leads.drop(*GROUP), on="lead", how="inner", maintain_order="left"
    )
    chase, lines, stopped = _going(of, asked.filter(pl.col("block").is_null()))
    side, side_lines, _ = _going(of, side_rows(of, rows, leads.filter(pl.col("pause") > 0)))
    held = _held(late, leads, stopped, holds, lines)
    parts = _parts(late, holds, lines)
    assert_told(of.overdue, lines, held, parts)
    return {
        "actions": pl.concat([chase, side]).sort("action_id"),
        "lines": pl.concat([lines, side_lines]).sort("action_id", "item_id"),
        "held": held,
        "parts": parts,
        "tasks": _tasks(of, held, parts),
        "internal": internal(of, late, leads),
    }


def _with_holds(rows: pl.DataFrame, holds: pl.DataFrame) -> pl.DataFrame:
    """Rows with `held` and `chased` (minor units): gates may hold the same euros, so no more than what is open."""
    sums = holds.group_by("item_id").agg(held=pl.col("amount").sum())
    rows = rows.join(sums, left_on="item.item_id", right_on="item_id", how="left", maintain_order="left")
    held = pl.min_horizontal(pl.col("held").fill_null(0), "item.open")
    return rows.with_columns(held=held).with_columns(chased=pl.col("item.open") - pl.col("held"))


def _going(of: Facts, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The actions of rows (an item, its run and step) that may leave, their lines, and what stops the others."""
    rows = rows.with_columns(action_id=words.action_id(of.as_of))
    actions = _actions(of, rows)
    stopped = held_actions(of, actions)
    kept = actions.join(stopped, on="action_id", how="anti", maintain_order="left")
    lines = rows.select("action_id", item_id="item.item_id", amount="chased", held="held")
    lines = lines.join(kept, on="action_id", how="semi", maintain_order="left")
    stops = rows.select("action_id", item_id="item.item_id").join(stopped, on="action_id", how="inner")
    return kept, lines.select(pl.col(name).cast(dtype) for name, dtype in LINES.items()), stops


def _actions(of: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    first = [pl.col(name).first() for name in _OF_STEP]
    if "passed" not in rows.columns:  # beside the ladder no step comes before another
        rows = rows.with_columns(passed=pl.lit(None, dtype=pl.String))
    group = [pl.col(f"item.{name}").first().alias(name) for name in GROUP]
    made = rows.sort("action_id", "item.due_on", "item.item_id").group_by("action_id", maintain_order=True).agg(
        *first, *group, pl.col("since").max(), pl.col("messaged_on").max(),
        level=pl.col("step_level").first(), amount=pl.col("chased").sum(), held=pl.col("held").sum(),
        items=pl.col("item.item_id"), overdue_days=pl.col("item.overdue_days").max(),
        due_on=pl.col("item.due_on").min(), passed=pl.col("passed").drop_nulls().first(),
    )  # fmt: skip
    made = made.with_columns(
        customer_id="payer_id", on=pl.lit(of.as_of), priority=pl.lit(None, dtype=pl.Float64), reason=words.reason(),
        reasons=words.reasons(),
    )  # fmt: skip
    return made.select(pl.col(name).cast(dtype) for name, dtype in ACTIONS.items())


def _held(
    late: pl.DataFrame, leads: pl.DataFrame, stopped: pl.DataFrame, holds: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """HELD: every late item in no action, once, with its first reason."""
    rows = late.join(lines, left_on="item.item_id", right_on="item_id", how="anti", maintain_order="left")
    rows = rows.join(_gated(holds), left_on="item.item_id", right_on="item_id", how="left", maintain_order="left")
    rows = rows.join(_stops(stopped), left_on="item.item_id", right_on="item_id", how="left", maintain_order="left")
    blocked = leads.select("lead", "block", "block_until", "block_task", "objection", "goes_on", lead_step="step")
    rows = rows.join(blocked, on="lead", how="left", maintain_order="left")
    whole = pl.col("chased") == 0
    idle = (
        pl.when(pl.col("scenario").is_null()).then(pl.lit(NO_SCENARIO))
        .when(pl.col("step").is_null()).then(pl.lit(ENDED)).otherwise(pl.lit(WAITING))
    )  # fmt: skip
    reason = pl.when(whole).then("gate").otherwise(pl.coalesce("block", "stop", idle))
    rows = rows.with_columns(reason=reason, whole=whole)
    waits = pl.col("reason") == WAITING
    own_until = pl.when(waits).then(pl.col("step_on") - pl.duration(days=1)).otherwise("block_until")
    is_stop = pl.col("reason") == pl.col("stop")
    idle_task = pl.col("reason").replace_strict(
        {ENDED: "decide_next", NO_SCENARIO: "choose_scenario"}, default=None, return_dtype=pl.String
    )
    by_gate = pl.when(whole).then
    rows = rows.with_columns(
        entity_id="item.entity_id", item_id="item.item_id", customer_id="item.customer_id", payer_id="item.payer_id",
        currency="item.currency", amount="item.open", part=pl.lit(False),
        sentence=by_gate("gate_sentence").when(is_stop).then("stop_sentence").otherwise(words.held()),
        until_on=by_gate("gate_until").when(is_stop).then("stop_until").otherwise(own_until),
        task=by_gate("gate_task").when(is_stop).then("stop_task").otherwise(pl.coalesce("block_task", idle_task)),
        step=pl.coalesce("lead_step", "step"),
        also=pl.col("gates").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )  # fmt: skip
    also = pl.when(whole).then(pl.col("also").list.slice(1)).otherwise("also")
    return rows.with_columns(also=also).select(pl.col(name).cast(dtype) for name, dtype in HELD.items()).sort("item_id")


def _gated(holds: pl.DataFrame) -> pl.DataFrame:
    """item_id, its gates in order and what the first of them says. Those that hold all of it come first."""
    whole = pl.col("amount") >= pl.col("open")
    order = holds.with_columns(whole=whole).sort(
        "item_id", "whole", "rank", "gate", descending=[False, True, False, False]
    )
    return order.group_by("item_id", maintain_order=True).agg(
        gate=pl.col("gate").first(), gates=pl.col("gate"), gate_sentence=pl.col("sentence").first(),
        gate_until=pl.col("until_on").first(), gate_task=pl.col("task").first(),
    )  # fmt: skip


def _stops(stopped: pl.DataFrame) -> pl.DataFrame:
    first = stopped.sort("item_id", "rank", "gate").unique("item_id", keep="first", maintain_order=True)
    return first.select("item_id", stop="gate", stop_sentence="sentence", stop_until="until_on", stop_task="task")


def _parts(late: pl.DataFrame, holds: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """HELD of the held parts of items that are asked for, a row a gate."""
    asked = late.join(lines.select("item_id"), left_on="item.item_id", right_on="item_id", how="semi")
    rows = asked.join(holds, left_on="item.item_id", right_on="item_id", how="inner")
    rows = rows.with_columns(
        entity_id="item.entity_id", item_id="item.item_id", customer_id="item.customer_id", payer_id="item.payer_id",
        currency="item.currency", reason="gate", part=pl.lit(True), also=pl.lit([], dtype=pl.List(pl.String)),
    )  # fmt: skip
    return rows.select(pl.col(name).cast(dtype) for name, dtype in HELD.items()).sort("item_id", "reason")


def _tasks(of: Facts, held: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """TASKS: what frees the held items, a row a payer and kind, the largest first."""
    rows = pl.concat([held, parts]).filter(pl.col("task").is_not_null())
    keys = ("entity_id", "payer_id", "currency", "task")
    made = rows.sort("item_id", "reason").group_by(keys, maintain_order=True).agg(
        item_ids=pl.col("item_id").unique(maintain_order=True), amount=pl.col("amount").sum(),
        sentence=pl.col("sentence").sort_by("amount", "item_id", descending=[True, False]).first(),
        until_on=pl.col("until_on").min(),
    )  # fmt: skip
    made = made.rename({"payer_id": "customer_id", "task": "kind"})
    made = made.select(pl.col(name).cast(dtype) for name, dtype in TASKS.items())
    return made.sort("amount", "customer_id", "kind", descending=[True, False, False])
