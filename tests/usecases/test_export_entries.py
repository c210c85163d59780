"""Decided settlements leave as entries: once, in batches that tie, to be made again to the byte, and taken back."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.entries import Bank
from encours.store import audit
from encours.store.models import (
    Allocation,
    Closing,
    Delegation,
    DifferenceLine,
    EntryBatch,
    EntryCover,
    EntryLine,
    Event,
    Export,
    ExportLine,
    Instrument,
    InstrumentItem,
    Item,
    Proposal,
    ProposalLine,
    Setting,
)
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.book_advance import book_advance
from encours.usecases.entry_files import ENTRY_COLUMNS, KINDS
from encours.usecases.entry_rules import change_bank, change_entry_rules, entry_rules
from encours.usecases.export_allocations import export_allocations
from encours.usecases.export_entries import (
    can_recall,
    export_entries,
    prepare_entries,
    read_batch,
    recall_entries,
)
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError, job
from encours.usecases.undo_match import undo_match
from tests.usecases.waiting import load_waiting, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _book(tmp_path: Path) -> None:
    load_waiting(tmp_path)


def decide(mode: str = "full") -> list[Any]:
    """Every waiting receipt is matched; bank account 512 is kept in this mode."""
    change_bank(job("test"), "A", "512", Bank(mode, "512100", "BQ1"))
    propose_matches(job("test"), ["A"])
    rows = Proposal.objects.filter(decision="auto").order_by("receipt_id")
    return [accept_match(job("test"), row.pk).decision for row in rows]


def by_hand(receipt_id: str, *lines: tuple[str, int, str]) -> Any:
    """A decision of these lines (item, amount, kind)."""
    row = Proposal.objects.create(
        entity_id="A", receipt_id=receipt_id, decision="review", rule="by_hand", confidence=1.0, reason="test"
    )
    for item_id, amount, kind in lines:
        ProposalLine.objects.create(proposal=row, item_id=item_id, amount=amount, kind=kind)
    return accept_match(job("test"), row.pk).decision


def booked(batch: EntryBatch) -> list[tuple[str, str, str, int]]:
    """The batch's lines, receipt by receipt."""
    return list(
        EntryLine.objects.filter(batch=batch)
        .order_by("receipt_id", "pk")
        .values_list("journal", "account", "auxiliary", "net")
    )


def test_each_settlement_leaves_once_and_the_batch_ties() -> None:
    decisions = decide()
    assert len(decisions) == 3
    assert prepare_entries(job("test"), "A").covers.height == 3
    assert not EntryBatch.objects.exists()
    (batch,) = export_entries(job("test"), "A")
    assert booked(batch)[:2] == [("BQ1", "512100", "", 10_000), ("BQ1", "411000", "0", -10_000)]
    assert batch.control["totals"] == {"EUR": 30_000}
    assert batch.control["statements"] == {"EUR": 30_000}
    assert batch.control["rests"] == {"EUR": 0}
    assert (batch.number, batch.control["entries"], batch.control["lines"]) == (1, 3, 6)
    assert ExportLine.objects.count() == EntryCover.objects.count() == 3
    assert export_entries(job("test"), "A") == []
    assert export_allocations(job("test"), "A") is None, "what left as an entry does not leave as a line of the list"
    assert audit.verify().intact


def test_what_left_in_the_list_does_not_leave_as_an_entry() -> None:
    decide()
    assert export_allocations(job("test"), "A") is not None
    assert export_entries(job("test"), "A") == []


def test_the_modes() -> None:
    decide("suspense")
    (batch,) = export_entries(job("test"), "A")
    assert booked(batch)[:2] == [("OD", "471000", "", 10_000), ("OD", "411000", "0", -10_000)]


def test_letters_alone_where_the_erp_books_the_bank() -> None:
    decide("letters")
    (batch,) = export_entries(job("test"), "A")
    assert booked(batch) == []
    rows = list(batch.letters.order_by("pk").values_list("letter", "subject", "net"))
    assert len(rows) == 6
    assert batch.control["totals"] == {"EUR": 30_000}
    name, content = read_batch(job("test"), batch.pk, "letters")
    assert name == f"ENC-00001-LET-{batch.period:%Y-%m}-letters.csv"
    told = list(csv.DictReader(io.StringIO(content.decode())))
    assert {row["letter"] for row in told} <= {"aaa", "aab", "aac", "AAA", "AAB", "AAC"}
    assert {row["erp_line"] for row in told} >= {"0:i0", "0:r"}


