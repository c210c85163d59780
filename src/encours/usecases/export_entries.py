"""Exporting decided settlements as journal entries: each once, in batches that tie to the bank statement."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from encours.core.base.issue import CallError
from encours.core.entries import (
    COVER,
    ENTRY,
    LETTER,
    REVERSED,
    EntryRules,
    control,
    counter_id,
    letter_lines,
    reversal_letters,
    reverse_entries,
    write_entries,
)
from encours.store import audit, frames, parquet
from encours.store.models import (
    AllocationElsewhere,
    Entity,
    EntryBatch,
    EntryCover,
    EntryLetter,
    EntryLine,
    Export,
    ExportLine,
)
from encours.usecases import clock
from encours.usecases.entry_facts import Waiting, waiting_entries
from encours.usecases.entry_files import KINDS, batch_name, make_file
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole

#: How long a batch can be recalled.
RECALL = timedelta(minutes=10)
_KIND = "entries"
_KEY = ["entity_id", "bank", "mode", "period"]


@dataclass(frozen=True)
class Prepared:
    """What would leave now. `entries`: ENTRY; `covers`: COVER; `letters`: LETTER; `held`: HELD, with its reasons.

    `named`: item -> its number and its customer's name, of what leaves for the first time. `rules`: those it goes by.
    """

    entries: pl.DataFrame
    covers: pl.DataFrame
    letters: pl.DataFrame
    held: pl.DataFrame
    named: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rules: Mapping[str, EntryRules] = field(default_factory=dict)

    def of(self, bank: str | None) -> Prepared:
        """The part of one bank account."""
        if bank is None:
            return self
        mine = pl.col("bank") == bank
        parts = self.entries.filter(mine), self.covers.filter(mine), self.letters.filter(mine), self.held.filter(mine)
        return Prepared(*parts, named=self.named, rules=self.rules)


def prepare_entries(actor: Actor, entity_id: str) -> Prepared:
    """What `export_entries` would write now; nothing changes. Raises NotAllowedError."""
    require_whole(actor, entity_id, "export")
    require(actor, "export", entity_id)
    return _prepared(waiting_entries(entity_id))


def export_entries(actor: Actor, entity_id: str, bank: str | None = None) -> list[EntryBatch]:
    """Makes the batches of what waits (of one bank account, or of all): one a bank account, mode and month.

    Files are written before the rows are committed: a death in between leaves files that no batch knows, and what
    waited waits still. Raises NotAllowedError (no right, over the limit, a portfolio shows only a part).
    """
    require_whole(actor, entity_id, "export")
    require(actor, "export", entity_id)
    with transaction.atomic():
        _lock_with_others(entity_id)
        ready = _prepared(waiting_entries(entity_id)).of(bank)
        total = int(ready.covers["worth"].abs().sum())
        permission = require(actor, "export", entity_id, total)
        if permission.second_signature:
            raise NotAllowedError("export", entity_id, permission.why)
        for other in sorted(set(ready.entries["entity_id"]) - {entity_id}):
            require_whole(actor, other, "export")
            require(actor, "export", other)
        parts = pl.concat([ready.entries.select(_KEY), ready.covers.select(_KEY)]).unique().sort(_KEY)
        return [_batch(actor, key, ready) for key in parts.iter_rows(named=True)]


def recall_entries(actor: Actor, batch_id: int) -> EntryBatch:
    """Takes a batch back within ten minutes: what it held waits again. Twice is once.

    Raises NotAllowedError; CallError where it is too late, the ERP has brought it back, or a later batch builds on it.
    """
    found = _visible(actor, batch_id)
    with transaction.atomic():
        _lock_with_others(found.entity_id)
        batch = EntryBatch.objects.select_related("export").get(pk=batch_id)
        if batch.export.recalled_at is not None:
            return batch
        together = [batch, *_other_sides(actor, batch)]
        if faults := [fault for one in together for fault in _not_recallable(one)]:
            raise CallError(list(dict.fromkeys(faults)))
        for one in together:
            _recall(actor, one)
    return batch


def _recall(actor: Actor, batch: EntryBatch) -> None:
    batch.export.recalled_at = clock.now()
    batch.export.save(update_fields=["recalled_at"])
    gone, _ = ExportLine.objects.filter(export=batch.export).delete()
    audit.append(
        clock.now(),
        actor.name,
        "recall_export",
        entity_id=batch.entity_id,
        subject=f"export:{batch.export_id}",
        before={"number": batch.number, "lines": gone, "sha256": batch.export.sha256},
    )


def _lock_with_others(entity_id: str) -> None:
    """The entity's lock and those of the entities with which it has settled, always in one order."""
    between = AllocationElsewhere.objects.filter(Q(entity_id=entity_id) | Q(other_id=entity_id))
    pairs = between.values_list("entity_id", "other_id").distinct()
    for one in sorted({entity_id, *(name for pair in pairs for name in pair)}):
        parquet.lock_entity(one)


