"""Claims sold to a factor: who is paid and who writes, of an item or of a whole account; one reader of the events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from encours.core.base.book import Book

ASSIGNED, BACK = "factor:assigned", ("factor:released", "factor:returned")
#: What an assignment's `value` says where no factor's name stands there: how the money is collected.
_CONFIDENTIAL, _WE_COLLECT = "confidential", ("mandate", "own_collection")
#: A factor that its event does not name.
UNNAMED = "factor"


@dataclass(frozen=True)
class Sale:
    """One assignment. `factor`: by its event, UNNAMED where that says none. `confidential`: the debtor knows nothing of
    it and pays us. `collects`: the factor writes to the debtor itself; else we do, and it is paid."""

    factor: str
    confidential: bool
    collects: bool


def sale(value: str | None, detail: str | None) -> Sale:
    """What an assignment's `value` (how it is collected, or the factor) and `detail` (the factor) mean."""
    how = (value or "").strip().casefold()
    ours = how == _CONFIDENTIAL or how in _WE_COLLECT
    name = (detail or "").strip() if ours else (value or "").strip() or (detail or "").strip()
    return Sale(name or UNNAMED, how == _CONFIDENTIAL, not ours)


class Told(Protocol):
    """An event as a use case reads it."""

    @property
    def subject_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str | None: ...
    @property
    def detail(self) -> str | None: ...
    @property
    def on(self) -> date: ...


def last_sales(events: Iterable[Told], items: Iterable[tuple[str, str]]) -> dict[str, Sale]:
    """Item -> how it stands sold, of (item_id, customer_id) and events of either: a few of them, as `sold` for many."""
    last: dict[str, Told] = {}
    for told in sorted((one for one in events if one.kind in (ASSIGNED, *BACK)), key=lambda one: (one.on, one.kind)):
        last[told.subject_id] = told
    found = {}
    for item_id, customer_id in items:
        said = [last[key] for key in (customer_id, item_id) if key in last]
        word = max(said, key=lambda one: (one.on, one.subject_id == item_id), default=None)
        if word is not None and word.kind == ASSIGNED:
            found[item_id] = sale(word.value, word.detail)
    return found


def sold(book: Book, items: pl.DataFrame) -> pl.DataFrame:
    """item_id, on, factor, confidential, collects: items (item_id, customer_id) that stand sold, of the Book's events.

    The last word counts, of the item or of its whole account; of the same day the item's own.
    """
    said = book.events.filter(pl.col("kind").is_in([ASSIGNED, *BACK]))
    # Of one day a sale is followed by what took it back, not the other way round.
    said = said.sort("on", "kind").unique(["subject", "subject_id"], keep="last", maintain_order=True)
    keys = items.select("item_id", "customer_id")
    told = said.select("subject", "subject_id", "on", "kind", "value", "detail")
    own = keys.join(told.filter(subject="item"), left_on="item_id", right_on="subject_id")
    whole = keys.join(told.filter(subject="customer"), left_on="customer_id", right_on="subject_id")
    both = pl.concat([whole, own]).sort("on", maintain_order=True)
    last = both.unique("item_id", keep="last", maintain_order=True).filter(kind=ASSIGNED)
    ways = [sale(value, detail) for value, detail in last.select("value", "detail").iter_rows()]
    return last.select("item_id", "on").with_columns(
        pl.Series("factor", [one.factor for one in ways], dtype=pl.String),
        pl.Series("confidential", [one.confidential for one in ways], dtype=pl.Boolean),
        pl.Series("collects", [one.collects for one in ways], dtype=pl.Boolean),
    )