def test_a_bank_account_that_nobody_set_keeps_its_receipts_back() -> None:
    propose_matches(job("test"), ["A"])
    accept_match(job("test"), Proposal.objects.filter(decision="auto").first().pk)  # type: ignore[union-attr]  # there
    assert export_entries(job("test"), "A") == []
    held = prepare_entries(job("test"), "A").held
    assert held["reason"].to_list() == ["nobody has said how bank account 512 is kept"]


def test_a_discount_and_a_rest() -> None:
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    change_entry_rules(job("test"), "A", {"discount_vat": True})
    by_hand("A:0:r", ("A:0:i0", 9_000, "cash"), ("A:0:i0", 1_000, "discount"))
    (batch,) = export_entries(job("test"), "A")
    assert booked(batch) == [
        ("BQ1", "512100", "", 9_000),
        ("BQ1", "665000", "", 833),
        ("BQ1", "445710", "", 167),
        ("BQ1", "411000", "0", -10_000),
    ]
    assert batch.control["totals"] == {"EUR": 9_000}
    assert batch.control["rests"] == {"EUR": 1_000}
    assert batch.control["statements"] == {"EUR": 10_000}
    by_hand("A:0:r", ("A:0:i1", 1_000, "cash"))
    (rest,) = export_entries(job("test"), "A")
    assert (rest.number, rest.control["totals"], rest.control["rests"]) == (2, {"EUR": 1_000}, {"EUR": 0})


def test_the_files_are_the_same_whenever_they_are_asked_for(settings: Any) -> None:
    decide()
    (batch,) = export_entries(job("test"), "A")
    first = {kind: read_batch(job("test"), batch.pk, kind) for kind in KINDS}
    for path in (Path(settings.HOME) / "exports").rglob("ENC-*"):
        path.unlink()
    assert {kind: read_batch(job("test"), batch.pk, kind) for kind in KINDS} == first
    assert hashlib.sha256(first["csv"][1]).hexdigest() == Export.objects.get().sha256
    rows = list(csv.DictReader(io.StringIO(first["csv"][1].decode())))
    assert tuple(rows[0]) == ENTRY_COLUMNS
    assert (rows[0]["debit"], rows[0]["credit"], rows[1]["credit"]) == ("100.00", "0.00", "100.00")
    fec = first["fec"][1].decode().splitlines()
    assert len(fec[0].split("\t")) == 18
    assert len(fec) == 7
    assert first["csv"][0] == f"ENC-00001-BQ1-{batch.period:%Y-%m}.csv"


def test_what_was_undone_is_taken_back_by_the_next_batch() -> None:
    decisions = decide()
    (batch,) = export_entries(job("test"), "A")
    undo_match(job("test"), decisions[0].pk, "wrong customer")
    (back,) = export_entries(job("test"), "A")
    assert booked(back) == [("BQ1", "512100", "", -10_000), ("BQ1", "411000", "0", 10_000)]
    assert set(EntryLine.objects.filter(batch=back).values_list("day", flat=True)) == {clock.today()}
    assert back.control["totals"] == {"EUR": -10_000}
    assert export_entries(job("test"), "A") == []
    again = by_hand("A:0:r", ("A:0:i1", 10_000, "cash"))
    assert again is not None
    (third,) = export_entries(job("test"), "A")
    assert booked(third) == [("BQ1", "512100", "", 10_000), ("BQ1", "411000", "0", -10_000)]
    lines = EntryLine.objects.values_list("account", "net")
    assert sum(net for account, net in lines if account == "512100") == 30_000
    assert batch.number == 1


def test_what_was_undone_before_it_left_leaves_nothing() -> None:
    decisions = decide()
    undo_match(job("test"), decisions[0].pk)
    (batch,) = export_entries(job("test"), "A")
    assert batch.control["entries"] == 2


def test_the_list_s_lines_are_taken_back_too() -> None:
    decisions = decide()
    export_allocations(job("test"), "A")
    undo_match(job("test"), decisions[0].pk)
    (back,) = export_entries(job("test"), "A")
    assert booked(back) == [("BQ1", "512100", "", -10_000), ("BQ1", "411000", "0", 10_000)]
    assert export_entries(job("test"), "A") == []


