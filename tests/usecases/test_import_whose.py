"""Imports that do not say their entity, and e-invoices whose buyer the store already knows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from pytest_django import Settings

import encours.connectors.einvoice
from encours.store.models import Customer, Entity, ImportIssue, Item, Receipt
from encours.store.rights import job
from encours.usecases.import_files import import_now
from tests.journeys.ledgers import IBAN, Ledger, camt
from tests.usecases.books import folder, small_book

pytestmark = pytest.mark.django_db
_GOLDEN = Path(encours.connectors.einvoice.__path__[0]) / "golden"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path


def _statement(folder: Path, day: str = "2026-01-12") -> Path:
    return camt(folder, f"{day}.xml", 100_000, [(day, 9900, "VIR INCONNU")])


def _ledger(folder: Path, siren: str) -> Path:
    ledger = Ledger()
    ledger.invoice("20250110", f"C{siren}", "F1", 12000)
    return ledger.write(folder, f"{siren}FEC20251231.txt")


def test_a_statement_goes_to_the_one_entity_there_is(tmp_path: Path) -> None:
    import_now(job("test"), None, [_ledger(tmp_path, "123456789")])
    owner = import_now(job("test"), None, [_statement(tmp_path)])
    assert list(Entity.objects.values_list("entity_id", flat=True)) == ["123456789"]
    assert list(Receipt.objects.values_list("entity_id", "account")) == [("123456789", IBAN)]
    assert owner.entity_id == "123456789"
    import_now(job("test"), None, [_ledger(tmp_path, "987654321")])
    assert Entity.objects.count() == 2  # a ledger says its entity itself


def test_of_several_entities_the_one_that_has_the_account(tmp_path: Path) -> None:
    for siren in ("123456789", "987654321"):
        import_now(job("test"), None, [_ledger(tmp_path, siren)])
    import_now(job("test"), "987654321", [_statement(tmp_path)])
    owner = import_now(job("test"), None, [_statement(tmp_path, "2026-01-13")])
    assert set(Receipt.objects.values_list("entity_id", flat=True)) == {"987654321"}
    assert not ImportIssue.objects.filter(owner=owner, code="no_entity").exists()


def test_an_account_that_is_nobodys_asks_for_its_entity(tmp_path: Path) -> None:
    for siren in ("123456789", "987654321"):
        import_now(job("test"), None, [_ledger(tmp_path, siren)])
    owner = import_now(job("test"), None, [_statement(tmp_path)])
    issue = ImportIssue.objects.get(owner=owner, code="no_entity")
    assert (issue.severity, IBAN in issue.message) == ("error", True)
    assert issue.action == "Choose the entity of this import."


def test_the_buyer_of_a_later_e_invoice_is_the_stored_customer(tmp_path: Path) -> None:
    book = small_book(customers=2)
    customers = book.customers.with_columns(
        legal_id=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("552100554")), vat_id=pl.lit(None, dtype=pl.String)
    )
    import_now(job("test"), None, [folder(book.replace(customers=customers), tmp_path / "book")])
    known = str(customers["customer_id"][0])
    before = set(Customer.objects.values_list("customer_id", flat=True))
    text = (_GOLDEN / "invoice_cii.xml").read_text(encoding="utf-8")
    (tmp_path / "invoice.xml").write_text(text, encoding="utf-8")
    entity = str(book.entities["entity_id"][0])
    import_now(job("test"), entity, [tmp_path / "invoice.xml"])
    assert set(Customer.objects.values_list("customer_id", flat=True)) == before
    assert Item.objects.get(number="FA-2026-101").customer_id == known
