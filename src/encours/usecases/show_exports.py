"""The export to the ERP as it is looked at: what waits, what left, what came back, how entries are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Count, Q

from encours.core.entries import EntryRules
from encours.store.models import Customer, Entity, EntryBatch, EntryLetter, EntryLine, ExportLine, Item, Receipt
from encours.usecases.entry_rules import entry_rules
from encours.usecases.export_entries import Prepared, can_recall, prepare_entries
from encours.usecases.rights import Actor, NotAllowedError, require, require_whole
from encours.usecases.viewing import Viewing

_LARGEST = 5
_PREVIEW = 200
_BATCHES = 50
_HELD = 50


@dataclass(frozen=True)
class WaitingRow:
    """What one bank account would export in one month: settlements, entries, the money by currency."""

    bank: str
    mode: str
    period: date
    settlements: int
    entries: int
    reversals: int
    totals: list[tuple[str, int]]


@dataclass(frozen=True)
class CoverRow:
    """One settlement that waits."""

    item_id: str
    number: str
    customer: str
    kind: str
    amount: int
    currency: str
    counter: bool


@dataclass(frozen=True)
class LineRow:
    """A line of an entry. `first`: the entry begins here."""

    number: str
    journal: str
    day: date
    piece: str
    account: str
    auxiliary: str
    label: str
    debit: int
    credit: int
    letter: str
    first: bool


@dataclass(frozen=True)
class LetterRow:
    """A line of the ledger that is to bear a letter; blank: that is to lose it."""

    account: str
    auxiliary: str
    subject: str
    reference: str
    day: date
    net: int
    letter: str


@dataclass(frozen=True)
class HeldRow:
    """What cannot leave yet, and why; how many settlements of a bank account."""

    bank: str
    reason: str
    count: int


@dataclass(frozen=True)
class BatchRow:
    """A batch that left. `acknowledged` of `settlements` came back; the rest is awaited since `made_at`."""

    batch_id: int
    number: int
    made_at: datetime
    by: str
    bank: str
    mode: str
    period: date
    journals: str
    currency: str
    settlements: int
    entries: int
    totals: list[tuple[str, int]]
    rests: list[tuple[str, int]]
    acknowledged: int
    recalled_at: datetime | None
    may_recall: bool

    @property
    def awaited(self) -> int:
        """Settlements that the ERP has not brought back."""
        return 0 if self.recalled_at else self.settlements - self.acknowledged


@dataclass(frozen=True)
class BankRow:
    """A bank account and how it is kept; `mode` is blank until somebody says it."""

    account: str
    mode: str
    ledger_account: str
    journal: str


@dataclass(frozen=True)
class EntityExports:
    """What of an entity waits, for a choice among several."""

    entity_id: str
    name: str
    batches: int
    awaited: int


@dataclass(frozen=True)
class ExportsPage:
    """One entity's exports, or the entities to choose from."""

    entities: list[EntityExports]
    entity_id: str = ""
    name: str = ""
    currency: str = ""
    may_change: bool = False
    waiting: list[WaitingRow] = field(default_factory=list)
    settlements: int = 0
    reversals: int = 0
    totals: list[tuple[str, int]] = field(default_factory=list)
    largest: list[CoverRow] = field(default_factory=list)
    preview: list[LineRow] = field(default_factory=list)
    left_out: int = 0  # lines of the preview that are not shown
    letters: int = 0
    held: list[HeldRow] = field(default_factory=list)
    batches: list[BatchRow] = field(default_factory=list)
    banks: list[BankRow] = field(default_factory=list)


@dataclass(frozen=True)
class BatchPage:
    """One batch with its lines and letters."""

    row: BatchRow
    entity_name: str
    control: Mapping[str, Any]
    lines: list[LineRow]
    lines_left_out: int
    letters: list[LetterRow]
    letters_left_out: int


@dataclass(frozen=True)
class RulesPage:
    """An entity's rules as they stand today."""

    entity_id: str
    name: str
    rules: EntryRules
    may_change: bool


