"""Credit notes set against invoices without money: by the number that their text names, else by their amount."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

import polars as pl

from encours.core.base.numbers import bare_signs

#: A credit note cancels an invoice of at most so many days before.
_DAYS_MAX = 400
#: Letters and digits of a number that a note may name: fewer are a count or a day.
_NUMBER_MIN = 4


class Noted(Protocol):
    """An item as a use case reads it; `label` is its text, `open` in minor units, a credit note's below zero."""

    @property
    def item_id(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def label(self) -> str | None: ...
    @property
    def open(self) -> int: ...


_Item = TypeVar("_Item", bound=Noted)


def by_name(notes: Iterable[_Item], invoices: Iterable[_Item]) -> list[tuple[_Item, _Item]]:
    """Pairs (note, invoice): the note's text names one open invoice of its customer that it does not exceed.

    An invoice goes to the first note that names it.
    """
    numbers: dict[tuple[str, str, str], list[_Item]] = {}
    for row in invoices:
        key = bare_signs(row.number)
        if len(key) >= _NUMBER_MIN and any(sign.isdigit() for sign in row.number):
            numbers.setdefault((row.customer_id, row.currency, key), []).append(row)
    found: list[tuple[_Item, _Item]] = []
    taken: set[str] = set()
    for note in notes:
        words = {bare_signs(word) for word in re.split(r"[\s,;:()]+", note.label or "")}
        hits = [row for word in words for row in numbers.get((note.customer_id, note.currency, word), ())]
        if len(hits) == 1 and hits[0].item_id not in taken and hits[0].open >= -note.open:
            taken.add(hits[0].item_id)
            found.append((note, hits[0]))
    return found


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