def test_a_sealed_month_stays_as_it_is() -> None:
    decide()
    today = clock.today()
    end = today.replace(day=1) - timedelta(days=1)
    Closing.objects.create(entity_id="A", month=end, sealed_at=clock.now(), digest="")
    (batch,) = export_entries(job("test"), "A")
    assert batch.period == today.replace(day=1)
    assert set(EntryLine.objects.values_list("day", flat=True)) == {today.replace(day=1)}


def test_a_recalled_batch_waits_again(monkeypatch: pytest.MonkeyPatch) -> None:
    decide()
    (batch,) = export_entries(job("test"), "A")
    assert can_recall(batch)
    recall_entries(job("test"), batch.pk)
    assert recall_entries(job("test"), batch.pk).export.recalled_at is not None
    with pytest.raises(CallError, match="was recalled"):
        read_batch(job("test"), batch.pk, "csv")
    (again,) = export_entries(job("test"), "A")
    assert (again.number, again.control) == (2, batch.control)
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert not can_recall(again)
    with pytest.raises(CallError, match="more than ten minutes ago"):
        recall_entries(job("test"), again.pk)
    assert audit.verify().intact


def test_a_batch_on_which_another_builds_stays() -> None:
    decisions = decide()
    (batch,) = export_entries(job("test"), "A")
    undo_match(job("test"), decisions[0].pk)
    export_entries(job("test"), "A")
    with pytest.raises(CallError, match="recall that first"):
        recall_entries(job("test"), batch.pk)


def test_killed_between_file_and_commit_nothing_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    decide()

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "append", dies)
    with pytest.raises(KeyboardInterrupt):
        export_entries(job("test"), "A")
    monkeypatch.undo()
    assert not Export.objects.exists()
    assert not ExportLine.objects.exists()
    (batch,) = export_entries(job("test"), "A")
    assert batch.control["totals"] == {"EUR": 30_000}


def test_who_may_export() -> None:
    decisions = decide()
    assert decisions
    for kind in ("viewer", "collector"):
        with pytest.raises(NotAllowedError, match="no_role"):
            export_entries(person(kind, kind), "A")
    Delegation.objects.create(entity_id="A", act="export", role_kind="cash_application", amount_max=29_999)
    with pytest.raises(NotAllowedError, match="amount_over_limit"):
        export_entries(person("small", "cash_application"), "A")
    with pytest.raises(NotAllowedError, match="not_visible"):
        read_batch(job("test"), 10**6, "csv")
    assert len(export_entries(person("manager"), "A")) == 1


def test_rules_are_changed_from_a_day_on_by_who_manages_settings() -> None:
    admin = person("admin", "administrator")
    change_entry_rules(admin, "A", {"accounts": {"customers": "411100"}, "vat_rate": 550}, date(2026, 1, 1))
    assert entry_rules("A", date(2025, 12, 31)).accounts.customers == "411000"
    now = entry_rules("A", clock.today())
    assert (now.accounts.customers, now.vat_rate, now.accounts.discounts) == ("411100", 550, "665000")
    change_entry_rules(admin, "A", {"vat_rate": 550})
    assert Setting.objects.filter(key="entries.rules").count() == 1, "nothing changed, nothing is kept"
    with pytest.raises(CallError) as wrong:
        change_entry_rules(admin, "A", {"accounts": {"customers": "", "x": "1"}, "vat_rate": -1, "nothing": 1})
    assert len(wrong.value.faults) == 4
    with pytest.raises(NotAllowedError):
        change_entry_rules(person("clerk", "cash_application"), "A", {"vat_rate": 0})
    with pytest.raises(CallError) as wrong:
        change_bank(admin, "A", "nowhere", Bank("half", "5 12", "a-b"))
    assert len(wrong.value.faults) == 4


def test_an_item_s_account_is_the_ledger_s() -> None:
    Item.objects.filter(item_id="A:0:i0").update(ledger_account="416000")
    decide()
    (batch,) = export_entries(job("test"), "A")
    assert booked(batch)[1] == ("BQ1", "416000", "0", -10_000)
    assert pl.DataFrame(booked(batch), orient="row")["column_3"].sum() == 0