def show_exports(viewing: Viewing) -> ExportsPage:
    """The exports of the chosen entity. Raises NotAllowedError where the actor exports nothing in any."""
    wanted = [one for one in viewing.entity_ids if _may(viewing.actor, one)]
    if not wanted:
        raise NotAllowedError("export", None, "no_role")
    if len(wanted) > 1:
        return ExportsPage(_entities(wanted))
    entity = Entity.objects.get(pk=wanted[0])
    ready = prepare_entries(viewing.actor, entity.pk)
    return ExportsPage(
        entities=[],
        entity_id=entity.pk,
        name=entity.name,
        currency=entity.currency,
        may_change=viewing.actor.may("manage_settings", entity.pk).ok,
        waiting=_waiting(ready),
        settlements=ready.covers.height,
        reversals=int(ready.covers["counter"].sum()),
        totals=_sums(ready.covers),
        largest=_largest(ready, entity.currency),
        preview=_preview(ready.entries.head(_PREVIEW)),
        left_out=max(0, ready.entries.height - _PREVIEW),
        letters=ready.letters.height,
        held=_held(ready),
        batches=_batches(EntryBatch.objects.filter(entity=entity)),
        banks=_banks(entity.pk, ready.rules[entity.pk]),
    )


def show_batch(viewing: Viewing, batch_id: int) -> BatchPage:
    """One batch. Raises NotAllowedError."""
    found = EntryBatch.objects.filter(pk=batch_id).select_related("entity").first()
    if found is None:
        raise NotAllowedError("export", None, "not_visible")
    require_whole(viewing.actor, found.entity_id, "export")
    require(viewing.actor, "export", found.entity_id)
    row = _batches(EntryBatch.objects.filter(pk=batch_id))[0]
    lines = EntryLine.objects.filter(batch=found)
    letters = EntryLetter.objects.filter(batch=found)
    return BatchPage(
        row,
        found.entity.name,
        found.control,
        _lines([vars(line) for line in lines.order_by("pk")[:_PREVIEW]]),
        max(0, lines.count() - _PREVIEW),
        [
            LetterRow(one.account, one.auxiliary, one.subject, one.reference, one.day, one.net, one.letter)
            for one in letters.order_by("pk")[:_PREVIEW]
        ],
        max(0, letters.count() - _PREVIEW),
    )


def show_entry_rules(viewing: Viewing, entity_id: str) -> RulesPage:
    """The accounts, journals and taxes of an entity's entries. Raises NotAllowedError."""
    require_whole(viewing.actor, entity_id, "export")
    require(viewing.actor, "export", entity_id)
    entity = Entity.objects.get(pk=entity_id)
    may_change = viewing.actor.may("manage_settings", entity_id).ok
    return RulesPage(entity_id, entity.name, entry_rules(entity_id, viewing.today), may_change)


def _may(actor: Actor, entity_id: str) -> bool:
    return entity_id not in actor.portfolios and actor.may("export", entity_id).ok


def _entities(ids: Sequence[str]) -> list[EntityExports]:
    standing = EntryBatch.objects.filter(entity_id__in=ids, export__recalled_at=None)
    batches = dict(standing.values_list("entity_id").annotate(Count("pk")))
    lines = ExportLine.objects.filter(
        export__entity_id__in=ids, export__recalled_at=None, export__kind="entries", acknowledged_by=None
    )
    awaited = dict(lines.values_list("export__entity_id").annotate(Count("pk")))
    rows = Entity.objects.filter(pk__in=ids).order_by("name")
    return [EntityExports(row.pk, row.name, batches.get(row.pk, 0), awaited.get(row.pk, 0)) for row in rows]


def _sums(covers: pl.DataFrame) -> list[tuple[str, int]]:
    rows = covers.group_by("cash_currency").agg(pl.col("cash").sum()).sort("cash_currency")
    return [(str(currency), int(total)) for currency, total in rows.iter_rows()]


