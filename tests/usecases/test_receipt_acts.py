"""Advances, marks, disputes and takes: once each, by who may, and back again exactly."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from encours.core.base.issue import CallError
from encours.store import audit, frames
from encours.store.models import (
    Advance,
    CustomerPosition,
    Decision,
    Delegation,
    Dispute,
    NotCustomer,
    Portfolio,
    PortfolioMember,
    Proposal,
    Receipt,
    ReceiptTake,
    Role,
    User,
)
from encours.store.rights import actor_of
from encours.usecases import clock
from encours.usecases.accept_match import accept_match, accept_matches, reject_match
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.book_advance import book_advance
from encours.usecases.mark_not_customer import mark_not_customer
from encours.usecases.open_dispute import close_dispute, open_dispute
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError
from encours.usecases.take_receipt import (
    LAPSES_AFTER,
    LOOK_LAPSES_AFTER,
    TakenError,
    holders,
    release_receipt,
    take_receipt,
)
from encours.usecases.undo_match import undo_match
from tests.usecases.clerks import assert_oracle, load_desk, open_of, person, standing

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Settings) -> None:
    """The clerk's day, imported."""
    settings.HOME = tmp_path / "home"
    load_desk(tmp_path)


def proposed(name: str) -> Proposal | None:
    rows = Proposal.objects.filter(receipt_id=f"A:{name}", state="open").exclude(decision="none")
    return rows.first()


def test_an_advance_stands_on_the_account_once_and_comes_back() -> None:
    clerk, before = person("clerk"), standing()
    decision = book_advance(clerk, "A:r3", "A:1", "paid on order")
    assert book_advance(clerk, "A:r3", "A:1") == decision
    row = CustomerPosition.objects.get(customer_id="A:1", currency="EUR")
    assert (row.balance, row.unapplied) == (30_000 - 36_000, -36_000)
    assert Receipt.objects.filter(receipt_id="A:r3").count() == 2, "a version, nothing is overwritten"
    with pytest.raises(CallError, match="another customer's account"):
        book_advance(clerk, "A:r3", "A:0")
    with pytest.raises(CallError, match="belongs to another entity"):
        book_advance(person("both", "cash_application", "A", "B"), "A:r3", "B:0")
    with pytest.raises(CallError, match="stands on a customer's account"):
        mark_not_customer(clerk, "A:r3", "loan")
    allocate_receipt(clerk, "A:r3", [HandLine("A:F3", 30_000)])
    assert CustomerPosition.objects.get(customer_id="A:1", currency="EUR").balance == -6_000
    undo_match(clerk, Decision.objects.get(act="accept_match").pk)
    undo = undo_match(clerk, decision.pk, "another customer's")
    assert undo_match(clerk, decision.pk) == undo
    assert standing() == before
    assert not Advance.objects.exists()
    assert_oracle(clock.today())
    assert audit.verify().intact
    assert book_advance(clerk, "A:r3", "A:0").pk != decision.pk


def test_a_source_that_says_whose_it_is_meanwhile_wins_over_an_undo() -> None:
    clerk = person("clerk")
    decision = book_advance(clerk, "A:r3", "A:1")
    Receipt.objects.filter(receipt_id="A:r3", is_current=True).update(customer_id="A:0")
    undo_match(clerk, decision.pk)
    assert standing()["whose"]["A:r3"] == "A:0"


def test_money_that_is_no_customers_is_never_proposed_until_that_is_undone() -> None:
    clerk, before = person("clerk"), standing()
    propose_matches(clerk, ["A"], DAY)
    assert proposed("r2") is not None
    with pytest.raises(CallError, match="'sun' is no reason"):
        mark_not_customer(clerk, "A:r2", "sun")
    decision = mark_not_customer(clerk, "A:r2", "loan")
    assert mark_not_customer(clerk, "A:r2", "loan") == decision
    assert proposed("r2") is None
    propose_matches(clerk, ["A"], DAY)
    assert not Proposal.objects.filter(receipt_id="A:r2", state="open").exists()
    for act in (
        lambda: allocate_receipt(clerk, "A:r2", [HandLine("A:F1", 98_000)]),
        lambda: book_advance(clerk, "A:r2", "A:0"),
        lambda: mark_not_customer(clerk, "A:r2", "tax"),
    ):
        with pytest.raises(CallError, match="marked as not from a customer: undo that first"):
            act()
    undo_match(clerk, decision.pk)
    assert not NotCustomer.objects.exists()
    assert standing() == before
    propose_matches(clerk, ["A"], DAY)
    assert proposed("r2") is not None


def test_what_is_applied_is_not_marked() -> None:
    clerk = person("clerk")
    allocate_receipt(clerk, "A:r3", [HandLine("A:F3", 30_000)])
    with pytest.raises(CallError, match="some of receipt A:r3 is applied"):
        mark_not_customer(clerk, "A:r3", "other")


def test_a_dispute_opens_closes_and_comes_back() -> None:
    collector, before = person("collector", "collector"), standing()
    opened = open_dispute(collector, "A:F1", "quantity", amount=12_000, why="two pallets")
    assert open_dispute(collector, "A:F1", "quantity", amount=12_000) == opened
    dispute = Dispute.objects.get(is_current=True)
    assert (dispute.amount, dispute.owner, dispute.opened_on) == (12_000, "logistics", clock.today())
    for wrong in ({"amount": 100_001}, {"amount": -5}, {"amount": 0}):
        with pytest.raises(CallError, match="not open for the disputed amount"):
            open_dispute(collector, "A:F1", "price", **wrong)
    with pytest.raises(CallError, match="'sun' is no outcome"):
        close_dispute(collector, dispute.dispute_id, "sun")
    closed = close_dispute(collector, dispute.dispute_id, "credit_note")
    assert close_dispute(collector, dispute.dispute_id, "credit_note") == closed
    book = frames.read_book(["A"]).current()
    assert book.disputes.select("closed_on", "outcome").rows() == [(clock.today(), "credit_note")]
    undo_match(collector, closed.pk)
    assert Dispute.objects.get(is_current=True).closed_on is None
    undo_match(collector, opened.pk)
    assert frames.read_book(["A"]).current().disputes.height == 0
    assert standing() == before
    assert open_of("F1") == 100_000
    assert open_dispute(collector, "A:F1", "quantity", amount=12_000).pk != opened.pk
    assert audit.verify().intact


