"""Credit notes set against invoices without money: proposed, confirmed, lettered, exported once, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from encours.core.base.issue import CallError
from encours.core.entries import Bank
from encours.store.models import Allocation, Decision, EntryBatch, EntryCover, EntryLetter, EntryLine, Item, Proposal
from encours.usecases import clock
from encours.usecases.credit_pairs import find_credit_pairs
from encours.usecases.entry_rules import change_bank
from encours.usecases.export_entries import export_entries
from encours.usecases.rights import NotAllowedError, job
from encours.usecases.set_credit import latest_set, set_credit, set_credits
from encours.usecases.undo_match import undo_match
from encours.usecases.viewing import Viewing
from tests.kept import import_once
from tests.usecases.clerks import a_receipt, an_item, assert_oracle, open_of, person, two_entities

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _book(tmp_path: Path) -> None:
    """N1 alone has the amount of F1; N2 names F3 and is less; N4 has the amount of two invoices; a receipt beside."""
    items = [
        an_item("A", "0", "FA-001", 10_000, ledger_account="411000"),
        an_item("A", "0", "N1", -10_000, ledger_account="411000"),
        an_item("A", "0", "FA-003", 50_000, ledger_account="411000"),
        an_item("A", "0", "N2", -7_500, ledger_account="411000", label="AVOIR SUR FACTURE FA-003, RETOUR"),
        an_item("A", "1", "FA-004", 30_000),
        an_item("A", "1", "FA-005", 30_000),
        an_item("A", "1", "N4", -30_000),
    ]
    book = two_entities([("A", "0"), ("A", "1")], items=items, receipts=[a_receipt("A", "r1", 1)])
    import_once(book, tmp_path / "book")


def _pairs() -> list[tuple[str, str, str, int]]:
    found, more = find_credit_pairs(Viewing(person(f"eye{clock.now().timestamp()}"), ("A",), clock.today()))
    assert not more
    return [(pair.note_id, pair.item_id, pair.why, pair.leaves) for pair in found]


_ALL = [("A:N1", "A:FA-001", "alone", 0), ("A:N2", "A:FA-003", "named", 42_500)]


def test_what_is_named_or_alone_is_proposed_and_confirmed_once() -> None:
    clerk = person("clerk")
    assert _pairs() == _ALL
    done, faults = set_credits(clerk, [pair[:2] for pair in _ALL])
    assert (len(done), faults) == (2, [])
    assert (open_of("FA-001"), open_of("N1"), open_of("FA-003"), open_of("N2")) == (0, 0, 42_500, 0)
    assert set_credit(clerk, "A:N1", "A:FA-001") == done[0]
    assert Allocation.objects.count() == 2
    assert _pairs() == []
    with pytest.raises(CallError, match="no longer open"):
        set_credit(clerk, "A:N2", "A:FA-001")
    with pytest.raises(CallError, match="not of one account"):
        set_credit(clerk, "A:N4", "A:FA-003")
    with pytest.raises(NotAllowedError):
        set_credit(person("viewer", "viewer"), "A:N4", "A:FA-004")
    assert_oracle(clock.today())


def test_taken_apart_both_are_open_and_the_pair_is_not_proposed_again() -> None:
    clerk = person("clerk")
    decision = set_credit(clerk, "A:N1", "A:FA-001")
    viewing = Viewing(clerk, ("A",), clock.today())
    assert [(row.note_number, row.item_number, row.amount) for row in latest_set(viewing)] == [("N1", "FA-001", 10_000)]
    undone = undo_match(clerk, decision.pk)
    assert undo_match(clerk, decision.pk) == undone
    assert (open_of("FA-001"), open_of("N1"), latest_set(viewing)) == (10_000, -10_000, [])
    assert _pairs() == _ALL[1:]
    assert Proposal.objects.get(rule="credit").state == "undone"
    again = set_credit(clerk, "A:N1", "A:FA-001")  # by hand it may be said again
    assert again != decision
    assert_oracle(clock.today())


def test_it_leaves_as_a_letter_once_and_undone_goes_back() -> None:
    """Both lines stand in the ledger: a capital letter where they balance, a small one where the invoice has a rest."""
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    decisions = [set_credit(job("test"), note, item) for note, item, *_ in _ALL]
    (batch,) = export_entries(job("test"), "A")
    assert (batch.bank, batch.mode, EntryLine.objects.count()) == ("", "letters", 0)
    assert set(EntryCover.objects.values_list("kind", "cash", "worth")) == {("credit", 0, 10_000), ("credit", 0, 7_500)}
    letters = {(row.item_id, row.letter.isupper()) for row in EntryLetter.objects.filter(batch=batch)}
    assert letters == {("A:FA-001", True), ("A:N1", True), ("A:FA-003", False), ("A:N2", False)}
    codes = {row.letter.upper() for row in EntryLetter.objects.filter(batch=batch)}
    assert len(codes) == 2, "two cases, never one"
    assert export_entries(job("test"), "A") == []
    undo_match(job("test"), decisions[0].pk)
    export_entries(job("test"), "A")
    assert EntryCover.objects.filter(counter=True, allocation_id=_allocation(decisions[0])).count() == 1
    assert export_entries(job("test"), "A") == []


def test_on_another_account_it_is_an_entry_of_its_own() -> None:
    change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
    Item.objects.filter(item_id="A:N1").update(ledger_account="419800")
    set_credit(job("test"), "A:N1", "A:FA-001")
    (batch,) = export_entries(job("test"), "A")
    lines = EntryLine.objects.filter(batch=batch).values_list("journal", "account", "auxiliary", "net")
    assert sorted(lines) == [("OD", "411000", "0", -10_000), ("OD", "419800", "0", 10_000)]
    assert EntryBatch.objects.count() == 1


def _allocation(decision: Decision) -> str:
    return f"A:encours-{decision.proposal_id}-1"