def _other_sides(actor: Actor, batch: EntryBatch) -> list[EntryBatch]:
    """The batches of other entities that hold the other side of this one's entries: neither stands without the other.

    Raises NotAllowedError where the actor may not take them back.
    """
    mains = EntryLine.objects.filter(batch=batch).values("main")
    rows = EntryBatch.objects.select_related("export").filter(lines__main__in=mains, export__recalled_at=None)
    found = list(rows.exclude(entity_id=batch.entity_id).distinct().order_by("pk"))
    return [_visible(actor, one.pk) for one in found]


def read_batch(actor: Actor, batch_id: int, kind: str) -> tuple[str, bytes]:
    """Name and bytes of a batch's file (csv, xlsx, fec, letters), the same as on the day it left.

    Raises NotAllowedError; CallError for another kind, a recalled batch, or a file that is lost and cannot be remade.
    """
    batch = _visible(actor, batch_id)
    if kind not in KINDS:
        raise CallError([f"{kind!r} is no kind of file: choose one of {', '.join(KINDS)}"])
    if batch.export.recalled_at is not None:
        raise CallError([f"batch {batch.number} was recalled: it must not be booked"])
    path = _path(batch, kind)
    content = path.read_bytes() if path.exists() else b""
    if _digest(content) != batch.digests[kind]:
        content = make_file(batch, kind)
    if _digest(content) != batch.digests[kind]:
        raise CallError([f"the file of batch {batch.number} is no longer what it was on the day it left"])
    return path.name, content


def can_recall(batch: EntryBatch, booked: bool | None = None) -> bool:
    """Whether `recall_entries` would do it now. `booked`: whether the ERP has booked of it, where that is known."""
    return batch.export.recalled_at is None and not _not_recallable(batch, booked)


def _not_recallable(batch: EntryBatch, booked: bool | None = None) -> list[str]:
    if clock.now() - batch.export.exported_at > RECALL:
        return [f"batch {batch.number} left more than ten minutes ago: undo the matches, a counter-entry follows"]
    if booked is None:
        booked = ExportLine.objects.filter(export=batch.export, acknowledged_by__isnull=False).exists()
    if booked:
        return [f"the ERP has already booked batch {batch.number}"]
    receipts = EntryCover.objects.filter(batch=batch).values("receipt_id")
    later = EntryCover.objects.filter(
        receipt_id__in=receipts,
        batch__export__recalled_at=None,
        batch__entity=batch.entity_id,
        batch__number__gt=batch.number,
    )
    # Batches that left in one go do not build on each other.
    later = later.exclude(batch__export__exported_at=batch.export.exported_at)
    number = later.values_list("batch__number", flat=True).first()
    return [] if number is None else [f"batch {number} builds on batch {batch.number}: recall that first"]


def _visible(actor: Actor, batch_id: int) -> EntryBatch:
    batch = EntryBatch.objects.select_related("export").filter(pk=batch_id).first()
    if batch is None:
        raise NotAllowedError("export", None, "not_visible")
    require_whole(actor, batch.entity_id, "export")
    require(actor, "export", batch.entity_id)
    return batch


def _prepared(waiting: Waiting) -> Prepared:
    """Entries of what leaves first, the mirror of what is taken back, and the letters of both."""
    seen = dict(waiting.facts.seen)
    written = write_entries(waiting.facts, waiting.rules, waiting.open_from)
    letters = letter_lines(written, waiting.facts, waiting.rules)
    for row in letters.iter_rows(named=True):
        key = (row["entity_id"], row["account"])
        seen[key] = max(seen.get(key, ""), row["letter"].upper(), key=lambda code: (len(code), code))
    mirror = _mirror(waiting, seen)
    customers = waiting.facts.customers.select("customer_id", customer="name")
    names = waiting.facts.items.join(customers, on="customer_id", how="left").select("item_id", "number", "customer")
    return Prepared(
        pl.concat([written.entries, mirror.entries]),
        pl.concat([written.covers, mirror.covers]),
        pl.concat([letters, mirror.letters]),
        written.held,
        {item_id: (number, customer or "") for item_id, number, customer in names.iter_rows()},
        waiting.rules,
    )


