"""What the firewall says of the day's items: the parts that are held, and why."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from encours.core.dunning.facts import Facts
from encours.core.dunning.gates import Gate, gates
from encours.core.dunning.say import sentence

#: One row an item and gate. `amount`: minor units held, at most what is open.
HOLDS: dict[str, pl.DataType] = {
    "item_id": pl.String(), "gate": pl.String(), "rank": pl.Int64(), "amount": pl.Int64(), "open": pl.Int64(),
    "until_on": pl.Date(), "sentence": pl.String(), "task": pl.String(),
}  # fmt: skip


def held_items(facts: Facts, rules: tuple[Gate, ...] | None = None) -> pl.DataFrame:
    """HOLDS of every gate that looks at items; those `of_the_rest` see what the others leave."""
    asked = [rule for rule in (gates() if rules is None else rules) if rule.hold is not None]
    found = pl.concat([pl.DataFrame(schema=HOLDS), *(_held(facts, rule) for rule in asked if not rule.of_the_rest)])
    for rule in asked:
        if rule.of_the_rest:
            found = pl.concat([found, _held(_rest(facts, found), rule)])
    of = found.drop("open").join(facts.items.select("item_id", "open"), on="item_id", maintain_order="left")
    return of.select(HOLDS.keys())


def _rest(facts: Facts, found: pl.DataFrame) -> Facts:
    """The facts with items whose `open` is what is not held yet; `owed` is what was open before."""
    taken = found.group_by("item_id").agg(_taken=pl.col("amount").sum())
    items = facts.items.join(taken, on="item_id", how="left", maintain_order="left")
    left = (pl.col("open") - pl.col("_taken").fill_null(0)).clip(lower_bound=0)
    return replace(facts, items=items.with_columns(left, owed=pl.col("open")).drop("_taken"))


def _held(facts: Facts, rule: Gate) -> pl.DataFrame:
    assert rule.hold is not None
    found = rule.hold(facts)
    if found.is_empty():
        return pl.DataFrame(schema=HOLDS)
    found = found.drop([name for name in ("open", "currency") if name in found.columns])
    found = found.join(facts.items.select("item_id", "open", "currency"), on="item_id")
    for name, dtype in (("amount", pl.Int64()), ("until_on", pl.Date())):
        if name not in found.columns:
            found = found.with_columns(pl.lit(None, dtype=dtype).alias(name))
    found = found.with_columns(amount=pl.col("amount").fill_null(pl.col("open")).clip(0, pl.col("open")))
    found = found.filter((pl.col("amount") > 0) & pl.coalesce(pl.col("until_on") >= facts.as_of, pl.lit(True)))
    said = found.with_columns(
        gate=pl.lit(rule.code), rank=pl.lit(rule.rank), task=pl.lit(rule.task, dtype=pl.String),
        sentence=sentence(rule.sentence, found),
    )  # fmt: skip
    said = said.select(pl.col(name).cast(dtype) for name, dtype in HOLDS.items())
    # A gate that names an item twice holds it once: by the larger part, for the longer time.
    order = ["item_id", "amount", "until_on", "sentence"]
    said = said.sort(order, descending=[False, True, True, False], nulls_last=False)
    return said.unique("item_id", keep="first", maintain_order=True)


def held_actions(facts: Facts, actions: pl.DataFrame, rules: tuple[Gate, ...] | None = None) -> pl.DataFrame:
    """action_id, gate, rank, until_on, sentence, task: the messages that may not leave as they are planned."""
    schema = {
        name: HOLDS.get(name, pl.String()) for name in ("action_id", "gate", "rank", "until_on", "sentence", "task")
    }
    parts = [pl.DataFrame(schema=schema)]
    for rule in gates() if rules is None else rules:
        if rule.hold_actions is None or actions.is_empty():
            continue
        found = rule.hold_actions(facts, actions)
        if found.is_empty():
            continue
        if "until_on" not in found.columns:
            found = found.with_columns(until_on=pl.lit(None, dtype=pl.Date))
        if "currency" not in found.columns:
            found = found.join(actions.select("action_id", "currency"), on="action_id")
        found = found.filter(pl.coalesce(pl.col("until_on") >= facts.as_of, pl.lit(True)))
        said = found.with_columns(
            gate=pl.lit(rule.code), rank=pl.lit(rule.rank), task=pl.lit(rule.task, dtype=pl.String),
            sentence=sentence(rule.sentence, found),
        )  # fmt: skip
        parts.append(said.select(pl.col(name).cast(dtype) for name, dtype in schema.items()))
    return pl.concat(parts).sort("action_id", "rank", "gate", "until_on").unique(
        ["action_id", "gate"], keep="last", maintain_order=True
    )  # fmt: skip
