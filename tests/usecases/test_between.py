"""Money in entity B for what entity A is owed: both books are right, both ledgers get their side, both rights count."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pytest_django import Settings

from encours.core.base.book import Book
from encours.core.base.invariants import assert_money
from encours.core.base.issue import CallError
from encours.core.entries import Bank
from encours.store import audit, frames, parquet
from encours.store.models import (
    Allocation,
    AllocationElsewhere,
    CustomerPosition,
    Decision,
    EntryBatch,
    EntryLine,
    FactStamp,
    Item,
    LedgerBalance,
    MatchElsewhere,
    Proposal,
    Receipt,
    Role,
)
from encours.store.rights import Actor, actor_of
from encours.usecases import clock
from encours.usecases.accept_match import StaleProposalError, accept_match, reject_match
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.entry_rules import change_bank, change_entry_rules
from encours.usecases.export_allocations import export_allocations
from encours.usecases.export_book import export_book
from encours.usecases.export_entries import export_entries, prepare_entries, recall_entries
from encours.usecases.import_files import import_now
from encours.usecases.past_positions import past_positions
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rebuild import rebuild
from encours.usecases.rights import NotAllowedError, job
from encours.usecases.show_cash import show_queue
from encours.usecases.show_desk import find_for_desk, show_desk
from encours.usecases.show_item import show_item
from encours.usecases.show_receipts import show_receipt
from encours.usecases.tie_ledger import tie_ledger
from encours.usecases.undo_match import undo_match
from encours.usecases.viewing import Viewing
from tests.kept import import_once
from tests.usecases.books import folder, frame
from tests.usecases.clerks import (
    BOOKED,
    a_receipt,
    an_item,
    assert_oracle,
    free_of,
    open_of,
    person,
    standing,
    two_entities,
)

pytestmark = pytest.mark.django_db


def group_book() -> Book:
    """A is owed 450.12 by its customer 7; the money came to B, whose own customer 0 owes something else."""
    items = [
        an_item("A", "7", "FA-20077", 45_012),
        an_item("A", "7", "FA-20078", 10_000),
        an_item("B", "0", "G-90001", 100_000),
    ]
    receipts = [a_receipt("B", "r1", 45_012, remittance="VIR SEPA FACT FA20077", payer_name="MENUISERIE SEPT")]
    people = [("A", "7"), ("B", "0")]
    return two_entities(people, items=items, receipts=receipts)


@pytest.fixture(autouse=True)
def _group(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"
    import_once(group_book(), tmp_path / "book")


def proposed() -> Proposal:
    propose_matches(job("test"), ["B"])
    return Proposal.objects.get(rule="other_entity", state="open")


def view(actor: Actor, *entities: str) -> Viewing:
    return Viewing(actor, entities or actor.entities, clock.today())


def balance(customer: str) -> int:
    return int(CustomerPosition.objects.filter(customer_id=customer).values_list("balance", flat=True).first() or 0)


def alone(entity_id: str) -> Book:
    """The book of one entity, as every page and engine reads it on its own."""
    return frames.read_book([entity_id])


def test_it_is_proposed_for_review_and_never_posts_by_itself() -> None:
    activate_automatic_posting(job("test"), "B", "test")
    (run,) = apply_receipts(job("test"), ["B"])
    row = Proposal.objects.get(rule="other_entity")
    assert (row.decision, row.state, row.customer_id, run.posted) == ("review", "open", "A:7", 0)
    assert MatchElsewhere.objects.values_list("entity_id", "other_id").get() == ("B", "A")
    propose_matches(job("test"), ["B"])
    assert Proposal.objects.get(rule="other_entity", state="open").pk == row.pk, "what says the same stays"


def test_accepted_both_books_are_right_alone_and_together() -> None:
    stamps = {one: FactStamp.objects.filter(entity_id=one).count() for one in "AB"}
    accept_match(person("both", "cash_application", "A", "B"), proposed().pk)
    assert (open_of("FA-20077"), free_of("r1", "B")) == (0, 0)
    assert (balance("A:7"), balance("B:0")) == (10_000, 100_000)
    assert AllocationElsewhere.objects.values_list("entity_id", "other_id").get() == ("B", "A")
    assert all(FactStamp.objects.filter(entity_id=one).count() == stamps[one] + 1 for one in "AB")
    today = clock.today()
    for read in (alone("A").as_of(today), alone("A").as_booked(today), alone("A").current()):
        assert dict(read.open_items().select("number", "open").iter_rows()) == {"FA-20077": 0, "FA-20078": 10_000}
        assert read.allocations["receipt_id"].to_list() == [None], "whose money it was is the other's to tell"
        assert_money(read)
    for read in (alone("B").as_of(today), alone("B").as_booked(today), alone("B").current()):
        assert read.unapplied_receipts()["unapplied"].to_list() == [0]
        assert_money(read)
    both = frames.read_book(["A", "B"])
    assert both.check().filter(severity="error").is_empty()
    assert_money(both.as_of(today))
    assert_oracle(today)
    assert audit.verify().intact


def test_ageing_of_a_past_day_sees_both_sides() -> None:
    accept_match(job("test"), proposed().pk)
    viewing = Viewing(job("test"), ("A",), clock.today(), BOOKED, "booked")
    rows = past_positions(viewing)
    assert rows.filter(customer_id="A:7")["balance"].to_list() == [10_000]
    before = Viewing(job("test"), ("A",), clock.today(), date(2026, 3, 19), "booked")
    assert past_positions(before).filter(customer_id="A:7")["balance"].to_list() == [55_012]


def test_undone_everything_is_as_before_and_it_is_not_proposed_again() -> None:
    row = proposed()
    before = standing()
    decision = accept_match(job("test"), row.pk).decision
    assert decision is not None
    undo = undo_match(job("test"), decision.pk, "A wants its own transfer")
    assert undo_match(job("test"), decision.pk) == undo
    assert standing() == before
    assert alone("A").current().open_items().filter(number="FA-20077")["open"].item() == 45_012
    assert alone("B").as_of(clock.today()).unapplied_receipts()["unapplied"].to_list() == [45_012]
    propose_matches(job("test"), ["B"])
    assert not Proposal.objects.filter(rule="other_entity", state="open").exists()
    assert_oracle(clock.today())


def test_rights_in_both_entities_or_nothing_is_seen() -> None:
    row = proposed()
    own, both = person("own", "cash_application", "B"), person("both", "cash_application", "A", "B")
    desk = show_desk(view(own), "B:r1")
    assert desk is not None
    assert desk.proposal is None
    assert desk.why_none == "no number of an item stands in the text"
    assert not desk.items
    assert not desk.candidates
    assert (show_queue(view(own)).counts["check"], show_queue(view(own)).counts["none"]) == (0, 1)
    for act in (accept_match, reject_match):
        with pytest.raises(NotAllowedError):
            act(own, row.pk)
    desk = show_desk(view(both, "B"), "B:r1")
    assert desk is not None
    assert desk.proposal is not None
    assert "FA-20077 is quoted in full and owed to entity A" in desk.proposal.reason
    assert [(item.item_id, item.entity_id, item.cash) for item in desk.items] == [("A:FA-20077", "A", 45_012)]
    assert (show_queue(view(both, "B")).counts["check"], show_queue(view(both, "B")).counts["none"]) == (1, 0)


def test_to_see_is_not_to_accept_there() -> None:
    """A clerk of B who only reads A sees the proposal, and cannot settle A's item."""
    clerk = person("clerk", "cash_application", "B")
    assert clerk.user is not None
    Role.objects.create(user=clerk.user, entity_id="A", kind="viewer")
    row, reader = proposed(), _anew(clerk)
    desk = show_desk(view(reader), "B:r1")
    assert desk is not None
    assert desk.proposal is not None
    with pytest.raises(NotAllowedError) as refused:
        accept_match(reader, row.pk)
    assert (refused.value.entity_id, refused.value.why) == ("A", "no_role")
    decision = accept_match(person("both", "cash_application", "A", "B"), row.pk).decision
    assert decision is not None
    with pytest.raises(NotAllowedError):
        undo_match(reader, decision.pk)


