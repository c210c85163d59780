"""Match receipts: a book in, proposals out; nothing is posted here."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from encours.connectors.book_folder import read_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.matching import Proposals, propose
from encours.core.matching.advice_tables import ADVICE_LINE_SCHEMA, ADVICE_SCHEMA, Advices
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE, propose_prepared

if TYPE_CHECKING:
    from encours.core.matching.prepare import Prepared


@dataclass(frozen=True)
class Matched:
    """What a run on a book folder gave: the day it stands on, the proposals, and what was wrong with the folder."""

    as_of: date
    proposals: Proposals
    issues: pl.DataFrame


def match_receipts(
    book: Book,
    as_of: date | None = None,
    max_error_rate: float = DEFAULT_MAX_ERROR_RATE,
    advices: Advices | None = None,
) -> Proposals:
    """Proposals for every receipt with unapplied money at the end of `as_of` (default: the book's last day).

    A book without bank receipts gives the lettrage of its ledger's own receipts, by the same rules; `advices` are
    followed where their money is there. Raises CallError for a book without any date and for a rate outside 0..1.
    """
    day = as_of or book.last_day()
    if day is None:
        raise CallError(["the book holds no dated fact; give --as-of"])
    return propose(book, day, max_error_rate, advices=advices)


def match_book_folder(path: Path, as_of: date | None = None, max_error_rate: float = DEFAULT_MAX_ERROR_RATE) -> Matched:
    """The same on a book folder, with `advices` and `advice_lines` (.parquet or .csv) where they lie in it.

    Raises CallError where the folder is not a book, or the advices lack required columns.
    """
    ready, issues = _prepared(path, as_of)
    return Matched(ready.as_of, propose_prepared(ready, max_error_rate), issues)


def _prepared(path: Path, as_of: date | None) -> tuple[Prepared, pl.DataFrame]:
    """A folder's book as the search reads it, and what was wrong with the folder. The book is let go here."""
    with ThreadPoolExecutor(1) as beside:  # the compiled search is loaded while the book is read
        reading = beside.submit(read_book, path)
        from encours.core.matching.prepare import prepare

        book, issues = reading.result()
    day = as_of or book.last_day()
    if day is None:
        raise CallError([f"{path} holds no dated fact; give --as-of"])
    return prepare(book, day, _advices(path)), issues


def _advices(folder: Path) -> Advices | None:
    """The advices beside a book's tables; None where there are none."""
    tables = [_table(folder, name, schema) for name, schema in _ADVICE_TABLES.items()]
    return (
        None if any(table is None for table in tables) else Advices(*(table for table in tables if table is not None))
    )


_ADVICE_TABLES = {"advices": ADVICE_SCHEMA, "advice_lines": ADVICE_LINE_SCHEMA}


def _table(folder: Path, name: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame | None:
    """A table of the folder with the columns that it has, in their types; unknown ones are left out."""
    packed, plain = folder / f"{name}.parquet", folder / f"{name}.csv"
    if not (packed.exists() or plain.exists()):
        return None
    try:
        read = pl.read_parquet(packed) if packed.exists() else pl.read_csv(plain, infer_schema=False)
        known = {column: dtype for column, dtype in schema.items() if column in read.columns}
        return read.select(
            pl.col(column).str.to_date() if dtype == pl.Date and not packed.exists() else pl.col(column).cast(dtype)
            for column, dtype in known.items()
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CallError([f"{name} in {folder} cannot be read: {str(error).splitlines()[0]}"]) from error
