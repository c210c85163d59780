"""What the import journeys share: files into the store in an order, and the store's state as comparable rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from encours.connectors.sheet.write import write_open_items_snapshot
from encours.core.base.book import Book
from encours.store import frames
from encours.store.models import Entity, Import
from encours.usecases.import_files import Upload, commit_import, receive_files
from encours.usecases.rights import Actor, job


def company(entities: pl.DataFrame) -> Actor:
    """The sample's entity in the store, and a job that may do everything in it."""
    row = entities.row(0, named=True)
    Entity.objects.get_or_create(
        entity_id=row["entity_id"],
        defaults={"name": row["name"], "country": row["country"], "currency": row["currency"]},
    )
    return job("journey")


def bring(
    actor: Actor, entity_id: str, paths: Iterable[Path], known_on: date | None = None, **options: object
) -> Import:
    """Receives and commits files in one go."""
    uploads = [Upload.of(path) for path in sorted(paths)]
    owner = receive_files(actor, entity_id, uploads, known_on=known_on, **options)  # type: ignore[arg-type]  # passed on
    return commit_import(actor, owner.pk)


def state(entity_id: str) -> dict[str, pl.DataFrame]:
    """Current items, receipts and allocations without the days on which they became known, in a fixed order."""
    found = {}
    for name, key in (("items", "item_id"), ("receipts", "receipt_id"), ("allocations", "allocation_id")):
        rows = frames.read_table(name, [entity_id], current=True).drop("known_on", "voided")
        found[name] = rows.sort(key)
    return found


def money(entity_id: str) -> pl.DataFrame:
    """receipt by receipt (account, day, amount, text) what is applied to which number: the same in any order."""
    rows = state(entity_id)
    used = rows["allocations"].join(rows["items"].select("item_id", "customer_id", "number"), on="item_id")
    receipts = rows["receipts"].select("receipt_id", "account", "booked_on", received="amount")
    return (
        used.join(receipts, on="receipt_id", how="left")
        .group_by("customer_id", "number", "kind", "account", "booked_on", "received")
        .agg(pl.col("amount").sum())
        .sort(pl.all(), nulls_last=True)
    )


@dataclass(frozen=True)
class Differs:
    """A day on which the store's open items are not the ERP's: rows customer_id, number, part, erp, encours."""

    day: date
    rows: pl.DataFrame


def replay_lists(
    actor: Actor, entity_id: str, book: Book, days: Sequence[date], folder: Path
) -> tuple[list[Differs], list[Import]]:
    """Imports the ERP's list of each day as a snapshot; says where the store differs from the truth of that day."""
    differs, imports = [], []
    for day in days:
        path = folder / f"postes-ouverts-{day}.csv"
        write_open_items_snapshot(book, day, path)
        imports.append(bring(actor, entity_id, [path], known_on=day, scope="snapshot"))
        gap = compare_open(entity_id, book, day)
        if gap.height:
            differs.append(Differs(day, gap))
    return differs, imports


def compare_open(entity_id: str, book: Book, day: date) -> pl.DataFrame:
    """Customers and numbers whose open amount in the store is not the ERP's of that day."""
    key = ["customer_id", "number"]
    truth = book.as_of(day)
    owed = truth.open_items().select(*key, erp="open")
    held = truth.unapplied_receipts().filter(pl.col("customer_id").is_not_null() & (pl.col("unapplied") != 0))
    lines = held.select(
        "customer_id", number=pl.col("receipt_id").str.replace(r"^[^:]*:", ""), erp=-pl.col("unapplied")
    )
    erp = pl.concat([owed, lines]).group_by(key).agg(pl.col("erp").sum()).filter(pl.col("erp") != 0)
    rows = frames.read_table("items", [entity_id], current=True)
    stored = Book.of(items=rows, allocations=frames.read_table("allocations", [entity_id], current=True))
    ours = stored.open_items().group_by(key).agg(encours=pl.col("open").sum()).filter(pl.col("encours") != 0)
    both = erp.join(ours, on=key, how="full", coalesce=True).with_columns(pl.col("erp", "encours").fill_null(0))
    return both.filter(pl.col("erp") != pl.col("encours")).sort(key)


def working_days(last: date, count: int) -> list[date]:
    """The last `count` weekdays up to a day."""
    days, day = [], last
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]
