"""What is certain posts by itself where somebody let it: once, never beyond what there is, never what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import call_command

from encours.core.base.issue import CallError
from encours.store import audit, frames
from encours.store.models import (
    Allocation,
    AuditEntry,
    CustomerPosition,
    Decision,
    Delegation,
    Item,
    Proposal,
    ProposalLine,
    Receipt,
    Run,
)
from encours.store.rights import job
from encours.usecases import apply_receipts as use_case
from encours.usecases.accept_match import accept_match, reject_match
from encours.usecases.apply_receipts import AppliedRun, apply_receipts
from encours.usecases.automatic_posting import (
    activate_automatic_posting,
    automatic_posting,
    stop_automatic_posting,
)
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError
from encours.usecases.undo_match import undo_match
from tests.usecases.waiting import load_waiting, person

pytestmark = pytest.mark.django_db
WHY = "the first month was looked through"


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load_waiting(tmp_path)


def run(**options: Any) -> AppliedRun:
    return apply_receipts(job("test"), ["A"], **options)[0]


def open_proposals() -> dict[str, Proposal]:
    rows = Proposal.objects.filter(state=Proposal.State.OPEN).exclude(decision="none")
    return {row.receipt_id: row for row in rows}


def settled() -> dict[str, int]:
    return {row.item_id: row.open for row in Item.objects.filter(item_id__endswith="i0", is_current=True)}


def test_without_leave_it_runs_in_shadow() -> None:
    done = run()
    assert (done.shadow, done.posted, done.receipts, done.auto) == (True, 0, 3, 3)
    assert len(open_proposals()) == 3
    assert not Allocation.objects.exists()
    assert not AuditEntry.objects.filter(act="accept_match").exists()
    kept = Run.objects.get(pk=done.run_id)
    assert (kept.state, kept.summary["shadow"], kept.summary["posted"]) == ("done", True, 0)


def test_what_is_certain_is_posted_once_each_with_its_decision() -> None:
    before = {row.customer_id: row.balance for row in CustomerPosition.objects.all()}
    activate_automatic_posting(job("test"), "A", WHY)
    done = run()
    assert (done.posted, done.kept_back, done.shadow) == (3, (), False)
    assert set(settled().values()) == {0}
    assert set(Receipt.objects.values_list("unapplied", flat=True)) == {0}
    after = {row.customer_id: row.balance for row in CustomerPosition.objects.all()}
    assert after == before, "money that stood on the account is now on the item: the balance stays"
    assert {row.unapplied for row in CustomerPosition.objects.all()} == {0}
    decisions = Decision.objects.filter(act="accept_match")
    assert {(row.user, row.proposal.state, row.proposal.run_id) for row in decisions} == {
        (None, "accepted", done.run_id)
    }
    entries = AuditEntry.objects.filter(act="accept_match").order_by("number")
    assert [entry.subject for entry in entries] == ["A:0:r", "A:1:r", "A:2:r"]
    assert {(entry.actor, entry.after["run"]) for entry in entries} == {("job:test", done.run_id)}
    assert audit.verify().intact
    book = frames.read_book(["A"]).current()
    assert book.open_items().filter(pl.col("item_id").str.ends_with("i0"))["open"].sum() == 0
    again = run()
    assert (again.posted, again.receipts) == (0, 0)
    assert Allocation.objects.count() == 3


def test_a_post_is_undone_like_any_acceptance() -> None:
    activate_automatic_posting(job("test"), "A", WHY)
    run()
    clerk = person("clerk", "cash_application")
    decision = Decision.objects.get(subject_id="A:0:r")
    undo_match(clerk, decision.pk, "not theirs")
    assert settled()["A:0:i0"] == 10_000
    again = run()
    assert (again.posted, again.auto, again.review) == (0, 0, 0), "what a person undid is not posted or proposed again"
    kept = Proposal.objects.get(receipt_id="A:0:r", state=Proposal.State.OPEN)
    assert (kept.decision, kept.rule) == ("none", "refused_before")
    assert settled()["A:0:i0"] == 10_000


def test_what_was_refused_is_not_posted() -> None:
    clerk = person("clerk", "cash_application")
    propose_matches(clerk, ["A"])
    reject_match(clerk, open_proposals()["A:1:r"].pk, "not theirs")
    activate_automatic_posting(job("test"), "A", WHY)
    assert run().posted == 2
    assert settled() == {"A:0:i0": 0, "A:1:i0": 10_000, "A:2:i0": 0}
    assert run().posted == 0


def test_facts_that_change_in_between_keep_a_match_back(monkeypatch: pytest.MonkeyPatch) -> None:
    activate_automatic_posting(job("test"), "A", WHY)
    real = use_case.propose_entity

    def disturbed(*words: Any) -> Any:
        found = real(*words)
        other = Proposal.objects.create(
            entity_id="A", receipt_id="A:1:r", decision="review", rule="by_hand", confidence=1.0, reason="test"
        )
        ProposalLine.objects.create(proposal=other, item_id="A:0:i0", amount=4_000, kind="cash")
        accept_match(job("test"), other.pk)
        return found

    monkeypatch.setattr(use_case, "propose_entity", disturbed)
    done = run()
    assert done.posted == 1
    assert {one.receipt_id: one.why for one in done.kept_back} == {
        "A:0:r": "item A:0:i0 has changed since it was matched",
        "A:1:r": "receipt A:1:r has changed since it was matched",
    }
    assert settled() == {"A:0:i0": 6_000, "A:1:i0": 10_000, "A:2:i0": 0}
    assert set(Proposal.objects.filter(receipt_id__in=["A:0:r"]).values_list("state", flat=True)) == {"superseded"}


def test_a_match_that_is_not_there_any_more_is_kept_back_by_what_is_left() -> None:
    """Without the comparison of stamps, too: two certain matches of one item are never both posted."""
    activate_automatic_posting(job("test"), "A", WHY)
    propose_matches(job("test"), ["A"])
    from encours.usecases import posting

    rows = [open_proposals()["A:0:r"], open_proposals()["A:1:r"]]
    ProposalLine.objects.filter(proposal=rows[1]).update(item_id="A:0:i0")
    lines = posting.read_lines(rows)
    fits, faults = posting.fitting(rows, lines, posting.read_facts(rows, lines))
    assert [fit.proposal for fit in fits] == rows[:1]
    assert faults == {rows[1].pk: ["item A:0:i0 is no longer open for this amount"]}


def test_a_limit_leaves_what_is_larger_to_people() -> None:
    activate_automatic_posting(person("manager"), "A", WHY, 9_999)
    done = run()
    assert done.posted == 0
    assert {one.why for one in done.kept_back} == {"the amount is beyond the limit of automatic posting"}
    assert len(open_proposals()) == 3, "they wait for a person"
    activate_automatic_posting(person("other"), "A", WHY, 10_000)
    assert run().posted == 3


def test_a_first_signature_waits_for_a_second_person() -> None:
    first = person("first", "cash_application")
    Delegation.objects.create(
        entity_id="A", act="accept_match", role_kind="cash_application", second_signature_from=5_000
    )
    propose_matches(first, ["A"])
    assert accept_match(first, open_proposals()["A:0:r"].pk).waits_for_second
    activate_automatic_posting(job("test"), "A", WHY)
    assert run().posted == 2
    assert settled()["A:0:i0"] == 10_000


def test_who_may_turn_it_on() -> None:
    for name in ("viewer", "cash_application", "sales"):
        with pytest.raises(NotAllowedError, match="no_role"):
            activate_automatic_posting(person(name, name), "A", WHY)
    manager = person("manager")
    with pytest.raises(CallError, match="say why"):
        activate_automatic_posting(manager, "A", " ")
    Delegation.objects.create(
        entity_id="A", act="activate_automatic_posting", role_kind="credit_manager", amount_max=50_000
    )
    manager = person("second")
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        activate_automatic_posting(manager, "A", WHY)
    assert not automatic_posting("A").on
    activate_automatic_posting(manager, "A", WHY, 50_000)
    activate_automatic_posting(manager, "A", WHY, 50_000)
    assert automatic_posting("A").on
    entry = AuditEntry.objects.get(act="activate_automatic_posting")
    assert (entry.why, entry.before["on"], entry.after) == (WHY, False, {"on": True, "limit": 50_000})
    stop_automatic_posting(person("clerk", "cash_application"), "A", "a wrong one was seen")
    assert not automatic_posting("A").on
    assert run().shadow
    assert audit.verify().intact


def test_two_turn_it_on_where_the_delegation_asks_for_two() -> None:
    Delegation.objects.create(
        entity_id="A", act="activate_automatic_posting", role_kind="credit_manager", second_signature_from=1
    )
    first, second = person("first"), person("second")
    assert not activate_automatic_posting(first, "A", WHY, 20_000).on
    with pytest.raises(NotAllowedError, match="own_act"):
        activate_automatic_posting(first, "A", WHY, 20_000)
    assert run().shadow
    assert activate_automatic_posting(second, "A", WHY, 20_000).on
    acts = ["sign_automatic_posting", "activate_automatic_posting"]
    told = AuditEntry.objects.filter(act__in=acts).order_by("number").values_list("act", "actor")
    assert list(told) == [(acts[0], first.name), (acts[1], second.name)]


def test_who_may_not_accept_applies_nothing() -> None:
    with pytest.raises(NotAllowedError):
        apply_receipts(person("viewer", "viewer"), ["A"])
    assert not Run.objects.filter(name="apply_receipts").exists()


@pytest.mark.django_db(transaction=True)
def test_what_an_import_brings_is_applied_by_the_worker_once() -> None:
    activate_automatic_posting(job("test"), "A", WHY)
    call_command("db_worker", batch=True, interval=0, verbosity=0, startup_delay=False)
    assert Allocation.objects.count() == 3
    assert Run.objects.filter(name="apply_receipts").count() == 1
    assert apply_receipts(job("test"), ["A"], only_changed=True) == []
