"""The limitation period is over: a lapsed claim is not demanded (of a consumer it must not be)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args

import polars as pl

from encours.core.terms.limitation import Buyer, Event, limitation

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "time_barred", 30, "write_off_lapsed"
SENTENCE = "The claim lapsed on {last_on}: it is no longer demanded."

#: No claim lapses sooner than this after its due date.
_SOONEST = "1y"
#: Events of an item `limitation:acknowledgement`, `limitation:court_action`… and what a judgment's claim does.
_PREFIX = "limitation:"
_OTHER: dict[str, Event] = {"insolvency:declared": "insolvency_filing"}
_CARRIAGE = "transport"


def hold(facts: Facts) -> pl.DataFrame:
    """Items whose last day to sue lies before the day; a payment in part and what interrupts by law begin it anew."""
    old = facts.items.filter(pl.col("due_on").dt.offset_by(_SOONEST) < facts.as_of)
    if old.is_empty():
        return old.select("item_id")
    who = facts.book.customers.select("customer_id", buyer="kind", segment="segment")
    old = old.select("item_id", "customer_id", "due_on").join(who, on="customer_id", how="left")
    events = _interruptions(facts, old)
    last = [
        _last_on(due, buyer, segment, events.get(item_id, ()), facts.as_of)
        for item_id, due, buyer, segment in old.select("item_id", "due_on", "buyer", "segment").iter_rows()
    ]
    rows = old.with_columns(last_on=pl.Series(last, dtype=pl.Date)).filter(pl.col("last_on") < facts.as_of)
    return rows.select("item_id", "last_on")


def _last_on(
    due: date, buyer: str | None, segment: str | None, events: tuple[tuple[date, Event], ...], as_of: date
) -> date:
    kind: Buyer = buyer if buyer in get_args(Buyer) else "business"  # type: ignore[assignment]  # one of its words
    return limitation(due, kind, events, transport=(segment or "").lower() == _CARRIAGE).last_on


def _interruptions(facts: Facts, old: pl.DataFrame) -> dict[str, tuple[tuple[date, Event], ...]]:
    """item_id -> what began its period anew."""
    words = list(get_args(Event))
    said = facts.book.events.filter(
        (pl.col("subject") == "item") & pl.col("subject_id").is_in(old["item_id"].implode())
    )
    told = said.filter(pl.col("kind").str.starts_with(_PREFIX)).select(
        "on", item_id="subject_id", event=pl.col("kind").str.strip_prefix(_PREFIX)
    ).filter(pl.col("event").is_in(words))  # fmt: skip
    filed = said.filter(pl.col("kind").is_in(list(_OTHER))).select(
        "on", item_id="subject_id", event=pl.col("kind").replace_strict(_OTHER, return_dtype=pl.String)
    )
    paid = facts.book.allocations.filter(
        pl.col("item_id").is_in(old["item_id"].implode()) & (pl.col("kind") == "cash") & (pl.col("amount") > 0)
    ).select(pl.col("allocated_on").alias("on"), "item_id", event=pl.lit("partial_payment"))
    columns = ["item_id", "on", "event"]
    found: dict[str, list[tuple[date, Event]]] = {}
    for item_id, on, event in pl.concat([part.select(columns) for part in (told, filed, paid)]).iter_rows():
        found.setdefault(item_id, []).append((on, event))
    return {item_id: tuple(rows) for item_id, rows in found.items()}
