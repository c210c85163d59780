"""Drafts and direct debits follow their remittance: paid with it, back when it is undone, unpaid when money returns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from encours.core.base.book import Book
from encours.store import frames
from encours.store.models import Instrument, InstrumentPayment, Proposal
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.allocate_receipt import HandLine, allocate_receipt
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.import_files import import_now
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rewind_run import rewind_run
from encours.usecases.rights import job
from encours.usecases.undo_match import undo_match
from tests.usecases.books import folder, frame
from tests.usecases.clerks import BOOKED, a_receipt, an_item, assert_oracle, free_of, open_of

pytestmark = pytest.mark.django_db
_AMOUNTS = {"F1001": 12_000, "F1002": 8_050, "F1003": 5_000}
_SENT = date(2026, 3, 10)


def _book(receipts: list[dict[str, Any]], state: str = "presented", kind: str = "lcr") -> Book:
    people = {"F1001": "0", "F1002": "1", "F1003": "1"}
    items = [an_item("A", people[number], number, amount) for number, amount in _AMOUNTS.items()]
    drafts = [
        {
            "instrument_id": f"A:LCR2026-01:{number}", "customer_id": f"A:{people[number]}", "kind": kind,
            "amount": amount, "currency": "EUR", "due_on": BOOKED, "state": state, "state_on": _SENT,
            "batch_id": "LCR2026-01",
        }
        for number, amount in _AMOUNTS.items()
    ]  # fmt: skip
    covers = [
        {"instrument_id": f"A:LCR2026-01:{number}", "item_id": f"A:{number}", "amount": amount}
        for number, amount in _AMOUNTS.items()
    ]
    return Book.of(
        entities=frame("entities", [{"entity_id": "A", "name": "Société A", "country": "FR", "currency": "EUR"}]),
        customers=frame(
            "customers",
            [{"customer_id": f"A:{n}", "entity_id": "A", "name": f"Client {n}", "kind": "business"} for n in "01"],
        ),
        items=frame("items", items),
        receipts=frame("receipts", receipts),
        instruments=frame("instruments", drafts),
        instrument_items=frame("instrument_items", covers),
    )


_MONEY = a_receipt("A", "r1", 25_050, kind="draft", remittance="REMISE LCR2026-01 3 EFFETS")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path / "home"


def load(tmp_path: Path, *receipts: dict[str, Any], name: str = "book", **said: str) -> None:
    import_now(job("test"), None, [folder(_book([_MONEY, *receipts], **said), tmp_path / name)])


def states() -> dict[str, tuple[str | None, date | None]]:
    rows = Instrument.objects.filter(is_current=True).order_by("instrument_id")
    return {row.instrument_id.rsplit(":", 1)[-1]: (row.state, row.state_on) for row in rows}


def proposed() -> Proposal:
    propose_matches(job("test"), ["A"])
    return Proposal.objects.get(receipt_id="A:r1", state="open", rule="batch")


def decided(row: Proposal) -> int:
    decision = accept_match(job("test"), row.pk).decision
    assert decision is not None
    return int(decision.pk)


def test_the_remittance_pays_its_drafts_and_undoing_it_gives_them_back(tmp_path: Path) -> None:
    load(tmp_path)
    row = proposed()
    assert states() == dict.fromkeys(_AMOUNTS, ("presented", _SENT)), "nothing is paid before it is posted"
    decision = decided(row)
    assert states() == dict.fromkeys(_AMOUNTS, ("paid", BOOKED))
    read = frames.read_book(["A"]).as_of(clock.today())
    assert set(read.instruments["state"]) == {"paid"}, "the copy follows"
    undo_match(job("test"), decision)
    assert states() == dict.fromkeys(_AMOUNTS, ("presented", _SENT))
    assert sum(open_of(number) for number in _AMOUNTS) == 25_050
    assert_oracle(clock.today())


def test_a_run_that_posts_it_and_its_rewind(tmp_path: Path) -> None:
    load(tmp_path)
    activate_automatic_posting(job("test"), "A", "test")
    (run,) = apply_receipts(job("test"), ["A"])
    assert run.posted == 1
    assert states() == dict.fromkeys(_AMOUNTS, ("paid", BOOKED))
    rewind_run(job("test"), run.run_id, "test")
    assert states() == dict.fromkeys(_AMOUNTS, ("presented", _SENT))


def test_a_draft_that_comes_back_is_unpaid_and_paid_again_when_that_is_undone(tmp_path: Path) -> None:
    back = a_receipt("A", "back", -8_050, kind="return", returns_receipt_id="A:r1", booked_on=date(2026, 3, 27))
    load(tmp_path, back)
    decided(proposed())
    done = allocate_receipt(job("test"), "A:back", [HandLine("A:F1002", -8_050)]).decision
    assert done is not None
    assert states()["F1002"] == ("unpaid", date(2026, 3, 27))
    assert states()["F1001"] == ("paid", BOOKED)
    assert (open_of("F1002"), free_of("back")) == (8_050, 0)
    undo_match(job("test"), done.pk)
    assert states()["F1002"] == ("paid", BOOKED)


def test_a_draft_that_the_bank_returns_without_a_word_of_its_payment_is_unpaid(tmp_path: Path) -> None:
    back = a_receipt("A", "back", -8_050, kind="return", remittance="IMPAYE REMISE LCR2026-01", booked_on=BOOKED)
    load(tmp_path, back | {"booked_on": date(2026, 3, 27)})
    decided(proposed())
    propose_matches(job("test"), ["A"])
    row = Proposal.objects.get(receipt_id="A:back", state="open", rule="returned_payment")
    decision = decided(row)
    assert states()["F1002"] == ("unpaid", date(2026, 3, 27))
    assert states()["F1003"] == ("paid", BOOKED)
    assert (open_of("F1002"), free_of("back")) == (8_050, 0)
    undo_match(job("test"), decision)
    assert states()["F1002"] == ("paid", BOOKED)
    assert_oracle(clock.today())


def test_a_match_by_hand_pays_the_drafts_whose_items_it_settles(tmp_path: Path) -> None:
    load(tmp_path)
    proposed()
    allocate_receipt(job("test"), "A:r1", [HandLine("A:F1001", 12_000), HandLine("A:F1002", 8_050)])
    assert {number: state for number, (state, _) in states().items()} == {
        "F1001": "paid", "F1002": "paid", "F1003": "presented",
    }  # fmt: skip


def test_what_the_bank_discounted_stays_at_risk(tmp_path: Path) -> None:
    """The bank paid before the debtor: 519 and the exposure go by that state."""
    load(tmp_path, state="discounted")
    decision = decided(proposed())
    assert states() == dict.fromkeys(_AMOUNTS, ("discounted", _SENT))
    assert not InstrumentPayment.objects.exclude(became="").exists()
    undo_match(job("test"), decision)
    assert states() == dict.fromkeys(_AMOUNTS, ("discounted", _SENT))


def test_the_same_file_again_does_not_take_the_payment_away(tmp_path: Path) -> None:
    load(tmp_path)
    decided(proposed())
    load(tmp_path, name="again")
    assert states() == dict.fromkeys(_AMOUNTS, ("paid", BOOKED))


def test_a_later_word_of_the_bank_stands_when_the_match_is_undone(tmp_path: Path) -> None:
    load(tmp_path)
    decision = decided(proposed())
    load(tmp_path, name="later", state="unpaid")
    assert {state for state, _ in states().values()} == {"unpaid"}
    undo_match(job("test"), decision)
    assert {state for state, _ in states().values()} == {"unpaid"}
