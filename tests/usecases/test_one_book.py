"""A book folder is taken as it stands, and what the database adds up of it is what core adds up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from pytest_django import Settings

from encours.connectors.base.contract import Source
from encours.connectors.book_folder import write_book
from encours.core.metrics.sales import sales
from encours.store import frames
from encours.store.models import FACTS
from encours.store.rights import job
from encours.store.rows import select
from encours.usecases import sales_history
from encours.usecases.import_files import import_now
from encours.usecases.read_files import read_files
from encours.usecases.sales_history import history
from tests.usecases.books import DAY, small_book


def test_a_book_folder_comes_back_as_it_is_and_two_books_are_paired(tmp_path: Path) -> None:
    book = small_book()
    receipts = book.receipts.with_columns(
        origin=pl.lit("ledger"), receipt_id=pl.format("{}-l", "receipt_id"), account=pl.lit("512000")
    )
    whole = book.replace(receipts=pl.concat([book.receipts, receipts]))
    write_book(whole, tmp_path / "one")
    alone = read_files([Source.of(tmp_path / "one")])
    assert sorted(alone.book.receipts["receipt_id"]) == sorted(whole.receipts["receipt_id"])
    assert alone.formats.is_empty()
    assert alone.merges.is_empty()
    assert alone.told["rank"].unique().to_list() == [0]
    write_book(book.replace(receipts=book.receipts), tmp_path / "two")
    both = read_files([Source.of(tmp_path / "one"), Source.of(tmp_path / "two")])
    assert both.book.items.height == book.items.height
    assert both.book.receipts["receipt_id"].is_unique().all()


@pytest.mark.django_db
def test_sales_by_month_are_those_of_the_items(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    write_book(small_book(customers=6), tmp_path / "book")
    import_now(job("test"), None, [tmp_path / "book"])
    stored = select(FACTS["items"], ["kind", "issued_on", "amount", "open", "currency"], "t.is_current")
    assert frames.read_table("items", ["A"]).height == stored.height > 0
    assert history("A") == {"EUR": sales(stored)}
    assert history("A")["EUR"].by_month


@pytest.mark.django_db
def test_sales_of_many_customers_are_read_whole_with_the_same_result(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME = tmp_path / "home"
    write_book(small_book(customers=6), tmp_path / "book")
    import_now(job("test"), None, [tmp_path / "book"])
    some = pl.Series("customer_id", ["A:1", "A:4"])
    monkeypatch.setattr(sales_history, "known_since", lambda _: {"EUR": date(2020, 1, 1)})
    looked_up = sales_history.sold_by_customer(some, DAY).sort("customer_id")
    monkeypatch.setattr(sales_history, "MANY", 1)
    assert sales_history.sold_by_customer(some, DAY).sort("customer_id").rows() == looked_up.rows()
    assert looked_up["customer_id"].to_list() == ["A:1", "A:4"]
