"""What a page says where there is little to show: settled items, empty lists, past days, codes in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client

from encours.store.models import Entity, Item, Role
from encours.usecases import clock
from tests.web.cast import Town

_TODAY = clock.today()


def text_of(client: Client, address: str) -> str:
    """The page's text without its tags, white space made one."""
    body = client.get(address).content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_a_settled_item_says_when_it_was_settled_and_how_late(town: Town, client_of: Callable[[str], Client]) -> None:
    said = text_of(client_of("alice"), "/customer/A:1?tab=history")
    settled_on, late_days = _TODAY - timedelta(2), 58  # the receipt is two days old, the due date sixty
    assert re.search(rf"ZIR-101 .* Settled on {settled_on:%d/%m/%Y} {late_days} days late", said), said


def test_a_day_before_the_book_does_not_ask_for_an_import(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    client.get("/help/?on=2001-01-01&reading=booked")
    for address in ("/", "/customers/"):
        assert "Nothing in the book on that day" in text_of(client, address)
        assert "Import files" not in text_of(client, address)


def test_without_a_receipt_nothing_is_called_applied(db: None) -> None:
    Entity.objects.create(entity_id="E", name="Granit", country="FR", currency="EUR")
    user = get_user_model().objects.create(username="eve", email="eve@example.org", language="en")
    Role.objects.create(user=user, entity_id="E", kind="administrator")
    client = Client()
    client.force_login(user)
    for state in ("unapplied", "proposed", "all"):
        assert "No receipt yet" in text_of(client, f"/receipts/?state={state}")


def test_codes_are_said_in_words(town: Town, client_of: Callable[[str], Client]) -> None:
    Item.objects.filter(item_id="A:0:late").update(payment_method="30")
    client = client_of("alice")
    assert "Payment method Transfer" in text_of(client, "/item/A:0:late")
    assert "Zirconia SA" in text_of(client, "/settings/")
    assert " France " in text_of(client, "/settings/")


def test_a_search_that_is_cut_says_so(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    assert "The first 20 of a kind" not in text_of(client, "/search/?q=Zirconia")
    first = Item.objects.get(item_id="A:0:late", is_current=True)
    for number in range(100, 121):
        first.pk, first.item_id = None, f"A:x{number}"
        first.number, first.number_key = f"MANY-{number}", f"MANY{number}"
        first.save()
    said = text_of(client, "/search/?q=MANY-1")
    assert len(re.findall(r" MANY-1\d\d ", said)) == 20
    assert "The first 20 of a kind are shown" in said
