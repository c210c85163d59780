"""A run is rewound whole or by rule: the former state to the cent, every reversal audited, nothing posted again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.entries import Bank
from encours.store import audit, frames
from encours.store.models import (
    Allocation,
    AuditEntry,
    CustomerPosition,
    Decision,
    Delegation,
    Item,
    Message,
    Proposal,
    ProposalLine,
    Receipt,
    Run,
)
from encours.store.rights import job
from encours.usecases import clock, refusals
from encours.usecases.accept_match import StaleProposalError, accept_match
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.deciding import write_facts
from encours.usecases.entry_rules import change_bank
from encours.usecases.export_allocations import export_allocations
from encours.usecases.export_entries import export_entries
from encours.usecases.import_files import import_now
from encours.usecases.past_rewinds import past_rewinds
from encours.usecases.rewind_run import preview_rewind, rewind_run
from encours.usecases.rewinding import Part
from encours.usecases.rights import NotAllowedError
from encours.usecases.undo_match import undo_match
from tests.usecases.books import DAY, folder, frame
from tests.usecases.waiting import load_waiting, person

pytestmark = pytest.mark.django_db
WHY = "the rule read order numbers as invoice numbers"


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load_waiting(tmp_path)


def posted() -> Run:
    activate_automatic_posting(job("test"), "A", "a test")
    return Run.objects.get(pk=apply_receipts(job("test"), ["A"])[0].run_id)


def state() -> dict[str, object]:
    book = frames.read_book(["A"]).current()
    fields = [field.attname for field in CustomerPosition._meta.concrete_fields if field.attname != "id"]
    return {
        "open": dict(Item.objects.filter(is_current=True).values_list("item_id", "open")),
        "unapplied": dict(Receipt.objects.filter(is_current=True).values_list("receipt_id", "unapplied")),
        "positions": sorted(CustomerPosition.objects.values_list(*fields), key=str),
        "copy": sorted(book.open_items().select("item_id", "open").iter_rows()),
    }


def test_a_rewound_run_leaves_the_former_state_exactly() -> None:
    before = state()
    run = posted()
    assert state() != before
    preview = preview_rewind(job("test"), run.pk)
    assert (preview.posts, preview.totals, preview.exported, preview.sealed) == (3, (("EUR", 30_000),), 0, 0)
    assert [post.receipt_id for post in preview.largest] == ["A:0:r", "A:1:r", "A:2:r"]
    rewound = rewind_run(job("test"), run.pk, WHY)
    assert (rewound.posts, rewound.allocations) == (3, 3)
    assert state() == before
    assert Allocation.objects.count() == 6, "a reversal is a version, nothing is removed"
    assert set(Proposal.objects.filter(run=run).values_list("state", flat=True)) == {"undone"}
    assert Decision.objects.filter(act="rewind_run", undoes__isnull=False, why=WHY).count() == 3
    assert AuditEntry.objects.filter(act="rewind_run").count() == 3
    whole = AuditEntry.objects.get(act="rewind")
    assert (whole.subject, whole.after["posts"], whole.why) == (f"run:{run.pk}", 3, WHY)
    assert audit.verify().intact
    assert rewind_run(job("test"), run.pk, WHY).posts == 0
    assert AuditEntry.objects.filter(act="rewind").count() == 1


def test_the_same_rule_does_not_post_or_propose_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = posted()
    rewind_run(job("test"), run.pk, WHY)
    again = apply_receipts(job("test"), ["A"])[0]
    assert (again.posted, again.auto, again.review) == (0, 0, 0)
    assert set(Proposal.objects.filter(state="open").values_list("rule", flat=True)) == {refusals.RULE}
    monkeypatch.setattr("encours.usecases.propose_matches.__version__", "99.0")
    newer = apply_receipts(job("test"), ["A"])[0]
    assert (newer.posted, newer.auto, newer.review) == (0, 0, 3), "another version's word is looked at by a person"


def test_one_rule_alone() -> None:
    run = posted()
    Proposal.objects.filter(receipt_id="A:1:r", state="accepted").update(rule="another")
    assert dict(preview_rewind(job("test"), run.pk).rules)["another"] == 1
    assert rewind_run(job("test"), run.pk, WHY, rule="another").posts == 1
    assert Item.objects.get(item_id="A:1:i0").open == 10_000
    assert Item.objects.get(item_id="A:0:i0").open == 0
    assert preview_rewind(job("test"), run.pk).posts == 2


def test_what_was_sent_meanwhile_and_who_was_left_alone_is_listed() -> None:
    before = Message.objects.create(**_sent("A:0", clock.now()))
    run = posted()
    later = [
        Message.objects.create(**_sent("A:0", clock.now(), subject="Second reminder")),
        Message.objects.create(**_sent("A:9", clock.now())),
        Message.objects.create(**_sent("A:1", None, state="queued")),
    ]
    touch = {"entity_id": "A", "touch_id": "A:t1", "customer_id": "A:1", "channel": "call", "sent_on": clock.today()}
    write_facts({"touches": [touch]}, "A")
    Item.objects.filter(item_id="A:2:i0").update(due_on=clock.today() - timedelta(days=1))
    found = preview_rewind(job("test"), run.pk).between
    told = {(one.customer_id, one.channel, one.subject, one.on) for one in found.sent}
    assert told == {
        ("A:0", "email", "Second reminder", clock.today()),
        ("A:1", "call", "", clock.today()),
    }, "neither what was sent before the posts, nor to others, nor what has not left"
    assert {one.message_id for one in found.sent} == {str(later[0].pk), ""}
    assert str(before.pk) not in {one.message_id for one in found.sent}
    assert [(one.customer_id, one.items, one.overdue, one.currency) for one in found.alone] == [
        ("A:2", 1, 10_000, "EUR")
    ], "who was written to was not left alone"
    rewind_run(job("test"), run.pk, WHY)
    assert preview_rewind(job("test"), run.pk).posts == 0
    (done,) = past_rewinds(Part("A", run.pk))
    assert (done.posts, done.why, done.by) == (3, WHY, "")
    assert done.between == found, "kept with the rewind, to be read afterwards"
    kept = str(AuditEntry.objects.get(act="rewind").after)
    assert "Second reminder" not in kept, "no text stands in the audit"
    later[0].delete()
    (done,) = past_rewinds(Part("A", run.pk))
    assert {one.message_id for one in done.between.sent} == {""}


def _sent(customer_id: str, at: datetime | None, **more: Any) -> dict[str, Any]:
    told = {"entity_id": "A", "customer_id": customer_id, "channel": "email", "state": "sent", "sent_at": at}
    return told | {"created_at": clock.now()} | more


def test_one_stratum_alone() -> None:
    run = posted()
    Proposal.objects.filter(receipt_id="A:1:r", state="accepted").update(stratum="amount_only")
    assert dict(preview_rewind(job("test"), run.pk).strata) == {"quoted_exactly": 2, "amount_only": 1}
    assert preview_rewind(job("test"), run.pk, stratum="amount_only").posts == 1
    assert rewind_run(job("test"), run.pk, WHY, stratum="amount_only").posts == 1
    assert Item.objects.get(item_id="A:1:i0").open == 10_000
    assert AuditEntry.objects.get(act="rewind").after["stratum"] == "amount_only"


def test_what_a_person_undid_is_left_alone() -> None:
    run = posted()
    undone = undo_match(job("test"), Decision.objects.get(subject_id="A:0:r").pk, "wrong")
    assert rewind_run(job("test"), run.pk, WHY).posts == 2
    assert Decision.objects.filter(undoes=undone.undoes).get() == undone


def test_a_payment_that_came_back_is_not_reversed_a_second_time(tmp_path: Path) -> None:
    run = posted()
    back = {
        "receipt_id": "A:0:back",
        "entity_id": "A",
        "account": "512",
        "booked_on": DAY,
        "amount": -10_000,
        "currency": "EUR",
        "kind": "return",
        "origin": "bank",
        "customer_id": "A:0",
        "returns_receipt_id": "A:0:r",
    }
    entity = frame("entities", [{"entity_id": "A", "name": "A", "country": "FR", "currency": "EUR"}])
    import_now(
        job("test"), None, [folder(Book.of(entities=entity, receipts=frame("receipts", [back])), tmp_path / "b")]
    )
    for fits in (True, False):
        row = Proposal.objects.create(
            entity_id="A", receipt_id="A:0:back", decision="review", rule="by_hand", confidence=1.0, reason="test"
        )
        ProposalLine.objects.create(proposal=row, item_id="A:0:i0", amount=-10_000, kind="cash")
        if fits:
            assert accept_match(job("test"), row.pk).decision is not None
            continue
        with pytest.raises(StaleProposalError):
            accept_match(job("test"), row.pk)
    assert Item.objects.get(item_id="A:0:i0").open == 10_000
    with pytest.raises(CallError, match="undo that first"):
        undo_match(job("test"), Decision.objects.get(subject_id="A:0:r").pk, "twice")
    assert rewind_run(job("test"), run.pk, WHY).posts == 2
    assert set(Item.objects.filter(item_id__endswith="i0").values_list("open", flat=True)) == {10_000}


def test_what_was_exported_is_said() -> None:
    run = posted()
    export_allocations(job("test"), "A")
    assert preview_rewind(job("test"), run.pk).exported == 3
    assert rewind_run(job("test"), run.pk, WHY).posts == 3
    assert export_allocations(job("test"), "A") is None


def test_what_left_as_entries_is_taken_back_by_the_next_batch() -> None:
    run = posted()
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    (left,) = export_entries(job("test"), "A")
    assert preview_rewind(job("test"), run.pk).exported == 3
    rewind_run(job("test"), run.pk, WHY)
    (back,) = export_entries(job("test"), "A")
    assert back.control["totals"] == {code: -total for code, total in left.control["totals"].items()}
    assert export_entries(job("test"), "A") == []


def test_who_may_rewind() -> None:
    run = posted()
    for kind in ("viewer", "cash_application"):
        with pytest.raises(NotAllowedError, match="no_role"):
            rewind_run(person(kind, kind), run.pk, WHY)
    manager = person("manager")
    with pytest.raises(CallError, match="say why"):
        rewind_run(manager, run.pk, "")
    Delegation.objects.create(entity_id="A", act="rewind_run", role_kind="credit_manager", amount_max=29_999)
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        rewind_run(person("small"), run.pk, WHY)
    assert Item.objects.get(item_id="A:0:i0").open == 0
    with pytest.raises(NotAllowedError, match="not_visible"):
        preview_rewind(job("test"), 10**6)
    other = Run.objects.filter(name="propose_matches").first()
    assert other is not None
    with pytest.raises(CallError, match="nothing to rewind"):
        rewind_run(job("test"), other.pk, WHY)
