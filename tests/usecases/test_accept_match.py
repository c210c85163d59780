"""Proposals are kept, accepted once, undone whole; two signatures are two persons; moved facts stop them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from pytest_django import Settings

from encours.store import audit, frames
from encours.store.models import (
    Allocation,
    AuditEntry,
    CustomerPosition,
    Decision,
    Delegation,
    Item,
    Proposal,
    Receipt,
    Role,
    User,
)
from encours.store.rights import Actor, actor_of
from encours.usecases.accept_match import StaleProposalError, accept_match, accept_matches, reject_match
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError
from encours.usecases.undo_match import undo_match
from tests.kept import import_once
from tests.usecases.books import small_book

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Settings) -> None:
    """Three receipts, each quoting the number of the first invoice of its customer."""
    settings.HOME = tmp_path / "home"
    book = small_book(paid=False)
    anonymous = book.receipts.with_columns(customer_id=pl.lit(None, dtype=pl.String))
    numbered = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = numbered.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    quoting = anonymous.with_columns(remittance=pl.format("VIR {}", first))
    import_once(book.replace(items=numbered, receipts=quoting), tmp_path / "book")


def person(name: str, kind: str = "cash_application") -> Actor:
    user = User.objects.create_user(name, f"{name}@example.com")
    Role.objects.create(user=user, entity_id="A", kind=kind)
    return actor_of(user)


def proposal(customer: int = 0) -> Proposal:
    return Proposal.objects.get(receipt_id=f"A:{customer}:r", state=Proposal.State.OPEN)


def test_exact_proposals_are_kept_and_a_second_run_changes_nothing() -> None:
    clerk = person("clerk")
    found = propose_matches(clerk, ["A"], DAY)
    assert (found.receipts, found.auto + found.review) == (3, 3)
    before = sorted(Proposal.objects.filter(state="open").values_list("pk", flat=True))
    propose_matches(clerk, ["A"], DAY)
    assert sorted(Proposal.objects.filter(state="open").values_list("pk", flat=True)) == before


def test_accepting_settles_the_item_and_moves_the_position_once() -> None:
    clerk = person("clerk")
    propose_matches(clerk, ["A"], DAY)
    balance = CustomerPosition.objects.get(customer_id="A:0").balance
    accepted = accept_match(clerk, proposal().pk)
    again = accept_match(clerk, accepted.decision.proposal_id)
    assert again.decision == accepted.decision
    assert Item.objects.get(item_id="A:0:i0").open == 0
    assert Receipt.objects.get(receipt_id="A:0:r").unapplied == 0
    assert CustomerPosition.objects.get(customer_id="A:0").balance == balance - 10_000
    assert Allocation.objects.get().source.startswith("encours:")
    assert AuditEntry.objects.filter(act="accept_match").count() == 1
    book = frames.read_book(["A"]).current()
    assert book.open_items().filter(pl.col("item_id") == "A:0:i0")["open"].item() == 0


def test_undoing_gives_everything_back_and_keeps_the_history() -> None:
    clerk = person("clerk")
    propose_matches(clerk, ["A"], DAY)
    before = {row.customer_id: row.balance for row in CustomerPosition.objects.all()}
    decision = accept_match(clerk, proposal().pk).decision
    undo = undo_match(clerk, decision.pk, "the wrong customer")
    assert undo_match(clerk, decision.pk) == undo
    assert Item.objects.get(item_id="A:0:i0").open == 10_000
    assert Receipt.objects.get(receipt_id="A:0:r").unapplied == 10_000
    assert {row.customer_id: row.balance for row in CustomerPosition.objects.all()} == before
    assert Allocation.objects.count() == 2, "a reversal is a version, nothing is removed"
    assert (undo.undoes, undo.why) == (decision, "the wrong customer")
    assert audit.verify().intact
    propose_matches(clerk, ["A"], DAY)
    assert proposal().decision == "none", "what a person undid is not proposed again"
    assert proposal(1).decision != "none"


def test_a_proposal_whose_item_is_settled_meanwhile_is_laid_aside() -> None:
    clerk = person("clerk")
    propose_matches(clerk, ["A"], DAY)
    twin = proposal(1)
    stale = proposal()
    stale.lines.update(item_id="A:1:i0")
    accept_match(clerk, twin.pk)
    with pytest.raises(StaleProposalError, match="no longer open"):
        accept_match(clerk, stale.pk)
    assert Proposal.objects.get(pk=stale.pk).state == Proposal.State.SUPERSEDED
    with pytest.raises(StaleProposalError):
        accept_match(clerk, stale.pk)
    assert Decision.objects.count() == 1


def test_who_may_not_accept_is_refused() -> None:
    propose_matches(person("clerk"), ["A"], DAY)
    number = proposal().pk
    with pytest.raises(NotAllowedError, match="no_role"):
        accept_match(person("viewer", "viewer"), number)
    with pytest.raises(NotAllowedError, match="not_visible"):
        accept_match(actor_of(User.objects.create_user("stranger", "s@example.com")), number)
    with pytest.raises(NotAllowedError):
        propose_matches(person("other", "viewer"), ["A"], DAY)
    Delegation.objects.create(entity_id="A", act="accept_match", role_kind="cash_application", amount_max=9_999)
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        accept_match(person("small"), number)
    assert not Allocation.objects.exists()


def test_a_second_signature_is_another_persons() -> None:
    Delegation.objects.create(
        entity_id="A", act="accept_match", role_kind="cash_application", second_signature_from=5_000
    )
    first, second = person("first"), person("second")
    propose_matches(first, ["A"], DAY)
    number = proposal().pk
    assert accept_match(first, number).waits_for_second
    with pytest.raises(NotAllowedError, match="own_act"):
        accept_match(first, number)
    assert not Allocation.objects.exists()
    propose_matches(second, ["A"], DAY)
    accepted = accept_match(second, number)
    assert accepted.decision is not None
    assert list(AuditEntry.objects.filter(subject="A:0:r").order_by("number").values_list("act", "actor")) == [
        ("sign_match", first.name),
        ("accept_match", second.name),
    ]


def test_many_at_once_and_rejecting() -> None:
    clerk = person("clerk")
    propose_matches(clerk, ["A"], DAY)
    rejected = reject_match(clerk, proposal(2).pk, "not theirs")
    assert reject_match(clerk, rejected.proposal_id) == rejected
    numbers = [proposal(0).pk, proposal(1).pk, rejected.proposal_id]
    done, faults = accept_matches(clerk, numbers)
    assert len(done) == 2
    assert faults == [f"proposal {rejected.proposal_id} is rejected"]
