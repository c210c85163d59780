"""The demonstration's letters say how to pay: on the account that takes most of the money, set once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.store.models import Entity
from encours.usecases import clock
from encours.usecases.demo_workflow import add_letterhead
from encours.usecases.manage_settings import setting

_BUSY, _QUIET = "FR7630006000011234567890189", "DE89370400440532013000"
pytestmark = pytest.mark.one_database


@pytest.mark.django_db
def test_the_busiest_account_takes_the_money_and_what_is_set_stays(tmp_path: Path) -> None:
    Entity.objects.create(entity_id="E", name="Zirconia", country="FR", currency="EUR", legal_id="123456782")
    rows = [
        {"receipt_id": f"R{n}", "entity_id": "E", "account": account, "origin": "bank", "kind": "transfer",
         "booked_on": clock.today(), "amount": 100, "currency": "EUR"}
        for n, account in enumerate([_BUSY, _QUIET, _BUSY])
    ]  # fmt: skip
    entities = pl.DataFrame(
        {"entity_id": ["E"], "name": ["Zirconia"], "country": ["FR"], "currency": ["EUR"], "legal_id": ["123456782"]}
    )
    write_book(Book.of(entities=entities, receipts=pl.DataFrame(rows)), tmp_path)
    add_letterhead(tmp_path)
    assert [row["iban"] for row in setting("payment.accounts", "E", clock.today())] == [_BUSY]
    assert "123456782" in setting("letters.sender", "E", clock.today())["legal"]
    rows[0]["account"] = rows[2]["account"] = _QUIET
    write_book(Book.of(entities=entities, receipts=pl.DataFrame(rows)), tmp_path)
    add_letterhead(tmp_path)
    assert [row["iban"] for row in setting("payment.accounts", "E", clock.today())] == [_BUSY]
