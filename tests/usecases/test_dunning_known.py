"""What the app knows for a plan beside the book is what a book folder would say of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from encours.core.dunning.facts import facts
from encours.core.dunning.importance import importance
from encours.core.dunning.known import Known
from encours.core.dunning.scenario import Scenarios
from encours.store import parquet
from encours.store.models import DunningMark
from encours.usecases.dunning_known import known_of
from tests.usecases.books import frame
from tests.usecases.payers import DAY, HABITS, load, paying_book

pytestmark = pytest.mark.django_db

_SHARES = ("sales_share", "overdue_share", "margin_share")


def test_what_a_customer_weighs_is_the_same_in_the_app_and_of_a_folder(tmp_path: Path) -> None:
    """A head office pays for a branch, some is owed in yen, an order was cancelled."""
    book = paying_book({**HABITS, "branch": (10.0, 1.0), "tokyo": (5.0, 1.0)})
    yen = pl.col("customer_id") == "A:tokyo"
    currency = pl.when(yen).then(pl.lit("JPY")).otherwise("currency").alias("currency")
    order = {"entity_id": "A", "customer_id": "A:prompt", "currency": "EUR", "ordered_on": DAY}
    orders = [
        order | {"order_id": "A:o1", "amount": 10_000, "margin": 4_000, "status": "open"},
        order | {"order_id": "A:o2", "amount": 90_000, "margin": 0, "status": "cancelled"},
    ]
    link = {"customer_id": "A:branch", "other_id": "A:prompt", "role": "payer"}
    load(tmp_path / "book", book.replace(
        items=book.items.with_columns(currency), receipts=book.receipts.with_columns(currency),
        orders=frame("orders", orders), customer_links=frame("customer_links", [link]),
    ))  # fmt: skip
    read = parquet.read_book(["A"])
    ours = known_of("A", DAY, read, pl.DataFrame()).profiles.sort("customer_id")
    theirs = importance(facts(read, DAY, Known(), Scenarios(())))
    assert ours.select("customer_id", *_SHARES).equals(theirs.select("customer_id", *_SHARES))
    of = {row["customer_id"]: row for row in ours.iter_rows(named=True)}
    assert "A:branch" not in of, "conditions read who pays"
    assert of["A:prompt"]["margin_share"] == 0.4, "a cancelled order is no margin"
    assert of["A:tokyo"]["overdue_share"] is None, "yen are not added to euros"
    assert of["A:late"]["overdue_share"] > 0
    assert sum(row["sales_share"] or 0 for row in of.values()) == pytest.approx(1)


def test_the_strategy_that_people_stated_outranks_the_files(tmp_path: Path) -> None:
    book = paying_book(HABITS)
    load(tmp_path / "book", book.replace(customers=book.customers.with_columns(strategy=pl.lit("develop"))))
    DunningMark.objects.create(entity_id="A", customer_id="A:late", strategy="exit")
    found = known_of("A", DAY, parquet.read_book(["A"]), pl.DataFrame()).profiles
    told = dict(found.select("customer_id", "strategy").iter_rows())
    assert told == {"A:late": "exit", "A:prompt": "develop", "A:reliable": "develop"}
