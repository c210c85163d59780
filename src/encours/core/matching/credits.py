"""Credit notes set against invoices without money: lettrage inside a ledger that comes without letters."""

from __future__ import annotations

import polars as pl

#: A credit note cancels an invoice of at most so many days before.
_DAYS_MAX = 400


def without_money(items: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Rows of `allocations` of kind `credit`: an invoice and the one credit note of its customer for the same amount.

    `items`: as `pool.make_items`; `paid`: item_id of what receipts are proposed to pay. Both must be alone with their
    amount in the account, and the note not older than the invoice: anything less is a guess.
    """
    free = items.filter(pl.col("open") != 0).join(paid.select("item_id"), on="item_id", how="anti")
    account = ["customer", "currency"]
    alone = free.filter(pl.len().over(*account, "open") == 1)
    invoices = alone.filter(pl.col("open") > 0)
    notes = alone.filter(pl.col("open") < 0).with_columns(open=-pl.col("open"))
    pairs = invoices.join(notes, on=[*account, "open"], suffix="_note").filter(
        (pl.col("issued_note") - pl.col("issued")).is_between(0, _DAYS_MAX)
    )
    return pairs.sort("item_id").select(
        "item_id",
        credit_item_id="item_id_note",
        amount="open",
        kind=pl.lit("credit"),
        allocated_on=pl.max_horizontal("dated_on", "dated_on_note"),
        allocation_id=pl.format("match:{}:{}", "item_id_note", "item_id"),
        source=pl.lit("match:credit"),
    )
