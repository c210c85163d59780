"""The nightly chain goes on where it died; rebuilding corrects what was tampered with; exports leave once."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.connectors.book_folder import read_book
from encours.core.base.schema import TABLES
from encours.core.entries import encours_id
from encours.core.metrics import aged_balance
from encours.store import audit, frames, parquet
from encours.store.models import CustomerPosition, EntityDay, ExportLine, Item, Proposal, Receipt, Role, Run, User
from encours.store.rights import actor_of, job
from encours.usecases import clock, run_nightly
from encours.usecases.accept_match import accept_match
from encours.usecases.export_allocations import COLUMNS, export_allocations
from encours.usecases.export_book import export_book
from encours.usecases.jobs import nightly_due
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rebuild import rebuild
from encours.usecases.rights import NotAllowedError
from encours.usecases.run_nightly import run_nightly as run
from encours.usecases.undo_match import undo_match
from tests.kept import import_once
from tests.usecases.books import small_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    book = small_book(paid=False)
    numbered = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = numbered.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    quoting = book.receipts.with_columns(remittance=pl.format("VIR {}", first))
    import_once(book.replace(items=numbered, receipts=quoting), tmp_path / "book")


def test_a_chain_that_died_goes_on_at_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    day = clock.today()
    steps = dict(run_nightly.STEPS)

    def broken(_: date) -> str:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(run_nightly, "STEPS", {**steps, "positions": broken})
    with pytest.raises(RuntimeError):
        run(day)
    died = Run.objects.get(name="nightly")
    assert (died.state, died.step) == ("failed", "positions")
    asked: list[str] = []
    monkeypatch.setattr(run_nightly, "STEPS", steps)
    done = run(day, say=asked.append)
    assert (done.pk, done.state) == (died.pk, "done")
    assert asked == list(steps)[list(steps).index("positions") :]
    assert run(day, say=asked.append).pk == died.pk
    assert Proposal.objects.filter(state="open").exclude(decision="none").count() == 3
    assert EntityDay.objects.filter(entity_id="A").count() >= 1


def test_a_position_is_the_aged_balance_of_the_book() -> None:
    day = clock.today()
    run(day)
    aged = aged_balance(*(parquet.scan(name, ["A"]) for name in ("items", "allocations", "receipts")), day)
    rows = {row["customer_id"]: row for row in aged.iter_rows(named=True)}
    for position in CustomerPosition.objects.all():
        row = rows.pop(position.customer_id)
        for bucket in ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus", "unapplied"):
            assert getattr(position, bucket) == row[bucket], (position.customer_id, bucket)
        assert (position.balance, position.credits) == (row["total"], row["credits"] + row["advances"])
    assert not rows


def test_the_chain_is_asked_for_once_a_day_after_its_hour() -> None:
    early, late = datetime(2026, 4, 1, 2, 59, tzinfo=clock.ZONE), datetime(2026, 4, 1, 3, 0, tzinfo=clock.ZONE)
    assert not nightly_due(early, 3)
    assert nightly_due(late, 3)
    assert not nightly_due(late, 3)


def test_rebuilding_finds_and_corrects_what_was_written_past_the_use_cases() -> None:
    assert sum(rebuild(job("test")).values()) == CustomerPosition.objects.count(), "nothing but positions was written"
    Item.objects.filter(item_id="A:0:i0").update(open=1, is_current=True)
    Receipt.objects.filter(receipt_id="A:1:r").update(unapplied=5)
    Item.objects.filter(item_id="A:2:i1").update(is_current=False)
    found = rebuild(job("test"))
    assert (found["open amounts"], found["unapplied amounts"], found["current versions"]) == (1, 1, 1)
    assert Item.objects.get(item_id="A:0:i0").open == 10_000
    assert Item.objects.get(item_id="A:2:i1").is_current


def test_decided_allocations_leave_once_under_their_id() -> None:
    actor = job("test")
    assert export_allocations(actor, "A") is None
    propose_matches(actor, ["A"])
    decisions = [accept_match(actor, row.pk).decision for row in Proposal.objects.filter(decision="auto")]
    assert decisions
    undo_match(actor, decisions[0].pk)
    exported = export_allocations(actor, "A")
    assert exported is not None
    lines = list(csv.DictReader(exported.file.open()))
    assert list(lines[0]) == list(COLUMNS)
    assert len(lines) == exported.row.lines == len(decisions) - 1
    assert {line["amount"] for line in lines} == {"100.00"}
    sent = ExportLine.objects.get(encours_id=lines[0]["encours_id"])
    assert encours_id(sent.allocation_id) == lines[0]["encours_id"]
    assert export_allocations(actor, "A") is None
    assert audit.verify().intact


def test_the_exported_book_is_the_store_and_comes_back(tmp_path: Path) -> None:
    export_book(job("test"), tmp_path / "out")
    back, issues = read_book(tmp_path / "out")
    assert not issues.filter(pl.col("severity") == "error").height
    stored = frames.read_book(["A"])
    for name in ("items", "receipts", "customers", "entities"):
        key = list(TABLES[name].key)
        assert_frame_equal(back.table(name).sort(key), stored.table(name).sort(key))


def test_who_sees_a_part_exports_nothing() -> None:
    viewer = User.objects.create_user("viewer", "viewer@example.com")
    Role.objects.create(user=viewer, entity_id="A", kind=Role.Kind.VIEWER)
    for export in (export_allocations, lambda actor, entity: export_book(actor, Path("never"), [entity])):
        with pytest.raises(NotAllowedError):
            export(actor_of(viewer), "A")
