"""The desk shows other ways that make up the amount, and marks in the text whatever led to an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from encours.store.models import Instrument, InstrumentItem, Item, Proposal, ProposalLine, Receipt, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.show_desk import Desk, show_desk
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import load_desk, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)


def _desk(name: str = "r2") -> Desk:
    desk = show_desk(Viewing(job("test"), ("A",), clock.today()), f"A:{name}")
    assert desk is not None
    return desk


def _propose(item_id: str, amount: int) -> None:
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id="A:r2", customer_id="A:0", decision="review", rule="one", confidence=0.7, reason="it"
    )
    ProposalLine.objects.create(proposal=proposal, item_id=item_id, amount=amount, kind="cash")


def test_ways_are_listed_without_the_proposed_one() -> None:
    Item.objects.filter(item_id="A:N1").update(amount=48_000, open=48_000)
    ways = {tuple(item.number for item in way.items): way.discount for way in _desk().ways}
    assert ways == {("F1",): 2_000, ("F2", "N1"): 0}, "a discount in time counts; 500.00 and 480.00 are the amount"
    _propose("A:F1", 98_000)
    assert [tuple(item.number for item in way.items) for way in _desk().ways] == [("F2", "N1")]


def test_the_page_offers_them_by_a_key() -> None:
    Item.objects.filter(item_id="A:N1").update(amount=48_000, open=48_000)
    _propose("A:F1", 98_000)
    user = User.objects.get(pk=getattr(person("clerk").user, "pk", 0))
    user.language = "en"
    user.save()
    client = Client()
    client.force_login(user)
    page = client.get("/cash/?receipt=A:r2").content.decode()
    assert "Other ways that make up the amount" in page
    assert 'data-way-item="A:F2"' in page
    assert 'data-way="begun"' in page


@pytest.mark.parametrize("name", ["order_ref", "purchase_order", "delivery_ref", "payment_reference"])
def test_a_reference_is_marked_and_chooses_nothing_by_itself(name: str) -> None:
    Item.objects.filter(item_id="A:F2").update(**{name: "RF18539007547034"})
    Receipt.objects.filter(receipt_id="A:r2").update(remittance="VIR RF18 5390 0754 7034 MERCI")
    desk = _desk()
    assert [part.text for part in desk.text if part.quoted] == ["RF18 5390 0754 7034"]
    marked = {item.number: (item.quoted, item.is_chosen) for item in desk.items}
    assert marked["F2"] == (True, False)
    Receipt.objects.filter(receipt_id="A:r2").update(remittance="VIR", end_to_end_id="RF18539007547034")
    assert [part.text for part in _desk().reference if part.quoted] == ["RF18539007547034"]


def test_lists_slips_and_batches_of_proposed_items_are_marked() -> None:
    Item.objects.filter(item_id="A:F1").update(number="FA-12045")
    Item.objects.filter(item_id="A:F2").update(number="FA-12046")
    _propose("A:F2", 50_000)
    for text, marked in (
        ("FA-12045/46", ["FA-12045", "46"]),
        ("VIR FA 12064", ["12064"]),
        ("REMISE LCR-77001", ["LCR-77001"]),
    ):
        Receipt.objects.filter(receipt_id="A:r2").update(remittance=text)
        if "LCR" in text:
            at = {"entity_id": "A", "instrument_id": "A:i1", "is_current": True}
            Instrument.objects.create(
                **at, customer_id="A:0", kind="draft", amount=50_000, currency="EUR",
                due_on=clock.today(), batch_id="LCR-77001",
            )  # fmt: skip
            InstrumentItem.objects.create(**at, item_id="A:F2", amount=50_000)
        assert [part.text for part in _desk().text if part.quoted] == marked, text
