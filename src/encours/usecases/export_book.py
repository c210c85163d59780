"""Exporting the book: all tables with all versions as a folder that anybody can read, and that comes back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from django.db import transaction

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.store import audit, frames
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require


def export_book(
    actor: Actor, out: Path, entity_ids: Sequence[str] | None = None, file_format: str = "parquet"
) -> dict[str, int]:
    """Writes the book of the entities (default: all visible ones) into a folder; rows by table.

    Raises NotAllowedError for an entity the actor may not export or sees only in part; CallError for a wrong format.
    """
    wanted = list(actor.entities if entity_ids is None else entity_ids)
    for entity_id in wanted:
        require(actor, "export", entity_id)
        if entity_id in actor.portfolios:
            raise NotAllowedError("export", entity_id, "portfolio")
    book = one_row_a_version(_with_named_items(frames.read_book(wanted)))
    write_book(book, out, file_format)
    counts = {name: frame.height for name, frame in book.tables().items()}
    with transaction.atomic():
        for entity_id in wanted:
            digest = hashlib.sha256(audit.canonical(counts).encode()).hexdigest()
            after = {"tables": counts, "digest": digest}
            audit.append(clock.now(), actor.name, "export_book", entity_id=entity_id, after=after)
    return counts


def _with_named_items(book: Book) -> Book:
    """Money that settled another entity's item names that item again: a file has no row without one."""
    rows = book.allocations
    if not rows["item_id"].null_count():
        return book
    ids = rows.filter(pl.col("item_id").is_null())["allocation_id"].unique()
    named = frames.versions("allocations", ids, ["allocation_id", "item_id"], current=True)
    told = pl.col("allocation_id").replace_strict(dict(named.iter_rows()), default=None, return_dtype=pl.String)
    return book.replace(allocations=rows.with_columns(item_id=pl.coalesce("item_id", told)))


def one_row_a_version(book: Book) -> Book:
    """Two words of one day about one fact are one version: the later one."""
    tables = {
        name: frame.unique([*TABLES[name].key, "known_on"], keep="last", maintain_order=True)
        for name, frame in book.tables().items()
        if TABLES[name].versioned
    }
    return book.replace(**tables)