def _mirror(waiting: Waiting, seen: dict[tuple[str, str], str]) -> Prepared:
    """Counter-entries of what left and was undone: exact mirrors in the first open period."""
    covers = list(
        EntryCover.objects.filter(
            allocation_id__in=waiting.reversed_ids, counter=False, batch__export__recalled_at=None
        ).select_related("batch")
    )
    ids = pl.Series([cover.allocation_id for cover in covers], dtype=pl.String)
    gone = frames.versions("allocations", ids, ["allocation_id", "reversed_on"], current=True)
    undone_on = dict(gone.iter_rows())
    none = pl.DataFrame
    entries, made, letters = [none(schema=ENTRY)], [], [none(schema=LETTER)]
    days = {cover.pk: _day(cover, undone_on, waiting) for cover in covers}
    for day in sorted(set(days.values())):
        mine = [cover for cover in covers if days[cover.pk] == day]
        originals = _originals({cover.piece for cover in mine if cover.piece})
        back = reverse_entries(originals, day)
        pieces = dict(back.select("reverses", "piece").unique().iter_rows())
        entries.append(back.select(list(ENTRY)))
        letters += [_unlettered(mine, day), reversal_letters(back, originals, seen)]
        made += [_turned(cover, day, pieces) for cover in mine]
    return Prepared(pl.concat(entries), none(made, schema=COVER), pl.concat(letters), none())


def _day(cover: EntryCover, undone_on: Mapping[str, date], waiting: Waiting) -> date:
    entity_id = cover.batch.entity_id
    day = undone_on[cover.allocation_id]
    return max(day, waiting.open_from.get(entity_id, day))


def _originals(pieces: set[str]) -> pl.DataFrame:
    """The lines of these entries and of what followed them: the step from collection to the bank."""
    rows = [
        {name: getattr(row, name, None) for name in ENTRY}
        | {"entity_id": row.batch.entity_id, "bank": row.batch.bank, "mode": row.batch.mode}
        | {"currency": row.batch.currency, "period": row.batch.period}
        for row in EntryLine.objects.filter(main__in=pieces, batch__export__recalled_at=None)
        .select_related("batch")
        .order_by("pk")
    ]
    return pl.DataFrame(rows, schema=ENTRY)


def _unlettered(covers: list[EntryCover], day: date) -> pl.DataFrame:
    """The lines of the ERP that bore a letter by these exports: it goes, the settlement is none."""
    items, receipts = {cover.item_id for cover in covers if cover.item_id}, {cover.receipt_id for cover in covers}
    batches = {cover.batch_id: cover.batch for cover in covers}
    rows = EntryLetter.objects.filter(batch_id__in=batches, subject__in=("item", "payment")).exclude(letter="")
    made = [
        {name: getattr(row, name, None) for name in LETTER}
        | {"entity_id": batches[row.batch_id].entity_id, "bank": batches[row.batch_id].bank}
        | {"period": day.replace(day=1), "letter": ""}
        for row in rows.order_by("pk")
        if row.item_id in items or (row.subject == "payment" and row.receipt_id in receipts)
    ]
    return pl.DataFrame(made, schema=LETTER)


def _turned(cover: EntryCover, day: date, pieces: Mapping[str, str]) -> dict[str, Any]:
    """A cover the other way round."""
    batch = cover.batch
    kept = {name: getattr(cover, name) for name in ("allocation_id", "receipt_id", "item_id", "kind", "cash_currency")}
    back = {name: -getattr(cover, name) for name in ("cash", "from_advance", "worth")}
    place = {"entity_id": batch.entity_id, "bank": batch.bank, "mode": batch.mode, "period": day.replace(day=1)}
    named = {"encours_id": counter_id(cover.allocation_id), "piece": pieces.get(cover.piece or ""), "counter": True}
    return kept | back | place | named


def _batch(actor: Actor, key: Mapping[str, Any], ready: Prepared) -> EntryBatch:
    """One batch with its rows and files. The caller holds the transaction and the entity's lock."""
    entries, covers, letters = (_part(part, key) for part in (ready.entries, ready.covers, ready.letters))
    at = clock.now()
    figures = control(entries, covers, _taken(covers, ready.covers))
    entity = Entity.objects.get(pk=key["entity_id"])
    number = (EntryBatch.objects.filter(entity=entity).aggregate(last=Max("number"))["last"] or 0) + 1
    export = Export.objects.create(
        entity=entity,
        user=actor.user,
        kind=_KIND,
        path="",
        sha256="",
        lines=covers.height,
        total=int(covers["worth"].sum()),
        exported_at=at,
    )
    batch = EntryBatch.objects.create(
        export=export,
        entity=entity,
        number=number,
        bank=key["bank"],
        mode=key["mode"],
        period=key["period"],
        journals=" ".join(sorted(set(entries["journal"]))),
        currency=entity.currency,
        control=vars(figures),
        digests={},
    )
    _keep_rows(batch, entries, covers, letters)
    batch.digests = {kind: _write(batch, kind) for kind in KINDS}
    batch.save(update_fields=["digests"])
    export.path, export.sha256 = _path(batch, "csv").relative_to(settings.HOME).as_posix(), batch.digests["csv"]
    export.save(update_fields=["path", "sha256"])
    after = {"export": export.pk, "number": number, "lines": covers.height, "control": vars(figures)}
    audit.append(at, actor.name, "export_entries", entity_id=entity.pk, subject=f"export:{export.pk}", after=after)
    return batch


