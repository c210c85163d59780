"""Claims sold to a factor: the many and the few are read alike."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.base.factoring import UNNAMED, Sale, last_sales, sale, sold
from encours.core.base.schema import TABLES


class Told(NamedTuple):
    """An event of the item I or of the account C."""

    subject_id: str
    kind: str
    on: date
    value: str | None = None
    detail: str | None = None


def day(number: int) -> date:
    return date(2026, 3, number)


OUT, BACK = "factor:assigned", "factor:returned"
_IT, _SECRET = Sale("CIF", confidential=False, collects=True), Sale(UNNAMED, confidential=True, collects=False)


@pytest.mark.parametrize(("told", "how"), [
    ([], None),
    ([Told("I", OUT, day(1), "CIF")], _IT),
    ([Told("C", OUT, day(1), "CIF")], _IT),
    ([Told("I", OUT, day(1), "CIF"), Told("I", BACK, day(2))], None),
    ([Told("C", OUT, day(1), "CIF"), Told("C", BACK, day(2))], None),
    ([Told("C", OUT, day(1), "CIF"), Told("I", BACK, day(2))], None),  # the account, but for this item
    ([Told("I", OUT, day(1), "CIF"), Told("C", BACK, day(2))], None),  # all of the account came back
    ([Told("I", BACK, day(1)), Told("C", OUT, day(2), "CIF")], _IT),
    ([Told("C", BACK, day(2)), Told("I", OUT, day(2), "CIF")], _IT),  # of one day the item's own word
    ([Told("C", OUT, day(1), "Confidential")], _SECRET),
    ([Told("I", OUT, day(1), "mandate", "CIF")], Sale("CIF", confidential=False, collects=False)),
    ([Told("I", OUT, day(1))], Sale(UNNAMED, confidential=False, collects=True)),
])  # fmt: skip
def test_the_last_word_of_the_item_or_its_account_counts(told: list[Told], how: Sale | None) -> None:
    assert last_sales(reversed(told), [("I", "C")]) == ({} if how is None else {"I": how})
    schema = dict(TABLES["events"].schema)
    rows = [{**one._asdict(), "subject": "item" if one.subject_id == "I" else "customer"} for one in told]
    book = Book.of(events=pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema))
    found = sold(book, pl.DataFrame({"item_id": ["I"], "customer_id": ["C"]}))
    of = [Sale(one["factor"], one["confidential"], one["collects"]) for one in found.to_dicts()]
    assert of == ([] if how is None else [how])


def test_the_factor_stands_where_the_event_says_how_it_collects_or_who() -> None:
    assert (sale("CIF", "other").factor, sale(None, "CIF").factor, sale("mandate", None).factor) == (
        "CIF",
        "CIF",
        UNNAMED,
    )
