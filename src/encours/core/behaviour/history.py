"""The payment history of a book on a day: for each item when its customer paid it, and which closings say nothing.

A delay is measured on money that the customer decides to send (transfer, cheque, card, cash), by the day the bank
booked it, against the contractual due date. Direct debits and drafts are drawn by us: they have statistics of their own
(`automatic`). Credit notes, netting and write-offs close an item without a payment, and so does a letter that only the
ERP knows (`ledger`); where two snapshots enclose such a closing, its day is an interval.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.base.schema import TABLES, known_on_expr

#: How an item ended: by money the customer decided to send, by money we drew, between two snapshots, without a payment;
#: or not yet.
DECIDED, AUTOMATIC, INTERVAL, NONE, OPEN = "decided", "automatic", "interval", "none", "open"
#: Receipts that we draw on the customer's account: their day is ours, not the customer's.
DRAWN = ("direct_debit", "draft")
#: How ERPs, e-invoices (UNTDID 4461) and people write that an invoice is drawn.
_DRAWN_WORDS = r"(?i)^(direct.?debit|sdd.*|pr[ée]l[èe]vement.*|lcr.*|bor|draft|traite.*|effet.*|20|24|49|59|60|70)$"
#: Kinds of item that tell of a habit; a retention is paid when the works are accepted, whatever the payer is like.
TELLING = ("invoice", "debit_note", "opening")
#: So many automatic closings in a row of a payer, and this share, make the next item one that is drawn.
_DRAWN_LEAST, _DRAWN_SHARE = 3, 0.8

#: One row an item. `seen_on`: the day it was known to us. `segment`: of the payer, else its kind. `drawn`: a direct
#: debit or draft, as far as was known on `seen_on`. `ending`: DECIDED … OPEN. `paid_on`: the bank's day of the last
#: payment (INTERVAL: the middle); `left_on`: the day an item ended without one. `told_on`: the day its ending became
#: known. `delay_days`: paid_on less due_on. `lag_days`: our own posting lag, told_on less paid_on. `parts`: payments it
#: took; `deducted`: what was taken off without money; `credited`: by credit notes. `part_on`: the bank's day of a first
#: payment that left something open, `part_told_on` the day it was known, `rest` what was open then (null: none did).
#: Amounts: minor units of `currency`.
HISTORY_SCHEMA: dict[str, pl.DataType] = {
    "item_id": pl.String(),
    "entity_id": pl.String(),
    "customer_id": pl.String(),
    "payer_id": pl.String(),
    "segment": pl.String(),
    "kind": pl.String(),
    "currency": pl.String(),
    "amount": pl.Int64(),
    "open": pl.Int64(),
    "issued_on": pl.Date(),
    "due_on": pl.Date(),
    "seen_on": pl.Date(),
    "drawn": pl.Boolean(),
    "channel": pl.String(),
    "ending": pl.String(),
    "paid_on": pl.Date(),
    "left_on": pl.Date(),
    "told_on": pl.Date(),
    "delay_days": pl.Int32(),
    "lag_days": pl.Int32(),
    "parts": pl.Int32(),
    "deducted": pl.Int64(),
    "credited": pl.Int64(),
    "part_on": pl.Date(),
    "part_told_on": pl.Date(),
    "rest": pl.Int64(),
}


def history(book: Book, as_of: date) -> pl.DataFrame:
    """HISTORY_SCHEMA: what customers owe and owed, positive amounts only, as known at the end of `as_of`.

    Takes a Book with all its versions; nothing that became known or happened later is read.
    """
    known = book.as_of(as_of)
    who, _ = payers(known.customers, known.customer_links)
    items = known.items.filter((pl.col("amount") > 0) & pl.col("due_on").is_not_null())
    items = items.select(
        "item_id", "entity_id", "customer_id", "kind", "currency", "amount", "issued_on", "due_on", "payment_method",
        seen_on=pl.max_horizontal(known_on_expr(TABLES["items"]), "issued_on"),
    )  # fmt: skip
    rows = items.join(who, on="customer_id", how="left", maintain_order="left")
    rows = rows.with_columns(payer_id=pl.coalesce("payer_id", "customer_id"))
    kinds = known.customers.select(payer_id="customer_id", segment=pl.coalesce("segment", "kind"))
    rows = rows.join(
        kinds.unique("payer_id", keep="first", maintain_order=True), on="payer_id", how="left", maintain_order="left"
    )
    rows = rows.join(_settled(known), on="item_id", how="left", maintain_order="left")
    rows = _ended(rows).with_columns(drawn=_drawn_as_said(known))
    return _drawn_by_habit(rows).select(pl.col(name).cast(dtype) for name, dtype in HISTORY_SCHEMA.items())


def _settled(known: Book) -> pl.DataFrame:
    """item_id and what its standing allocations say: sums by class, the days of its payments, the day last heard."""
    letters = known.allocations.filter(pl.col("reversed_on").is_null())
    money = known.receipts.select(
        "receipt_id", "booked_on", channel="kind", receipt_told=known_on_expr(TABLES["receipts"])
    )
    rows = letters.join(money, on="receipt_id", how="left", maintain_order="left")
    cash, ledger = pl.col("kind") == "cash", pl.col("kind") == "ledger"
    drawn = cash & pl.col("channel").is_in(DRAWN).fill_null(False)
    between = ledger & (pl.col("earliest_on") < pl.col("allocated_on")).fill_null(False)
    day = pl.coalesce("booked_on", "allocated_on")
    middle = pl.col("earliest_on") + (pl.col("allocated_on") - pl.col("earliest_on")) / 2
    told = pl.max_horizontal(known_on_expr(TABLES["allocations"]), "receipt_told")
    rows = rows.select(
        "item_id", "amount", "kind", "channel", "allocated_on",
        told=told,
        decided_on=pl.when(cash & ~drawn).then(day),
        drawn_on=pl.when(drawn).then(day),
        between_on=pl.when(between).then(middle),
    )  # fmt: skip
    part = {
        name: pl.when(pl.col(f"{name}_on").is_not_null()).then("amount") for name in ("decided", "drawn", "between")
    }
    rows = rows.with_columns(**part, money_on=pl.coalesce("decided_on", "drawn_on"))
    by_then = pl.col("told") <= pl.col("told").filter(pl.col("money_on").is_not_null()).min()
    part_on = pl.col("money_on").filter(by_then).max()
    return rows.group_by("item_id", maintain_order=True).agg(
        pl.col("amount").sum().alias("settled"),
        pl.col("decided", "drawn", "between").sum(),
        pl.col("decided_on", "drawn_on", "between_on").max(),
        pl.col("allocated_on").max().alias("last_on"),
        pl.col("told").max(),
        pl.col("channel").sort_by("amount").last(),
        parts=pl.col("money_on").n_unique() - pl.col("money_on").is_null().any(),
        deducted=pl.col("amount").filter(pl.col("kind").is_in(["discount", "charge", "write_off", "fx"])).sum(),
        credited=pl.col("amount").filter(pl.col("kind").is_in(["credit", "netting"])).sum(),
        part_on=part_on,
        part_told_on=pl.col("told").filter(pl.col("money_on").is_not_null()).min(),
        # What the same day's money settled is of the first payment, whenever somebody applied it.
        begun=pl.col("amount").filter(by_then | (pl.col("money_on") <= part_on).fill_null(False)).sum(),
    )


def _ended(rows: pl.DataFrame) -> pl.DataFrame:
    """Items with `open`, `ending` and its days. What settled most of an item says how it ended."""
    rows = rows.with_columns(
        pl.col("settled", "decided", "drawn", "between", "parts", "deducted", "credited").fill_null(0)
    )
    rest = pl.col("amount") - pl.col("begun")
    some = (rest > 0) & pl.col("part_on").is_not_null()
    rows = rows.with_columns(
        pl.when(some).then(pl.col("part_on", "part_told_on")),
        open=pl.col("amount") - pl.col("settled"),
        rest=pl.when(some).then(rest),
    )
    none = pl.col("settled") - pl.col("decided") - pl.col("drawn") - pl.col("between")
    most = pl.max_horizontal("decided", "drawn", "between", none)
    ending = (
        pl.when(pl.col("open") > 0).then(pl.lit(OPEN))
        .when(pl.col("decided") == most).then(pl.lit(DECIDED))
        .when(pl.col("drawn") == most).then(pl.lit(AUTOMATIC))
        .when(pl.col("between") == most).then(pl.lit(INTERVAL))
        .otherwise(pl.lit(NONE))
    )  # fmt: skip
    rows = rows.with_columns(ending=ending)
    by_ending = {DECIDED: "decided_on", AUTOMATIC: "drawn_on", INTERVAL: "between_on"}
    paid = pl.coalesce(pl.when(pl.col("ending") == name).then(column) for name, column in by_ending.items())
    rows = rows.with_columns(paid_on=paid, told_on=pl.when(pl.col("ending") != OPEN).then("told"))
    return rows.with_columns(
        left_on=pl.when(pl.col("ending") == NONE).then("last_on"),
        delay_days=(pl.col("paid_on") - pl.col("due_on")).dt.total_days(),
        lag_days=pl.when(pl.col("ending").is_in([DECIDED, AUTOMATIC])).then(
            (pl.col("told_on") - pl.col("paid_on")).dt.total_days()
        ),
    )


def _drawn_as_said(known: Book) -> pl.Expr:
    """Whether the item itself says that we draw the money: its payment method, or an instrument made out for it."""
    made = known.instruments.filter(pl.col("kind").is_in(["lcr", "bor", "direct_debit"]))
    covered = known.instrument_items.join(made, on="instrument_id", how="semi")["item_id"]
    said = pl.col("payment_method").str.strip_chars().str.contains(_DRAWN_WORDS)
    # A method that the item names is believed, also where it is no draft; null leaves it to the payer's habit.
    return pl.when(pl.col("item_id").is_in(covered.implode())).then(True).otherwise(said)


def _drawn_by_habit(rows: pl.DataFrame) -> pl.DataFrame:
    """Where nothing is said, an item is drawn if nearly all that was heard of its payer by then was drawn."""
    if rows["drawn"].null_count() == 0 or not (rows["ending"] == AUTOMATIC).any():
        return rows.with_columns(pl.col("drawn").fill_null(False))
    told = rows.filter(pl.col("ending").is_in([DECIDED, AUTOMATIC])).sort("told_on", "item_id")
    told = told.select(
        "payer_id",
        heard_on="told_on",
        heard=pl.int_range(1, pl.len() + 1).over("payer_id"),
        heard_drawn=(pl.col("ending") == AUTOMATIC).cast(pl.Int64).cum_sum().over("payer_id"),
    )
    order = rows.with_row_index("_row").sort("seen_on", "_row")
    before = order.join_asof(
        told, left_on="seen_on", right_on="heard_on", by="payer_id", strategy="backward",
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    habit = (pl.col("heard") >= _DRAWN_LEAST) & (pl.col("heard_drawn") >= _DRAWN_SHARE * pl.col("heard"))
    before = before.with_columns(drawn=pl.coalesce("drawn", habit.fill_null(False)))
    return before.sort("_row").drop("_row", "heard", "heard_drawn", "heard_on")
