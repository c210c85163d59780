"""Promises that were not kept, as the planner sees them: the same judge as on screen, fed from the Book."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.days import bank_calendar
from encours.core.base.promises import (
    MONEY_SCHEMA,
    PROMISED_SCHEMA,
    REACH_DAYS,
    SETTLED_SCHEMA,
    banked_on,
    judge,
)
from encours.core.dunning.holding import working_days_after

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

_INSTALMENT, _ANNOUNCED = "instalment", "payment_announced"
#: An event of an older promise starts no step any more; longer than that its money need not be told apart.
_LOOK_BACK_DAYS = 60
_FOUND: dict[str, pl.DataType] = {"item_id": pl.String(), "promise_id": pl.String(), "broken_on": pl.Date()}


def broken(facts: Facts) -> pl.DataFrame:
    """item_id, promise_id, broken_on: promises whose last day has passed and whose money did not come, or not all of it
    (`promises.judge`).

    A promise of an item calls for that item, one of no item for what was late of the customer's by its day.
    """
    promised = _promised(facts)
    if promised.is_empty():
        return pl.DataFrame(schema=_FOUND)
    parts = [_judged(facts, entity_id, mine) for (entity_id,), mine in promised.group_by("entity_id")]
    not_kept = pl.concat(parts).filter(pl.col("state").is_in(["broken", "partly"])).select("promise_id")
    rows = promised.join(not_kept, on="promise_id", how="semi")
    rows = rows.with_columns(broken_on=pl.col("held_until") + pl.duration(days=1), promised_on="due_on").drop("due_on")
    named = rows.join(facts.items.select("item_id"), on="item_id", how="semi")
    owed = facts.items.filter("is_overdue").select("item_id", "customer_id", "due_on")
    wide = rows.filter(pl.col("item_id").is_null()).drop("item_id").join(owed, on="customer_id")
    wide = wide.filter(pl.col("due_on") <= pl.col("promised_on"))
    return pl.concat([part.select(*_FOUND) for part in (named, wide)]).sort(*_FOUND)


def _promised(facts: Facts) -> pl.DataFrame:
    """PROMISED_SCHEMA with entity_id: the promises of the last weeks that no later word has taken the place of.

    A new promise for an item replaces one that is not due yet; instalments stand beside each other.
    """
    made = facts.book.promises.filter(
        (pl.col("made_on") <= facts.as_of) & (pl.col("due_on") >= facts.as_of - timedelta(days=_LOOK_BACK_DAYS))
    )
    if made.is_empty():
        return pl.DataFrame(schema=PROMISED_SCHEMA | {"entity_id": pl.String()})
    part = (pl.col("kind") == _INSTALMENT) | pl.col("item_id").is_null()
    said = made.filter(~part).sort("item_id", "made_on", "due_on", "promise_id")
    said = said.filter((pl.col("made_on").shift(-1).over("item_id") > pl.col("due_on")).fill_null(value=True))
    rules, found = facts.known.settings, pl.concat([said, made.filter(part)])
    of_item = facts.book.items.select("item_id", "currency").unique("item_id", keep="last", maintain_order=True)
    own = facts.book.entities.select("entity_id", _own="currency")
    whose = facts.book.customers.select("customer_id", "entity_id").unique("customer_id", keep="last")
    found = found.join(whose, on="customer_id", how="left").join(own, on="entity_id", how="left")
    found = found.join(of_item, on="item_id", how="left").join(facts.payers, on="customer_id", how="left")
    until = [
        working_days_after(pl.col("due_on"), days, bank_calendar(rules.country))
        for days in (rules.announced_days, rules.promise_grace)
    ]
    found = found.with_columns(
        pl.coalesce("currency", "_own"), payer=pl.coalesce("payer_id", "customer_id"),
        held_until=pl.when(pl.col("kind") == _ANNOUNCED).then(until[0]).otherwise(until[1]),
    )  # fmt: skip
    return found.select(*PROMISED_SCHEMA, "entity_id")


def _judged(facts: Facts, entity_id: object, promised: pl.DataFrame) -> pl.DataFrame:
    """The verdicts (`promises.JUDGED_SCHEMA`) on the promises made to one entity."""
    items = facts.book.open_items().select("item_id", "customer_id", "open")
    whole = promised.filter(pl.col("item_id").is_null())
    named = items.filter(
        pl.col("item_id").is_in(promised["item_id"].drop_nulls().implode())
        | pl.col("customer_id").is_in(whole["customer_id"].implode())
    )
    reach = _reach(facts, entity_id)
    left = dict(named.select("item_id", "open").iter_rows())
    return judge(
        promised.select(*PROMISED_SCHEMA), left, _settled(facts, named), _money(facts, entity_id, promised),
        facts.as_of, reach,
    )  # fmt: skip


def _settled(facts: Facts, items: pl.DataFrame) -> pl.DataFrame:
    booked = facts.book.receipts.select("receipt_id", "booked_on")
    rows = facts.book.allocations.filter(pl.col("reversed_on").is_null() & (pl.col("allocated_on") <= facts.as_of))
    rows = rows.join(items.select("item_id", "customer_id"), on="item_id").join(booked, on="receipt_id", how="left")
    rows = rows.with_columns(proof="allocation_id", on=pl.coalesce("booked_on", "allocated_on"))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in SETTLED_SCHEMA.items())


def _money(facts: Facts, entity_id: object, promised: pl.DataFrame) -> pl.DataFrame:
    who = pl.concat([promised["customer_id"], promised["payer"]]).unique()
    rows = facts.unapplied.filter(
        (pl.col("entity_id") == entity_id)
        & (pl.col("unapplied") > 0)
        & (pl.col("booked_on") <= facts.as_of)
        & pl.col("customer_id").is_in(who.implode())
    )
    rows = rows.select(
        proof="receipt_id", payer=pl.coalesce("payer_id", "customer_id"), currency="currency", on="booked_on",
        amount="unapplied",
    )  # fmt: skip
    return rows.select(pl.col(name).cast(dtype) for name, dtype in MONEY_SCHEMA.items())


def _reach(facts: Facts, entity_id: object) -> date:
    """How far the entity's money is known. A book without any says all there is on its day."""
    lately = pl.col("booked_on").is_between(facts.as_of - timedelta(days=REACH_DAYS), facts.as_of)
    mine = facts.book.receipts.filter((pl.col("entity_id") == entity_id) & lately)
    last = mine.group_by("origin", "account").agg(on=pl.col("booked_on").max())
    stated = facts.book.statements.select("account", on="to_on").filter(pl.col("on") <= facts.as_of)
    return banked_on(last, stated.group_by("account").agg(pl.col("on").max())) or facts.as_of