def _anew(actor: Actor) -> Actor:
    from encours.store.rights import actor_of

    return actor_of(actor.user)


def test_what_each_sees_of_the_other_once_it_is_settled() -> None:
    accept_match(job("test"), proposed().pk)
    of_a, of_b = person("anne", "cash_application", "A"), person("bob", "cash_application", "B")
    item = show_item(view(of_a), "A:FA-20077")
    assert item is not None
    assert [(row.amount, row.receipt_id, row.payer) for row in item.allocations] == [(45_012, None, None)]
    page = show_receipt(view(of_b), "B:r1")
    assert page is not None
    assert [(row.item_id, row.number, row.amount) for row in page.applied] == [("", "", 45_012)]


def test_an_item_that_was_paid_meanwhile_is_not_paid_again(tmp_path: Path) -> None:
    row = proposed()
    more = group_book().replace(receipts=frame("receipts", [a_receipt("A", "r9", 45_012)]))
    import_now(job("test"), None, [folder(more, tmp_path / "more")])
    allocate_receipt(job("test"), "A:r9", [HandLine("A:FA-20077", 45_012)])
    with pytest.raises(StaleProposalError):
        accept_match(job("test"), row.pk)
    assert free_of("r1", "B") == 45_012


def batches(**rules: Any) -> list[EntryBatch]:
    change_bank(job("test"), "B", "512", Bank("full", "512100", "BQ1"))
    for entity_id, changes in rules.items():
        change_entry_rules(job("test"), entity_id, changes)
    return export_entries(job("test"), "B")