def test_without_one_a_judgment_or_an_accepted_draft_says_it() -> None:
    """An insolvency says 416 for what was owed before; an accepted draft 413, until it comes back unpaid."""
    Item.objects.update(ledger_account=None)
    first = Item.objects.get(item_id="A:0:i0", is_current=True)
    Event.objects.create(
        entity_id="A", subject="customer", subject_id="A:0", kind="insolvency:opened", on=first.issued_on,
        known_on=first.issued_on,
    )  # fmt: skip
    for number, now in ((1, "paid"), (2, "unpaid")):
        for state in ("accepted", now):
            Instrument.objects.create(
                instrument_id=f"A:lcr{number}", entity_id="A", customer_id=f"A:{number}", kind="lcr", state=state,
                amount=1, currency="EUR", due_on=first.due_on, is_current=state == now, known_on=first.issued_on,
            )  # fmt: skip
        InstrumentItem.objects.create(
            instrument_id=f"A:lcr{number}", item_id=f"A:{number}:i0", entity_id="A", amount=1,
            known_on=first.issued_on,
        )  # fmt: skip
    decide()
    (batch,) = export_entries(job("test"), "A")
    assert [row[1] for row in booked(batch) if row[2]] == ["416000", "413000", "411000"]


def test_an_advance_leaves_is_used_and_taken_back() -> None:
    """512 → 4191 when it is booked, 4191 → 411 when an invoice takes it; each undone by its own counter-entry."""
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    advance = book_advance(job("test"), "A:0:r", "A:0")
    (first,) = export_entries(job("test"), "A")
    assert booked(first) == [("BQ1", "512100", "", 10_000), ("BQ1", "419100", "0", -10_000)]
    assert export_entries(job("test"), "A") == []
    match = by_hand("A:0:r", ("A:0:i0", 4_000, "cash"))
    (second,) = export_entries(job("test"), "A")
    assert booked(second) == [("OD", "419100", "0", 4_000), ("OD", "411000", "0", -4_000)]
    assert second.control["totals"] == {"EUR": 4_000}
    undo_match(job("test"), match.pk)
    (third,) = export_entries(job("test"), "A")
    assert booked(third) == [("OD", "419100", "0", -4_000), ("OD", "411000", "0", 4_000)]
    undo_match(job("test"), advance.pk)
    (fourth,) = export_entries(job("test"), "A")
    assert booked(fourth) == [("BQ1", "512100", "", -10_000), ("BQ1", "419100", "0", 10_000)]
    assert export_entries(job("test"), "A") == []
    assert not sum(EntryLine.objects.values_list("net", flat=True))


def test_an_advance_used_in_part_is_taken_back_for_the_rest() -> None:
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    advance = book_advance(job("test"), "A:0:r", "A:0")
    export_entries(job("test"), "A")
    by_hand("A:0:r", ("A:0:i0", 4_000, "cash"))
    undo_match(job("test"), advance.pk)
    batches = export_entries(job("test"), "A")
    lines = [line for batch in batches for line in booked(batch)]
    held = {
        account: sum(net for _, one, _, net in lines if one == account) for account in ("419100", "411000", "512100")
    }
    assert held == {"419100": 10_000, "411000": -4_000, "512100": -6_000}
    assert export_entries(job("test"), "A") == []


def test_an_advance_and_its_use_are_taken_back_together() -> None:
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    advance = book_advance(job("test"), "A:0:r", "A:0")
    export_entries(job("test"), "A")
    match = by_hand("A:0:r", ("A:0:i0", 4_000, "cash"))
    export_entries(job("test"), "A")
    undo_match(job("test"), match.pk)
    undo_match(job("test"), advance.pk)
    export_entries(job("test"), "A")
    sums: dict[str, int] = {}
    for account, net in EntryLine.objects.values_list("account", "net"):
        sums[account] = sums.get(account, 0) + net
    assert set(sums.values()) == {0}
    assert export_entries(job("test"), "A") == []


def test_a_match_by_hand_brings_its_cause_s_account() -> None:
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    by_hand("A:0:r", ("A:0:i0", 9_900, "cash"), ("A:0:i0", 100, "charge"))
    DifferenceLine.objects.create(
        proposal=Proposal.objects.get(rule="by_hand"), entity_id="A", item_id="A:0:i0", cause="withholding",
        kind="charge", amount=100, account="447", owner="tax", proof="test",
        allocation_id=Allocation.objects.get(item_id="A:0:i0", kind="charge").allocation_id,
    )  # fmt: skip
    (batch,) = export_entries(job("test"), "A")
    assert ("BQ1", "447000", "", 100) in booked(batch)
