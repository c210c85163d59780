"""What of the open items is money still to come: not what a factor gets, nor what credits and receipts cover."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.base.factoring import sold
from encours.core.base.groups import payers
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

_ACCOUNT, _PAYER = ["entity_id", "currency", "customer_id"], ["entity_id", "currency", "payer_id"]
#: The rule by which predictions say that money for an item is there already.
_PROBABLY_PAID = "probably_paid"
#: Returned money and money out is none that customers have sent.
_NOT_RECEIVED = ("return", "out")


def expected_cash(known: Book, predicted: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Predicted items in an order of their own, with `cash` (Int64: what is to come of each), and LEFT_OUT_SCHEMA.

    `known`: the Book as known on the day. Credits of a customer and unapplied receipts of its payer are used for what
    is due first, receipts before that for what the predictions (`shift`, where they have it) call probably paid; an
    item that they call so without a receipt on the account is not expected either. For each item cash + Σ left out =
    open.
    """
    there = pl.col("shift") == _PROBABLY_PAID if "shift" in predicted.columns else pl.lit(False)
    rows = predicted.with_columns(there=there.fill_null(False))
    rows = rows.select("there", *(pl.col(name).cast(dtype) for name, dtype in PREDICTED_SCHEMA.items()))
    rows = rows.filter(pl.col("open") > 0).sort(*_ACCOUNT, "payer_id", "due_on", "item_id")
    away = rows.join(factored(known), on="item_id", how="semi")
    out = [left_out(away.with_columns(amount="open"), FACTORED)]
    rows = rows.join(away, on="item_id", how="anti", maintain_order="left").with_columns(cash="open")
    rows, covered = _covered(rows, _credits(known), _ACCOUNT, ["due_on", "item_id"])
    out.append(left_out(covered, CREDIT))
    rows, covered = _covered(rows, _received(known), _PAYER, [~pl.col("there"), "due_on", "item_id"])
    # Money whose sender nobody has named yet may be proposed for an item; it stands on no account.
    named = rows.filter(pl.col("there") & (pl.col("cash") > 0))
    rows = rows.with_columns(cash=pl.when("there").then(0).otherwise("cash")).drop("there")
    both = pl.concat(
        [part.select(*PREDICTED_SCHEMA, "amount") for part in (covered, named.with_columns(amount="cash"))]
    )
    out.append(left_out(both.group_by(list(PREDICTED_SCHEMA)).agg(pl.col("amount").sum()), RECEIVED))
    told = pl.concat(out).sort("item_id", "reason")
    sums = (rows["cash"], told["amount"], predicted.filter(pl.col("open") > 0)["open"])
    to_come, gone, whole = (int(values.sum()) for values in sums)
    assert to_come + gone == whole
    return rows, told


def factored(known: Book) -> pl.DataFrame:
    """item_id of what a factor holds, by the item itself or its whole account."""
    return sold(known, known.items).select("item_id")


def _credits(known: Book) -> pl.DataFrame:
    """What we owe each customer by credit notes and down payments: keys, id, amount (positive), the oldest first."""
    owed = known.open_items().filter(pl.col("open") < 0).sort("issued_on", "item_id")
    return owed.select(*_ACCOUNT, id="item_id", amount=-pl.col("open"))


def _received(known: Book) -> pl.DataFrame:
    """Money of each payer that is there and not applied: keys, id, amount, the oldest first."""
    free = known.unapplied_receipts().filter(
        (pl.col("unapplied") > 0) & pl.col("customer_id").is_not_null() & ~pl.col("kind").is_in(_NOT_RECEIVED)
    )
    who, _ = payers(known.customers, known.customer_links)
    free = free.join(who, on="customer_id", how="left").with_columns(payer_id=pl.coalesce("payer_id", "customer_id"))
    return free.sort("booked_on", "receipt_id").select(*_PAYER, id="receipt_id", amount="unapplied")


def _covered(
    rows: pl.DataFrame, money: pl.DataFrame, account: list[str], order: list[str | pl.Expr]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with less `cash`, and the rows that money covers with `amount`."""
    waits = rows.filter(pl.col("cash") > 0).sort(*order).select(*account, id="item_id", amount="cash")
    money = money.join(waits, on=account, how="semi", maintain_order="left")
    taken = spread(money, waits, account).group_by(item_id="right_id").agg(pl.col("amount").sum())
    both = rows.join(taken, on="item_id", how="left", maintain_order="left")
    covered = both.filter(pl.col("amount").is_not_null())
    return both.with_columns(cash=pl.col("cash") - pl.col("amount").fill_null(0)).drop("amount"), covered


def left_out(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    """LEFT_OUT_SCHEMA of items with `amount`."""
    told = rows.with_columns(reason=pl.lit(reason))
    return told.select(pl.col(name).cast(dtype) for name, dtype in LEFT_OUT_SCHEMA.items())
