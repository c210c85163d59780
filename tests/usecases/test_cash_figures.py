"""Unapplied cash and match rate out of the store: what was posted how, whose the rest is, today and on a past day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from encours.store.models import Proposal
from encours.store.rights import Actor, job
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.book_advance import book_advance
from encours.usecases.mark_not_customer import mark_not_customer
from encours.usecases.propose_matches import propose_matches
from encours.usecases.show_differences import show_differences
from encours.usecases.show_match_rate import MatchRateRow, show_match_rate
from encours.usecases.show_unapplied import show_unapplied
from encours.usecases.undo_match import undo_match
from encours.usecases.viewing import Viewing
from tests.usecases.clerks import BOOKED, load_desk, person
from tests.usecases.waiting import load_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> None:
    """A folder of its own."""
    settings.HOME = tmp_path / "home"


def groups(actor: Actor, past_days: int = 0) -> dict[tuple[str, str], tuple[int, int]]:
    past = clock.today() - timedelta(days=past_days) if past_days else None
    page = show_unapplied(Viewing(actor, actor.entities, clock.today(), past))
    assert page.limits == (7, 30, 60, 90)
    return {(row.entity_id, row.group): (row.count, row.amount) for row in page.rows}


def test_whose_the_unapplied_money_is(tmp_path: Path) -> None:
    load_desk(tmp_path)
    clerk, other = person("clerk"), person("other", "viewer", "B")
    assert groups(clerk) == {("A", "customer"): (1, 98_000), ("A", "unknown"): (2, 236_000)}
    book_advance(clerk, "A:r3", "A:1")
    mark_not_customer(clerk, "A:r1", "loan")
    assert groups(clerk) == {
        ("A", "advance"): (1, 36_000),
        ("A", "customer"): (1, 98_000),
        ("A", "not_customer"): (1, 200_000),
    }
    assert groups(other) == {("B", "unknown"): (1, 100_000)}
    assert groups(clerk, 1)["A", "customer"] == (1, 98_000), "yesterday nobody had said that it is an advance"


def rate(actor: Actor) -> MatchRateRow:
    months = 12 * (clock.today().year - BOOKED.year + 2)
    rows = show_match_rate(Viewing(actor, ("A",), clock.today()), months).rows
    assert len(rows) == 1
    return rows[0]


def test_the_match_rate_knows_who_posted_what(tmp_path: Path) -> None:
    load_waiting(tmp_path)
    activate_automatic_posting(job("test"), "A", "looked through")
    apply_receipts(job("test"), ["A"])
    row = rate(job("test"))
    assert (row.receipts.all, row.receipts.matched, row.receipts.automatic) == (3, 3, 3)
    assert row.value.automatic_rate == row.receipts.rate == 1.0


def test_confirmed_by_hand_and_unmatched(tmp_path: Path) -> None:
    load_desk(tmp_path)
    clerk = person("clerk")
    propose_matches(clerk, ["A"], BOOKED + timedelta(days=9))
    proposal = Proposal.objects.filter(receipt_id="A:r2", state="open").exclude(decision="none").get()
    accept_match(clerk, proposal.pk)
    allocate_receipt(clerk, "A:r3", [HandLine("A:F3", 30_000)])
    row = rate(clerk)
    assert (row.receipts.all, row.receipts.matched, row.receipts.confirmed, row.receipts.automatic) == (3, 1, 1, 0)
    assert (row.lines.all, row.lines.matched, row.lines.by_hand) == (4, 2, 1)
    assert (row.value.all, row.value.matched, row.value.by_hand) == (334_000, 128_000, 30_000)
    mark_not_customer(clerk, "A:r1", "loan")
    assert rate(clerk).receipts.all == 2, "what is no customer's is no receipt to match"


def test_what_differences_cost_and_who_must_look_at_them(tmp_path: Path) -> None:
    load_desk(tmp_path)
    clerk = person("clerk")
    viewing = Viewing(clerk, ("A",), clock.today())
    lines = [HandLine("A:F1", 98_000), HandLine("A:F1", 2_000, "discount", cause="discount")]
    short = [HandLine("A:F2", 45_000), HandLine("A:F2", 5_000, "", cause="quantity_short")]
    charge = [HandLine("A:F3", 29_000), HandLine("A:F3", 1_000, "charge", cause="bank_charge")]
    decision = allocate_receipt(clerk, "A:r1", [*lines, *short]).decision
    allocate_receipt(clerk, "A:r3", charge)
    found = [(row.cause, row.amount, row.given_up, row.open, row.owner) for row in show_differences(viewing)]
    assert found == [
        ("discount", 2_000, 0, False, "accounting"),
        ("bank_charge", 1_000, 1_000, False, "treasury"),
        ("quantity_short", 5_000, 0, True, "logistics"),
    ]
    assert show_differences(viewing, clock.today() + timedelta(days=1)) == ()
    assert len(show_differences(viewing, clock.today())) == 3
    undo_match(clerk, decision.pk)
    assert [row.cause for row in show_differences(viewing)] == ["bank_charge"]
    other = person("other", "viewer", "B")
    assert show_differences(Viewing(other, ("B",), clock.today())) == ()