def _waiting(ready: Prepared) -> list[WaitingRow]:
    key = ["bank", "mode", "period"]
    entries = {row[:3]: row[3] for row in ready.entries.group_by(key).agg(pl.col("piece").n_unique()).iter_rows()}
    found = []
    for place, part in ready.covers.sort(key).group_by(key, maintain_order=True):
        bank, mode, period = place
        assert isinstance(period, date)
        counters = int(part["counter"].sum())
        found.append(
            WaitingRow(str(bank), str(mode), period, part.height, entries.get(place, 0), counters, _sums(part))
        )
    return found


def _largest(ready: Prepared, currency: str) -> list[CoverRow]:
    rows = ready.covers.sort(pl.col("worth").abs(), "allocation_id", descending=[True, False]).head(_LARGEST)
    named = {**ready.named, **_names([item for item in rows["item_id"] if item and item not in ready.named])}
    found = []
    for row in rows.iter_rows(named=True):
        number, customer = named.get(row["item_id"], ("", ""))
        found.append(
            CoverRow(row["item_id"], number, customer, row["kind"], row["worth"], currency, bool(row["counter"]))
        )
    return found


def _names(item_ids: list[str]) -> dict[str, tuple[str, str]]:
    """Item -> its number and its customer's name."""
    if not item_ids:
        return {}
    items = Item.objects.filter(item_id__in=item_ids, is_current=True)
    customers = dict(
        Customer.objects.filter(
            customer_id__in=items.values("customer_id"), entity_id__in=items.values("entity_id"), is_current=True
        ).values_list("customer_id", "name")
    )
    return {row.item_id: (row.number, customers.get(row.customer_id, "")) for row in items}


def _preview(entries: pl.DataFrame) -> list[LineRow]:
    return _lines([row | {"number": "", "letter": ""} for row in entries.iter_rows(named=True)])


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[LineRow]:
    found, last = [], None
    for row in rows:
        net = row["net"]
        kept = {name: row[name] for name in ("number", "journal", "day", "piece", "account", "auxiliary", "letter")}
        label = str(row["label"]).removesuffix(row["piece"]).strip()
        sides = {"debit": max(net, 0), "credit": max(-net, 0)}
        found.append(LineRow(**kept, **sides, label=label, first=row["piece"] != last))
        last = row["piece"]
    return found


def _held(ready: Prepared) -> list[HeldRow]:
    if not ready.held.height:
        return []
    rows = ready.held.group_by("bank", "reason").agg(n=pl.len()).sort("n", "bank", descending=[True, False])
    return [HeldRow(bank, reason, count) for bank, reason, count in rows.head(_HELD).iter_rows()]


def _batches(rows: Any) -> list[BatchRow]:
    listed = list(rows.select_related("export__user").order_by("-number")[:_BATCHES])
    back = Q(acknowledged_by__isnull=False)
    counted = (
        ExportLine.objects.filter(export_id__in=[row.export_id for row in listed])
        .values_list("export_id")
        .annotate(back=Count("pk", filter=back))
    )
    acknowledged = dict(counted)
    return [_batch_row(row, acknowledged.get(row.export_id, 0)) for row in listed]


def _batch_row(row: EntryBatch, acknowledged: int) -> BatchRow:
    export = row.export
    by = (export.user.get_full_name() or export.user.email) if export.user else ""
    return BatchRow(
        row.pk,
        row.number,
        export.exported_at,
        by,
        row.bank,
        row.mode,
        row.period,
        row.journals,
        row.currency,
        export.lines,
        row.control["entries"],
        sorted(row.control["totals"].items()),
        sorted((code, rest) for code, rest in row.control["rests"].items() if rest),
        acknowledged,
        export.recalled_at,
        can_recall(row, booked=acknowledged > 0),
    )


def _banks(entity_id: str, rules: EntryRules) -> list[BankRow]:
    """The bank accounts that receipts stand on; the ledger's own (512…) are no bank's."""
    rows = Receipt.objects.filter(entity_id=entity_id, is_current=True, origin="bank")
    accounts = sorted({*rows.values_list("account", flat=True).distinct(), *rules.banks})
    found = []
    for account in accounts:
        bank = rules.banks.get(account)
        kept = (bank.mode, bank.ledger_account, bank.journal) if bank else ("", "", "")
        found.append(BankRow(account, *kept))
    return found
