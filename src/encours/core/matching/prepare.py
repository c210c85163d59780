"""From a book to what the search reads: codes, items, receipts, quotes, payers."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.matching.advice_tables import Advices
from encours.core.matching.advices import read_advices
from encours.core.matching.asks import Asks, make_asks, make_receipts
from encours.core.matching.batches import read_batches
from encours.core.matching.early import Early, Scene, decide_early
from encours.core.matching.own_quotes import without_own
from encours.core.matching.payers import Lessons, make_payers
from encours.core.matching.pool import Pool, make_items, make_pool
from encours.core.matching.references.bytes import make_texts
from encours.core.matching.references.keys import KeyTable, make_table
from encours.core.matching.references.scan import Marks, Strangers, scan
from encours.core.matching.reopening import make_reopening
from encours.core.matching.returned import Tie, find_returned, without_returned_twins
from encours.core.matching.scope import Scope, make_scope
from encours.core.matching.search import Facts

#: Columns of the items that decisions and allocations need; the texts are read and may go.
_KEPT = ("item_id", "open", "customer", "group", "currency", "issued", "discount", "dated_on")
#: What it takes besides to find the items of another entity by their numbers.
_KEPT_OF_SEVERAL = ("number", "entity")


@dataclass(frozen=True)
class Prepared:
    """`receipts` and `items` in the order of the arrays in `facts`; `lessons` is what the book's own matches teach,
    `ties` which payments came back, `early` what files and advices decide before any search; `rates` as in the Book;
    `strangers`: who spells numbers of other entities, and all items so spelled (None: there is one entity).
    The book itself is not kept: its texts are the most memory that a run could give back."""

    as_of: date
    scope: Scope
    receipts: pl.DataFrame
    items: pl.DataFrame
    facts: Facts
    lessons: Lessons
    ties: list[Tie]
    early: Early
    rates: pl.DataFrame
    strangers: Strangers | None = None


def prepare(book: Book, as_of: date, advices: Advices | None = None, misled: Collection[str] = ()) -> Prepared:
    """What was known of a book (all versions) and of remittance advices at the end of a day.

    `misled`: receipts whose standing match teaches nothing, because a person found it wrong.
    """
    known = book.as_of(as_of)
    scope = make_scope(known)
    with ThreadPoolExecutor(1) as beside:  # items and their numbers are laid out beside receipts and payers
        laying = None
        if not (known.receipts["kind"] == "return").any():  # which items open again is known before any return is tied
            laying = beside.submit(_lay_out, book, known, scope, as_of, set())
        receipts = make_receipts(known, scope)
        ties = find_returned(receipts, known)
        receipts = without_returned_twins(receipts, ties)
        reopened = {item for tie in ties for item, _ in tie.paid}
        laying = laying or beside.submit(_lay_out, book, known, scope, as_of, reopened)
        asks = make_asks(receipts)
        reading = beside.submit(_read, laying, receipts, asks)  # as soon as the spellings are there
        payers, lessons = make_payers(known, receipts, scope, misled)
        items, pool, table = laying.result()
        marks, strangers = reading.result()
    marks, continued = without_own(marks, receipts, known, items)
    told = read_batches(known, scope, items["item_id"], table, pool)
    told += read_advices(advices, as_of, scope, items["item_id"], table, pool)
    people = scope.customers["customer_id"]
    early = decide_early(told, Scene(receipts, items, asks, pool, marks, people, pool.family_first))
    back = None
    if ties:
        back = make_reopening(ties, items["item_id"], pool, marks, receipts["receipt_id"], early.allocations)
    facts = Facts(asks, pool, payers, marks, continued, back)
    return Prepared(as_of, scope, receipts, items, facts, lessons, ties, early, book.rates, strangers)


def _lay_out(
    book: Book, known: Book, scope: Scope, as_of: date, reopened: set[str]
) -> tuple[pl.DataFrame, Pool, KeyTable]:
    """What is kept of the items in the order of the pool, their arrays and their spellings."""
    items = make_items(book, known, scope, as_of, reopened)
    numbers = make_texts(items["number"])
    kept = items.select(*_KEPT, *(_KEPT_OF_SEVERAL if len(scope.entities) > 1 else ()))
    return kept, make_pool(items, numbers, scope), make_table(items, numbers)


def _read(
    laying: Future[tuple[pl.DataFrame, Pool, KeyTable]], receipts: pl.DataFrame, asks: Asks
) -> tuple[Marks, Strangers | None]:
    """What the texts of the receipts quote of the items that are laid out, and who spells another entity's numbers."""
    items, pool, table = laying.result()
    marks, strangers = scan(make_texts(receipts["text"]), asks.entity, table, pool.entity)
    return marks, strangers if "entity" in items.columns else None  # it is kept where there are several
