"""VAT on receipts goes by the e-invoice's own VAT, over due dates and part payments, to the cent; else that is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from encours.core.base.book import Book
from encours.core.entries import Bank
from encours.store.models import EntryLine, Item
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.entry_rules import change_bank, change_entry_rules
from encours.usecases.export_entries import export_entries
from encours.usecases.import_files import import_now
from encours.usecases.rights import job
from encours.usecases.undo_match import undo_match
from tests.usecases.books import folder, frame
from tests.usecases.clerks import a_receipt, an_item

pytestmark = pytest.mark.django_db
_GOLDEN = Path(__file__).resolve().parents[2] / "src/encours/connectors/einvoice/golden"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"


def load(tmp_path: Path, *receipts: dict[str, Any]) -> None:
    """An invoice of 1,200.00 with 200.00 of VAT in two due dates, 200.00 of it prepaid; one without document; money."""
    book = Book.of(
        entities=frame("entities", [{"entity_id": "A", "name": "Société A", "country": "FR", "currency": "EUR"}]),
        customers=frame(
            "customers", [{"customer_id": "A:0", "entity_id": "A", "name": "Client 0", "kind": "business"}]
        ),
        items=frame("items", [an_item("A", "0", "F1", 120_000)]),
        receipts=frame("receipts", list(receipts)),
    )
    import_now(job("test"), None, [folder(book, tmp_path / "book")])
    import_now(job("test"), "A", [_GOLDEN / "instalments_cii.xml"])
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    change_entry_rules(job("test"), "A", {"receipts_vat": True, "vat_rate": 1_000})


def pay(receipt: str, item_id: str, amount: int) -> int:
    decision = allocate_receipt(job("test"), receipt, [HandLine(item_id, amount)]).decision
    assert decision is not None
    return int(decision.pk)


def moved(item_id: str) -> list[int]:
    rows = EntryLine.objects.filter(item_id=item_id, account="445740", batch__export__recalled_at=None)
    return list(rows.order_by("pk").values_list("net", flat=True))


def test_part_payments_of_due_dates_come_to_the_documents_vat(tmp_path: Path) -> None:
    parts = [a_receipt("A", f"r{n}", 100_000) for n in range(4)]
    load(tmp_path, *parts)
    items = list(Item.objects.filter(is_current=True).exclude(number="F1").order_by("due_on"))
    assert len(items) > 1
    assert sum(item.amount for item in items) == 120_000
    place = 0
    for item in items:
        for amount in (item.open // 3, item.open - item.open // 3):
            pay(f"A:r{place % 4}", item.item_id, amount)
            place += 1
            export_entries(job("test"), "A")
    assert [sum(moved(item.item_id)) for item in items] == [6_667, 10_000], "what was prepaid bore its VAT before"
    labels = EntryLine.objects.filter(role="vat").values_list("label", flat=True)
    assert all(label.startswith("TVA 20 % ") for label in labels)


def test_without_a_document_the_entitys_rate_is_taken_and_said(tmp_path: Path) -> None:
    load(tmp_path, a_receipt("A", "r1", 60_000))
    pay("A:r1", "A:F1", 60_000)
    export_entries(job("test"), "A")
    assert moved("A:F1") == [round(60_000 * 10 / 110)]
    assert EntryLine.objects.filter(role="vat", label__startswith="TVA 10 % (TAUX PAR DEFAUT)").count() == 2


def test_a_payment_undone_and_made_again_ends_at_the_same_cent(tmp_path: Path) -> None:
    load(tmp_path, *(a_receipt("A", f"r{n}", 40_001) for n in range(3)))
    first = pay("A:r0", "A:F1", 40_001)
    export_entries(job("test"), "A")
    pay("A:r1", "A:F1", 39_999)
    export_entries(job("test"), "A")
    undo_match(job("test"), first, "wrong")
    export_entries(job("test"), "A")
    pay("A:r2", "A:F1", 40_001)
    pay("A:r0", "A:F1", 40_000)
    export_entries(job("test"), "A")
    assert sum(moved("A:F1")) == round(120_000 * 10 / 110)
    assert date(2026, 3, 20) in set(EntryLine.objects.values_list("day", flat=True))
