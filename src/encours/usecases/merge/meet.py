"""What comes in meets what is there, before any row is compared: the same invoice, the same letter, a list of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import concat_issues
from encours.core.base.money import to_minor
from encours.store.models import Entity, Import, LedgerBalance, SourceProfile
from encours.usecases.import_advice import keep_read_advice
from encours.usecases.merge.meet_customers import meet_customers
from encours.usecases.merge.meet_entries import meet_entries, note_entries
from encours.usecases.merge.meet_events import meet_events
from encours.usecases.merge.meet_items import meet_items
from encours.usecases.merge.meet_letters import MetLetters, meet_letters, note_letters
from encours.usecases.merge.meet_receipts import meet_receipts, note_merges
from encours.usecases.merge.meet_remitters import meet_remitters
from encours.usecases.merge.meet_snapshot import MetSnapshot, keep_snapshot, meet_snapshot
from encours.usecases.read_files import FilesRead


@dataclass(frozen=True)
class Met:
    """The Book to merge and what to say of it. With `suspect` sentences nothing may be merged until confirmed."""

    book: Book
    issues: pl.DataFrame
    merges: pl.DataFrame
    letters: MetLetters
    snapshot: MetSnapshot | None

    @property
    def suspect(self) -> tuple[str, ...]:
        """Why the list of open items is not believed."""
        return self.snapshot.reading.suspect if self.snapshot else ()


def meet(owner: Import, read: FilesRead, today: date) -> Met:
    """The read files against the store; call it in the transaction that merges, under the entities' locks."""
    known, strangers = meet_remitters(meet_customers(read.book, read.told))
    receipts = meet_receipts(known, read.formats, read.told)
    items = meet_items(receipts.book, read.told, read.files)
    snapshot = None
    book, untied = meet_events(items.book, read.named)
    issues = [strangers, receipts.issues, items.issues, untied]
    if owner.scope == SourceProfile.Scope.SNAPSHOT and book.items.height:
        _with_source(owner)
        day = owner.day or _stated_day(read) or today
        snapshot = meet_snapshot(book, owner, day, confirmed=owner.confirmed_by_id is not None)
        book = snapshot.book
        issues.append(snapshot.reading.issues)
    letters = meet_letters(meet_entries(book, read), today)
    merges = pl.concat([read.merges.select(receipts.merges.columns), receipts.merges])
    return Met(letters.book, concat_issues([*issues, letters.issues]), merges, letters, snapshot)


def note(met: Met, owner: Import, read: FilesRead) -> None:
    """Keeps what was met: acknowledgements, the list for the next one, the ledger's own balances."""
    note_merges(met.merges, owner.pk)
    note_letters(met.letters, owner.pk)
    note_entries(read, owner.pk)
    if met.snapshot is not None:
        source = (
            owner.source
            or SourceProfile.objects.get_or_create(
                entity_id=owner.entity_id,
                name="open items",
                defaults={"connector": "sheet", "scope": SourceProfile.Scope.SNAPSHOT, "fingerprint": ""},
            )[0]
        )
        if owner.source_id != source.pk:
            owner.source = source
            owner.save(update_fields=["source"])
        owner.day = met.snapshot.now.day
        owner.save(update_fields=["day"])
        keep_snapshot(met.snapshot, owner, source)
    _note_balances(owner, read)
    for file in read.files:
        if lines := file.facts.get("advice"):
            head = cast("dict[str, Any]", file.facts.get("advice_head") or {})
            keep_read_advice(owner, file.name, file.sha256, cast("list[dict[str, Any]]", lines), head)


def _with_source(owner: Import) -> None:
    """A list without a source of its own is one of the entity's lists of open items: the next is compared with it."""
    if owner.source_id is None:
        owner.source, _ = SourceProfile.objects.get_or_create(
            entity_id=owner.entity_id,
            name="open items",
            defaults={"connector": "sheet", "scope": SourceProfile.Scope.SNAPSHOT, "fingerprint": ""},
        )
        owner.save(update_fields=["source"])


def _stated_day(read: FilesRead) -> date | None:
    days = [str(file.facts["snapshot_on"]) for file in read.files if file.facts.get("snapshot_on")]
    return date.fromisoformat(max(days)[:10]) if days else None


def _note_balances(owner: Import, read: FilesRead) -> None:
    """What each ledger's receivable accounts stood at on its month ends and its last day, for the cadrage."""
    for file in read.files:
        if file.connector != "fec" or file.entity_id is None:
            continue
        entity = Entity.objects.filter(pk=file.entity_id).first()
        if entity is None:
            continue
        for day, accounts in _closings(file.facts).items():
            LedgerBalance.objects.filter(entity=entity, on=day, user__isnull=True).delete()  # the later file's word
            LedgerBalance.objects.bulk_create(
                LedgerBalance(
                    entity=entity,
                    account=str(account),
                    currency=entity.currency,
                    on=day,
                    balance=to_minor(Decimal(str(balance)), entity.currency),
                    import_id=owner.pk,
                )
                for account, balance in accounts.items()
            )


def _closings(facts: Mapping[str, Any]) -> dict[date, dict[str, object]]:
    """Day -> account -> balance, as a ledger's facts state them."""
    closings = {date.fromisoformat(day): dict(accounts) for day, accounts in (facts.get("closings") or {}).items()}
    if facts.get("to") and facts.get("balances"):
        closings.setdefault(date.fromisoformat(str(facts["to"])[:10]), dict(facts["balances"]))
    return closings
