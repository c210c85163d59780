"""A copy of each entity's facts in Parquet: extended after each commit, stamped, made anew where it does not fit."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import time
from urllib.parse import quote

import polars as pl
from django.conf import settings
from django.db.models import Max, Q

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.store import bulk
from encours.store.models import FACTS, AllocationElsewhere, FactStamp
from encours.store.rows import select

_ROW_GROUP = 250_000
_GRACE_SECONDS = 900  # a reader may still hold the files of an older manifest
#: What belongs to no entity stands under an empty one.
NOBODY = ""
#: Tables that are copied; entities are few and always read from the database.
COPIED = tuple(name for name in TABLES if name != "entities")
#: Rows are laid out so that one customer's, or one item's, lie together; the order of versions of an id stays.
_LAYOUT = {"items": ["customer_id", "item_id"], "allocations": ["item_id"], "receipts": ["booked_on"]}


@dataclass(frozen=True)
class _File:
    name: str
    rows: int
    size: int


@dataclass
class Manifest:
    """What a copy holds: the stamp it was made at, each table's last row, and its files, oldest first."""

    number: int = 0
    token: str = ""
    marks: dict[str, int] = field(default_factory=dict)
    files: dict[str, list[_File]] = field(default_factory=dict)


def stamp(entity_id: str, at: datetime, import_id: int | None = None, names: Iterable[str] = COPIED) -> FactStamp:
    """Marks a change of the entity's facts; called in its transaction, under `lock_entity`, after the last insert.

    `names`: the tables that were written to, where the caller knows that there are no others.
    """
    last = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").first()
    marks = dict(last.marks) if last else {}
    for name in names:
        rows = FACTS[name]._default_manager.filter(entity_id=entity_id)
        if name in marks:
            rows = rows.filter(pk__gt=marks[name])
        newest = rows.aggregate(newest=Max("pk"))["newest"]
        if newest is not None:
            marks[name] = newest
    return FactStamp.objects.create(
        entity_id=entity_id,
        number=last.number + 1 if last else 1,
        token=uuid.uuid4().hex,
        import_id=import_id,
        marks=marks,
        at=at,
    )


def lock_entity(entity_id: str) -> None:
    """One writer of an entity's facts at a time, so that row numbers grow in the order of commits."""
    bulk.lock(f"facts:{entity_id}")


def _folder(entity_id: str) -> Path:
    return Path(settings.HOME) / "copies" / f"entity-{quote(entity_id, safe='').replace('.', '%2E')}"


def _read_manifest(folder: Path) -> Manifest | None:
    try:
        raw = json.loads((folder / "manifest.json").read_text())
        files = {name: [_File(**entry) for entry in entries] for name, entries in raw["files"].items()}
        found = Manifest(raw["number"], raw["token"], raw["marks"], files)
        whole = all((folder / f.name).stat().st_size == f.size for part in files.values() for f in part)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if whole else None


def ensure(entity_id: str) -> Manifest:
    """The manifest of a copy that holds everything committed, extending or making it where it lags."""
    folder = _folder(entity_id)
    newest = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").first()
    found = _read_manifest(folder)
    if newest is None:
        return Manifest()
    if found and (found.number, found.token) == (newest.number, newest.token):
        return found
    with _locked(folder):
        found = _read_manifest(folder)
        if found and (found.number, found.token) == (newest.number, newest.token):
            return found
        if not found or not _is_ours(entity_id, found):
            found = Manifest()
        added = {}
        for name in COPIED:
            after, until = found.marks.get(name, 0), newest.marks.get(name, 0)
            if until > after:
                added[name] = _rows(name, entity_id, after, until)
        return _append(folder, found, newest, added)


def extend(written: FactStamp, added: Mapping[str, pl.DataFrame]) -> None:
    """Adds rows that were just committed under this stamp; where the copy lags, `ensure` reads them back instead."""
    folder = _folder(written.entity_id)
    with _locked(folder):
        found = _read_manifest(folder) or (Manifest() if written.number == 1 else None)
        previous = (
            FactStamp.objects.filter(entity_id=written.entity_id, number=written.number - 1)
            .values_list("token", flat=True)
            .first()
        )
        fits = found is not None and found.number == written.number - 1 and found.token == (previous or "")
        if found is not None and fits:
            _append(folder, found, written, added)
            return
    ensure(written.entity_id)


def rebuild(entity_id: str) -> Manifest:
    """Makes the entity's copy anew from the database."""
    folder = _folder(entity_id)
    with _locked(folder):
        (folder / "manifest.json").unlink(missing_ok=True)
    return ensure(entity_id)


def _is_ours(entity_id: str, found: Manifest) -> bool:
    return FactStamp.objects.filter(entity_id=entity_id, number=found.number, token=found.token).exists()


def _rows(name: str, entity_id: str, after: int, until: int) -> pl.DataFrame:
    where = "t.entity_id = %s AND t.id > %s AND t.id <= %s"
    return select(FACTS[name], list(TABLES[name].schema), where, [entity_id, after, until])


