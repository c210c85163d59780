"""Money in one currency for items in another: accepted as proposed, and chosen by hand at the day's rate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from encours.store.models import Decision, Item, Proposal, ProposalLine, Rate, User
from encours.usecases import clock
from encours.usecases.show_desk import find_for_desk, show_desk
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import free_of, load_desk, open_of, person

pytestmark = pytest.mark.django_db
_PAGE = "/cash/?receipt=A:r3"


@pytest.fixture
def clerk(tmp_path: Path, settings: Any) -> Client:
    """A clerk of A; r3 has 360.00 EUR, F4 is 400.00 USD and 1 EUR is 1.25 USD."""
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)
    client = Client()
    user = person("clerk").user
    assert user is not None
    client.force_login(user)
    return client


def _proposed() -> Proposal:
    """F4 proposed for r3, 320.00 EUR of which pay it."""
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id="A:r3", decision="review", rule="quoted_currency", confidence=0.9, reason="it is"
    )
    ProposalLine.objects.create(proposal=proposal, item_id="A:F4", amount=40_000, receipt_amount=32_000, kind="cash")
    return proposal


def test_a_proposal_in_another_currency_is_accepted_on_the_desk(clerk: Client) -> None:
    proposal = _proposed()
    page = clerk.get(_PAGE).content.decode()
    box = page.split('value="A:F4"')[1].split(">")[0]
    assert "checked" in box
    assert "disabled" not in box, "a browser sends no disabled box: nothing would be chosen"
    form = {"item": "A:F4", "amount:A:F4": "400,00", "proposal": str(proposal.pk), "difference": "proposed"}
    answer = clerk.post("/cash/apply/A:r3", form, follow=True)
    assert answer.status_code == 200
    assert Decision.objects.filter(act="accept_match", proposal=proposal).count() == 1
    assert (open_of("F4"), free_of("r3")) == (0, 4_000)


def test_the_rate_is_shown_and_the_difference_is_in_the_items_currency(clerk: Client) -> None:
    client_user = User.objects.get(username="clerk")
    client_user.language = "en"
    client_user.save()
    found = clerk.post("/cash/gap/A:r3", {"item": "A:F4", "amount:A:F4": "450.00"}).content.decode()
    assert "1 EUR = 1.2500 USD: the money is worth 450.00 USD." in found
    assert "less came" not in found
    found = clerk.post("/cash/gap/A:r3", {"item": "A:F4", "amount:A:F4": "400.00"}).content.decode()
    assert "50.00 more came" in found


def test_found_items_have_the_rate_or_cannot_be_chosen(clerk: Client) -> None:
    viewing = Viewing(person("other"), ("A",), clock.today())
    (item,) = [one for one in find_for_desk(viewing, "A:r3", "Client 1") if one.number == "F4"]
    assert (item.rate, item.decimals) == (Decimal("1.25"), 2)
    Rate.objects.all().delete()
    (item,) = [one for one in find_for_desk(viewing, "A:r3", "Client 1") if one.number == "F4"]
    assert (item.rate, item.rate_text) == (None, "")
    rows = clerk.get("/cash/items/A:r3?q=Client+1").content.decode()
    assert "disabled" in rows.split('value="A:F4"')[1].split(">")[0]


def test_a_currency_without_cents_is_read_with_its_own_decimals(clerk: Client) -> None:
    Item.objects.filter(item_id="A:F4").update(currency="JPY", amount=45_000, open=45_000)
    Rate.objects.update(currency="JPY", rate=125.0)
    form = {"item": "A:F4", "amount:A:F4": "45 000"}
    found = clerk.post("/cash/gap/A:r3", form).content.decode()
    assert "45" in found
    assert "choice" not in found, "360.00 EUR are 45,000 JPY"
    clerk.post("/cash/apply/A:r3", form)
    assert (open_of("F4"), free_of("r3")) == (0, 0)


def test_the_desk_prices_only_what_is_foreign(clerk: Client) -> None:
    _proposed()
    desk = show_desk(Viewing(person("other"), ("A",), clock.today()), "A:r3")
    assert desk is not None
    assert {item.number: item.rate for item in desk.items} == {"F4": Decimal("1.25"), "F3": Decimal(1)}
