"""Measures a book folder on a day: its aged balance, its key figures, and one currency for all where rates allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.invariants import assert_money
from encours.core.base.issue import CallError
from encours.core.metrics.ageing import APART, KEY, LIMITS, Ageing, By, Credits, ageing, check_limits
from encours.core.metrics.consolidate import consolidate
from encours.core.metrics.figure import Figure
from encours.core.metrics.key_figures import measure
from encours.core.metrics.scope import ALL, Scope
from encours.core.metrics.standing import Reading


@dataclass(frozen=True)
class AgeingOptions:
    """What a user chooses: the day (None: the book's last), the reading, buckets, credits, what is counted."""

    as_of: date | None = None
    reading: Reading = "known"
    by: By = "due"
    limits: tuple[int, ...] = LIMITS
    credits: Credits = "apart"
    scope: Scope = ALL
    currency: str | None = None  # consolidate into this one


@dataclass(frozen=True)
class AgeingMeasured:
    """The aged balance, the figures by (entity, currency), the consolidated totals or why there are none."""

    ageing: Ageing
    figures: dict[tuple[str, str], dict[str, Figure]]
    issues: pl.DataFrame
    consolidated: dict[str, object] | None = None
    notes: list[str] = field(default_factory=list)

    def table(self) -> pl.DataFrame:
        """The columns that are written: keys, buckets, credits, advances, unapplied, total; excluded where any is."""
        frame = self.ageing.frame.drop("oldest_on")
        return frame if self.ageing.scope.left_out else frame.drop("excluded")

    def summary(self) -> dict[str, object]:
        """What `summary.json` says: how the figures were made, totals by currency, figures by entity and currency."""
        totals = self.ageing.totals().to_dicts()
        return {
            "as_of": self.ageing.as_of.isoformat(),
            "reading": self.ageing.reading,
            "sentence": self.ageing.sentence(),
            "customers": self.ageing.frame["customer_id"].n_unique(),
            "totals": totals,
            "figures": [
                {"entity_id": entity, "currency": currency} | {name: f.record() for name, f in figures.items()}
                for (entity, currency), figures in self.figures.items()
            ],
            "consolidated": self.consolidated,
        }


def measure_ageing(path: Path, options: AgeingOptions | None = None) -> AgeingMeasured:
    """Reads the folder and measures it. Raises CallError for an absent path, wrong limits or a book without any day."""
    options = options or AgeingOptions()
    check_limits(options.limits)
    book, issues = read_book(path)
    as_of = options.as_of or book.last_day()
    if as_of is None:
        raise CallError([f"{path}: the book has no day; give --as-of"])
    read = book.as_of(as_of) if options.reading == "known" else book.as_booked(as_of)
    assert_money(read)
    aged = ageing(book, as_of, options.reading, options.by, options.limits, options.scope, options.credits)
    return AgeingMeasured(aged, _figures(book, read, aged), issues, _consolidated(book, aged, options.currency))


def _figures(book: Book, read: Book, aged: Ageing) -> dict[tuple[str, str], dict[str, Figure]]:
    """By entity and currency; `read` is the book on the day."""
    pairs = aged.frame.select("entity_id", "currency").unique().sort("entity_id", "currency").drop_nulls()
    one = pairs["entity_id"].n_unique() == 1
    found: dict[tuple[str, str], dict[str, Figure]] = {}
    for (entity,), rows in pairs.group_by("entity_id", maintain_order=True):
        part, of_day = (book, read) if one else (_of_entity(book, str(entity)), None)
        measured = measure(part, aged.as_of, aged.reading, aged.scope, of_day)
        found |= {(str(entity), currency): measured.figures(currency) for currency in rows["currency"]}
    return found


def _of_entity(book: Book, entity_id: str) -> Book:
    """The items, receipts and allocations of one entity; the rest stays whole."""
    ours = pl.col("entity_id") == entity_id
    items = book.items.filter(ours)
    return book.replace(
        items=items,
        receipts=book.receipts.filter(ours),
        allocations=book.allocations.join(items, on="item_id", how="semi"),
    )


def _consolidated(book: Book, aged: Ageing, currency: str | None) -> dict[str, object] | None:
    if currency is None:
        return None
    amounts = [name for name in aged.frame.columns if name not in (*KEY, "oldest_on")]
    found = consolidate(aged.totals("entity_id", "currency"), amounts, book.rates, aged.as_of, currency)
    if found.frame is None:
        return {"currency": currency, "not_computable": found.reason}
    rates = [{**row, "on": row["on"].isoformat()} for row in found.rates.to_dicts()]
    sums = found.frame.select(pl.col([*aged.buckets, *APART, "total"]).sum()).row(0, named=True)
    return {"currency": currency, "rates": rates, **sums}
