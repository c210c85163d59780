"""A full list of open items meets the list before it: what it leaves out was settled, unless it is not believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from django.conf import settings

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.snapshot.read import BOOKED, PENDING, STATED, Snapshot, SnapshotReading, read_snapshot
from encours.store import frames
from encours.store.models import Acknowledgement, Import, SourceProfile
from encours.store.models import Snapshot as StoredSnapshot
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.unify_sources import STATED_OPEN

_TABLE = TABLES["allocations"]


@dataclass(frozen=True)
class MetSnapshot:
    """The Book to merge, the reading (with why it is not believed) and the list as it will be kept."""

    book: Book
    reading: SnapshotReading
    now: Snapshot


def meet_snapshot(book: Book, owner: Import, day: date, confirmed: bool = False) -> MetSnapshot:
    """Reads the import's list as of `day` against the source's last one. Suspect and not confirmed: nothing changes."""
    now = Snapshot(day, _stated(book))
    previous = _previous(owner)
    named = pl.concat([now.stated["item_id"], *([previous.stated["item_id"]] if previous else [])]).unique()
    standing = _standing(named)
    reading = read_snapshot(
        now,
        previous,
        _booked(book, named),
        standing.filter(pl.col("kind") == "ledger"),
        _pending(standing),
        f"{owner.source_id or 0}:{owner.pk}",
        confirmed,
    )
    undone = standing.join(reading.reversals.rename({"reversed_on": "on"}), on="allocation_id").with_columns(
        reversed_on="on", known_on=pl.lit(None, dtype=pl.Date)
    )
    stated = pl.col("source") == STATED_OPEN
    parts = [
        book.allocations.filter(~stated),
        reading.allocations,
        _TABLE.conform(undone.select(list(_TABLE.schema))),
    ]
    return MetSnapshot(book.replace(allocations=pl.concat(parts)), reading, now)


def keep_snapshot(met: MetSnapshot, owner: Import, source: SourceProfile) -> None:
    """Keeps the list for the next one to be compared with; in the import's transaction."""
    path = _path(owner.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    met.now.stated.write_parquet(beside)
    beside.replace(path)
    sums = met.now.stated.group_by("entity_id").agg(pl.len().alias("items"), pl.col("open").sum()).sort("entity_id")
    for entity_id, items, total in sums.iter_rows():
        StoredSnapshot.objects.update_or_create(
            source=source,
            entity_id=entity_id,
            day=met.now.day,
            defaults={"owner": owner, "items": items, "total": total},
        )


def _stated(book: Book) -> pl.DataFrame:
    taken = (
        book.allocations.filter(pl.col("source") == STATED_OPEN).group_by("item_id").agg(taken=pl.col("amount").sum())
    )
    rows = book.items.join(taken, on="item_id", how="left", maintain_order="left")
    opened = rows.with_columns(open=pl.col("amount") - pl.col("taken").fill_null(0))
    return opened.unique("item_id", keep="last", maintain_order=True).select(list(STATED))


def _previous(owner: Import) -> Snapshot | None:
    last = (
        StoredSnapshot.objects.filter(source_id=owner.source_id, owner__state=Import.State.DONE)
        .exclude(owner=owner)
        .order_by("-day", "-pk")
        .first()
    )
    if last is None:
        return None
    return Snapshot(last.day, pl.read_parquet(_path(last.owner_id)))


def _path(import_id: int) -> Path:
    return Path(settings.HOME) / "snapshots" / f"{import_id}.parquet"


def _standing(item_ids: pl.Series) -> pl.DataFrame:
    rows = frames.versions("allocations", item_ids, list(_TABLE.schema), current=True, by="item_id")
    return _TABLE.conform(rows).filter(pl.col("reversed_on").is_null())


def _booked(book: Book, named: pl.Series) -> pl.DataFrame:
    """What the book says is open of the named items: stored, else (new in this list) as invoiced."""
    stored = frames.versions("items", named, ["item_id", "issued_on", "open"], current=True)
    new = book.items.select("item_id", "issued_on", open="amount").unique("item_id", keep="last")
    return pl.concat([stored.select(list(BOOKED)), new.select(list(BOOKED))]).unique("item_id", keep="first")


def _pending(standing: pl.DataFrame) -> pl.DataFrame:
    """What was decided here on each item and the ERP has not brought back."""
    back = Acknowledgement.objects.values_list("allocation_id", flat=True)
    own = standing.filter(pl.col("source").str.starts_with(OWN_SOURCE))
    known = pl.Series("allocation_id", list(back), dtype=pl.String) if own.height else own["allocation_id"].clear()
    rows = own.filter(~pl.col("allocation_id").is_in(known.implode()))
    given = rows.filter(pl.col("credit_item_id").is_not_null()).select(
        item_id="credit_item_id", amount=-pl.col("amount")
    )
    return pl.concat([rows.select("item_id", "amount"), given]).select(list(PENDING))
