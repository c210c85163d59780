"""A bounced payment and the money that comes after it, on a real database: posted in their order, undone in reverse."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.store import frames
from encours.store.models import Decision, Item, Proposal, ProposalLine, Receipt
from encours.store.rights import job
from encours.usecases.accept_match import StaleProposalError, accept_match, accept_matches
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.import_files import import_now
from encours.usecases.propose_matches import propose_matches
from encours.usecases.undo_match import undo_match
from tests.usecases.books import folder, small_book
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db


def load(home: Path, **of_return: Any) -> None:
    """One customer: a cheque for the first invoice, its return five days later, and a transfer ten days after it."""
    book = small_book(paid=False, customers=1)
    items = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    first = book.receipts.head(1)
    cheque = first.with_columns(
        receipt_id=pl.lit("A:0:r"), kind=pl.lit("cheque"), remittance=pl.lit("CHQ 1234567 FA2026-1000"),
    )  # fmt: skip
    back = first.with_columns(
        receipt_id=pl.lit("A:0:back"), kind=pl.lit("return"), amount=-pl.col("amount"),
        booked_on=pl.col("booked_on") + timedelta(days=5), remittance=pl.lit("CHEQUE IMPAYE 1234567 SANS PROVISION"),
        **{name: pl.lit(value) for name, value in of_return.items()},
    )  # fmt: skip
    later = first.with_columns(
        receipt_id=pl.lit("A:0:later"), remittance=pl.lit("VIR FA2026-1000"),
        booked_on=pl.col("booked_on") + timedelta(days=15),
    )  # fmt: skip
    book = book.replace(items=items, receipts=pl.concat([cheque, back, later], how="diagonal_relaxed"))
    import_now(job("test"), None, [folder(book, home / "book")])


def waiting() -> dict[str, Proposal]:
    rows = Proposal.objects.filter(state="open").exclude(decision="none")
    return {row.receipt_id: row for row in rows}


def is_open() -> int:
    found: int = Item.objects.get(item_id="A:0:i0", is_current=True).open
    return found


def test_the_three_are_proposed_at_once_and_accepted_together(tmp_path: Path) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    propose_matches(clerk, ["A"])
    rows = waiting()
    assert set(rows) == {"A:0:r", "A:0:back", "A:0:later"}
    assert rows["A:0:back"].rule == "returned_payment"
    assert "insufficient funds" in rows["A:0:back"].reason
    assert "accept that first" in rows["A:0:later"].reason
    assert rows["A:0:later"].decision == "review"
    accept_matches(clerk, [rows[name].pk for name in ("A:0:later", "A:0:back", "A:0:r")])
    assert Decision.objects.filter(act="accept_match").count() == 3
    assert is_open() == 0
    assert not frames.read_book(["A"]).check().filter(severity="error").height


def test_before_the_return_is_accepted_the_later_money_finds_nothing_open(tmp_path: Path) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    propose_matches(clerk, ["A"])
    rows = waiting()
    accept_match(clerk, rows["A:0:r"].pk)
    with pytest.raises(StaleProposalError, match="no longer open"):
        accept_match(clerk, rows["A:0:later"].pk)
    propose_matches(clerk, ["A"])
    rows = waiting()
    accept_match(clerk, rows["A:0:back"].pk)
    assert is_open() > 0
    propose_matches(clerk, ["A"])
    accept_match(clerk, waiting()["A:0:later"].pk)
    assert is_open() == 0


def test_what_posts_by_itself_leaves_the_return_and_what_follows_to_a_person(tmp_path: Path) -> None:
    load(tmp_path)
    activate_automatic_posting(job("test"), "A", "a test")
    done = apply_receipts(job("test"), ["A"])[0]
    assert (done.posted, done.review) == (1, 2)
    assert set(waiting()) == {"A:0:back", "A:0:later"}


def test_they_are_undone_in_reverse(tmp_path: Path) -> None:
    load(tmp_path)
    clerk = person("clerk", "cash_application")
    propose_matches(clerk, ["A"])
    rows = waiting()
    accept_matches(clerk, [row.pk for row in rows.values()])
    decided = {row.subject_id: row.pk for row in Decision.objects.filter(act="accept_match")}
    with pytest.raises(CallError, match=r"came back with A:0:back: undo that first"):
        undo_match(clerk, decided["A:0:r"])
    with pytest.raises(CallError, match="was paid again since it came back"):
        undo_match(clerk, decided["A:0:back"])
    whole = Item.objects.get(item_id="A:0:i0", is_current=True).amount
    for name, left in (("A:0:later", whole), ("A:0:back", 0), ("A:0:r", whole)):
        undo_match(clerk, decided[name])
        assert is_open() == left
    assert Receipt.objects.get(receipt_id="A:0:back", is_current=True).unapplied < 0


def test_money_given_back_for_a_credit_note_is_no_return_of_a_payment(tmp_path: Path) -> None:
    """The bank's label says return; it settles a credit note as money that goes out does."""
    load(tmp_path)
    item = Item.objects.get(item_id="A:0:i1", is_current=True)
    Item.objects.filter(pk=item.pk).update(amount=-10_000, open=-10_000, kind="credit_note")
    row = Proposal.objects.create(
        entity_id="A", receipt_id="A:0:back", decision="review", rule="by_hand", confidence=1.0, reason="test"
    )
    ProposalLine.objects.create(proposal=row, item_id="A:0:i1", amount=-10_000, kind="cash")
    assert accept_match(person("clerk", "cash_application"), row.pk).decision is not None
