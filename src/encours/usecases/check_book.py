"""Checks a book folder: what reading it found, and what the Book's own rules find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import concat_issues, has_errors


@dataclass(frozen=True)
class BookChecked:
    """The Book with all its issues, errors first; among equals those of its files, then those of its rules."""

    book: Book
    issues: pl.DataFrame

    @property
    def ok(self) -> bool:
        """Whether no issue is an error."""
        return not has_errors(self.issues)

    def counts(self) -> dict[str, int]:
        """How many issues of each severity, errors first; a severity without issues is 0."""
        found = dict(self.issues["severity"].value_counts().iter_rows())
        return {severity: found.get(severity, 0) for severity in ("error", "warning", "info")}


def check_book(path: Path) -> BookChecked:
    """Reads the folder (or .zip) and checks it. Raises CallError where the path does not exist."""
    book, reading = read_book(path)
    found = concat_issues([reading, book.check()])
    worst_first = pl.col("severity").replace_strict({"error": 0, "warning": 1}, default=2, return_dtype=pl.Int8)
    return BookChecked(book, found.sort(worst_first, maintain_order=True))
