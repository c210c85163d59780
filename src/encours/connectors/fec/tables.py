"""From parts and letters to the Book's tables: customers, items, receipts, allocations, instruments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from encours.connectors.fec.classes import BY_NAME
from encours.connectors.fec.instruments import instruments_of
from encours.connectors.fec.letters import DEDUCTIONS, RETURN_WORDS, settle

_ADVANCES = ("4191", "4196", "4197", "4198")
_MAKES = {name: rule.makes for name, rule in BY_NAME.items()} | {"opening": "item"}


@dataclass(frozen=True)
class Terms:
    """How a due date is found where the file has none: from the issue dates (a Date series), and its name."""

    due_on: Callable[[pl.Series], pl.Series]
    name: str


@dataclass(frozen=True)
class Context:
    """What the tables need beside the lines."""

    entity_id: str
    currency: str
    terms: Terms


def build(parts: pl.DataFrame, lines: pl.DataFrame, taken: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
    """The Book's tables of the receivable lines (line, key, customer_id, group…), their parts, and slips (`taken`)."""
    rows = _dressed(parts, lines)
    pairs, returns = settle(rows)
    rows = rows.join(_matched(rows, pairs), on="part", how="left")
    rows = rows.with_columns(as_item=_is_item(), full=pl.col("matched").fill_null(0) == pl.col("amount").abs())
    receipts, of_part = _receipts(rows, lines, context, returns)
    rows = rows.join(of_part, on="part", how="left")
    rows = rows.with_columns(item_id=pl.when("as_item").then(_id(context, "part_key")))
    allocations = _allocations(rows, pairs)
    items = _moved(_items(rows.filter("as_item"), context), rows, allocations)
    return {
        "customers": _customers(lines, context),
        "items": items,
        "receipts": _at_the_bank(receipts, taken),
        "allocations": allocations,
        **instruments_of(items, receipts, allocations, taken),
    }


