"""Cadrage of an entity on a day: the ERP's collective accounts against the book's, and what explains a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction
from django.db.models import OuterRef, Subquery

from encours.core.base import versions
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.money import is_currency
from encours.core.base.schema import TABLES
from encours.core.cadrage.tie import tie
from encours.store import audit, parquet
from encours.store.models import Acknowledgement, Advance, Allocation, Entity, LedgerBalance
from encours.usecases import clock
from encours.usecases.between import pending_there
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.rights import Actor, require, require_whole

_READ = ("entities", "customers", "items", "receipts", "allocations", "instruments", "instrument_items")


@dataclass(frozen=True)
class Cadrage:
    """`accounts`: columns of core.cadrage.tie.CADRAGE. `ledger_on`: the day whose ledger balances were taken.

    `bank_only` and `ledger_only` are receipts that stand on one side alone; `decided` the allocations that the ERP
    has not booked yet. None of the three is wrong by itself: they are what a gap is made of.
    """

    entity_id: str
    day: date
    ledger_on: date | None
    accounts: pl.DataFrame
    bank_only: pl.DataFrame
    ledger_only: pl.DataFrame
    decided: pl.DataFrame

    @property
    def ties(self) -> bool:
        """Whether every account is known and its gap is zero."""
        gaps = self.accounts["gap"]
        return gaps.len() > 0 and gaps.null_count() == 0 and bool((gaps == 0).all())


def tie_ledger(actor: Actor, entity_id: str, day: date, reading: str = "booked") -> Cadrage:
    """The cadrage at the end of `day`, with the newest ledger balances up to it; `reading` as for any past day."""
    require_whole(actor, entity_id)
    book = book_on(entity_id, day, reading)
    ledger_on, ledger = ledger_balances(entity_id, day)
    pending = pending_allocations(entity_id)
    advances = Advance.objects.filter(entity_id=entity_id).values_list("receipt_id", flat=True)
    accounts = tie(book, ledger, pending, pl.Series("receipt_id", list(advances), dtype=pl.String))
    decided = book.allocations.filter(pl.col("allocation_id").is_in(pending.implode()))
    bank_only, ledger_only = _one_sided(book.receipts)
    return Cadrage(entity_id, day, ledger_on, accounts, bank_only, ledger_only, decided)


def book_on(entity_id: str, day: date, reading: str = "booked") -> Book:
    """The entity's receivables on a day: only the tables that balances need, out of the Parquet copy."""
    read = versions.as_booked if reading == "booked" else versions.as_known
    rows = Entity.objects.filter(pk=entity_id).values_list("entity_id", "name", "country", "currency", "legal_id")
    entities = pl.DataFrame(list(rows), schema=TABLES["entities"].schema, orient="row")
    copies = parquet.scan_tables((name for name in _READ if name != "entities"), [entity_id])
    tables = {name: read(TABLES[name], rows, day).collect() for name, rows in copies.items()}
    return Book.of(entities=entities, **tables)


def ledger_balances(entity_id: str, day: date) -> tuple[date | None, pl.DataFrame]:
    """The day and rows (entity_id, account, currency, balance) of the newest ledger balances up to `day`.

    Of two balances of one account and day the later entry counts.
    """
    schema = {"entity_id": pl.String, "account": pl.String, "currency": pl.String, "balance": pl.Int64}
    rows = LedgerBalance.objects.filter(entity_id=entity_id, on__lte=day)
    newest = rows.order_by("-on").values_list("on", flat=True).first()
    if newest is None:
        return None, pl.DataFrame(schema=schema)
    same = LedgerBalance.objects.filter(
        entity_id=OuterRef("entity_id"), on=OuterRef("on"), account=OuterRef("account"), currency=OuterRef("currency")
    )
    last = rows.filter(on=newest, pk=Subquery(same.order_by("-pk").values("pk")[:1]))
    values = list(last.values_list("entity_id", "account", "currency", "balance"))
    return newest, pl.DataFrame(values, schema=schema, orient="row")


def pending_allocations(entity_id: str) -> pl.Series:
    """Ids of the allocations that Encours decided and no ledger has brought back."""
    own = Allocation.objects.filter(
        entity_id=entity_id, is_current=True, reversed_on__isnull=True, source__startswith=OWN_SOURCE
    )
    back = Acknowledgement.objects.values("allocation_id")
    here, there = own.exclude(allocation_id__in=back), pending_there(entity_id)
    ids = here.values_list("allocation_id", flat=True).union(there.values_list("allocation_id", flat=True))
    return pl.Series("allocation_id", list(ids), dtype=pl.String)


def enter_ledger_balance(actor: Actor, entity_id: str, account: str, currency: str, on: date, balance: int) -> None:
    """A ledger balance typed in from the ERP's screen (debit positive, minor units). Raises CallError."""
    require_whole(actor, entity_id, "enter_ledger_balance")
    require(actor, "enter_ledger_balance", entity_id)
    faults = []
    if not account.isalnum():
        faults.append(f"{account!r} is not a ledger account")
    if not is_currency(currency):
        faults.append(f"{currency!r} is not an ISO 4217 currency")
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        LedgerBalance.objects.create(
            entity_id=entity_id, account=account, currency=currency, on=on, balance=balance, user=actor.user
        )
        after = {"account": account, "currency": currency, "on": on, "balance": balance}
        audit.append(clock.now(), actor.name, "enter_ledger_balance", entity_id=entity_id, subject=account, after=after)


def _one_sided(receipts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Receipts in the bank and not in the ledger, and the other way round; only days that both sides cover count.

    Money paid out to no customer (suppliers, wages, bank fees) is no side of the receivables.
    """
    receipts = receipts.filter((pl.col("kind") != "out") | pl.col("customer_id").is_not_null())
    in_bank, in_ledger = pl.col("origin") == "bank", pl.col("ledger_account").is_not_null()
    bank, ledger = receipts.filter(in_bank), receipts.filter(in_ledger)
    if not bank.height or not ledger.height:
        return receipts.clear(), receipts.clear()
    start = pl.lit(max(bank["booked_on"].min(), ledger["booked_on"].min()))  # type: ignore[type-var]  # dates, not null
    end = pl.lit(min(bank["booked_on"].max(), ledger["booked_on"].max()))  # type: ignore[type-var]  # dates, not null
    both = receipts.filter(pl.col("booked_on").is_between(start, end)).sort("booked_on", "receipt_id")
    return both.filter(in_bank & ~in_ledger), both.filter(~in_bank)
