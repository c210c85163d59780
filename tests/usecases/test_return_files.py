"""What a bank gives back, told by its files: the items are open again, with the reason in words, the fee apart."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from django.utils import translation

from encours.connectors.base.contract import connectors
from encours.store.models import Item, Proposal, Receipt
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.import_files import import_now
from encours.usecases.propose_matches import propose_matches
from encours.usecases.show_desk import show_desk
from encours.usecases.viewing import Viewing
from encours.web.shell.issue_words import said_why
from encours.web.shell.tags import why
from tests.connectors.golden import golden_inputs
from tests.usecases.books import folder, small_book
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db

#: Number, name of the customer and amount of what the payments of the golden statement settle.
CFONB = [("FA-2026-0101", "CLIENT UN", 120_000), ("FA-2026-0102", "CLIENT DEUX", 75_000)]
MT940 = [("FA-2026-0101", "CLIENT UN", 9_850)]


def load(home: Path, connector: str, owed: list[tuple[str, str, int]]) -> None:
    """A book that owes just what the golden statement of returns brings and takes back, and that statement."""
    book = small_book(paid=False, customers=len(owed))
    first = book.items.filter(pl.col("item_id").str.ends_with("i0"))
    items = first.with_columns(
        number=pl.Series([number for number, _, _ in owed]), amount=pl.Series([amount for _, _, amount in owed])
    )
    customers = book.customers.with_columns(name=pl.Series([name for _, name, _ in owed]))
    import_now(
        job("test"), None, [folder(book.replace(items=items, customers=customers, receipts=book.receipts[:0]), home)]
    )
    path = next(path for path in golden_inputs(connectors()[connector]) if path.stem == "returns")
    import_now(job("test"), "A", [path])


def decided(amount: int) -> Proposal:
    receipt = Receipt.objects.get(amount=amount, is_current=True)
    return Proposal.objects.get(receipt_id=receipt.receipt_id, state="open")


def owed() -> list[int]:
    return list(Item.objects.filter(is_current=True).order_by("item_id").values_list("open", flat=True))


def accept_all(*amounts: int) -> None:
    clerk = person("clerk", "cash_application")
    for amount in amounts:
        propose_matches(clerk, ["A"])
        accept_match(clerk, decided(amount).pk)
    propose_matches(clerk, ["A"])


def test_a_debit_and_a_draft_of_a_french_statement_come_back_with_their_reason(tmp_path: Path) -> None:
    load(tmp_path, "cfonb120", CFONB)
    accept_all(120_000, 75_000)
    assert owed() == [0, 0]
    for amount, english, words in (
        (-120_000, "the bank's reason 20: insufficient funds", "motif 20 : provision insuffisante"),
        (
            -75_000,
            "the bank's reason 75: the debtor asks for more time",
            "motif 75 : le débiteur demande une prorogation",
        ),
    ):
        found = decided(amount)
        assert (found.rule, found.decision) == ("returned_payment", "review")
        assert english in found.reason
        with translation.override("fr"):
            assert words in said_why(found.reason).replace("\u202f", " ").replace("\u00a0", " ")
    assert decided(-1_250).rule == "return_fee"
    desk = show_desk(Viewing(job("test"), ("A",), clock.today()), decided(-120_000).receipt_id)
    assert desk is not None
    assert desk.proposal is not None
    paid = Receipt.objects.get(amount=120_000, is_current=True)
    assert desk.proposal.named == {paid.receipt_id: paid.booked_on}
    with translation.override("fr"):
        said = why(desk.proposal)
    assert ">du 02/03/2026</a> avait payé" in said
    accept_match(person("second", "cash_application"), decided(-120_000).pk)
    accept_match(person("third", "cash_application"), decided(-75_000).pk)
    assert owed() == [120_000, 75_000]


def test_a_debit_of_a_german_statement_comes_back_with_its_reason_and_its_fee_apart(tmp_path: Path) -> None:
    load(tmp_path, "mt940", MT940)
    accept_all(9_850)
    assert owed() == [0]
    found = decided(-9_850)
    assert found.rule == "returned_payment"
    assert "the bank's reason AM04: insufficient funds" in found.reason
    assert "fee" not in found.reason
    assert decided(-1_050).rule == "return_fee"
    accept_match(person("second", "cash_application"), found.pk)
    assert owed() == [9_850]
