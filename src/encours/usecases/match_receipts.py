"""Match receipts: a book in, proposals out; nothing is posted here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.matching import Proposals, propose
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE


@dataclass(frozen=True)
class Matched:
    """What a run on a book folder gave: the day it stands on, the proposals, and what was wrong with the folder."""

    as_of: date
    proposals: Proposals
    issues: pl.DataFrame


def match_receipts(book: Book, as_of: date | None = None, max_error_rate: float = DEFAULT_MAX_ERROR_RATE) -> Proposals:
    """Proposals for every receipt with unapplied money at the end of `as_of` (default: the book's last day).

    A book without bank receipts gives the lettrage of its ledger's own receipts, by the same rules. Raises CallError
    for a book without any date and for a rate outside 0..1.
    """
    day = as_of or book.last_day()
    if day is None:
        raise CallError(["the book holds no dated fact; give --as-of"])
    return propose(book, day, max_error_rate)


def match_book_folder(path: Path, as_of: date | None = None, max_error_rate: float = DEFAULT_MAX_ERROR_RATE) -> Matched:
    """The same on a book folder. Raises CallError where the folder is not a book."""
    book, issues = read_book(path)
    day = as_of or book.last_day()
    if day is None:
        raise CallError([f"{path} holds no dated fact; give --as-of"])
    return Matched(day, match_receipts(book, day, max_error_rate), issues)
