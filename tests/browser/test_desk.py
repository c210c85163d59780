"""The desk in Chromium: dollars paid in euros, other ways by a key, and receipts given back when the hands go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encours.store.models import Allocation, Item, Proposal, ProposalLine, ReceiptTake, User
from encours.store.rights import job
from encours.usecases.propose_matches import propose_matches
from tests.browser.conftest import assert_accessible, overflow_pixels
from tests.browser.test_clerk import settled
from tests.kept import import_once
from tests.usecases.clerks import load_desk, person
from tests.usecases.paying import MONTHS, monthly_book

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clerks(settings: Any, tmp_path: Path) -> tuple[User, User]:
    """Two clerks; r3 is proposed for F4 in dollars, r2 for F1 though F2 and another item make it up too."""
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)
    Item.objects.filter(item_id="A:N1").update(amount=48_000, open=48_000)
    _propose("r3", "A:1", "A:F4", 40_000, 32_000)
    _propose("r2", "A:0", "A:F1", 98_000, None)
    found = []
    for name in ("anne", "bob"):
        user = person(name).user
        assert user is not None
        User.objects.filter(pk=user.pk).update(language="en")
        found.append(User.objects.get(pk=user.pk))
    return found[0], found[1]


def _propose(name: str, customer_id: str, item_id: str, amount: int, money: int | None) -> None:
    proposal = Proposal.objects.create(
        entity_id="A", receipt_id=f"A:{name}", customer_id=customer_id, decision="review", rule="quoted_currency",
        confidence=0.9, reason="it is",
    )  # fmt: skip
    ProposalLine.objects.create(proposal=proposal, item_id=item_id, amount=amount, receipt_amount=money, kind="cash")


def test_dollars_are_accepted_and_ways_are_gone_through(
    open_page: Callable[..., Page], clerks: tuple[User, User]
) -> None:
    page = open_page(user=clerks[0], locale="en-GB")
    page.goto("/cash/?receipt=A:r3")
    page.get_by_text("1 EUR = 1.2500 USD").wait_for()
    assert page.locator("[data-difference]").inner_text() == "50.00"
    assert page.locator("[data-difference-in]").inner_text() == "USD"
    page.keyboard.press("a")
    page.wait_for_function("() => !document.querySelector('[data-receipt=\"A:r3\"][data-unapplied]')")
    settled(page)
    assert Allocation.objects.get(item_id="A:F4").receipt_amount == 32_000
    page.goto("/cash/?receipt=A:r2")
    settled(page)
    page.keyboard.press("w")
    assert _chosen(page) == ["A:F2", "A:N1"]
    assert page.locator("[data-difference].good").inner_text() == "0.00"
    page.keyboard.press("w")
    assert _chosen(page) == ["A:F1"]
    page.keyboard.press("w")
    settled(page)
    page.keyboard.press("a")
    page.wait_for_function("() => !document.querySelector('[data-receipt=\"A:r2\"][data-unapplied]')")
    assert set(Item.objects.filter(open=0, is_current=True).values_list("item_id", flat=True)) >= {"A:F2", "A:N1"}


def test_a_receipt_is_given_back_on_going_on_and_on_leaving(
    open_page: Callable[..., Page], clerks: tuple[User, User]
) -> None:
    page = open_page(user=clerks[0], locale="en-GB")
    page.goto("/cash/?receipt=A:r3")
    settled(page)
    assert _held() == {"A:r3"}
    page.keyboard.press("j")
    page.locator('[data-receipt="A:r2"][data-unapplied]').wait_for()
    settled(page)
    page.wait_for_timeout(1_000)
    assert _held() == {"A:r2"}
    other = open_page(user=clerks[1], locale="en-GB")
    other.goto("/cash/?receipt=A:r3")
    other.get_by_text("looks at it").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.wait_for_timeout(1_000)
    other.goto("/cash/?receipt=A:r3")
    other.get_by_text("works on it").wait_for()
    page.goto("/customers/")
    page.wait_for_timeout(1_000)
    assert _held() == {"A:r3"}, "what the other one looks at"


def test_the_desk_with_ways_is_accessible_and_fits(
    width: str, open_page: Callable[..., Page], clerks: tuple[User, User]
) -> None:
    page = open_page(width, clerks[0])
    for name in ("r2", "r3"):
        page.goto(f"/cash/?receipt=A:{name}")
        settled(page)
        assert_accessible(page)
        assert not overflow_pixels(page), name


def test_the_habit_of_the_payer_stands_beside_the_reason(
    width: str, tmp_path: Path, settings: Any, open_page: Callable[..., Page]
) -> None:
    settings.HOME = tmp_path / "home"
    import_once(monthly_book(MONTHS + 1, MONTHS), tmp_path / "book")
    propose_matches(job("test"), ["A"])
    user = person("anne").user
    assert user is not None
    page = open_page(width, User.objects.get(pk=user.pk))
    page.goto(f"/cash/?receipt=A:v{MONTHS}")
    settled(page)
    assert page.locator(".habit .good").count() == 2
    assert_accessible(page)
    assert not overflow_pixels(page)


def _chosen(page: Page) -> list[str]:
    boxes = page.locator("#items input[type=checkbox]:checked")
    return sorted(str(boxes.nth(n).get_attribute("value")) for n in range(boxes.count()))


def _held() -> set[str]:
    return set(ReceiptTake.objects.values_list("receipt_id", flat=True))
