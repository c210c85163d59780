"""What the rules look at: the receipts to decide, the open items, and which items each receipt's text quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES, known_on_expr
from encours.core.matching.keys import FIELD_BREAK, is_weak, lookup, quotes

#: Receipts whose words are held in memory at once.
_CHUNK_ROWS = 250_000


@dataclass(frozen=True)
class Case:
    """One run's frames.

    `receipts`: row, receipt_id, entity_id, currency, kind, customer_id, group_id, amount, unapplied, day (when it was
    booked and known). `quoted`: row, item_id, customer_id, group_id, key, open (on the day of the run), open_then (as
    known on the receipt's day; null where the item was not known yet), dated_on, namesakes (items of this number in the
    entity and currency), weak, crossed. `foreign`: row of receipts that quote an item in another currency.
    """

    as_of: date
    receipts: pl.DataFrame
    quoted: pl.DataFrame
    foreign: pl.DataFrame


def make_case(book: Book, as_of: date) -> Case:
    """The case of a book (all versions) on a day: what was known at its end."""
    known = book.as_of(as_of)
    groups = known.paying_groups()
    receipts = _receipts(known, groups)
    items = _items(known, groups)
    pairs = _quoted_pairs(receipts, items)
    same_money = pl.col("currency") == pl.col("currency_item")
    foreign = pairs.filter(~same_money).select("row").unique()
    quoted = pairs.filter(same_money).drop("currency", "currency_item", "entity_id", "number_key")
    del pairs, items
    return Case(as_of, receipts, _with_open_then(quoted, receipts, book, known), foreign)


def _receipts(known: Book, groups: pl.DataFrame) -> pl.DataFrame:
    day = pl.max_horizontal("booked_on", known_on_expr(TABLES["receipts"]))
    text = pl.concat_str(["remittance", "end_to_end_id"], separator=f" {FIELD_BREAK} ", ignore_nulls=True)
    return (
        known.unapplied_receipts()
        .filter(pl.col("unapplied") != 0)
        .join(groups, on="customer_id", how="left", maintain_order="left")
        .select(
            "receipt_id",
            "entity_id",
            "currency",
            "kind",
            "customer_id",
            "group_id",
            "amount",
            "unapplied",
            text=text,
            day=day,
        )
        .sort("day", "receipt_id")
        .with_row_index("row")
    )


def _items(known: Book, groups: pl.DataFrame) -> pl.DataFrame:
    dated = pl.coalesce(list(TABLES["items"].dated_by))
    items = known.open_items().join(groups, on="customer_id", how="left", maintain_order="left")
    keyed = items.select(
        "item_id", "entity_id", "customer_id", "currency", "open", "amount",
        group_id=pl.coalesce("group_id", "customer_id"), number_key=number_key(pl.col("number")), dated_on=dated,
    )  # fmt: skip
    return keyed.filter(pl.col("number_key") != "").with_columns(
        namesakes=pl.len().over("entity_id", "currency", "number_key")
    )


def _quoted_pairs(receipts: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    texts = receipts.select("row", "text").drop_nulls()
    known = lookup(items["number_key"])
    parts = [quotes(chunk, known) for chunk in texts.iter_slices(_CHUNK_ROWS)] or [quotes(texts, known)]
    # The same number twice in one text is one quote.
    found = pl.concat(parts).group_by("row", "key").agg(pl.col("crossed").any())
    located = found.join(receipts.select("row", "entity_id", "currency"), on="row")
    pairs = located.join(
        items.with_columns(key="number_key"), on=["entity_id", "key"], suffix="_item", maintain_order="none"
    )
    return pairs.with_columns(weak=is_weak(pl.col("key")))


def _with_open_then(quoted: pl.DataFrame, receipts: pl.DataFrame, book: Book, known: Book) -> pl.DataFrame:
    """Adds `open_then`: the item's open amount as known on the receipt's day, from all versions of the book.

    A day's reading is exact where a fact has one version; where an item's or an allocation's earlier version differs,
    the first version's day counts as the day it became known, so that nothing leaks from later.
    """
    table = TABLES["items"]
    first_known = book.items.group_by("item_id").agg(known=known_on_expr(table).fill_null(date.min).min())
    paired = quoted.join(receipts.select("row", "day"), on="row").join(first_known, on="item_id", how="left")
    taken = _taken_on(book, known).join(paired.select("row", "item_id", "day"), on="item_id")
    settled = (
        taken.filter(
            (pl.col("since") <= pl.col("day")) & (pl.col("until").is_null() | (pl.col("until") > pl.col("day")))
        )
        .group_by("row", "item_id")
        .agg(pl.col("amount").sum().alias("settled"))
    )
    amounts = paired.join(settled, on=["row", "item_id"], how="left")
    then = pl.when(pl.col("known") <= pl.col("day")).then(pl.col("amount") - pl.col("settled").fill_null(0))
    return amounts.with_columns(open_then=then).drop("day", "known", "settled", "amount")


def _taken_on(book: Book, known: Book) -> pl.DataFrame:
    """item_id, amount, since, until: what each allocation takes off an item, and between which days it stood."""
    first = book.allocations.group_by("allocation_id").agg(first=known_on_expr(TABLES["allocations"]).min())
    dated = known.allocations.join(first, on="allocation_id", how="left").with_columns(
        since=pl.max_horizontal("first", "allocated_on"), until="reversed_on"
    )
    given = dated.filter((pl.col("kind") == "credit") & pl.col("credit_item_id").is_not_null())
    return pl.concat(
        [
            dated.select("item_id", "amount", "since", "until"),
            given.select("since", "until", item_id="credit_item_id", amount=-pl.col("amount")).select(
                "item_id", "amount", "since", "until"
            ),
        ]
    )