def _part(frame: pl.DataFrame, key: Mapping[str, Any]) -> pl.DataFrame:
    wanted = [pl.col(name) == key[name] for name in _KEY if name in frame.columns]
    return frame.filter(wanted)


def _taken(covers: pl.DataFrame, leaving: pl.DataFrame) -> pl.DataFrame:
    """receipt_id, amount, currency, taken of the receipts of a batch: what the ERP then knows of each."""
    ids = covers["receipt_id"].unique()
    columns = ["receipt_id", "amount", "currency"]
    receipts = frames.versions("receipts", ids, columns, current=True)
    before = EntryCover.objects.filter(receipt_id__in=ids.to_list(), batch__export__recalled_at=None)
    known = pl.DataFrame(
        list(before.values_list("receipt_id", "cash", "from_advance")),
        schema={"receipt_id": pl.String, "cash": pl.Int64, "from_advance": pl.Int64},
        orient="row",
    )
    both = pl.concat([known, leaving.select("receipt_id", "cash", pl.col("from_advance").fill_null(0))])
    sums = both.group_by("receipt_id").agg(taken=(pl.col("cash") - pl.col("from_advance")).sum())
    return receipts.join(sums, on="receipt_id", how="left").with_columns(pl.col("taken").fill_null(0))


def _keep_rows(batch: EntryBatch, entries: pl.DataFrame, covers: pl.DataFrame, letters: pl.DataFrame) -> None:
    """Lines under their entries' numbers and letters, covers, letters; an export line for each cover."""
    ours = letters.filter(pl.col("subject") == "entry").select(
        "letter", "account", "item_id", piece="reference"
    ).unique(["account", "item_id", "piece"], keep="first")  # fmt: skip
    lettered = entries.join(ours, on=["account", "item_id", "piece"], how="left", maintain_order="left")
    numbers: dict[str, str] = {}
    rows = []
    for row in lettered.iter_rows(named=True):
        number = numbers.setdefault(row["piece"], f"{batch.number:05d}-{len(numbers) + 1:04d}")
        names = [f.attname for f in EntryLine._meta.concrete_fields if f.attname in row]
        kept = {name: row[name] for name in names} | {"letter": row["letter"] or "", "number": number}
        rows.append(EntryLine(batch=batch, **kept))
    EntryLine.objects.bulk_create(rows, batch_size=1_000)
    names = [f.attname for f in EntryCover._meta.concrete_fields if f.attname in COVER]
    EntryCover.objects.bulk_create(
        [
            EntryCover(batch=batch, **{name: row[name] for name in names} | {"from_advance": row["from_advance"] or 0})
            for row in covers.iter_rows(named=True)
        ],
        batch_size=1_000,
    )
    names = [f.attname for f in EntryLetter._meta.concrete_fields if f.attname in LETTER]
    EntryLetter.objects.bulk_create(
        [EntryLetter(batch=batch, **{name: row[name] for name in names}) for row in letters.iter_rows(named=True)],
        batch_size=1_000,
    )
    ExportLine.objects.bulk_create(
        [
            ExportLine(export=batch.export, encours_id=one, allocation_id=key + (REVERSED if counter else ""))
            for one, key, counter in covers.select("encours_id", "allocation_id", "counter").iter_rows()
        ],
        batch_size=1_000,
    )


def _path(batch: EntryBatch, kind: str) -> Path:
    folder = Path(settings.HOME) / "exports" / quote(str(batch.entity_id), safe="").replace(".", "%2E")
    return folder / f"{batch_name(batch)}{KINDS[kind][0]}"


def _write(batch: EntryBatch, kind: str) -> str:
    """Makes the file, keeps it safe on the disk, and says its digest."""
    content = make_file(batch, kind)
    path = _path(batch, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    return _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
