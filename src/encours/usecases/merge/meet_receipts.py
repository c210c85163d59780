"""Receipts and ledger years that come in meet those that are there: one euro once, in whichever order files came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import no_issues
from encours.core.base.schema import TABLES
from encours.core.pairing.pair import LEDGERS_WORD
from encours.store import frames
from encours.store.models import FACTS, Item, MergedReceipt
from encours.usecases.pair_book import STORED, pair_book

#: A ledger and a bank date the same money up to five working days apart; a week and its ends hold them.
_WINDOW = timedelta(days=10)
_MET = ("receipts", "items", "allocations", "instruments", "instrument_items")
_UNKNOWN_RANK = 5


@dataclass(frozen=True)
class MetReceipts:
    """The Book to merge, with stored rows that change appended to it; merges: kept_id, dropped_id, rule."""

    book: Book
    merges: pl.DataFrame
    issues: pl.DataFrame


def meet_receipts(book: Book, formats: pl.DataFrame, told: pl.DataFrame) -> MetReceipts:
    """Pairs what comes in with what is stored; ids that are stored stay.

    `formats` and `told` as `FilesRead` has them. What a book folder tells is taken as it stands: it says itself what
    is one.
    """
    entities = book.entities["entity_id"].to_list()
    nothing = MetReceipts(book, pl.DataFrame(schema=_MERGES), no_issues())
    if not formats.height and not told.filter(pl.col("rank") > STORED).height:
        return nothing
    book = _as_merged_before(book)
    stored = _stored(book, entities)
    if not any(frame.height for frame in stored.values()):
        return MetReceipts(book, nothing.merges, nothing.issues)
    incoming = {name: book.table(name) for name in _MET}
    together = {name: _together(name, incoming[name], stored[name]) for name in _MET}
    receipts = _with_formats(together["receipts"], stored["receipts"], formats)
    rest = {name: frame for name, frame in together.items() if name != "receipts"}
    paired = pair_book({**rest, "customers": _customers(book, entities)}, receipts)
    changed = {name: _changed(name, paired.tables[name], incoming[name], stored[name]) for name in _MET}
    return MetReceipts(book.replace(**changed), paired.merges, paired.issues)


_MERGES = {"kept_id": pl.String(), "dropped_id": pl.String(), "rule": pl.String()}


def note_merges(merges: pl.DataFrame, import_id: int) -> None:
    """Keeps which receipt ids gave way to which, so that a file that names them again is understood."""
    rows = merges.select("dropped_id", "kept_id", "rule").unique("dropped_id", keep="first").rows()
    MergedReceipt.objects.bulk_create(
        [MergedReceipt(dropped_id=d, kept_id=k, rule=r, import_id=import_id) for d, k, r in rows], ignore_conflicts=True
    )


def _as_merged_before(book: Book) -> Book:
    """The Book in the ids that earlier imports settled on: a receipt that gave way once is not brought back."""
    ids = book.receipts["receipt_id"].unique().to_list()
    known: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        part = MergedReceipt.objects.filter(dropped_id__in=ids[start : start + 500])
        known.update(part.values_list("dropped_id", "kept_id"))
    if not known:
        return book
    dropped = pl.Series(list(known), dtype=pl.String).implode()
    again = frames.versions(
        "allocations",
        book.allocations.filter(pl.col("receipt_id").is_in(dropped))["allocation_id"],
        ["allocation_id"],
        current=True,
    )
    allocations = book.allocations.join(again, on="allocation_id", how="anti").with_columns(
        pl.col("receipt_id").replace(known)
    )
    receipts = book.receipts.filter(~pl.col("receipt_id").is_in(dropped)).with_columns(
        pl.col("returns_receipt_id").replace(known)
    )
    return book.replace(receipts=receipts, allocations=allocations)


def _stored(book: Book, entities: list[str]) -> dict[str, pl.DataFrame]:
    """Current stored rows that may be told again: receipts of the days around, and the ledger's years if they join."""
    found = {name: TABLES[name].empty() for name in _MET}
    found["receipts"] = _receipts_around(book, entities)
    parts = [_by("allocations", "receipt_id", found["receipts"]["receipt_id"])]
    if _joins_years(book, entities):
        found["items"] = _of_entities("items", entities, pl.col("ledger_account").is_not_null())
        ledger = _of_entities("receipts", entities, pl.col("ledger_account").is_not_null())
        found["receipts"] = _once("receipts", [found["receipts"], ledger])
        for name in ("instruments", "instrument_items"):
            found[name] = _of_entities(name, entities)
        parts.append(_of_entities("allocations", entities))
    found["allocations"] = _once("allocations", parts)
    return found


