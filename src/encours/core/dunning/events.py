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
        parts.append(facts.broken.select("item_id", kind=pl.lit(BROKEN), event_on="broken_on"))
    if REJECTED in kinds:
        parts.append(rejected(facts).select("item_id", kind=pl.lit(REJECTED), event_on="on"))
    told = facts.book.events.filter(pl.col("kind").is_in(sorted(kinds)) & (pl.col("on") <= facts.as_of))
    parts.append(told.filter(pl.col("subject") == "item").select(item_id="subject_id", kind="kind", event_on="on"))
    of_customer = told.filter(pl.col("subject") == "customer").select("kind", "on", customer_id="subject_id")
    parts.append(of_customer.join(facts.items, on="customer_id").select("item_id", "kind", event_on="on"))
    return pl.concat(parts).group_by("item_id", "kind").agg(pl.col("event_on").max())


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
