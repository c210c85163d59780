"""What is usual in a book's past: terms, delays, how long orders take, how invoices turn into cash."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS

_PAST_DAYS = 400
#: Where a book says nothing: days of terms, from order to invoice; the share of orders that is cancelled.
_TERM, _TO_INVOICE, _CANCELLED = 30, 14, 0.03
#: So many cases of a customer speak for themselves; so many of a book outweigh what is usual.
_LEAST, _WEIGHT = 3, 20
#: The last payments of a customer that are its habit, and how many cases of the book lean on them.
_LAST, _LEAN = 50, 10
#: Delays of a customer are within these days of the due date, or they are no habit.
_SOONEST, _LATEST = -60, 180


def payments(known: Book) -> pl.DataFrame:
    """item_id, entity_id, customer_id, paid_on, delay (days after the due date): the last payment of settled items."""
    money = known.receipts.select("receipt_id", "booked_on")
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(MONEY_PARTS))
    last = letters.join(money, on="receipt_id", how="left").group_by("item_id")
    paid = last.agg(paid_on=pl.coalesce("booked_on", "allocated_on").max())
    items = known.open_items().filter((pl.col("amount") > 0) & (pl.col("open") <= 0))
    rows = items.select("item_id", "entity_id", "customer_id", "due_on").join(paid, on="item_id")
    delay = (pl.col("paid_on") - pl.col("due_on")).dt.total_days()
    return rows.with_columns(delay=delay).drop("due_on").sort("paid_on", "item_id")


def terms(known: Book, as_of: date) -> pl.DataFrame:
    """customer_id, entity_id, term (days from invoice to due date): the customer's median, else the entity's."""
    recent = known.items.filter(
        (pl.col("kind") == "invoice") & (pl.col("issued_on") > as_of - timedelta(days=_PAST_DAYS))
    )
    days = (pl.col("due_on") - pl.col("issued_on")).dt.total_days()
    return _median(recent.select("entity_id", "customer_id", value=days), known, "term", _TERM)


def to_invoice(known: Book) -> pl.DataFrame:
    """customer_id, entity_id, to_invoice (days from order to invoice)."""
    told = known.orders.filter(pl.col("invoice_on").is_not_null() & (pl.col("status") != "cancelled"))
    days = (pl.col("invoice_on") - pl.col("ordered_on")).dt.total_days()
    return _median(told.select("entity_id", "customer_id", value=days), known, "to_invoice", _TO_INVOICE)


def _median(rows: pl.DataFrame, known: Book, name: str, usual: int) -> pl.DataFrame:
    own = rows.group_by("entity_id", "customer_id").agg(own=pl.col("value").median(), cases=pl.len())
    entity = rows.group_by("entity_id").agg(entity=pl.col("value").median())
    wanted = known.orders.select("entity_id", "customer_id").unique(maintain_order=True)
    both = wanted.join(own, on=["entity_id", "customer_id"], how="left").join(entity, on="entity_id", how="left")
    value = pl.when(pl.col("cases") >= _LEAST).then("own")
    told = pl.coalesce(value, "entity", pl.lit(float(usual))).round().cast(pl.Int64).clip(0, 365)
    return both.select("entity_id", "customer_id", told.alias(name))


def cancelled(known: Book) -> pl.DataFrame:
    """entity_id, cancelled (0 … 1): the share of orders that came to nothing, of those that ended."""
    ended = known.orders.filter(pl.col("status").is_in(["invoiced", "cancelled"]))
    lost = (pl.col("status") == "cancelled").sum()
    found = ended.group_by("entity_id").agg(cancelled=(lost + _WEIGHT * _CANCELLED) / (pl.len() + _WEIGHT))
    wanted = known.orders.select("entity_id").unique(maintain_order=True)
    return wanted.join(found, on="entity_id", how="left").with_columns(pl.col("cancelled").fill_null(_CANCELLED))


def delays(known: Book, as_of: date) -> pl.DataFrame:
    """entity_id, customer_id, delay (days after the due date), p: the habit of each customer that ordered.

    Its last 50 payments, leaning on the entity's; where nobody has paid yet, the due date.
    """
    paid = payments(known).filter(pl.col("paid_on") > as_of - timedelta(days=_PAST_DAYS))
    paid = paid.with_columns(pl.col("delay").clip(_SOONEST, _LATEST))
    account = ["entity_id", "customer_id"]
    wanted = known.orders.select(account).unique(maintain_order=True)
    own = paid.join(wanted, on=account, how="semi", maintain_order="left")
    own = own.group_by(account, maintain_order=True).tail(_LAST).with_columns(cases=pl.len().over(account))
    counts = wanted.join(own.select(*account, "cases").unique(), on=account, how="left").fill_null(0)
    lean = _LEAN / (pl.col("cases") + _LEAN)
    mine = own.group_by(*account, "delay").agg(p=pl.len() / (pl.col("cases").first() + _LEAN))
    entity = paid.group_by("entity_id", "delay").agg(share=pl.len())
    entity = entity.with_columns(share=pl.col("share") / pl.col("share").sum().over("entity_id"))
    theirs = counts.join(entity, on="entity_id", how="left")
    theirs = theirs.with_columns(pl.col("delay").fill_null(0), pl.col("share").fill_null(1.0))
    both = pl.concat([mine, theirs.select(*account, "delay", p=lean * pl.col("share"))], how="vertical_relaxed")
    return both.group_by(*account, "delay").agg(pl.col("p").sum()).sort(*account, "delay")
