"""Batches that we handed to the bank (direct debits, drafts, cheques): each comes back as one credit for many."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import polars as pl

from encours.core.base.book import Book
from encours.core.matching.pool import Pool, day_number
from encours.core.matching.references.keys import KeyTable
from encours.core.matching.remittance import BATCH, Line, Remittance, certain_quotes, read_quotes, references_of
from encours.core.matching.scope import Scope

#: Receipt kinds of the money of each kind of instrument, and the words of a bank that speak of it.
_KINDS = {
    "direct_debit": (frozenset(["direct_debit"]), r"\b(PRLV|PRELEV\w*|SDD|DIRECT DEBIT\w*|LASTSCHRIFT\w*|REM)\b"),
    "lcr": (frozenset(["draft"]), r"\b(LCR|EFFETS?|TRAITES?|BOR)\b"),
    "bor": (frozenset(["draft"]), r"\b(LCR|EFFETS?|TRAITES?|BOR|BILLETS?)\b"),
    "cheque": (frozenset(["cheque"]), r"\b(CHEQUES?|CHQS?|CHECKS?)\b"),
}
#: States of an instrument whose money may still come, or came back after it did.
_AWAITED = ("requested", "accepted", "presented", "discounted", "unpaid")
#: Money is awaited from a day before until so many days after the instruments are due (a week and a holiday).
_BEFORE, _AFTER = 2, 10
#: Event that bears the text of an instrument; its detail is the instrument's id.
QUOTES_EVENT = "instrument:"


def read_batches(known: Book, scope: Scope, item_ids: pl.Series, table: KeyTable, pool: Pool) -> list[Remittance]:
    """The batches of a book as known on a day: whole, and by due date where they fall due on several.

    `item_ids` in the order of the pool. Instruments without a batch are none of these.
    """
    alive = known.instruments.filter(pl.col("batch_id").is_not_null() & pl.col("state").is_in(_AWAITED))
    if not alive.height:
        return []
    lines = _lines(alive, known, scope, item_ids, table, pool)
    batches: dict[tuple[Any, ...], list[_Drawn]] = {}
    for key, one in lines:
        batches.setdefault(key, []).append(one)
    return [remittance for key, rows in batches.items() for remittance in _variants(key, rows)]


class _Drawn(NamedTuple):
    """An instrument of a batch."""

    line: Line
    due_on: date
    state_on: date | None


def _lines(
    alive: pl.DataFrame, known: Book, scope: Scope, item_ids: pl.Series, table: KeyTable, pool: Pool
) -> list[tuple[tuple[Any, ...], _Drawn]]:
    """The instruments by due date, each with its batch: entity, batch_id, kind, currency."""
    told = known.events.filter(pl.col("kind").str.starts_with(QUOTES_EVENT)).unique("detail", keep="last")
    rows = (
        alive.join(scope.customers.select("customer_id", "customer", "entity"), on="customer_id", how="left")
        .join(told.select(instrument_id="detail", quotes="value"), on="instrument_id", how="left")
        .with_columns(pl.col("customer", "entity").fill_null(-1), currency=scope.currency_code(pl.col("currency")))
        .filter((pl.col("currency") >= 0) & (pl.col("entity") >= 0))
        .sort("due_on", "instrument_id")
    )
    quoted = read_quotes(rows["quotes"], rows["entity"].to_numpy(), table, pool)
    ties = _ties(known, rows, item_ids)
    made = []
    for row, quotes in zip(rows.iter_rows(named=True), quoted, strict=True):
        tied, certain = ties.get(row["instrument_id"], ()), certain_quotes(quotes, row["customer"], pool)
        unpaid = row["state"] == "unpaid"
        line = Line(row["instrument_id"], row["amount"], row["customer"], tied, certain, unpaid=unpaid)
        key = (row["entity"], row["batch_id"], row["kind"], row["currency"])
        made.append((key, _Drawn(line, row["due_on"], row["state_on"])))
    return made


def _ties(known: Book, rows: pl.DataFrame, item_ids: pl.Series) -> dict[str, tuple[tuple[int, int], ...]]:
    """What the book itself says that an instrument covers; items that are not there any more are place −1."""
    covers = known.instrument_items.join(rows.select("instrument_id"), on="instrument_id", how="semi")
    if not covers.height:
        return {}
    places = pl.DataFrame({"item_id": item_ids}).with_row_index("place")
    found: dict[str, list[tuple[int, int]]] = {}
    for row in covers.join(places, on="item_id", how="left").sort("instrument_id", "item_id").iter_rows(named=True):
        place = -1 if row["place"] is None else int(row["place"])
        found.setdefault(row["instrument_id"], []).append((place, row["amount"]))
    return {instrument: tuple(pairs) for instrument, pairs in found.items()}


def _variants(key: tuple[Any, ...], rows: list[_Drawn]) -> list[Remittance]:
    """The batch whole; without what came back; and each due date of it, as banks credit drafts.

    Drafts that the bank discounts are paid from the day they are handed in, a single due date from that day on.
    """
    entity, batch, kind, currency = key
    kinds, words = _KINDS[kind]
    handed_in = min((row.state_on for row in rows if row.state_on is not None), default=None)

    def made(part: list[_Drawn], begin: date | None) -> Remittance:
        due = max(row.due_on for row in part)
        earliest = min(row.due_on for row in part) if begin is None else begin
        return Remittance(
            batch, BATCH, entity, currency, sum(row.line.amount for row in part),
            day_number(min(earliest, due)) - _BEFORE, day_number(due) + _AFTER, tuple(row.line for row in part),
            references_of(batch), kinds, words,
        )  # fmt: skip

    found = [made(rows, handed_in)]
    paid = [row for row in rows if not row.line.unpaid]
    if 0 < len(paid) < len(rows):
        found.append(made(paid, handed_in))
    days = sorted({row.due_on for row in paid})
    if len(days) > 1:
        found += [made([row for row in paid if row.due_on == day], None) for day in days]
    return found
