"""Invoices that come in meet those that are there: one invoice once, whichever file brought it first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import concat_issues, no_issues
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES
from encours.core.identity.items import FILLED, LEDGER_RANK, not_in_ledger, rename_items, unify_items
from encours.store import frames
from encours.store.models import Import, ImportFile, Item
from encours.usecases.read_files import FileRead
from encours.usecases.unify_sources import RANKS, STATED_OPEN, rank_of, without_items

#: Tables that name an item in a column of their own: what is stored follows an item that takes another id.
_FOLLOWING = ("allocations", "documents", "promises", "disputes", "touches")
_COLUMNS = [*TABLES["items"].schema, "open", "import_id"]


@dataclass(frozen=True)
class MetItems:
    """The Book to merge, with stored rows that change appended to it, and what to say."""

    book: Book
    issues: pl.DataFrame


def meet_items(book: Book, told: pl.DataFrame, files: Sequence[FileRead]) -> MetItems:
    """Pairs incoming items with stored ones by customer and number; see core.identity for what leads.

    `told`: item_id, rank, states_due of the incoming ones. A ledger's computed due date never replaces one that a
    source states. A ledger that comes in also takes away what lists had told of its days and it does not have.
    """
    if not book.items.height or not told.filter(pl.col("rank") > 0).height:
        return MetItems(book, no_issues())  # what a book folder tells is taken as it stands
    incoming = book.items.join(told, on="item_id", how="left", maintain_order="left").with_columns(
        pl.col("rank").fill_null(0), pl.col("states_due").fill_null(True), is_open=pl.lit(True)
    )
    stored = _stored(incoming)
    incoming = _with_stated_dates(incoming, stored)
    newcomer = (pl.col("rank") > 0) & ~pl.col("item_id").is_in(stored["item_id"].implode())
    fresh = incoming.filter(newcomer)
    unified = unify_items(pl.concat([stored.select(fresh.columns), fresh]))
    items = pl.concat(
        [
            TABLES["items"].conform(incoming.filter(~newcomer).select(list(TABLES["items"].schema))),
            _moved(unified.items, stored, unified.renames, fresh),
        ]
    )
    met = _follow(book.replace(items=items), unified.renames, stored)
    left_out, said = not_in_ledger(_still_new(fresh, unified.renames), _ledger_days(book))
    tables = without_items({name: frame for name, frame in met.tables().items() if frame.height}, left_out)
    cleared, taken = _cleared(Book.of(**tables), unified.renames, _days(files))
    return MetItems(cleared, concat_issues([unified.issues, said, taken]))


def _cleared(book: Book, renames: pl.DataFrame, covered: pl.DataFrame) -> tuple[Book, pl.DataFrame]:
    """The Book with a voided row for each stored list line that the incoming ledger of its days lacks."""
    if not covered.height:
        return book, no_issues()
    lists = Import.objects.filter(entity_id__in=covered["entity_id"].to_list(), state=Import.State.DONE).exclude(
        files__connector__in=[name for name, rank in RANKS.items() if rank <= LEDGER_RANK]
    )
    ids = Item.objects.filter(import_id__in=lists.values("pk"), is_current=True).values_list("item_id", flat=True)
    table = TABLES["items"]
    rows = frames.versions("items", pl.Series(list(ids), dtype=pl.String), list(table.schema), current=True)
    known = pl.concat([renames["from_id"], renames["to_id"], book.items["item_id"].rename("to_id")])
    alone = rows.filter(~pl.col("item_id").is_in(known.implode())).with_columns(rank=pl.lit(LEDGER_RANK + 1))
    gone, issues = not_in_ledger(alone, covered)
    voided = pl.lit(True)
    items = table.conform(alone.filter(pl.col("item_id").is_in(gone.implode())).select(list(table.schema)))
    settled = TABLES["allocations"].conform(
        frames.versions("allocations", gone, list(TABLES["allocations"].schema), current=True, by="item_id")
    )
    return book.replace(
        items=pl.concat([book.items, items.with_columns(voided=voided, known_on=pl.lit(None, dtype=pl.Date))]),
        allocations=pl.concat(
            [book.allocations, settled.with_columns(voided=voided, known_on=pl.lit(None, dtype=pl.Date))]
        ),
    ), issues


def _days(files: Sequence[FileRead]) -> pl.DataFrame:
    """entity_id, from_on, to_on of the ledgers among the files."""
    told = [(file.entity_id, file.facts) for file in files if file.connector == "fec" and file.entity_id]
    return _as_days(told)


def _stored(incoming: pl.DataFrame) -> pl.DataFrame:
    """Current stored items of the incoming customers and numbers, with EXTRA by the files that brought them."""
    keys = incoming.select(number_key(pl.col("number"))).to_series().unique()
    rows = frames.versions("items", keys.filter(keys != ""), _COLUMNS, current=True, by="number_key")
    rows = rows.filter(pl.col("customer_id").is_in(incoming["customer_id"].unique().implode()))
    ranks = pl.DataFrame(
        [(owner, rank_of(name), name != "fec" or bool(facts.get("due_dates"))) for owner, name, facts in _files(rows)],
        schema={"import_id": pl.Int64, "rank": pl.Int64, "states_due": pl.Boolean},
        orient="row",
    )
    best = ranks.group_by("import_id").agg(pl.col("rank").min(), pl.col("states_due").sort_by("rank").first())
    return rows.join(best, on="import_id", how="left", maintain_order="left").with_columns(
        pl.col("rank").fill_null(0), pl.col("states_due").fill_null(True), is_open=pl.col("open") != 0
    )


def _files(rows: pl.DataFrame) -> list[tuple[int, str, dict[str, object]]]:
    owners = rows["import_id"].drop_nulls().unique().to_list()
    return list(ImportFile.objects.filter(owner_id__in=owners).values_list("owner_id", "connector", "facts"))


def _with_stated_dates(incoming: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """A ledger read again keeps the due date and references that others stated for its items meanwhile."""
    known = stored.select("item_id", *[pl.col(name).alias(f"{name}_stored") for name in ("due_on", *FILLED)])
    joined = incoming.join(known, on="item_id", how="left", maintain_order="left")
    again = ~pl.col("states_due") & pl.col("due_on_stored").is_not_null()
    return joined.with_columns(
        due_on=pl.when(again).then("due_on_stored").otherwise("due_on"),
        **{name: pl.when(again).then(pl.coalesce(name, f"{name}_stored")).otherwise(name) for name in FILLED},
    ).select(incoming.columns)


def _moved(unified: pl.DataFrame, stored: pl.DataFrame, renames: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Rows to merge: new items, stored ones that learned something, and a voided row for each that took another id."""
    table = TABLES["items"]
    before = table.conform(stored.select(list(table.schema)))
    is_stored = pl.col("item_id").is_in(before["item_id"].implode())
    learned = unified.filter(is_stored).join(before, on=list(table.schema), how="anti", nulls_equal=True)
    gone = before.filter(pl.col("item_id").is_in(renames["from_id"].implode())).with_columns(voided=pl.lit(True))
    changed = pl.concat([learned, gone]).with_columns(known_on=pl.lit(None, dtype=pl.Date))
    return pl.concat([unified.filter(pl.col("item_id").is_in(fresh["item_id"].implode())), changed])


