"""Our own entries come back with the ERP's ledger: what was exported is acknowledged, and its receipts are booked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl
from django.db.models import F, Sum

from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.core.entries import REVERSED
from encours.store import frames
from encours.store.models import Acknowledgement, Advance, AllocationElsewhere, EntryCover, EntryLine, ExportLine
from encours.usecases.read_files import FileRead, FilesRead

_PART = 500


def own_entries(ids: Iterable[str]) -> dict[str, dict[tuple[str, str], int]]:
    """Of these ids the entries that left here: account and auxiliary -> Σ debit − credit."""
    wanted = sorted(set(ids))
    found: dict[str, dict[tuple[str, str], int]] = {}
    for start in range(0, len(wanted), _PART):
        rows = EntryLine.objects.filter(piece__in=wanted[start : start + _PART], batch__export__recalled_at=None)
        for piece, account, aux, net in rows.values_list("piece", "account", "auxiliary").annotate(net=Sum("net")):
            found.setdefault(piece, {})[account, aux] = net
    return found


def meet_entries(book: Book, read: FilesRead) -> Book:
    """The Book with the ledger's word on the receipts that our returned entries have booked wholly.

    The ERP then knows the money: it stands on its customer's account from the entry's day. Where the return of a
    counter-entry leaves nothing booked, the word goes again.
    """
    covers = _covers(read.files)
    if not covers:
        return book
    ids = pl.Series(sorted({cover.receipt_id for cover in covers}), dtype=pl.String)
    receipts = frames.versions("receipts", ids, list(TABLES["receipts"].schema), current=True)
    told = {row["receipt_id"]: row for row in book.receipts.iter_rows(named=True)}
    booked = _booked([cover.pk for cover in covers], ids.to_list())
    words = _words(booked)
    rows = []
    for row in receipts.iter_rows(named=True):
        now = told.get(row["receipt_id"], row)
        amount = sum(cover.cash - cover.from_advance for cover in booked.get(row["receipt_id"], []))
        if amount == row["amount"] and row["receipt_id"] in words:
            rows.append(now | words[row["receipt_id"]] | {"known_on": None})
        elif amount == 0 and row["ledger_account"] is not None and row["origin"] == "bank":
            kept = Advance.objects.filter(receipt_id=row["receipt_id"]).exists()
            customer = row["customer_id"] if kept else None
            rows.append(now | {"ledger_account": None, "posted_on": None, "customer_id": customer, "known_on": None})
    if not rows:
        return book
    changed = pl.DataFrame(rows, schema=TABLES["receipts"].schema)
    others = book.receipts.filter(~pl.col("receipt_id").is_in(changed["receipt_id"].implode()))
    return book.replace(receipts=pl.concat([others, changed]))


def note_entries(read: FilesRead, import_id: int) -> None:
    """Keeps which settlements the ERP has booked by our entries."""
    _note_booked_there(sorted({str(one) for file in read.files for one in _ids(file.facts)}), import_id)
    covers = _covers(read.files)
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(allocation_id=cover.allocation_id, by_id=cover.piece or "", import_id=import_id)
            for cover in covers
            if not cover.counter and cover.kind != "advance"
        ],
        ignore_conflicts=True,
    )
    keys = [cover.allocation_id + (REVERSED if cover.counter else "") for cover in covers]
    for start in range(0, len(keys), _PART):
        rows = ExportLine.objects.filter(allocation_id__in=keys[start : start + _PART], acknowledged_by__isnull=True)
        rows.update(acknowledged_by=import_id)


def _note_booked_there(pieces: Sequence[str], import_id: int) -> None:
    """Keeps which settlements between entities the other one's ledger has brought back: `pieces` of our entries."""
    for start in range(0, len(pieces), _PART):
        lines = EntryLine.objects.filter(piece__in=pieces[start : start + _PART], counter=False, role="liaison")
        found = set(lines.exclude(piece=F("main")).values_list("main", "batch__entity_id"))
        for main, entity_id in found:
            covers = EntryCover.objects.filter(piece=main, counter=False).values("allocation_id")
            rows = AllocationElsewhere.objects.filter(allocation_id__in=covers, other_id=entity_id)
            rows.filter(booked_there_by=None).update(booked_there_by=import_id)


def _covers(files: Iterable[FileRead]) -> list[EntryCover]:
    """What the entries covered that these files brought back."""
    ids = sorted({str(one) for file in files for one in _ids(file.facts)})
    found: list[EntryCover] = []
    for start in range(0, len(ids), _PART):
        part = ids[start : start + _PART]
        found += EntryCover.objects.filter(piece__in=part, batch__export__recalled_at=None)
    return found


def _ids(facts: Mapping[str, object]) -> list[object]:
    ids = facts.get("own_entries")
    return ids if isinstance(ids, list) else []


def _booked(fresh: list[int], receipt_ids: list[str]) -> dict[str, list[EntryCover]]:
    """Receipt -> the covers with an entry that the ERP has: those that came back now, and before."""
    rows = EntryCover.objects.filter(
        receipt_id__in=receipt_ids, piece__isnull=False, batch__export__recalled_at=None
    ).select_related("batch")
    keys = {row.pk: row.allocation_id + (REVERSED if row.counter else "") for row in rows}
    known = ExportLine.objects.filter(allocation_id__in=list(keys.values()), acknowledged_by__isnull=False)
    there = set(known.values_list("allocation_id", flat=True))
    found: dict[str, list[EntryCover]] = {}
    for row in rows:
        if row.pk in fresh or keys[row.pk] in there:
            found.setdefault(row.receipt_id, []).append(row)
    return found


def _words(booked: Mapping[str, list[EntryCover]]) -> dict[str, dict[str, object]]:
    """Receipt -> ledger_account, customer_id and posted_on, out of the lines that stand against its money."""
    pieces = {cover.piece for covers in booked.values() for cover in covers if not cover.counter}
    lines: dict[str, list[EntryLine]] = {}
    rows = EntryLine.objects.filter(piece__in=pieces, role__in=("claim", "advance")).exclude(auxiliary="")
    for line in rows.select_related("batch").order_by("pk"):
        lines.setdefault(line.receipt_id, []).append(line)
    found: dict[str, dict[str, object]] = {}
    for receipt_id, own in lines.items():
        customers = {f"{line.batch.entity_id}:{line.auxiliary}" for line in own}
        found[receipt_id] = {
            "ledger_account": own[0].account,
            "customer_id": next(iter(customers)) if len(customers) == 1 else None,
            "posted_on": min(line.day for line in own),
        }
    return found