def booked(entity_id: str) -> list[tuple[str, str, str, int]]:
    rows = EntryLine.objects.filter(batch__entity_id=entity_id, batch__export__recalled_at=None).order_by("pk")
    return list(rows.values_list("journal", "account", "auxiliary", "net"))


def test_entries_leave_once_on_both_sides_by_each_entitys_rules() -> None:
    accept_match(job("test"), proposed().pk)
    made = batches(A={"accounts": {"group": "467100"}})
    assert sorted(batch.entity_id for batch in made) == ["A", "B"]
    assert booked("B") == [("BQ1", "512100", "", 45_012), ("BQ1", "451000", "", -45_012)]
    assert booked("A") == [("OD", "467100", "", 45_012), ("OD", "411000", "7", -45_012)]
    assert [batch.control["totals"] for batch in made if batch.entity_id == "B"] == [{"EUR": 45_012}]
    assert not prepare_entries(job("test"), "A").entries.height
    assert (export_entries(job("test"), "A"), export_entries(job("test"), "B")) == ([], [])
    assert export_allocations(job("test"), "B") is None, "A's item is none of B's ledger"


def test_found_and_matched_by_hand_it_is_as_good_as_proposed() -> None:
    both, own = person("both", "cash_application", "A", "B"), person("own", "cash_application", "B")
    assert [item.item_id for item in find_for_desk(view(both), "B:r1", "FA-20077")] == ["A:FA-20077"]
    assert find_for_desk(view(own), "B:r1", "FA-20077") == []
    lines, before = [HandLine("A:FA-20077", 45_012)], standing()
    with pytest.raises(CallError, match="there is no item A:FA-20077"):
        allocate_receipt(own, "B:r1", lines)
    short = [HandLine("A:FA-20077", 45_000), HandLine("A:FA-20077", 12, "write_off", cause="rounding")]
    with pytest.raises(CallError, match="only money settles it from here"):
        allocate_receipt(both, "B:r1", short)
    decision = allocate_receipt(both, "B:r1", lines).decision
    assert decision is not None
    assert (open_of("FA-20077"), free_of("r1", "B")) == (0, 0)
    assert AllocationElsewhere.objects.values_list("entity_id", "other_id").get() == ("B", "A")
    assert_oracle(clock.today())
    batches(A={"accounts": {"group": "467100"}})
    assert booked("B") == [("BQ1", "512100", "", 45_012), ("BQ1", "451000", "", -45_012)]
    assert booked("A") == [("OD", "467100", "", 45_012), ("OD", "411000", "7", -45_012)]
    undo_match(job("test"), decision.pk, "A wants its own transfer")
    assert standing() == before