def _follow(book: Book, renames: pl.DataFrame, stored: pl.DataFrame) -> Book:
    """What names a renamed item names the other one, incoming and stored; stated settlements give way to a ledger's."""
    if not renames.height:
        return book
    moved = stored.filter(pl.col("item_id").is_in(renames["from_id"].implode()))["item_id"]
    parts = {}
    for name in _FOLLOWING:
        columns = list(TABLES[name].schema)
        by = "item_id"
        rows = frames.versions(name, moved, columns, current=True, by=by) if moved.len() else TABLES[name].empty()
        parts[name] = pl.concat(
            [book.table(name), TABLES[name].conform(rows).with_columns(known_on=pl.lit(None, dtype=pl.Date))]
        )
    told = _events(moved)
    parts["events"] = pl.concat([book.events, told])
    detailed = renames.filter("settled")["from_id"].implode()
    stated = (pl.col("source") == STATED_OPEN) | pl.col("source").str.starts_with("snapshot:")
    obsolete = stated & pl.col("item_id").is_in(detailed)
    incoming = book.allocations["allocation_id"].implode()
    parts["allocations"] = (
        parts["allocations"]
        .filter(~(obsolete & pl.col("allocation_id").is_in(incoming)))
        .with_columns(voided=pl.when(obsolete).then(True).otherwise("voided"))
    )
    renamed = {
        name: rename_items(parts.get(name, frame), renames, ("item_id", "credit_item_id", "subject_id"))
        for name, frame in book.tables().items()
        if name != "items"
    }
    # The item is part of an event's key: under the new one it is another row, and the former is no more.
    former = told.with_columns(voided=pl.lit(True), known_on=pl.lit(None, dtype=pl.Date))
    return book.replace(**{**renamed, "events": pl.concat([renamed["events"], former])})


def _events(moved: pl.Series) -> pl.DataFrame:
    """What is told of stored items that take another id; a deadline stays known since when it was."""
    table = TABLES["events"]
    return table.conform(frames.versions("events", moved, list(table.schema), current=True, by="subject_id"))


def _still_new(fresh: pl.DataFrame, renames: pl.DataFrame) -> pl.DataFrame:
    return fresh.filter((pl.col("rank") > LEDGER_RANK) & ~pl.col("item_id").is_in(renames["from_id"].implode()))


def _ledger_days(book: Book) -> pl.DataFrame:
    """entity_id, from_on, to_on: what the ledgers that were imported before cover."""
    files = ImportFile.objects.filter(
        connector="fec", owner__state="done", owner__entity_id__in=book.entities["entity_id"].to_list()
    ).values_list("owner__entity_id", "facts")
    return _as_days(files)


def _as_days(told: Iterable[tuple[str | None, Mapping[str, Any]]]) -> pl.DataFrame:
    rows = [
        (entity_id, date.fromisoformat(str(facts["from"])[:10]), date.fromisoformat(str(facts["to"])[:10]))
        for entity_id, facts in told
        if facts.get("from") and facts.get("to")
    ]
    schema = {"entity_id": pl.String, "from_on": pl.Date, "to_on": pl.Date}
    days = pl.DataFrame(rows, schema=schema, orient="row")
    return days.group_by("entity_id").agg(pl.col("from_on").min(), pl.col("to_on").max())
