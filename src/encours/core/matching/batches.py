"""Batches that we handed to the bank (direct debits, drafts, cheques): each comes back as one credit for many."""

from __future__ import annotations

from datetime import date

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
    found: list[Remittance] = []
    for key, rows in lines.group_by("entity", "batch_id", "kind", "currency", maintain_order=True):
        found += _variants(key, rows)
    return found


def _lines(
    alive: pl.DataFrame, known: Book, scope: Scope, item_ids: pl.Series, table: KeyTable, pool: Pool
) -> pl.DataFrame:
    """Instruments with their codes and a column `line` of Line."""
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
    made = [
        Line(
            row["instrument_id"],
            row["amount"],
            row["customer"],
            ties.get(row["instrument_id"], ()),
            certain_quotes(quotes, row["customer"], pool),
            unpaid=row["state"] == "unpaid",
        )
        for row, quotes in zip(rows.iter_rows(named=True), quoted, strict=True)
    ]
    return rows.with_columns(line=pl.Series(made, dtype=pl.Object))


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


def _variants(key: tuple[object, ...], rows: pl.DataFrame) -> list[Remittance]:
    """The batch whole; without what came back; and each due date of it, as banks credit drafts.

    Drafts that the bank discounts are paid from the day they are handed in, a single due date from that day on.
    """
    entity, batch, kind, currency = key
    kinds, words = _KINDS[str(kind)]
    handed_in = rows["state_on"].drop_nulls().min()

    def made(part: pl.DataFrame, begin: object) -> Remittance:
        lines = tuple(part["line"].to_list())
        due, earliest = part["due_on"].max(), part["due_on"].min() if begin is None else begin
        assert isinstance(due, date)
        assert isinstance(earliest, date)
        return Remittance(
            str(batch), BATCH, int(str(entity)), int(str(currency)), sum(line.amount for line in lines),
            day_number(min(earliest, due)) - _BEFORE, day_number(due) + _AFTER, lines,
            references_of(str(batch)), kinds, words,
        )  # fmt: skip

    found = [made(rows, handed_in)]
    paid = rows.filter(pl.col("state") != "unpaid")
    if 0 < paid.height < rows.height:
        found.append(made(paid, handed_in))
    if paid["due_on"].n_unique() > 1:
        found += [made(part, None) for _, part in paid.group_by("due_on", maintain_order=True)]
    return found
