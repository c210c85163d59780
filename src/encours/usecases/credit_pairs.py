"""Credit notes that cancel open invoices without any money: proposed for a person to confirm, never by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db.models import QuerySet

from encours.core.matching.credits import by_name, without_money
from encours.store.models import Customer, Item, Proposal, ProposalLine
from encours.usecases.viewing import Viewing

#: The rule of such matches: they have no receipt.
RULE = "credit"
_INVOICES = ("invoice", "debit_note", "opening")
#: Open credit notes that are looked at, and pairs that are shown, at once.
_LOOKED_AT, _SHOWN = 5_000, 200
#: Why they belong together: the note's text names the invoice; nothing else of the customer has this amount.
NAMED, ALONE = "named", "alone"


@dataclass(frozen=True)
class CreditPair:
    """A credit note and the invoice that it cancels by `amount` (minor units). `why`: named or alone."""

    entity_id: str
    customer_id: str
    customer_name: str
    note_id: str
    note_number: str
    note_on: date
    item_id: str
    item_number: str
    issued_on: date
    item_open: int
    amount: int
    currency: str
    why: str

    @property
    def leaves(self) -> int:
        """What of the invoice stays open."""
        return self.item_open - self.amount


def find_credit_pairs(viewing: Viewing) -> tuple[list[CreditPair], bool]:
    """The pairs that may be confirmed, the largest first, and whether there are more.

    Left out: what an open proposal pays with money, and pairs that were undone before.
    """
    notes = list(_open(viewing).filter(open__lt=0, kind="credit_note").order_by("open", "item_id")[:_LOOKED_AT])
    if not notes:
        return [], False
    people = {note.customer_id for note in notes}
    invoices = list(_open(viewing).filter(open__gt=0, kind__in=_INVOICES, customer_id__in=people).order_by("item_id"))
    waiting = _waiting([row.item_id for row in (*notes, *invoices)])
    notes = [row for row in notes if row.item_id not in waiting]
    invoices = [row for row in invoices if row.item_id not in waiting]
    named = by_name(notes, invoices)
    taken = {row.item_id for pair in named for row in pair}
    rest = _by_amount(notes, invoices, taken)
    refused = _undone()
    names = dict(viewing.facts(Customer).filter(customer_id__in=people).values_list("customer_id", "name"))
    found = [
        _pair(note, invoice, why, names)
        for pairs, why in ((named, NAMED), (rest, ALONE))
        for note, invoice in pairs
        if (note.item_id, invoice.item_id) not in refused
    ]
    found.sort(key=lambda pair: (-pair.amount, pair.note_id))
    return found[:_SHOWN], len(found) > _SHOWN


def _open(viewing: Viewing) -> QuerySet[Item]:
    rows: QuerySet[Item] = viewing.facts(Item).exclude(open=0)
    return rows


def _waiting(item_ids: list[str]) -> set[str]:
    """Items that an open proposal names already: with money, it is the better match."""
    rows = ProposalLine.objects.filter(proposal__state=Proposal.State.OPEN).exclude(proposal__decision="none")
    told = rows.values_list("item_id", "credit_item_id").distinct()
    return {name for pair in told for name in pair if name is not None} & set(item_ids)


def _undone() -> set[tuple[str, str]]:
    rows = ProposalLine.objects.filter(proposal__rule=RULE, proposal__state=Proposal.State.UNDONE)
    return {(str(note), item) for note, item in rows.values_list("credit_item_id", "item_id")}


def _by_amount(notes: list[Item], invoices: list[Item], taken: set[str]) -> list[tuple[Item, Item]]:
    rows = {row.item_id: row for row in (*notes, *invoices) if row.item_id not in taken}
    columns = {
        "item_id": list(rows),
        "customer": [row.customer_id for row in rows.values()],
        "currency": [row.currency for row in rows.values()],
        "open": [row.open for row in rows.values()],
        "issued": [row.issued_on.toordinal() for row in rows.values()],
        "dated_on": [row.posted_on or row.issued_on for row in rows.values()],
    }
    if not rows:
        return []
    pairs = without_money(pl.DataFrame(columns), pl.DataFrame(schema={"item_id": pl.String}))
    return [(rows[note], rows[item]) for item, note in pairs.select("item_id", "credit_item_id").iter_rows()]


def _pair(note: Item, invoice: Item, why: str, names: dict[str, str]) -> CreditPair:
    return CreditPair(
        note.entity_id, note.customer_id, names.get(note.customer_id, note.customer_id), note.item_id, note.number,
        note.issued_on, invoice.item_id, invoice.number, invoice.issued_on, invoice.open, -note.open,
        note.currency, why,
    )  # fmt: skip
