"""The replayed desk: nothing leaks from later, nothing is judged unseen, wrong posts stand until they are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest

from benchmarks.matching.desk import Desk, Rules, blocks, month_of, open_desk, replay, twin
from benchmarks.matching.generate import Case, generate
from benchmarks.matching.ledger import Ledger
from benchmarks.matching.plan import DAYS, START
from benchmarks.matching.profile import STANDARD
from benchmarks.matching.stream import rates
from benchmarks.prove import names

_RECEIPTS = 1_200


@pytest.fixture(scope="module")
def case() -> Case:
    return generate(replace(STANDARD, entities=1), _RECEIPTS, "stream", seed=5)


@pytest.fixture(scope="module")
def worked(case: Case) -> Desk:
    # A wide budget, so that so few judgements certify something.
    desk = open_desk(case, Rules(budget=0.02, block=30, parallel_months=2))
    for _ in replay(desk):
        pass
    return desk


def test_prove_finds_both_streams() -> None:
    assert {"matching.stream", "matching.stream_million"} <= set(names())


@pytest.mark.parametrize("days", [1, 7, 15, 31])
def test_blocks_cover_each_day_once_and_stay_within_a_month(days: int) -> None:
    found = list(blocks(days))
    assert found[0][0] == START
    assert found[-1][1] == START + timedelta(days=DAYS["stream"] - 1)
    assert all(after[0] - before[1] == timedelta(days=1) for before, after in pairwise(found))
    assert all(first <= last and month_of(first) == month_of(last) for first, last in found)


def test_the_book_of_a_block_knows_nothing_of_later(case: Case) -> None:
    ledger = Ledger(case)
    first, last = date(2025, 3, 1), date(2025, 3, 31)
    fresh = ledger.between(first, last)
    book = ledger.book(fresh, last)
    assert fresh["booked_on"].is_between(first, last).all()
    assert (book.items["issued_on"] <= last).all()
    assert book.receipts.height == fresh.height
    assert book.allocations.is_empty()


def test_what_the_clerk_settled_is_closed_and_leaves_the_desk(case: Case) -> None:
    ledger = Ledger(case)
    march = ledger.between(date(2025, 2, 1), date(2025, 3, 31))
    ledger.settle(march["receipt_id"], date(2025, 3, 31))
    april = ledger.between(date(2025, 4, 1), date(2025, 4, 30))
    book = ledger.book(april, date(2025, 4, 30)).as_of(date(2025, 4, 30))
    waiting = book.unapplied_receipts().filter(pl.col("unapplied") != 0)
    assert set(waiting["receipt_id"]) == set(april["receipt_id"])
    opened = book.open_items()
    assert (opened["open"] * opened["amount"].sign() >= 0).all()
    assert (opened["open"] * opened["amount"].sign() <= opened["amount"].abs()).all()


def test_a_wrong_post_stands_until_it_is_in_the_way_and_is_then_corrected(case: Case) -> None:
    ledger = Ledger(case)
    day = date(2025, 6, 30)
    ones = case.receipts.filter((pl.col("pattern") == "one") & (pl.col("adjustment") == 0))["receipt_id"]
    wronged, wrong = ones[0], ones[1]
    stolen = case.truth.filter(receipt_id=wronged).select(
        "item_id", "amount", receipt_id=pl.lit(wrong), kind=pl.lit("cash"), allocation_id=pl.lit("x"), source=pl.lit("")
    )
    ledger.post_wrong([wrong], stolen, day)
    assert ledger.conflicting() == []
    book = ledger.book(ledger.receipts.head(0), START + timedelta(days=DAYS["stream"]))
    assert book.allocations["item_id"].to_list() == stolen["item_id"].to_list()
    ledger.settle(pl.Series([wronged]), day)
    assert ledger.conflicting() == [wrong]
    ledger.correct([wrong], day)
    assert ledger.conflicting() == []
    truth = case.truth.filter(pl.col("receipt_id").is_in([wronged, wrong]))
    book = ledger.book(ledger.receipts.head(0), START + timedelta(days=DAYS["stream"]))
    assert set(book.allocations["item_id"]) == set(truth["item_id"])


def test_every_receipt_is_worked_on_once_and_nothing_posts_in_the_parallel_run(worked: Desk, case: Case) -> None:
    rows = pl.concat(worked.verdicts)
    assert sorted(rows["receipt_id"]) == sorted(case.receipts["receipt_id"])
    early = rows.filter(pl.col("day") < date(2025, 4, 1))
    assert not early["posted"].any()
    late = rows.filter(pl.col("day") >= date(2025, 4, 1))
    assert 10 * late["posted"].sum() > 4 * late.height
    assert (late.filter("posted")["via"].is_in(["proof", "certificate"])).all()
    assert (late.filter("posted")["automatic"]).all()


def test_only_what_somebody_saw_is_judged(worked: Desk) -> None:
    rows, judged = pl.concat(worked.verdicts), pl.concat(worked.judged)
    unseen = rows.filter("posted").join(judged, on="receipt_id", how="anti")
    assert unseen.height > 0.9 * rows.filter("posted").height
    told = judged.join(rows, on="receipt_id")
    assert (told["right"] == told["whole"]).all()
    assert (told["confidence"] == told["confidence_right"]).all()
    reviewed = rows.filter(pl.col("proposed") & ~pl.col("posted") & pl.col("kind").is_not_null())
    assert reviewed.join(judged, on="receipt_id", how="anti").is_empty()
    assert worked.standing == {} or max(day for day, _ in worked.standing.values()) > date(2026, 4, 1)


def test_rates_count_by_month_and_from_the_seventh_month_on(worked: Desk) -> None:
    rows = pl.concat(worked.verdicts)
    found = rates(rows)
    whole, months = found.filter(group="all").row(0, named=True), found.filter(group="month")
    assert whole["receipts"] == rows.height == months["receipts"].sum()
    assert whole["posted"] == months["posted"].sum()
    late = rows.filter(pl.col("day") >= date(2025, 8, 1))
    learned = found.filter(group="learned").row(0, named=True)
    assert (learned["receipts"], learned["posted"]) == (late.height, late["posted"].sum())
    assert learned["usable"] == (late["usable"] & late["matchable"]).sum()


def test_a_twin_goes_its_own_way_after_the_parallel_run(case: Case) -> None:
    desk = open_desk(case, Rules(budget=0.02, block=31, parallel_months=12))
    assert list(replay(desk, posting=False))[-1] == date(2026, 1, 31)
    worked, judged = len(desk.verdicts), sum(rows.height for rows in desk.judged)
    other = twin(desk, per_stratum=True)
    assert next(replay(other, posting=True)) == date(2026, 2, 28)
    assert (other.policy.per_stratum, desk.policy.per_stratum) == (True, False)
    assert len(other.verdicts) == worked + 1
    assert (len(desk.verdicts), sum(rows.height for rows in desk.judged)) == (worked, judged)
    before, after = (one.ledger.book(one.ledger.receipts.head(0), date(2026, 2, 28)) for one in (desk, other))
    assert before.allocations.height < after.allocations.height