def _receipts_around(book: Book, entities: list[str]) -> pl.DataFrame:
    days = book.receipts["booked_on"].drop_nulls()
    if not days.len():
        return TABLES["receipts"].empty()
    first, last = days.min(), days.max()
    rows = (
        FACTS["receipts"]
        ._default_manager.filter(
            entity_id__in=entities,
            is_current=True,
            booked_on__gte=first - _WINDOW,  # type: ignore[operator]  # a date: there is at least one
            booked_on__lte=last + _WINDOW,  # type: ignore[operator]  # likewise
        )
        .values_list("receipt_id", flat=True)
    )
    return _by("receipts", "receipt_id", pl.Series("receipt_id", list(rows), dtype=pl.String))


def _joins_years(book: Book, entities: list[str]) -> bool:
    """Whether a ledger comes in beside another year of it."""
    if not book.items.filter(pl.col("ledger_account").is_not_null()).height:
        return False
    there = Item.objects.filter(entity_id__in=entities, is_current=True, ledger_account__isnull=False)
    opens = book.items.filter(pl.col("kind") == "opening").height > 0
    return there.exists() and (opens or there.filter(kind="opening").exists())


def _of_entities(name: str, entities: list[str], condition: pl.Expr | None = None) -> pl.DataFrame:
    rows = TABLES[name].conform(frames.read_table(name, entities, current=True))
    return rows if condition is None else rows.filter(condition)


def _by(name: str, by: str, ids: pl.Series) -> pl.DataFrame:
    columns = list(TABLES[name].schema)
    return TABLES[name].conform(frames.versions(name, ids, columns, current=True, by=by))


def _once(name: str, parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(list(parts)).unique(TABLES[name].key, keep="first", maintain_order=True)


def _plain(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as a source tells them: when they became known is the merge's affair."""
    return rows.with_columns(known_on=pl.lit(None, dtype=pl.Date))


def _together(name: str, incoming: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Stored and incoming rows, each id once: the incoming word, with what only the store knows of a receipt."""
    table = TABLES[name]
    key = list(table.key)
    alone = _plain(name, stored).join(incoming, on=key, how="anti")
    if name != "receipts" or not incoming.height:
        return pl.concat([alone, incoming])
    others = [column for column in table.schema if column not in key]
    known = _plain(name, stored).select(*key, *[pl.col(column).alias(f"{column}_stored") for column in others])
    # A ledger told again speaks of a receipt whose bank line is known: only what is the ledger's to say counts.
    banked = (pl.col("origin") == "ledger") & (pl.col("origin_stored") == "bank").fill_null(False)
    filled = incoming.join(known, on=key, how="left", maintain_order="left").with_columns(
        pl.when(banked & pl.lit(column not in LEDGERS_WORD))
        .then(f"{column}_stored")
        .otherwise(pl.coalesce(column, f"{column}_stored"))
        .alias(column)
        for column in others
    )
    return pl.concat([alone, filled.select(incoming.columns)])


def _with_formats(receipts: pl.DataFrame, stored: pl.DataFrame, formats: pl.DataFrame) -> pl.DataFrame:
    is_stored = pl.col("receipt_id").is_in(stored["receipt_id"].implode())
    joined = receipts.join(formats.unique("receipt_id"), on="receipt_id", how="left", maintain_order="left")
    return joined.with_columns(
        series=pl.when(is_stored).then(pl.lit("stored")).otherwise(pl.col("series").fill_null("incoming")),
        rank=pl.when(is_stored).then(STORED).otherwise(pl.col("rank").fill_null(_UNKNOWN_RANK)),
    )


def _customers(book: Book, entities: list[str]) -> pl.DataFrame:
    stored = _of_entities("customers", entities)
    return pl.concat([stored, book.customers]).unique("customer_id", keep="last", maintain_order=True)


def _changed(name: str, after: pl.DataFrame, incoming: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """What there is to merge: all that came in and was kept, stored rows that differ now, and those that gave way."""
    table = TABLES[name]
    key = list(table.key)
    rows = table.conform(after.select(list(table.schema)))
    before = _plain(name, stored)
    fresh = rows.join(before, on=key, how="anti")
    again = rows.join(incoming, on=key, how="semi").join(before, on=key, how="semi")
    moved = rows.join(before, on=key, how="semi").join(incoming, on=key, how="anti")
    learned = moved.join(before, on=list(table.schema), how="anti", nulls_equal=True)
    gone = before.join(rows, on=key, how="anti").with_columns(voided=pl.lit(True))
    return pl.concat([fresh, again, learned, gone])
