"""The audit queue by keyboard alone, and a run rewound after a look: the pages of Trust in Chromium, read by axe."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encours.core.matching.certificate import draw
from encours.store.models import Item, MatchAudit, Message, Role, User
from encours.store.rights import actor_of, job
from encours.usecases import allow_posts, clock
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.certify_matching import certify_matching
from encours.usecases.error_budget import set_error_budget
from tests.browser.conftest import assert_accessible, overflow_pixels
from tests.usecases.judged import add_history, load

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """A credit manager whose entity posted five receipts last night, all of them drawn, on a certificate."""
    settings.HOME = tmp_path / "home"
    load(tmp_path, customers=5)
    user = User.objects.create(username="claude", email="claude@example.org", language="en", first_name="Claude")
    Role.objects.create(user=user, entity_id="A", kind="credit_manager")
    actor = actor_of(user)
    add_history(actor, 400)
    monkeypatch.setattr(allow_posts, "draw", partial(draw, rate=1.0))
    activate_automatic_posting(actor, "A", "the first month was looked through", 1_000_000)
    set_error_budget(actor, "A", 0.01, "agreed with the auditor")
    certify_matching(actor, ["A"], force=True)
    assert apply_receipts(job("nightly"), ["A"])[0].posted == 5
    return user


def test_five_posts_are_judged_by_keyboard_and_the_rest_rewound(
    width: str, open_page: Callable[..., Page], manager: User
) -> None:
    page = open_page(width, manager)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/trust/")
    page.locator(".chart:visible").scroll_into_view_if_needed()
    page.locator(".chart:visible svg").wait_for()
    page.wait_for_load_state("networkidle")
    assert_accessible(page)
    assert not overflow_pixels(page)
    page.keyboard.press("j")
    for judged, key in enumerate("aax", start=1):
        page.keyboard.press(key)
        page.locator("tbody[data-done]").nth(judged - 1).wait_for()
    said = [text.strip() for text in page.locator("tbody[data-done]").all_inner_texts()]
    assert said == ["is right", "is right", "wrong, undone"]
    assert sorted(MatchAudit.objects.exclude(right=None).values_list("right", flat=True)) == [False, True, True]
    assert Item.objects.filter(item_id__endswith="i0", is_current=True, open=10_000).count() == 1
    assert_accessible(page)
    said_to = {"entity_id": "A", "customer_id": "A:4", "channel": "email", "subject": "Second reminder"}
    Message.objects.create(**said_to, state="sent", sent_at=clock.now(), created_at=clock.now())
    page.goto("/trust/")
    page.locator("a[href^='/trust/run/']", has_text="Rewind…").click()
    page.get_by_role("heading", name="Rewind run").wait_for()
    page.get_by_role("link", name="Second reminder").wait_for()
    assert_accessible(page)
    assert not overflow_pixels(page)
    page.get_by_label("Reason: it is written into the audit under your name").fill("one was wrong, to be sure")
    page.get_by_role("button", name="Rewind 4 posts").click()
    page.get_by_text("4 posts were rewound.").wait_for()
    assert Item.objects.filter(item_id__endswith="i0", is_current=True, open=10_000).count() == 5
