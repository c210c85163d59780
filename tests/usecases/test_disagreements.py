"""Where the ERP letters otherwise than was proposed a person judges, and the judgement is one of the certificate's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from pytest_django import Settings

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.store.models import AuditEntry, MatchDisagreement, Proposal, ReplayedDay
from encours.store.rights import job
from encours.usecases import find_disagreements as finding
from encours.usecases.find_disagreements import apart, find_disagreements
from encours.usecases.judge_disagreement import judge_disagreement
from encours.usecases.judged_receipts import judged_receipts
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_disagreements import count_waiting
from tests.kept import import_once
from tests.usecases.books import small_book
from tests.usecases.waiting import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path / "home"


def _book(lettered: bool) -> Book:
    """Three receipts that quote the first invoice of their customer; lettered: the first one on the second invoice."""
    book = small_book(paid=lettered)
    items = book.items.with_columns(number=pl.format("FA2026-{}", pl.int_range(pl.len()) + 1000))
    quoted = items.filter(pl.col("item_id").str.ends_with("i0"))["number"]
    receipts = book.receipts.with_columns(remittance=pl.format("VIR {}", quoted))
    other = pl.when(pl.col("receipt_id") == "A:0:r").then(pl.lit("A:0:i1")).otherwise("item_id")
    return book.replace(items=items, receipts=receipts, allocations=book.allocations.with_columns(item_id=other))


def _bring(book: Book, path: Path) -> None:
    import_once(book, path)


def test_a_proposal_that_the_letter_contradicts_waits_for_a_person(tmp_path: Path) -> None:
    clerk = person("claude")
    _bring(_book(lettered=False), tmp_path / "before")
    propose_matches(clerk, ["A"])
    _bring(_book(lettered=True), tmp_path / "after")
    propose_matches(clerk, ["A"])
    assert find_disagreements(job("nightly"), ["A"], days=0)[0].new == 1
    row = MatchDisagreement.objects.get()
    assert (row.receipt_id, row.origin, row.ours, row.letter, row.apart) == (
        "A:0:r", "proposal", [["A:0:i0", 10_000, "cash"]], [["A:0:i1", 10_000, "cash"]], 10_000,
    )  # fmt: skip
    assert find_disagreements(job("nightly"), ["A"], days=0)[0].new == 0  # twice is once
    assert count_waiting("A") == 1


def test_the_past_is_replayed_day_by_day_and_each_once(tmp_path: Path) -> None:
    _bring(_book(lettered=True), tmp_path / "book")
    found = find_disagreements(job("nightly"), ["A"])[0]
    assert (found.new, found.days) == (1, 1)
    assert MatchDisagreement.objects.get().origin == "replay"
    day = ReplayedDay.objects.get()
    assert (day.receipts, day.compared, day.agreed, day.differ) == (3, 3, 2, 1)
    again = find_disagreements(job("nightly"), ["A"])[0]
    assert (again.new, again.days) == (0, 0)


def test_killed_between_two_days_it_goes_on_with_the_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = _book(lettered=True)
    later = pl.when(pl.col("receipt_id") == "A:1:r").then(pl.col("booked_on").dt.offset_by("1d")).otherwise("booked_on")
    _bring(book.replace(receipts=book.receipts.with_columns(booked_on=later)), tmp_path / "book")
    keep, calls = finding._keep, []

    def dies(found: list[MatchDisagreement]) -> int:
        calls.append(len(found))
        if len(calls) == 3:  # the proposals', the latest day's, then the next one's
            raise RuntimeError("the power is gone")
        return keep(found)

    monkeypatch.setattr(finding, "_keep", dies)
    with pytest.raises(RuntimeError):
        find_disagreements(job("nightly"), ["A"])
    assert ReplayedDay.objects.count() == 1
    monkeypatch.setattr(finding, "_keep", keep)
    assert find_disagreements(job("nightly"), ["A"])[0].days == 1
    assert MatchDisagreement.objects.count() == 1


@pytest.mark.parametrize(("verdict", "right"), [("ours", True), ("letter", False), ("neither", False)])
def test_a_judgement_counts_for_the_certificate(tmp_path: Path, verdict: str, right: bool) -> None:
    clerk = person("claude")
    _bring(_book(lettered=True), tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    row = MatchDisagreement.objects.get()
    judge_disagreement(clerk, row.pk, verdict, "the text names it")
    judge_disagreement(clerk, row.pk, verdict)
    mine = judged_receipts("A").filter(source="person")
    assert mine["receipt_id"].to_list() == ["A:0:r"]
    assert mine["right"].to_list() == [right]
    assert mine["confidence"].to_list() == [row.confidence]
    assert AuditEntry.objects.filter(act="judge_disagreement").count() == 1
    with pytest.raises(CallError, match="judged otherwise"):
        judge_disagreement(clerk, row.pk, "unknown")
    judge_disagreement(clerk, row.pk, "")
    assert judged_receipts("A").filter(source="person").is_empty()
    judge_disagreement(clerk, row.pk, "unknown")
    assert judged_receipts("A").filter(source="person").is_empty()  # who cannot tell says nothing


def test_another_models_disagreement_certifies_nothing_of_this_one(tmp_path: Path) -> None:
    _bring(_book(lettered=True), tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    row = MatchDisagreement.objects.get()
    judge_disagreement(person("claude"), row.pk, "ours")
    MatchDisagreement.objects.update(model="another")
    assert judged_receipts("A").filter(source="person").is_empty()


def test_a_letter_that_was_corrected_leaves_nothing_to_judge(tmp_path: Path) -> None:
    clerk = person("claude")
    _bring(_book(lettered=True), tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    wrong = _book(lettered=True)
    right = small_book().allocations.with_columns(allocation_id=pl.col("allocation_id") + "2")
    undone = wrong.allocations.with_columns(reversed_on=pl.col("allocated_on"))
    _bring(wrong.replace(allocations=pl.concat([undone, right])), tmp_path / "corrected")
    found = find_disagreements(job("nightly"), ["A"])[0]
    assert (found.new, found.gone) == (0, 1)
    assert count_waiting("A") == 0
    with pytest.raises(CallError, match="have changed since"):
        judge_disagreement(clerk, MatchDisagreement.objects.get().pk, "ours")


def test_who_may_judge(tmp_path: Path) -> None:
    _bring(_book(lettered=True), tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    number = MatchDisagreement.objects.get().pk
    with pytest.raises(NotAllowedError):
        judge_disagreement(person("viewer", "viewer"), number, "ours")
    with pytest.raises(NotAllowedError):
        judge_disagreement(job("nightly"), number, "ours")
    with pytest.raises(CallError, match="is no judgement"):
        judge_disagreement(person("claude"), number, "perhaps")
    with pytest.raises(NotAllowedError):
        find_disagreements(person("sales", "sales"), ["A"])


def test_apart_is_the_money_put_elsewhere() -> None:
    assert apart([["i", 100, "cash"]], [["i", 100, "cash"]]) == 0
    assert apart([["i", 100, "cash"]], [["j", 100, "cash"]]) == 100
    assert apart([["i", 98, "cash"], ["i", 2, "discount"]], [["i", 100, "cash"]]) == 0
    assert apart([["i", 100, "cash"], ["j", 50, "cash"]], [["i", 100, "cash"]]) == 25


def _led_astray() -> Book:
    """A letter puts the receipt of an unknown account on customer 1, whom its text does not name; another follows."""
    book = _book(lettered=True)
    first = book.receipts.head(1).with_columns(payer_account=pl.lit("FR761111"), payer_name=pl.lit("HOLDING X"))
    next_one = first.with_columns(
        receipt_id=pl.lit("A:x:r"), customer_id=pl.lit(None, pl.String), amount=pl.lit(10_001, pl.Int64),
        booked_on=pl.col("booked_on").dt.offset_by("1d"), remittance=pl.lit("VIREMENT"),
    )  # fmt: skip
    first = first.with_columns(customer_id=pl.lit(None, pl.String))
    wrong = pl.when(pl.col("receipt_id") == "A:0:r").then(pl.lit("A:1:i0")).otherwise("item_id")
    letters = book.allocations.filter(pl.col("receipt_id") == "A:0:r").with_columns(item_id=wrong)
    return book.replace(receipts=pl.concat([first, next_one]), allocations=letters)


@pytest.mark.parametrize(("verdict", "believed"), [("letter", True), ("ours", False), ("neither", False)])
def test_a_letter_judged_wrong_teaches_nothing_while_it_stands(tmp_path: Path, verdict: str, believed: bool) -> None:
    clerk = person("claude")
    _bring(_led_astray(), tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    propose_matches(clerk, ["A"])
    assert Proposal.objects.get(receipt_id="A:x:r", state="open").customer_id == "A:1", "the letter taught the account"
    judge_disagreement(clerk, MatchDisagreement.objects.get(receipt_id="A:0:r").pk, verdict)
    propose_matches(clerk, ["A"])
    known = Proposal.objects.get(receipt_id="A:x:r", state="open")
    assert (known.customer_id == "A:1") is believed


@pytest.mark.parametrize(("verdict", "again"), [("ours", True), ("letter", False), ("neither", False)])
def test_what_was_judged_wrong_is_not_proposed_again(tmp_path: Path, verdict: str, again: bool) -> None:
    clerk = person("claude")
    wrong = _book(lettered=True)
    _bring(wrong, tmp_path / "book")
    find_disagreements(job("nightly"), ["A"])
    row = MatchDisagreement.objects.get()
    judge_disagreement(clerk, row.pk, verdict)
    undone = wrong.allocations.with_columns(reversed_on=pl.col("allocated_on"))
    _bring(wrong.replace(allocations=undone), tmp_path / "unlettered")
    propose_matches(clerk, ["A"])
    found = Proposal.objects.get(receipt_id="A:0:r", state="open")
    assert (found.decision != "none") is again
    assert (found.rule == "refused_before") is not again
    if again:  # what the letter said, by whatever rule it comes, is barred just so
        MatchDisagreement.objects.update(ours=row.letter, letter=row.ours)
        propose_matches(clerk, ["A"])
        found = Proposal.objects.get(receipt_id="A:0:r", state="open")
        assert (found.decision, found.rule) == ("none", "refused_before")
        assert "a person judged" in found.reason
