"""Importing: new, same and changed facts; entities; rights; projections; nothing half-loaded."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.core.management import call_command
from polars.testing import assert_frame_equal
from pytest_django import Settings

from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.store import audit, frames
from encours.store.models import (
    Allocation,
    AuditEntry,
    CustomerPosition,
    Entity,
    Import,
    ImportFile,
    ImportIssue,
    Item,
    Receipt,
    RejectedLine,
    Role,
    User,
)
from encours.store.rights import Actor, actor_of, job
from encours.usecases.import_files import (
    Upload,
    commit_import,
    discard_import,
    import_now,
    preview_import,
    receive_files,
    repair_imports,
)
from encours.usecases.jobs import commit_later
from encours.usecases.rights import NotAllowedError
from tests.usecases.books import DAY, folder, frame, small_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path


@pytest.fixture
def machine() -> Actor:
    return job("import")


def load(actor: Actor, book: Book, path: Path, entity_id: str | None = None, known_on: date | None = None) -> Import:
    write_book(book, path)  # with its empty tables
    return import_now(actor, entity_id, [path], known_on=known_on)


def codes(owner: Import) -> list[str]:
    return sorted(ImportIssue.objects.filter(owner=owner).values_list("code", flat=True))


def test_a_book_is_loaded_whole_with_its_projections(machine: Actor, home: Path) -> None:
    owner = load(machine, small_book(), home / "book")
    assert owner.state == Import.State.DONE
    assert owner.entity_id == "A"
    assert owner.counts["items"] == {"new": 6, "same": 0, "changed": 0}
    assert sorted(Item.objects.values_list("open", flat=True)) == [0, 0, 0, 10_001, 10_001, 10_001]
    assert Item.objects.filter(number_key="F00", open=0).exists()
    assert set(Receipt.objects.values_list("unapplied", flat=True)) == {0}
    assert CustomerPosition.objects.filter(balance=10_001, not_due__gte=0).count() == 3
    assert audit.verify().intact
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.after["counts"]["items"]["new"]) == ("import_files", 6)


def test_what_was_loaded_comes_back_identically(machine: Actor, home: Path) -> None:
    book = small_book()
    load(machine, book, home / "book")
    back = frames.read_book(["A"])
    for name in TABLES:
        key = list(TABLES[name].key)
        expected = book.table(name)
        if name == "allocations":
            expected = expected.sort(key)
        assert_frame_equal(back.table(name).sort(key), expected.sort(key))


def test_the_same_file_twice_changes_nothing(machine: Actor, home: Path) -> None:
    load(machine, small_book(), home / "book")
    before = {name: frames.read_table(name) for name in TABLES}
    again = load(machine, small_book(), home / "book")
    assert "file_known" in codes(again)
    for name, rows in before.items():
        assert_frame_equal(frames.read_table(name), rows)


def test_an_overlapping_file_adds_only_what_is_new(machine: Actor, home: Path) -> None:
    load(machine, small_book(customers=3), home / "one")
    owner = load(machine, small_book(customers=5), home / "two")
    assert owner.counts["items"] == {"new": 4, "same": 6, "changed": 0}
    assert Item.objects.count() == 10
    assert CustomerPosition.objects.count() == 5


def test_a_changed_fact_is_a_new_version_with_an_issue(machine: Actor, home: Path) -> None:
    load(machine, small_book(), home / "one", known_on=DAY)
    changed = small_book()
    items = changed.items.with_columns(
        amount=pl.when(pl.col("item_id") == "A:1:i1").then(20_000).otherwise(pl.col("amount"))
    )
    owner = load(machine, changed.replace(items=items), home / "two", known_on=DAY + timedelta(days=1))
    assert owner.counts["items"] == {"new": 0, "same": 5, "changed": 1}
    assert "fact_changed" in codes(owner)
    versions = list(Item.objects.filter(item_id="A:1:i1").order_by("pk").values_list("amount", "is_current", "open"))
    assert versions[0][:2] == (10_001, False)
    assert versions[1] == (20_000, True, 20_000)
    assert CustomerPosition.objects.get(customer_id="A:1").balance == 20_000
    yesterday = frames.read_book(["A"]).as_of(DAY)
    assert yesterday.items.filter(item_id="A:1:i1")["amount"].to_list() == [10_001]


def test_a_value_that_returns_is_a_third_version(machine: Actor, home: Path) -> None:
    first, second = small_book(), small_book(label="changed")
    for n, book in enumerate((first, second)):
        load(machine, book, home / str(n))
    known = load(machine, first, home / "3")
    assert codes(known).count("file_known") == 18, "every file of the first folder, byte for byte"
    owner = load(machine, first.replace(items=first.items.reverse()), home / "4")
    assert owner.counts["items"] == {"new": 0, "same": 0, "changed": 6}
    assert Item.objects.filter(is_current=True, label=None).count() == 6
    assert Item.objects.count() == 18


def test_a_settlement_that_comes_later_reaches_the_items_it_settles(machine: Actor, home: Path) -> None:
    load(machine, small_book(paid=False), home / "one")
    assert Item.objects.filter(open=0).count() == 0
    assert Receipt.objects.filter(unapplied=10_000).count() == 3
    allocations = Book.of(allocations=small_book().allocations)
    load(machine, allocations, home / "two")
    assert Item.objects.filter(open=0).count() == 3
    assert Receipt.objects.filter(unapplied=0).count() == 3
    voided = small_book().allocations.head(1).with_columns(voided=pl.lit(True), known_on=pl.lit(DAY))
    load(machine, Book.of(allocations=voided), home / "three")
    assert Item.objects.filter(is_current=True, open=0).count() == 2
    assert Allocation.objects.filter(is_current=True).count() == 2


def test_settlements_before_their_items(machine: Actor, home: Path) -> None:
    book = small_book()
    load(machine, Book.of(entities=book.entities, allocations=book.allocations), home / "one")
    load(machine, book.replace(allocations=book.allocations.clear()), home / "two")
    assert Item.objects.filter(open=0).count() == 3
    assert Receipt.objects.filter(unapplied=0).count() == 3


def test_facts_that_come_late_in_use_were_not_known_before(machine: Actor, home: Path) -> None:
    load(machine, small_book(customers=1), home / "one", known_on=DAY)
    late = small_book(customers=2, issued_on=DAY + timedelta(days=1), posted_on=DAY + timedelta(days=1))
    only_new = Book.of(
        customers=late.customers.tail(1),
        items=late.items.filter(pl.col("customer_id") == "A:1"),
        entities=late.entities,
    )
    load(machine, only_new, home / "two", known_on=DAY + timedelta(days=4))
    assert set(Item.objects.filter(customer_id="A:1").values_list("known_on", flat=True)) == {DAY + timedelta(days=4)}
    assert set(Item.objects.filter(customer_id="A:0").values_list("known_on", flat=True)) == {None}


def test_preview_says_it_all_and_writes_nothing(machine: Actor, home: Path) -> None:
    path = folder(small_book(), home / "book")
    uploads = [Upload.of(file) for file in sorted(path.iterdir())]
    owner = preview_import(machine, receive_files(machine, None, uploads).pk)
    assert (owner.state, owner.counts["items"]["new"]) == (Import.State.READ, 6)
    assert not Item.objects.exists()
    assert not AuditEntry.objects.exists()
    discarded = discard_import(machine, owner.pk)
    assert discarded.state == Import.State.DISCARDED


def test_a_file_with_bad_lines_loads_its_good_ones(machine: Actor, home: Path) -> None:
    book = small_book()
    path = home / "book"
    path.mkdir()
    for name in ("entities", "customers"):
        book.table(name).write_csv(path / f"{name}.csv")
    lines = book.items.write_csv().splitlines()
    lines[2] = lines[2].replace("10001", "ten thousand")
    (path / "items.csv").write_text("\n".join(lines))
    owner = import_now(machine, None, [path])
    assert Item.objects.count() == 5
    file = ImportFile.objects.get(owner=owner, name="items.csv")
    assert (file.rejected, file.connector) == (1, "book_folder")
    assert "ten thousand" in RejectedLine.objects.get(file=file).text
    issue = ImportIssue.objects.get(owner=owner, severity="error")
    assert (issue.line, issue.file) == (3, file)


def test_another_entitys_ids_are_refused(machine: Actor, home: Path) -> None:
    load(machine, small_book("A"), home / "one")
    thief = small_book("A").replace(entities=small_book("B").entities)
    stolen = {
        name: thief.table(name).with_columns(entity_id=pl.lit("B")) for name in ("customers", "items", "receipts")
    }
    owner = load(machine, thief.replace(**stolen, allocations=thief.allocations.clear()), home / "two")
    assert owner.counts["items"]["refused"] == 6
    assert "id_of_another_entity" in codes(owner)
    assert not Item.objects.filter(entity_id="B").exists()


def test_one_needs_the_right_in_every_entity_of_the_files(home: Path) -> None:
    Entity.objects.create(entity_id="A", name="A", country="FR", currency="EUR")
    clerk = User.objects.create_user("clerk", "clerk@example.com")
    Role.objects.create(user=clerk, entity_id="A", kind=Role.Kind.CASH_APPLICATION)
    load(actor_of(clerk), small_book("A"), home / "one", "A")
    with pytest.raises(NotAllowedError, match="new_entity"):
        load(actor_of(clerk), small_book("B"), home / "two")
    assert not Item.objects.filter(entity_id="B").exists()
    failed = Import.objects.latest("pk")
    assert failed.state == Import.State.FAILED
    viewer = User.objects.create_user("viewer", "viewer@example.com")
    Role.objects.create(user=viewer, entity_id="A", kind=Role.Kind.VIEWER)
    with pytest.raises(NotAllowedError):
        load(actor_of(viewer), small_book("A"), home / "three", "A")
    with pytest.raises(NotAllowedError, match="not_visible"):
        commit_import(actor_of(User.objects.create_user("x", "x@example.com")), failed.pk)


def test_an_import_that_fails_leaves_nothing(machine: Actor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(audit, "append", broken)
    with pytest.raises(RuntimeError):
        load(machine, small_book(), home / "book")
    assert not Item.objects.exists()
    assert Import.objects.get().state == Import.State.FAILED
    monkeypatch.undo()
    commit_import(machine, Import.objects.get().pk)
    assert Item.objects.count() == 6


def test_a_dead_process_leaves_an_import_that_can_be_done_again(machine: Actor, home: Path) -> None:
    path = folder(small_book(), home / "book")
    owner = receive_files(machine, None, [Upload.of(file) for file in path.iterdir()])
    Import.objects.update(state=Import.State.LOADING)
    assert repair_imports() == [owner.pk]
    assert commit_import(machine, owner.pk).state == Import.State.DONE


def test_rates_belong_to_everybody(machine: Actor, home: Path) -> None:
    rates = frame("rates", [{"currency": "USD", "on": DAY, "rate": 1.08}])
    load(machine, Book.of(rates=rates), home / "one")
    again = load(machine, small_book().replace(rates=rates), home / "two")
    assert "rates" not in again.counts or again.counts["rates"]["new"] == 0
    assert frames.read_book(["A"]).rates.height == 1


@pytest.mark.django_db(transaction=True)
def test_the_worker_commits_what_a_page_asked_for(home: Path) -> None:
    Entity.objects.create(entity_id="A", name="A", country="FR", currency="EUR")
    clerk = User.objects.create_user("clerk", "clerk@example.com")
    Role.objects.create(user=clerk, entity_id="A", kind=Role.Kind.CASH_APPLICATION)
    path = folder(small_book(), home / "book")
    owner = receive_files(actor_of(clerk), "A", [Upload.of(file) for file in path.iterdir()])
    commit_later(actor_of(clerk), owner.pk)
    assert Import.objects.get().progress == "waiting"
    assert not Item.objects.exists()
    call_command("db_worker", batch=True, interval=0, verbosity=0, startup_delay=False)
    assert Import.objects.get().state == Import.State.DONE
    assert Item.objects.count() == 6
    assert AuditEntry.objects.get().actor == f"user:{clerk.pk}"