def test_who_may_do_what() -> None:
    viewer, collector, stranger = person("v", "viewer"), person("c", "collector"), person("s", "viewer", "B")
    for actor, why in ((viewer, "no_role"), (collector, "no_role"), (stranger, "not_visible")):
        for act in (
            lambda actor=actor: book_advance(actor, "A:r3", "A:1"),
            lambda actor=actor: mark_not_customer(actor, "A:r3", "loan"),
            lambda actor=actor: take_receipt(actor, "A:r3"),
        ):
            with pytest.raises(NotAllowedError, match=why):
                act()
    with pytest.raises(NotAllowedError, match="no_role"):
        open_dispute(viewer, "A:F1", "price")
    Delegation.objects.create(entity_id="A", act="book_advance", role_kind="cash_application", amount_max=10_000)
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        book_advance(person("small"), "A:r3", "A:1")
    decision = open_dispute(collector, "A:F1", "price")
    with pytest.raises(NotAllowedError):
        undo_match(viewer, decision.pk)
    assert not Advance.objects.exists()


def test_a_portfolio_keeps_other_customers_away() -> None:
    user = User.objects.create_user("narrow", "narrow@example.com")
    portfolio = Portfolio.objects.create(entity_id="A", name="East")
    PortfolioMember.objects.create(portfolio=portfolio, customer_id="A:0")
    Role.objects.create(user=user, entity_id="A", kind="cash_application", portfolio=portfolio)
    narrow = actor_of(user)
    with pytest.raises(NotAllowedError, match="not_visible"):
        allocate_receipt(narrow, "A:r3", [HandLine("A:F3", 30_000)])
    with pytest.raises(CallError, match="there is no item A:F3"):
        allocate_receipt(narrow, "A:r2", [HandLine("A:F3", 30_000)])
    with pytest.raises(NotAllowedError, match="not_visible"):
        book_advance(narrow, "A:r2", "A:1")
    assert allocate_receipt(narrow, "A:r2", [HandLine("A:F1", 98_000)]).decision is not None


def test_two_clerks_never_work_on_one_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = person("one"), person("two")
    propose_matches(one, ["A"], DAY)
    number = proposed("r2").pk
    hold = take_receipt(one, "A:r2")
    assert hold.mine
    assert take_receipt(one, "A:r2").taken_at == hold.taken_at
    with pytest.raises(TakenError, match=r"one@example\.com works on receipt A:r2"):
        take_receipt(two, "A:r2")
    assert not holders(two, ["A:r2", "A:r3"])["A:r2"].mine
    for act in (
        lambda: accept_match(two, number),
        lambda: reject_match(two, number),
        lambda: allocate_receipt(two, "A:r2", [HandLine("A:F1", 98_000)]),
        lambda: book_advance(two, "A:r2", "A:0"),
        lambda: mark_not_customer(two, "A:r2", "loan"),
    ):
        with pytest.raises(TakenError):
            act()
    assert accept_matches(two, [number]) == ([], ["one@example.com works on receipt A:r2"])
    assert proposed("r2").pk == number, "it is still there for who holds it"
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + LAPSES_AFTER - timedelta(seconds=1))
    take_receipt(one, "A:r2")  # a sign of life
    monkeypatch.setattr(clock, "now", lambda: now + LAPSES_AFTER + timedelta(seconds=1))
    with pytest.raises(TakenError):
        take_receipt(two, "A:r2")
    monkeypatch.setattr(clock, "now", lambda: now + 3 * LAPSES_AFTER)
    assert take_receipt(two, "A:r2").mine
    assert not holders(one, ["A:r2"])["A:r2"].mine
    release_receipt(one, "A:r2")
    assert holders(two, ["A:r2"]), "who does not hold it cannot give it back"
    assert accept_match(two, number).decision is not None
    assert not ReceiptTake.objects.exists(), "what is done is given back"
    take_receipt(two, "A:r1")
    release_receipt(two, "A:r1")
    assert take_receipt(one, "A:r1").mine


def test_a_look_lapses_sooner_and_keeps_nobody_from_acting_on_many(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = person("one"), person("two")
    propose_matches(one, ["A"], DAY)
    number = proposed("r2").pk
    assert take_receipt(one, "A:r2", working=False).is_look
    with pytest.raises(TakenError):
        accept_match(two, number)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + LOOK_LAPSES_AFTER + timedelta(seconds=1))
    assert take_receipt(two, "A:r2", working=False).mine, "whoever comes next has it"
    assert not take_receipt(two, "A:r2").is_look, "something was begun"
    assert not take_receipt(two, "A:r2", working=False).is_look, "what was begun stays begun"
    with pytest.raises(TakenError):
        accept_match(one, number, among_others=True)
    release_receipt(two, "A:r2")
    take_receipt(two, "A:r2", working=False)
    assert accept_match(one, number, among_others=True).decision is not None


def test_what_waits_for_another_signature_or_was_refused_is_given_back() -> None:
    one = person("one")
    propose_matches(one, ["A"], DAY)
    take_receipt(one, "A:r2")
    reject_match(one, proposed("r2").pk)
    assert not ReceiptTake.objects.exists()
