"""Checks a book folder: what reading it found, what the Book's own rules find, and how it ties to its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from encours.connectors.base.contract import Source
from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import concat_issues, has_errors
from encours.usecases.prove_ledger import LedgersProved, prove_ledgers


@dataclass(frozen=True)
class BookChecked:
    """The Book with all its issues, errors first; among equals those of its files, its rules, then its ledgers.

    `proved` is how it ties to the ledgers, where some were given.
    """

    book: Book
    issues: pl.DataFrame
    proved: LedgersProved | None = None

    @property
    def ok(self) -> bool:
        """Whether no issue is an error."""
        return not has_errors(self.issues)

    def counts(self) -> dict[str, int]:
        """How many issues of each severity, errors first; a severity without issues is 0."""
        found = dict(self.issues["severity"].value_counts().iter_rows())
        return {severity: found.get(severity, 0) for severity in ("error", "warning", "info")}


def check_book(path: Path, ledgers: Sequence[Path] = (), entity_id: str | None = None) -> BookChecked:
    """Reads the folder (or .zip), checks it and proves it against the ledgers (FEC files, or folders with some).

    Raises CallError where a path does not exist, is no ledger, or is one of an entity that the book does not have.
    """
    book, reading = read_book(path)
    proved = prove_ledgers(book, [Source.of(one) for one in ledgers], entity_id) if ledgers else None
    found = concat_issues([reading, book.check(), *([proved.issues] if proved else [])])
    worst_first = pl.col("severity").replace_strict({"error": 0, "warning": 1}, default=2, return_dtype=pl.Int8)
    return BookChecked(book, found.sort(worst_first, maintain_order=True), proved)
