"""Events that a step's days may count from: what the Book says happened, and what follows from it."""

from __future__ import annotations

import polars as pl

from encours.core.dunning.facts import Facts
from encours.core.dunning.scenario import BROKEN, ISSUED, REJECTED, Scenario

#: Older than this an event starts nothing: a book that is read for the first time is full of old ones.
RECENT_DAYS = 30
_FAILED = ("direct_debit", "lcr", "bor", "cheque")


def happened(facts: Facts, scenarios: tuple[Scenario, ...]) -> pl.DataFrame:
    """item_id, kind, event_on: the last event of each kind that some step counts from, of each open item."""
    kinds = {step.event for one in scenarios for step in one.steps if step.event}
    parts = [pl.DataFrame(schema={"item_id": pl.String(), "kind": pl.String(), "event_on": pl.Date()})]
    if ISSUED in kinds:
        parts.append(facts.items.select("item_id", kind=pl.lit(ISSUED), event_on="issued_on"))
    if BROKEN in kinds:
        parts.append(broken(facts).select("item_id", kind=pl.lit(BROKEN), event_on="broken_on"))
    if REJECTED in kinds:
        parts.append(rejected(facts).select("item_id", kind=pl.lit(REJECTED), event_on="on"))
    told = facts.book.events.filter(pl.col("kind").is_in(sorted(kinds)) & (pl.col("on") <= facts.as_of))
    parts.append(told.filter(pl.col("subject") == "item").select(item_id="subject_id", kind="kind", event_on="on"))
    of_customer = told.filter(pl.col("subject") == "customer").select("kind", "on", customer_id="subject_id")
    parts.append(of_customer.join(facts.items, on="customer_id").select("item_id", "kind", event_on="on"))
    return pl.concat(parts).group_by("item_id", "kind").agg(pl.col("event_on").max())


def broken(facts: Facts) -> pl.DataFrame:
    """item_id, promise_id, broken_on: promises whose day and grace have passed and whose money did not come.

    Only the last promise about an item (or a customer) counts: a new one replaces the one before. A promise about no
    item is kept when as much as promised came from the customer since it was made.
    """
    made = facts.book.promises.filter(pl.col("made_on") <= facts.as_of)
    if made.is_empty():
        schema = {"item_id": pl.String(), "promise_id": pl.String(), "broken_on": pl.Date()}
        return pl.DataFrame(schema=schema)
    made = made.sort("made_on", "due_on", "promise_id")
    last = made.unique(["customer_id", "item_id", "kind"], keep="last", maintain_order=True)
    grace = facts.known.settings.promise_grace
    past = last.filter(pl.col("due_on") + pl.duration(days=grace) < facts.as_of)
    past = past.with_columns(broken_on=pl.col("due_on") + pl.duration(days=grace + 1), promise_due_on="due_on")
    paid = facts.book.allocations.filter(pl.col("reversed_on").is_null() & (pl.col("kind") == "cash"))
    paid = paid.select("item_id", "allocated_on", paid="amount")
    by_item = past.filter(pl.col("item_id").is_not_null()).drop("due_on", "customer_id")
    by_item = by_item.join(facts.items.select("item_id", "open"), on="item_id")
    came = _came(by_item, paid, "item_id")
    kept = (pl.col("amount").is_not_null() & (pl.col("came") >= pl.col("amount"))).fill_null(False)
    one = came.filter(~kept).select("item_id", "promise_id", "broken_on")
    by_customer = past.filter(pl.col("item_id").is_null()).drop("item_id", "due_on")
    of = paid.join(facts.book.items.select("item_id", "customer_id"), on="item_id").drop("item_id")
    came = _came(by_customer, of, "customer_id").filter(
        (pl.col("came") < pl.coalesce("amount", pl.lit(1))).fill_null(True)
    )
    owed = facts.items.filter("is_overdue").select("item_id", "customer_id", "due_on")
    rest = came.join(owed, on="customer_id").filter(pl.col("due_on") <= pl.col("promise_due_on"))
    return pl.concat([one, rest.select("item_id", "promise_id", "broken_on")])


def _came(promises: pl.DataFrame, paid: pl.DataFrame, key: str) -> pl.DataFrame:
    since = promises.select("promise_id", key, "made_on").join(paid, on=key)
    since = since.filter(pl.col("allocated_on") >= pl.col("made_on"))
    sums = since.group_by("promise_id").agg(came=pl.col("paid").sum())
    return promises.join(sums, on="promise_id", how="left").with_columns(pl.col("came").fill_null(0))


def rejected(facts: Facts) -> pl.DataFrame:
    """item_id, on: direct debits, drafts and cheques that came back unpaid."""
    failed = facts.book.instruments.filter(
        (pl.col("state") == "unpaid") & pl.col("kind").is_in(_FAILED) & (pl.col("state_on") <= facts.as_of)
    )
    of = facts.book.instrument_items.select("instrument_id", "item_id").join(failed, on="instrument_id")
    undone = facts.book.allocations.filter(
        pl.col("reversed_on").is_not_null()
        & (pl.col("reversed_on") <= facts.as_of)
        & pl.col("receipt_id").is_not_null()
    )
    drawn = facts.book.receipts.filter(pl.col("kind") == "direct_debit").select("receipt_id")
    back = undone.join(drawn, on="receipt_id", how="semi").select("item_id", on="reversed_on")
    return pl.concat([of.select("item_id", on="state_on"), back])
