"""What of the open items is money still to come: not what a factor gets, nor what credits and receipts cover."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.spread import spread

#: What is read of the predictions.
PREDICTED_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),
    "payer_id": pl.String(),
    "currency": pl.String(),
    "open": pl.Int64(),
    "due_on": pl.Date(),
}
#: Money that is not expected of an item, and why: `factored`, `credit` (a credit note or down payment will be set
#: against it), `received` (money of its customer that is not applied yet), `scenario`. `amount`: minor units.
LEFT_OUT_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),
    "currency": pl.String(),
    "reason": pl.String(),
    "amount": pl.Int64(),
}
FACTORED, CREDIT, RECEIVED = "factored", "credit", "received"

_ASSIGNED, _BACK = "factor:assigned", ("factor:released", "factor:returned")
_ACCOUNT = ["entity_id", "currency", "customer_id"]
#: Returned money and money out is none that customers have sent.
_NOT_RECEIVED = ("return", "out")


def expected_cash(known: Book, predicted: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Predicted items in an order of their own, with `cash` (Int64: what is to come of each), and LEFT_OUT_SCHEMA.

    `known`: the Book as known on the day. Credits and unapplied receipts of a customer are used for what is due first,
    as customers use them. For each item cash + Σ left out = open.
    """
    rows = predicted.select(pl.col(name).cast(dtype) for name, dtype in PREDICTED_SCHEMA.items())
    rows = rows.filter(pl.col("open") > 0).sort(*_ACCOUNT, "payer_id", "due_on", "item_id")
    away = rows.join(factored(known.events), on="item_id", how="semi")
    out = [left_out(away.with_columns(amount="open"), FACTORED)]
    rows = rows.join(away, on="item_id", how="anti", maintain_order="left").with_columns(cash="open")
    for reason, money in ((CREDIT, _credits(known)), (RECEIVED, _received(known))):
        rows, covered = _covered(rows, money)
        out.append(left_out(covered, reason))
    told = pl.concat(out).sort("item_id", "reason")
    sums = (rows["cash"], told["amount"], predicted.filter(pl.col("open") > 0)["open"])
    to_come, gone, whole = (int(values.sum()) for values in sums)
    assert to_come + gone == whole
    return rows, told


def factored(events: pl.DataFrame) -> pl.DataFrame:
    """item_id of what a factor holds."""
    told = events.filter((pl.col("subject") == "item") & pl.col("kind").is_in([_ASSIGNED, *_BACK]))
    last = told.sort("on", maintain_order=True).unique("subject_id", keep="last", maintain_order=True)
    return last.filter(kind=_ASSIGNED).select(item_id="subject_id")


def _credits(known: Book) -> pl.DataFrame:
    """What we owe each customer by credit notes and down payments: keys, id, amount (positive), the oldest first."""
    owed = known.open_items().filter(pl.col("open") < 0).sort("issued_on", "item_id")
    return owed.select(*_ACCOUNT, id="item_id", amount=-pl.col("open"))


def _received(known: Book) -> pl.DataFrame:
    """Money of each customer that is there and not applied: keys, id, amount, the oldest first."""
    free = known.unapplied_receipts().filter(
        (pl.col("unapplied") > 0) & pl.col("customer_id").is_not_null() & ~pl.col("kind").is_in(_NOT_RECEIVED)
    )
    return free.sort("booked_on", "receipt_id").select(*_ACCOUNT, id="receipt_id", amount="unapplied")


def _covered(rows: pl.DataFrame, money: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with less `cash`, and the rows that money covers with `amount`."""
    waits = rows.filter(pl.col("cash") > 0).sort("due_on", "item_id").select(*_ACCOUNT, id="item_id", amount="cash")
    money = money.join(waits, on=_ACCOUNT, how="semi", maintain_order="left")
    taken = spread(money, waits, _ACCOUNT).group_by(item_id="right_id").agg(pl.col("amount").sum())
    both = rows.join(taken, on="item_id", how="left", maintain_order="left")
    covered = both.filter(pl.col("amount").is_not_null())
    return both.with_columns(cash=pl.col("cash") - pl.col("amount").fill_null(0)).drop("amount"), covered


def left_out(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    """LEFT_OUT_SCHEMA of items with `amount`."""
    told = rows.with_columns(reason=pl.lit(reason))
    return told.select(pl.col(name).cast(dtype) for name, dtype in LEFT_OUT_SCHEMA.items())