def test_who_sees_but_may_not_match_there_is_refused_by_hand_too() -> None:
    reader = person("reader", "cash_application", "B")
    assert reader.user is not None
    Role.objects.create(user=reader.user, entity_id="A", kind="viewer")
    seeing = actor_of(reader.user)
    assert find_for_desk(view(seeing), "B:r1", "FA-20077") == []
    with pytest.raises(NotAllowedError):
        allocate_receipt(seeing, "B:r1", [HandLine("A:FA-20077", 45_012)])
    assert not Allocation.objects.exists()


def test_exporting_takes_rights_on_both_sides() -> None:
    accept_match(job("test"), proposed().pk)
    change_bank(job("test"), "B", "512", Bank("full", "512100", "BQ1"))
    with pytest.raises(NotAllowedError):
        export_entries(person("bob", "cash_application", "B"), "B")
    assert not EntryBatch.objects.exists()


def test_a_recalled_batch_takes_its_other_side_along() -> None:
    accept_match(job("test"), proposed().pk)
    made = batches()
    with pytest.raises(NotAllowedError):
        recall_entries(person("anne", "cash_application", "A"), next(b for b in made if b.entity_id == "A").pk)
    recall_entries(job("test"), next(b for b in made if b.entity_id == "A").pk)
    assert (booked("A"), booked("B")) == ([], [])
    assert len(export_entries(job("test"), "B")) == 2
    assert len(booked("A")) == len(booked("B")) == 2


def test_undone_after_the_export_both_sides_are_turned_round() -> None:
    decision = accept_match(job("test"), proposed().pk).decision
    batches()
    assert decision is not None
    undo_match(job("test"), decision.pk, "wrong")
    export_entries(job("test"), "B")
    for entity_id in "AB":
        sums: dict[str, int] = {}
        for _, account, _, net in booked(entity_id):
            sums[account] = sums.get(account, 0) + net
        assert set(sums.values()) == {0}, entity_id
        assert len(booked(entity_id)) == 4
    assert export_entries(job("test"), "B") == []


def test_the_cadrage_of_both_explains_what_neither_ledger_has_booked() -> None:
    for entity_id, amount in (("A", 55_012), ("B", 100_000)):
        LedgerBalance.objects.create(
            entity_id=entity_id, account="411", currency="EUR", on=clock.today(), balance=amount
        )
    accept_match(job("test"), proposed().pk)
    for entity_id, decided in (("A", -45_012), ("B", 0)):
        found = tie_ledger(job("test"), entity_id, clock.today())
        assert found.ties, found.accounts
        assert found.accounts["decided"].sum() == decided


def test_a_copy_made_anew_and_a_rebuild_change_nothing() -> None:
    accept_match(job("test"), proposed().pk)
    before = standing()
    rebuild(job("test"), ["A", "B"])
    assert standing() == before
    parquet.rebuild("A")
    assert alone("A").current().open_items().filter(number="FA-20077")["open"].item() == 0


def test_the_book_of_one_entity_leaves_with_the_item_named(tmp_path: Path) -> None:
    accept_match(job("test"), proposed().pk)
    export_book(job("test"), tmp_path / "out", ["B"])
    assert pl.read_parquet(tmp_path / "out/allocations.parquet")["item_id"].to_list() == ["A:FA-20077"]


