"""Receipts of a past day are those of the Book read on that day, whatever was corrected since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions
from encours.store import parquet
from encours.store.models import Role, User
from encours.store.rights import actor_of, job
from encours.usecases import clock, past_receipts
from encours.usecases.import_files import import_now
from encours.usecases.past_receipts import past_page
from encours.usecases.show_receipts import show_receipts
from encours.usecases.viewing import Viewing

pytestmark = pytest.mark.django_db
_COLUMNS = ("receipt_id", "booked_on", "amount", "unapplied", "remittance")


@pytest.fixture
def viewing(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Viewing:
    """Everything, today, over a sample company whose receipts were corrected."""
    settings.HOME = tmp_path / "home"
    monkeypatch.setattr(past_receipts, "_FIRST_LOOK", 7)
    book = sample_company(
        SampleOptions(customers=50, months=8, last_day=clock.today() - timedelta(days=20), seed=5)
    ).book
    write_book(book, tmp_path / "sample")
    import_now(job("test"), None, [tmp_path / "sample"])
    moved = book.receipts.sample(60, seed=3).with_columns(booked_on=pl.col("booked_on") - pl.duration(days=40))
    again = tmp_path / "again"
    write_book(Book.of(entities=book.entities, receipts=moved), again)
    import_now(job("test"), None, [again])
    user = User.objects.create(username="c", email="c@example.org")
    Role.objects.create(user=user, entity_id=book.entities["entity_id"][0], kind="administrator")
    actor = actor_of(user)
    return Viewing(actor, actor.entities, clock.today())


def _truth(viewing: Viewing, day: date, reading: str) -> pl.DataFrame:
    book = parquet.read_book(viewing.entity_ids)
    read = book.as_of(day) if reading == "known" else book.as_booked(day)
    rows = read.unapplied_receipts().sort("booked_on", "receipt_id", descending=[True, False])
    return rows.select(*_COLUMNS, "kind", "payer_name")


def _names(text: str) -> pl.Expr:
    return pl.col("payer_name").fill_null("").str.to_lowercase().str.contains(text, literal=True)


@pytest.mark.parametrize("reading", ["known", "booked"])
def test_each_day_shows_the_book_of_that_day(viewing: Viewing, reading: str) -> None:
    for day in (viewing.today - timedelta(days=back) for back in (1, 25, 90, 4000)):
        past = replace(viewing, past=day, reading=reading)
        truth = _truth(viewing, day, reading)
        for text in ("", "fa"):
            told = pl.col("remittance").fill_null("").str.to_lowercase().str.contains(text, literal=True)
            rows = truth if not text else truth.filter(told | _names(text))
            free = rows.filter((pl.col("unapplied") != 0) & (pl.col("kind") != "out"))
            for every, wanted in ((True, rows), (False, free)):
                for start in (0, 30):
                    shown = past_page(past, _COLUMNS, every, text, start, 30)
                    assert_frame_equal(shown, wanted.select(_COLUMNS).slice(start, 30))


def test_the_page_counts_what_was_free(viewing: Viewing) -> None:
    day = viewing.today - timedelta(days=25)
    free = _truth(viewing, day, "booked").filter((pl.col("unapplied") != 0) & (pl.col("kind") != "out"))
    incoming = free.filter(pl.col("amount") > 0)
    page = show_receipts(replace(viewing, past=day, reading="booked"))
    assert page.unapplied == [("EUR", incoming.height, incoming["unapplied"].sum())]
    assert [row.receipt_id for row in page.rows] == free["receipt_id"].head(60).to_list()
    assert page.has_next == (free.height > 60)