def _append(folder: Path, found: Manifest, newest: FactStamp, added: Mapping[str, pl.DataFrame]) -> Manifest:
    files = {name: list(entries) for name, entries in found.files.items()}
    for name, rows in added.items():
        if rows.height:
            files.setdefault(name, []).append(_write(folder, name, rows))
            _merge_small(folder, name, files[name])
    manifest = Manifest(newest.number, newest.token, dict(newest.marks), files)
    text = json.dumps(
        {
            "number": manifest.number,
            "token": manifest.token,
            "marks": manifest.marks,
            "files": {name: [vars(entry) for entry in entries] for name, entries in files.items()},
        }
    )
    part = folder / f"manifest-{uuid.uuid4().hex}.part"
    with part.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(folder / "manifest.json")
    _sweep(folder, {entry.name for entries in files.values() for entry in entries})
    return manifest


def _write(folder: Path, name: str, rows: pl.DataFrame) -> _File:
    ordered = rows.select(list(TABLES[name].schema))
    if name in _LAYOUT:
        ordered = ordered.sort(_LAYOUT[name], maintain_order=True)
    path = folder / f"{name}-{uuid.uuid4().hex}.parquet"
    with path.open("wb") as out:
        ordered.write_parquet(out, compression="lz4", row_group_size=_ROW_GROUP)
        out.flush()
        os.fsync(out.fileno())
    return _File(path.name, ordered.height, path.stat().st_size)


def _merge_small(folder: Path, name: str, files: list[_File]) -> None:
    # A file is merged into the one before it while that is less than twice its size: few files, and each row is
    # rewritten only a handful of times in its life.
    while len(files) > 1 and files[-2].rows < 2 * files[-1].rows:
        newer, older = files.pop(), files.pop()
        rows = pl.concat([pl.read_parquet(folder / older.name), pl.read_parquet(folder / newer.name)])
        files.append(_write(folder, name, rows))


def _sweep(folder: Path, wanted: set[str]) -> None:
    horizon = time() - _GRACE_SECONDS
    for path in folder.iterdir():
        if path.suffix in (".parquet", ".part") and path.name not in wanted and path.stat().st_mtime < horizon:
            path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def scan(name: str, entity_ids: Iterable[str]) -> pl.LazyFrame:
    """All versions of a table's rows, lazily, in the Book's columns; stale copies are brought up first.

    Rates come whole, whoever asks. Raises KeyError for a table that is not copied (entities).
    """
    wanted = [NOBODY] if name == "rates" else sorted(set(entity_ids))
    return _scan(name, {entity_id: ensure(entity_id) for entity_id in wanted})


def scan_tables(names: Iterable[str], entity_ids: Iterable[str]) -> dict[str, pl.LazyFrame]:
    """Several tables, each entity's as of one and the same import: the stamp of its copy is asked for once."""
    manifests = {entity_id: ensure(entity_id) for entity_id in sorted(set(entity_ids))}
    return {name: _scan(name, manifests) for name in names}


def _scan(name: str, manifests: Mapping[str, Manifest]) -> pl.LazyFrame:
    schema = TABLES[name].schema
    paths = [_folder(e) / entry.name for e, manifest in manifests.items() for entry in manifest.files.get(name, [])]
    rows = pl.scan_parquet(paths, schema=schema, glob=False) if paths else pl.LazyFrame(schema=schema)
    return _own_side(rows, set(manifests)) if name == "allocations" else rows


def _own_side(rows: pl.LazyFrame, entity_ids: set[str]) -> pl.LazyFrame:
    """Allocations between two entities as a book without the other one tells them.

    Where the money came the item is not named: the receipt is used up. Where the item is owed the receipt is not: it
    is settled, and with what is the other entity's to tell. A book that holds both entities has the row as it is.
    """
    between = AllocationElsewhere.objects.filter(Q(entity_id__in=entity_ids) | Q(other_id__in=entity_ids))
    found = list(between.values_list("allocation_id", "entity_id", "other_id"))
    left = [one for one, here, there in found if here in entity_ids and there not in entity_ids]
    came = [one for one, here, there in found if there in entity_ids and here not in entity_ids]
    if left:
        item = pl.when(~pl.col("allocation_id").is_in(left)).then("item_id")
        rows = rows.with_columns(item_id=item)
    if came:
        marks = ", ".join(["%s"] * len(came))
        columns = list(TABLES["allocations"].schema)
        there = select(FACTS["allocations"], columns, f"t.allocation_id IN ({marks})", came)
        rows = pl.concat([rows, there.with_columns(receipt_id=pl.lit(None, dtype=pl.String)).lazy()])
    return rows


def read_book(entity_ids: Iterable[str]) -> Book:
    """The Book of some entities with all its versions, out of the copies."""
    wanted = sorted(set(entity_ids))
    tables = pl.collect_all([scan(name, wanted) for name in COPIED])
    where = f"t.entity_id IN ({', '.join(['%s'] * len(wanted)) or 'NULL'})"
    entities = select(FACTS["entities"], list(TABLES["entities"].schema), where, wanted)
    return Book.of(entities=entities, **dict(zip(COPIED, tables, strict=True)))