def test_two_signatures_are_two_persons_with_rights_in_both() -> None:
    from encours.store.models import Delegation

    Delegation.objects.create(
        entity_id="A", act="accept_match", role_kind="cash_application", second_signature_from=10_000
    )
    first, second = (person(name, "cash_application", "A", "B") for name in ("anne", "bob"))
    row = proposed()
    assert accept_match(first, row.pk).waits_for_second
    with pytest.raises(NotAllowedError):
        accept_match(first, row.pk)
    assert not accept_match(second, row.pk).waits_for_second
    assert Decision.objects.filter(act="accept_match").count() == 1
    assert Allocation.objects.count() == 1
    assert Item.objects.get(item_id="A:FA-20077", is_current=True).open == 0
    assert Receipt.objects.get(receipt_id="B:r1", is_current=True).unapplied == 0


def for_both(home: Path) -> Proposal:
    """B's customer pays what it owes B and what A is owed in one amount, quoting both."""
    both = a_receipt("B", "r2", 110_000, remittance="VIR SEPA G90001 ET FA20078", payer_name="CLIENT 0")
    book = group_book()
    import_now(job("test"), None, [folder(book.replace(receipts=frame("receipts", [both])), home / "both")])
    propose_matches(job("test"), ["B"])
    return Proposal.objects.get(receipt_id="B:r2", rule="two_entities", state="open")


def test_one_amount_for_items_of_both_is_proposed_whole_and_never_posts_by_itself(tmp_path: Path) -> None:
    row = for_both(tmp_path)
    activate_automatic_posting(job("test"), "B", "test")
    apply_receipts(job("test"), ["B"])
    row.refresh_from_db()
    assert (row.decision, row.state, row.customer_id) == ("review", "open", "B:0")
    assert MatchElsewhere.objects.filter(proposal=row).values_list("entity_id", "other_id").get() == ("B", "A")
    own = person("own", "cash_application", "B")
    desk = show_desk(view(own), "B:r2")
    assert desk is not None
    assert (desk.proposal, desk.why_none) == (
        None, "items are quoted, but their open amounts do not make the receipt",
    )  # fmt: skip
    desk = show_desk(view(person("both", "cash_application", "A", "B"), "B"), "B:r2")
    assert desk is not None
    assert desk.proposal is not None
    taken = {item.item_id: (item.entity_id, item.cash) for item in desk.items if item.cash}
    assert taken == {"B:G-90001": ("B", 100_000), "A:FA-20078": ("A", 10_000)}


def test_one_amount_for_items_of_both_settles_both_and_leaves_on_both_sides(tmp_path: Path) -> None:
    row, before = for_both(tmp_path), standing()
    decision = accept_match(person("both", "cash_application", "A", "B"), row.pk).decision
    assert decision is not None
    assert (open_of("FA-20078"), open_of("G-90001", "B"), free_of("r2", "B")) == (0, 0, 0)
    assert (balance("A:7"), AllocationElsewhere.objects.count()) == (45_012, 1)
    for entity_id in "AB":
        assert_money(alone(entity_id).as_of(clock.today()))
    assert_oracle(clock.today())
    batches(A={"accounts": {"group": "467100"}})
    assert sorted(booked("B")) == [
        ("BQ1", "411000", "0", -100_000), ("BQ1", "451000", "", -10_000), ("BQ1", "512100", "", 110_000),
    ]  # fmt: skip
    assert booked("A") == [("OD", "467100", "", 10_000), ("OD", "411000", "7", -10_000)]
    undo_match(job("test"), decision.pk, "two transfers after all")
    assert standing() == before
    export_entries(job("test"), "B")
    for entity_id in "AB":
        assert sum(net for *_, net in booked(entity_id)) == 0
    propose_matches(job("test"), ["B"])
    assert not Proposal.objects.filter(rule="two_entities", state="open").exists()
