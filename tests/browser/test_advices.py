"""An advice dropped as a mail, checked, corrected and taken; disagreements judged by one key each: in Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encours.store.models import Advice, AdviceLine, DifferenceLine, MatchDisagreement, Proposal
from encours.usecases import clock
from tests.browser.conftest import assert_accessible, overflow_pixels
from tests.web.cast import Town, build_town

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def town(settings: Any, tmp_path: Path) -> Town:
    """Two entities and the cast."""
    settings.HOME = tmp_path / "home"
    return build_town(tmp_path)


def test_a_mail_is_checked_corrected_and_taken(
    width: str, open_page: Callable[..., Page], town: Town, tmp_path: Path
) -> None:
    mail = tmp_path / "avis.eml"
    mail.write_text(
        "From: Zirconia 2 <compta@zirconia.example>\nSubject: Avis\nDate: Thu, 12 Mar 2026 09:14:02 +0100\n\n"
        f"Avis de virement\nDate de virement : {clock.today():%d/%m/%Y}\nZIR-201 1 234,58\nZIR-2020 500,00\n"
        "Total : 1 734,58\n",
        encoding="utf-8",
    )
    page = open_page(width, town.users["camille"])
    page.goto("/cash/")
    page.get_by_role("link", name="Advices").click()
    page.get_by_label("Files").set_input_files(str(mail))
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("Nothing follows it yet").wait_for()
    assert_accessible(page)
    assert not overflow_pixels(page)
    page.locator("#line-4 summary").click()
    page.get_by_label("Pays the item").locator("visible=true").fill("ZIR-202")
    assert_accessible(page)
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_text("The line was corrected.").wait_for()
    assert AdviceLine.objects.get(advice__draft=True, line=4).item_id == "A:2:next"
    page.get_by_role("button", name="Take the advice").click()
    page.get_by_text("The advice is followed").wait_for()
    assert_accessible(page)
    assert Advice.objects.latest("pk").draft is False
    page.goto("/cash/advices/")
    page.get_by_text("2 lines, all matched").first.wait_for()


def test_disagreements_are_judged_by_one_key_each(width: str, open_page: Callable[..., Page], town: Town) -> None:
    row = MatchDisagreement.objects.get()
    row.pk, row.digest, row.receipt_id, row.decision = None, "1" * 64, "A:3:r", "review"
    row.save()
    page = open_page(width, town.users["camille"])
    page.goto("/trust/")
    page.get_by_role("link", name="judge them, one key each").click()
    page.get_by_role("heading", name="ZIRCONIA 2").wait_for()
    assert_accessible(page)
    assert not overflow_pixels(page)
    page.keyboard.press("2")
    page.get_by_role("heading", name="ZIRCONIA 3").wait_for()
    page.keyboard.press("u")
    page.get_by_role("heading", name="ZIRCONIA 2").wait_for()
    page.keyboard.press("1")
    page.get_by_role("heading", name="ZIRCONIA 3").wait_for()
    page.keyboard.press("4")
    page.get_by_role("heading", name="All are judged").wait_for()
    assert_accessible(page)
    assert sorted(MatchDisagreement.objects.values_list("verdict", flat=True)) == ["ours", "unknown"]
    page.goto("/trust/disagreements/?tab=judged")
    assert_accessible(page)
    assert not overflow_pixels(page)


def test_differences_lead_to_their_receipts(width: str, open_page: Callable[..., Page], town: Town) -> None:
    accepted = Proposal.objects.get(receipt_id="A:1:r", state="accepted")
    DifferenceLine.objects.create(
        proposal=accepted, entity_id="A", item_id="A:1:late", cause="discount", kind="discount", amount=2_400,
        worth=2_400, account="665", owner="accounting", proof="the terms offer it",
    )  # fmt: skip
    page = open_page(width, town.users["camille"])
    page.goto("/cash/differences/")
    assert_accessible(page)
    assert not overflow_pixels(page)
    page.get_by_role("link", name="Early-payment discount").or_(page.get_by_role("link", name="Discount")).first.click()
    page.wait_for_url("**cause=discount**")
    page.get_by_role("link", name="ZIRCONIA 1", exact=True).click()
    page.wait_for_url("**/receipt/A:1:r")
