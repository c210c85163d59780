"""Proves a book against the ledgers it came from: every customer, account by account, at every closing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from encours.connectors.base.contract import Options, Source
from encours.connectors.fec.closings import CLOSINGS, LedgerClosings, closings_of
from encours.connectors.fec.read import siren_of
from encours.core.base.book import Book
from encours.core.base.issue import CallError, Issues, concat_issues
from encours.core.base.money import money_text
from encours.core.cadrage.prove import PROOF, prove_customers
from encours.usecases.sources import find_sources

_NEEDED = ("entities", "customers", "items", "receipts", "allocations")
_KEYS = ["customer_id", "ledger_account"]


@dataclass(frozen=True)
class ClosingProved:
    """One closing of one ledger: the customers and accounts that were compared, and how many customers differ."""

    file: str
    on: date
    customers: int
    accounts: int
    differing: int

    @property
    def sentence(self) -> str:
        """What was found, for people: ledger 2025-12-31: 187 customers on 4 accounts tie."""
        who = f"{self.customers:,} customer{'s' if self.customers != 1 else ''}"
        where = f"on {self.accounts} account{'s' if self.accounts != 1 else ''}"
        found = f"{self.differing:,} of {who} {where} differ" if self.differing else f"{who} {where} tie"
        return f"ledger {self.on}: {found}"


@dataclass(frozen=True)
class LedgersProved:
    """Every closing in order; `differences` has PROOF's columns and `file`; each difference is an error issue too."""

    closings: tuple[ClosingProved, ...]
    differences: pl.DataFrame
    issues: pl.DataFrame


@dataclass(frozen=True)
class _Ledger:
    source: Source
    entity_id: str
    currency: str
    read: LedgerClosings


def prove_ledgers(
    book: Book, sources: Sequence[Source], entity_id: str | None = None, settings: Mapping[str, object] | None = None
) -> LedgersProved:
    """Compares the book with FEC files and with those in folders and archives, each at its own closings.

    A ledger is its entity's by `entity_id`, else by the SIREN of its name, else because the book has one entity. A
    file without an opening goes on where the ledger before it ended. Raises CallError where no ledger is given, one is
    not there, or the book has no such entity; bad lines become issues.
    """
    notes: list[Issues] = []
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="encours-prove-") as scratch:
        found = find_sources(sources, Path(scratch), notes)
        files = [one.source for one in found if one.connector is not None and one.connector.name == "fec"]
        faults += [
            f"{one.source.path}: this is no FEC"
            for one in found
            if one.named and (one.connector is None or one.connector.name != "fec")
        ]
        if not files and not faults:
            faults.append(f"there is no FEC in {', '.join(str(source.path) for source in sources)}")
        owners = [_entity_of(source, book, entity_id, faults) for source in files]
        if faults:
            raise CallError(faults)
        ledgers = [
            _Ledger(
                source,
                owner,
                currency,
                closings_of(source, Options(owner, settings={**(settings or {}), "currency": currency})),
            )
            for source, (owner, currency) in zip(files, owners, strict=True)
        ]
    proofs = [_prove(book, ledger) for ledger in _carried(ledgers)]
    proof = pl.concat([pl.DataFrame(schema={"file": pl.String(), **PROOF}), *proofs])
    differences = proof.filter(pl.col("gap") != 0)
    read = [ledger.read.issues for ledger in ledgers]
    issues = concat_issues([*(note.frame() for note in notes), *read, *_without_lines(ledgers), _said(differences)])
    return LedgersProved(_closings(proof), differences, issues)


def _entity_of(source: Source, book: Book, given: str | None, faults: list[str]) -> tuple[str, str]:
    known = {row[0]: (row[1], row[2]) for row in book.entities.select("entity_id", "currency", "legal_id").iter_rows()}
    siren = siren_of(source.name)
    wanted = [given] if given is not None else [key for key, (_, legal) in known.items() if siren in (key, legal)]
    if given is None and not wanted and len(known) == 1:
        wanted = list(known)
    if len(wanted) != 1 or wanted[0] not in known:
        which = f"the book has no entity {given}" if given else f"{source.name} does not say which entity it is of"
        faults.append(f"{which}: give --entity, one of {', '.join(sorted(known)) or 'none'}")
        return "", ""
    return wanted[0], known[wanted[0]][0]


def _carried(ledgers: Sequence[_Ledger]) -> list[_Ledger]:
    """The ledgers by entity and day; one without an opening has the last balances of the one before it added."""
    done: list[_Ledger] = []
    for ledger in sorted(ledgers, key=lambda one: (one.entity_id, one.read.days)):
        earlier = [one for one in done if one.entity_id == ledger.entity_id and one.read.days]
        if ledger.read.opened or not ledger.read.days or not earlier:
            done.append(ledger)
            continue
        before = max(earlier, key=lambda one: one.read.days[-1]).read
        days = pl.DataFrame({"on": [day for day in ledger.read.days if day > before.days[-1]]}, schema={"on": pl.Date})
        last = before.balances.filter(pl.col("on") == before.days[-1]).drop("on").join(days, how="cross")
        both = pl.concat([ledger.read.balances, last.select(list(CLOSINGS))])
        summed = both.group_by(*_KEYS, "on").agg(pl.col("balance").sum()).select(list(CLOSINGS))
        done.append(replace(ledger, read=replace(ledger.read, balances=summed)))
    return done


def _prove(book: Book, ledger: _Ledger) -> pl.DataFrame:
    mine = pl.col("entity_id") == ledger.entity_id
    tables = {name: book.table(name).filter(mine) for name in _NEEDED if "entity_id" in book.table(name).columns}
    part = Book.of(**tables, allocations=book.allocations)
    told = ledger.read.balances.with_columns(currency=pl.lit(ledger.currency))
    return prove_customers(part, told).select(pl.lit(ledger.source.name).alias("file"), *PROOF)


def _closings(proof: pl.DataFrame) -> tuple[ClosingProved, ...]:
    counted = proof.group_by("file", "on").agg(
        customers=pl.col("customer_id").n_unique(),
        accounts=pl.col("ledger_account").n_unique(),
        differing=pl.col("customer_id").filter(pl.col("gap") != 0).n_unique(),
    )
    return tuple(ClosingProved(**row) for row in counted.sort("on", "file").iter_rows(named=True))


def _without_lines(ledgers: Sequence[_Ledger]) -> list[pl.DataFrame]:
    """A ledger without a receivable line proves nothing, and says so."""
    notes = []
    for ledger in ledgers:
        if not ledger.read.balances.height and not ledger.read.issues.height:
            note = Issues(ledger.source.name)
            note.add("no_receivables", "the ledger has no receivable line: nothing is proved", action="Give its FEC.")
            notes.append(note.frame())
    return notes


def _said(differences: pl.DataFrame) -> pl.DataFrame:
    amounts = [money_text(pl.col(name), pl.col("currency")) for name in ("ledger", "book", "gap")]
    return differences.select(
        file="file",
        code=pl.lit("ledger_differs"),
        severity=pl.lit("error"),
        message=pl.format(
            "on {} customer {} on account {} is {} in the ledger and {} in the book: a gap of {}",
            "on",
            pl.col("customer_id").fill_null("unknown"),
            pl.col("ledger_account").fill_null("none"),
            *amounts,
        ),
        action=pl.lit("Look at the customer's items and receipts up to that day."),
        table=pl.lit("customers"),
        key="customer_id",
    )
