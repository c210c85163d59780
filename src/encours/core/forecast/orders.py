"""Orders that will be invoiced and paid: the customer's terms, then the customer's habit."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.forecast import habits
from encours.core.forecast.source import ACCOUNT

#: One row an order that is not invoiced. `invoice_on`: when it will be, as it says or as is usual; `due_on`: by the
#: customer's terms; `expected_on`: the middle of its payment days; `counted`: what it is expected to bring (its amount
#: less the chance that it is cancelled), 0 with a `reason`: `blocked`. Amounts: minor units.
ORDERS_SCHEMA: dict[str, pl.DataType] = {
    "order_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),
    "currency": pl.String(),
    "status": pl.String(),
    "amount": pl.Int64(),
    "counted": pl.Int64(),
    "invoice_on": pl.Date(),
    "due_on": pl.Date(),
    "expected_on": pl.Date(),
    "reason": pl.String(),
}
#: An order is invoiced within so many days from the day that is said.
INVOICED_WITHIN = 7


def orders_of(known: Book, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """ORDERS_SCHEMA; the orders that count as documents of `source.money` (`item_id` is the order's), and their spread.

    Open and released orders count; blocked ones wait for a decision, invoiced and cancelled ones are no more.
    """
    waits = known.orders.filter(pl.col("status").is_in(["open", "released", "blocked"]) & (pl.col("amount") > 0))
    account = ["entity_id", "customer_id"]
    rows = waits.join(habits.terms(known, as_of), on=account, how="left")
    rows = rows.join(habits.to_invoice(known), on=account, how="left")
    rows = rows.join(habits.cancelled(known), on="entity_id", how="left")
    rows = rows.join(payers(known.customers, known.customer_links)[0], on="customer_id", how="left")
    said = pl.coalesce("invoice_on", pl.col("ordered_on") + pl.duration(days="to_invoice"))
    rows = rows.with_columns(invoice_on=pl.max_horizontal(said, pl.lit(as_of + timedelta(days=1))))
    blocked = pl.col("status") == "blocked"
    kept = (pl.col("amount") * (1 - pl.col("cancelled"))).round().cast(pl.Int64)
    rows = rows.with_columns(
        due_on=pl.col("invoice_on") + pl.duration(days="term"),
        counted=pl.when(blocked).then(0).otherwise(kept),
        reason=pl.when(blocked).then(pl.lit("blocked")),
        payer_id=pl.coalesce("payer_id", "customer_id"),
    ).sort(*ACCOUNT, "payer_id", "due_on", "order_id")
    spread = _spread(rows, habits.delays(known, as_of), as_of)
    middle = spread.group_by("item_id").agg(expected_on=_middle())
    told = rows.join(middle, left_on="order_id", right_on="item_id", how="left", maintain_order="left")
    told = told.select(pl.col(name).cast(dtype) for name, dtype in ORDERS_SCHEMA.items())
    counts = rows.filter(pl.col("counted") > 0)
    documents = counts.select(
        *ACCOUNT, "payer_id", "due_on", "invoice_on", "cancelled", item_id="order_id", cash="amount"
    )
    return told, documents, spread


def _spread(rows: pl.DataFrame, delays: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """SPREAD_SCHEMA: the customer's delays after the due date, evenly over the days within which it is invoiced; what
    is missing to 1 is cancelled."""
    both = rows.select("order_id", "entity_id", "customer_id", "due_on", "invoice_on", "cancelled")
    both = both.join(delays, on=["entity_id", "customer_id"], how="left")
    paid_on = pl.max_horizontal(pl.col("due_on") + pl.duration(days="delay"), "invoice_on")
    return both.select(
        item_id="order_id",
        from_on=pl.max_horizontal(paid_on, pl.lit(as_of + timedelta(days=1))),
        days=pl.lit(INVOICED_WITHIN, dtype=pl.Int32),
        p=pl.col("p") * (1 - pl.col("cancelled")),
    ).sort("item_id", "from_on", "p")


def _middle() -> pl.Expr:
    """The day by which half of what will be paid is paid."""
    reached = pl.col("p").cum_sum() >= 0.5 * pl.col("p").sum()
    return pl.col("from_on").filter(reached).first() + timedelta(days=INVOICED_WITHIN // 2)
