"""Instruments of a ledger: accepted drafts on 413, cheques and bills that lie on 511."""

from __future__ import annotations

import polars as pl


def instruments_of(
    items: pl.DataFrame, receipts: pl.DataFrame, allocations: pl.DataFrame, taken: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Drafts on 413 and what lies on 511: covered by an instrument until the bank has paid it.

    `receipts` stand on their 511 account; `taken` says which of them a bank account took up, and when.
    """
    drafts = items.filter(pl.col("ledger_account").str.starts_with("413") & (pl.col("amount") > 0))
    accepted = drafts.select(
        instrument_id="item_id",
        customer_id="customer_id",
        kind=pl.lit("lcr"),
        amount="amount",
        currency="currency",
        due_on="due_on",
        state=pl.lit("accepted"),
        state_on="posted_on",
    )
    cash = allocations.filter(pl.col("kind") == "cash")
    drawn = cash.join(accepted, left_on="item_id", right_on="instrument_id", how="semi")
    paid_on = drawn.group_by(instrument_id="item_id").agg(
        paid=pl.col("amount").sum(), paid_on=pl.col("allocated_on").max()
    )
    paid = (
        accepted.join(paid_on, on="instrument_id")
        .filter(pl.col("paid") == pl.col("amount"))
        .with_columns(state=pl.lit("paid"), state_on=pl.col("paid_on"))
        .select(accepted.columns)
    )
    lying = receipts.filter(
        pl.col("account").str.starts_with("511") & (pl.col("amount") > 0) & pl.col("customer_id").is_not_null()
    )
    kinds = pl.when(pl.col("kind") == "draft").then(pl.lit("lcr")).otherwise(pl.lit("cheque"))
    state = pl.when(pl.col("account").str.starts_with("5114")).then(pl.lit("discounted")).otherwise(pl.lit("accepted"))
    cheques = lying.filter(pl.col("kind").is_in(["cheque", "draft"])).select(
        instrument_id="receipt_id",
        customer_id="customer_id",
        kind=kinds,
        amount="amount",
        currency="currency",
        due_on="booked_on",
        state=state,
        state_on="booked_on",
    )
    at_bank = lying.join(taken, on="line").select(instrument_id="receipt_id", on_bank="value_on")
    cashed = cheques.join(at_bank, on="instrument_id").with_columns(state=pl.lit("paid"), state_on="on_bank")
    cashed = cashed.select(cheques.columns)
    covers = cash.join(cheques.select(receipt_id="instrument_id", worth="amount"), on="receipt_id")
    covers = covers.filter(pl.col("amount").sum().over("receipt_id") == pl.col("worth"))
    covers = covers.group_by(instrument_id="receipt_id", item_id="item_id", maintain_order=True).agg(
        pl.col("amount").sum()
    )
    own = accepted.select("instrument_id", item_id="instrument_id", amount="amount")
    return {
        # Each state is a version, known on its day; of two on one day the last stays.
        "instruments": pl.concat([accepted, paid, cheques, cashed])
        .with_columns(known_on="state_on")
        .unique(["instrument_id", "known_on"], keep="last", maintain_order=True),
        "instrument_items": pl.concat([own, covers]),
    }