def _id(context: Context, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{context.entity_id}:"), column)


def _dressed(parts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Parts with what their line says, and a key that stays the same in every export of the ledger."""
    rows = parts.with_row_index("part").join(
        lines.select(
            "line",
            "key",
            "customer_id",
            "customer_no",
            "account",
            "account_no",
            "group",
            "day",
            "issued_on",
            "due",
            "number",
            "piece",
            "label",
            "lower",
        ),
        on="line",
        how="left",
        maintain_order="left",
    )
    tail = pl.when(pl.col("gain")).then(pl.concat_str(pl.lit("+"), "rule"))
    rows = rows.with_columns(part_key="key")
    shared = rows["line"].is_duplicated()
    if shared.any():
        nth = pl.int_range(pl.len()).over("line")
        later = pl.when(nth > 0).then(pl.concat_str(pl.lit("/"), nth + 1)).otherwise(pl.lit(""))
        keys = rows.filter(shared).select(pl.concat_str("key", pl.coalesce(tail, later))).to_series()
        rows = rows.with_columns(part_key=rows["key"].scatter(shared.arg_true(), keys))
    # A gain and the money that makes it are lettered with each other and with nothing else.
    group = pl.when("gain").then(-pl.col("line") - 1).otherwise("group")
    makes = pl.col("rule").replace_strict(_MAKES, return_dtype=pl.String)
    return rows.with_columns(group=group, makes=makes)


def _matched(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """part, matched, latest: what of a settling part met claims, and the last day of these."""
    days = rows.select(left="part", left_day="day")
    return (
        pairs.join(days, on="left")
        .group_by(part="right")
        .agg(matched=pl.col("amount").abs().sum(), latest=pl.col("left_day").max())
    )


def _is_item() -> pl.Expr:
    """Claims are items, and so is every deduction that no claim of its group takes up wholly on its own day."""
    deduction = pl.col("makes").is_in(DEDUCTIONS)
    taken = (pl.col("matched") == pl.col("amount").abs()) & (pl.col("latest") <= pl.col("day"))
    return (pl.col("makes") == "item") | (deduction & ((pl.col("amount") > 0) | ~taken.fill_null(False)))


def _receipts(
    rows: pl.DataFrame, lines: pl.DataFrame, context: Context, returns: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Receipts, and part → receipt_id.

    A bank line is one receipt. Where it pays several customers or accounts and is not wholly lettered with claims
    that were there before it, each has a receipt of its own, or their balances could not be told.
    """
    money = rows.filter(pl.col("makes") == "money")
    money = money.with_columns(bank_line=pl.coalesce("bank_line", "line"))
    money = money.with_columns(apart=_must_part(money))
    bank = lines.select(
        bank_line="line", bank_key="key", bank="account", booked_on="day", bank_label="label", bank_name="account_name"
    )
    money = money.join(bank, on="bank_line", how="left", maintain_order="left")
    split = pl.when("apart").then(pl.concat_str(pl.lit("/"), "customer_id", pl.lit("/"), "account"))
    money = money.with_columns(receipt_id=pl.concat_str(_id(context, "bank_key"), split.fill_null("")))
    first = pl.col("bank", "booked_on", "bank_label", "bank_name", "customer_id", "account", "bank_line").first()
    receipts = money.group_by("receipt_id", maintain_order=True).agg(
        first,
        amount=-pl.col("amount").sum(),
        others=_differs("customer_no"),
        elsewhere=_differs("account_no"),
    )
    receipts = receipts.select(
        "receipt_id",
        "booked_on",
        "amount",
        "bank_name",
        account="bank",
        customer_id=pl.when(~pl.col("others")).then("customer_id"),
        ledger_account=pl.when(~pl.col("elsewhere")).then("account"),
        remittance="bank_label",
        line="bank_line",
    )
    receipts = _with_labels(receipts, money)
    receipts = receipts.with_columns(
        entity_id=pl.lit(context.entity_id),
        currency=pl.lit(context.currency),
        origin=pl.lit("ledger"),
        kind=_receipt_kind(),
        posted_on="booked_on",
    ).drop("bank_name")
    of_part = money.select("part", "receipt_id")
    return _with_returns(receipts, of_part, returns), of_part


def _at_the_bank(receipts: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Cheques and bills stand on the bank account that took them, with the day it did as their value day."""
    to = taken.select("line", "bank", "value_on")
    joined = receipts.join(to, on="line", how="left", maintain_order="left")
    return joined.with_columns(account=pl.coalesce("bank", "account")).drop("bank")


def _must_part(money: pl.DataFrame) -> pl.Series:
    """Whether a bank line pays several customers or accounts and is not settled with what was there before."""
    settled = (pl.col("full") & (pl.col("latest") <= pl.col("day"))).fill_null(False)
    several = _differs("customer_no") | _differs("account_no")
    banks = money.lazy().group_by("bank_line").agg(apart=several & ~settled.all())
    return money["bank_line"].is_in(banks.filter("apart").collect()["bank_line"].implode())


def _differs(number: str) -> pl.Expr:
    """Whether a group has more than one of these numbers."""
    return pl.col(number).min() != pl.col(number).max()


def _with_labels(receipts: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """The bank line's label, and after it what the lines it paid say otherwise."""
    said = money.filter(pl.col("label") != pl.col("bank_label").fill_null(""))
    if not said.height:
        return receipts
    texts = said.select("receipt_id", "label").unique(maintain_order=True)
    more = texts.group_by("receipt_id", maintain_order=True).agg(more=pl.col("label").head(20).str.join(" "))
    both = pl.concat_str("remittance", "more", separator=" ", ignore_nulls=True)
    joined = receipts.join(more, on="receipt_id", how="left", maintain_order="left")
    return joined.with_columns(remittance=pl.when(both != "").then(both)).drop("more")


def _receipt_kind() -> pl.Expr:
    text = pl.concat_str("remittance", "bank_name", separator=" ", ignore_nulls=True).str.to_uppercase()
    said = [
        (pl.col("account").str.starts_with("53"), "cash"),
        (pl.col("account").str.contains("^5112"), "cheque"),
        (pl.col("account").str.contains("^511[34]"), "draft"),
        (text.str.contains(r"\bLCR\b|\bBOR\b|EFFET|TRAITE"), "draft"),
        (text.str.contains(r"\bPRLV|\bPRELEV|\bPRVT|\bSDD\b"), "direct_debit"),
        (text.str.contains(r"\bCHQ|CHEQUE|CHÈQUE"), "cheque"),
        (text.str.contains(r"\bCB\b|CARTE|\bTPE\b"), "card"),
    ]
    returned = (pl.col("amount") < 0) & text.str.contains(RETURN_WORDS).fill_null(False)
    known = [pl.when(test.fill_null(False)).then(pl.lit(name)) for test, name in said]
    out = pl.when(returned).then(pl.lit("return")).when(pl.col("amount") < 0).then(pl.lit("out"))
    return pl.coalesce(out, *known, pl.lit("transfer"))


def _with_returns(receipts: pl.DataFrame, of_part: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    if not returns.height:
        return receipts.with_columns(returns_receipt_id=pl.lit(None, dtype=pl.String))
    ids = of_part.select("part", "receipt_id")
    back = returns.join(ids, on="part").join(
        ids.select(returned="part", returns_receipt_id="receipt_id"), on="returned"
    )
    back = back.join(receipts.select(returns_receipt_id="receipt_id", received="amount"), on="returns_receipt_id")
    one = back.filter(pl.len().over("receipt_id") == 1).select("receipt_id", "returns_receipt_id", "received")
    joined = receipts.join(one, on="receipt_id", how="left", maintain_order="left")
    fits = (-pl.col("amount") <= pl.col("received")).fill_null(False)
    return joined.with_columns(
        returns_receipt_id=pl.when(fits).then("returns_receipt_id"),
        kind=pl.when(fits).then(pl.lit("return")).otherwise("kind"),
    ).drop("received")


def _allocations(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Each pair as a row: cash where money came, credit where a credit note stood, else the deduction's own kind.

    It bears the date of its own receipt line, or of the later of the two: before both stood in the ledger nothing
    was settled. `source` says `lettrage`, and `partial` where the letter is a small one.
    """
    left = rows.select(left="part", left_item="item_id", left_key="part_key", left_day="day")
    right = rows.select(
        "as_item",
        "makes",
        "receipt_id",
        "lower",
        "entry",
        right="part",
        right_item="item_id",
        right_key="part_key",
        right_day="day",
    )
    both = pairs.join(left, on="left", maintain_order="left").join(right, on="right", maintain_order="left")
    credited = pl.col("as_item")
    kind = (
        pl.when(credited)
        .then(pl.lit("credit"))
        .when(pl.col("makes") == "money")
        .then(pl.lit("cash"))
        .otherwise("makes")
    )
    paid_with = _receipt_of_entry(rows)
    both = both.join(paid_with, on="entry", how="left", maintain_order="left")
    receipt = (
        pl.when(kind == "cash")
        .then("receipt_id")
        .when(kind.is_in(["discount", "charge", "fx", "write_off"]))
        .then("paid_with")
    )
    return both.select(
        allocation_id=pl.concat_str("left_item", pl.lit("<"), "right_key"),
        receipt_id=receipt,
        item_id="left_item",
        credit_item_id=pl.when(credited).then("right_item"),
        amount="amount",
        kind=kind,
        allocated_on=pl.max_horizontal("left_day", "right_day"),
        source=pl.when("lower").then(pl.lit("fec:partial")).otherwise(pl.lit("fec:lettrage")),
    )


def _receipt_of_entry(rows: pl.DataFrame) -> pl.DataFrame:
    """entry, paid_with: the one receipt of an entry, which its deductions name."""
    money = rows.select("entry", "receipt_id").filter(pl.col("receipt_id").is_not_null()).unique()
    return money.filter(~pl.col("entry").is_duplicated()).select("entry", paid_with="receipt_id")


def _items(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    owed = pl.col("amount") > 0
    advance = pl.col("account").str.starts_with("4191")
    kind = (
        pl.when(pl.col("rule") == "opening")
        .then(pl.lit("opening"))
        .when(owed & (pl.col("rule") == "sale") & pl.col("account").str.starts_with("4117"))
        .then(pl.lit("retention"))
        .when(owed & (pl.col("rule") == "sale") & ~pl.col("account").str.contains("^419"))
        .then(pl.lit("invoice"))
        .when(owed)
        .then(pl.lit("debit_note"))
        .when(advance)
        .then(pl.lit("down_payment"))
        .otherwise(pl.lit("credit_note"))
    )
    from_terms = context.terms.due_on(rows["issued_on"])
    due = pl.when(owed).then(pl.coalesce("due", from_terms)).otherwise(pl.coalesce("due", "issued_on"))
    return rows.select(
        "item_id",
        "customer_id",
        "line",
        entity_id=pl.lit(context.entity_id),
        ledger_account="account",
        number="number",
        kind=kind,
        issued_on="issued_on",
        due_on=due,
        amount="amount",
        currency=pl.lit(context.currency),
        label="label",
        posted_on="day",
    )


def _moved(items: pl.DataFrame, rows: pl.DataFrame, allocations: pl.DataFrame) -> pl.DataFrame:
    """A claim that moved (to 413, to 416) is as old as what it was made of, and due when that was."""
    moves = rows.filter((pl.col("makes") == "ledger") & (pl.col("amount") > 0) & pl.col("item_id").is_not_null())
    if moves.height:
        left = rows.filter(pl.col("makes") == "ledger").select("entry", "part_key")
        of_entry = left.select("entry", part_key="part_key")
        settled = allocations.filter(pl.col("kind") == "ledger").with_columns(
            part_key=pl.col("allocation_id").str.split("<").list.last()
        )
        old = items.select(item_id="item_id", was_issued="issued_on", was_due="due_on")
        ages = settled.join(of_entry, on="part_key").join(old, on="item_id").group_by("entry")
        since = ages.agg(pl.col("was_issued").min(), pl.col("was_due").min())
        aged = moves.select("item_id", "entry", "due").join(since, on="entry")
        items = items.join(aged.drop("entry"), on="item_id", how="left", maintain_order="left").with_columns(
            issued_on=pl.coalesce("was_issued", "issued_on"),
            due_on=pl.when(pl.col("due").is_null()).then(pl.coalesce("was_due", "due_on")).otherwise("due_on"),
        )
        items = items.drop("was_issued", "was_due", "due")
    # What is no invoice of its own day cannot be due before it was made: it is older than its entry.
    older = pl.min_horizontal("issued_on", "due_on")
    return items.with_columns(issued_on=pl.when(pl.col("kind") != "invoice").then(older).otherwise("issued_on"))


def _customers(lines: pl.DataFrame, context: Context) -> pl.DataFrame:
    """One row an auxiliary account (or a receivable account without one), under the last name the ledger gives it."""
    return (
        lines.lazy()
        .filter("receivable")
        .unique("customer_no", keep="last")
        .sort("customer_id")
        .select(
            "customer_id",
            name=pl.coalesce("aux_name", "account_name", "aux", "account"),
            entity_id=pl.lit(context.entity_id),
            kind=pl.lit("business"),
            country=pl.lit(None, dtype=pl.String),
        )
        .collect()
    )
