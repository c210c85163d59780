"""The generated company: sound, the same every time, true to its documented mix."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.issue import CallError
from encours.core.sample.company import sample_company
from encours.core.sample.options import Sample, SampleOptions

LAST = date(2026, 10, 31)


@cache
def company(customers: int = 120, months: int = 18, seed: int = 1) -> Sample:
    """A sample, made once; a large one without its ledger."""
    options = SampleOptions(last_day=LAST, customers=customers, months=months, seed=seed)
    return sample_company(options, with_journal=customers < 1000)


def test_the_book_has_no_error() -> None:
    issues = company().book.check()
    assert issues.filter(pl.col("severity") == "error").rows() == []


@settings(max_examples=6, deadline=None)
@given(st.integers(50, 90), st.integers(6, 30), st.integers(0, 10_000), st.dates(date(2015, 1, 1), date(2029, 12, 31)))
def test_any_options_give_a_sound_book(customers: int, months: int, seed: int, last: date) -> None:
    sample = sample_company(SampleOptions(last_day=last, customers=customers, months=months, seed=seed))
    issues = sample.book.check()
    assert issues.filter(pl.col("severity") == "error").rows() == []
    assert sample.book.receipts["booked_on"].max() <= last  # type: ignore[operator]  # a date column
    assert sample.journal["debit"].sum() == sample.journal["credit"].sum()


def test_a_large_book_is_as_sound() -> None:
    assert company(2500, 18).book.check().filter(pl.col("severity") == "error").rows() == []


def test_an_advance_comes_before_its_invoice_and_never_after_a_return() -> None:
    sample = company(2500, 18)
    advances = sample.truth["truth_receipts"].filter(pl.col("pattern") == "advance").select("receipt_id", "booked_on")
    paid = sample.truth["truth_allocations"].join(advances, on="receipt_id")
    items = sample.book.current().items.select("item_id", "issued_on")
    late = paid.join(items, on="item_id").filter(pl.col("booked_on") > pl.col("issued_on"))
    assert late.rows() == []
    reversed_items = sample.truth["truth_allocations"].filter(pl.col("reversed_on").is_not_null())["item_id"]
    assert set(paid["item_id"]) & set(reversed_items) == set()


def test_the_same_options_give_the_same_company() -> None:
    again = sample_company(SampleOptions(last_day=LAST, customers=120, months=18, seed=1))
    for name, frame in company().book.tables().items():
        assert frame.equals(again.book.table(name)), name
    for name, frame in company().truth.items():
        assert frame.equals(again.truth[name]), name
    assert company().journal.equals(again.journal)


def test_another_seed_gives_another_company() -> None:
    assert not company().book.customers["name"].equals(company(seed=2).book.customers["name"])


def test_without_the_journal_the_book_is_the_same() -> None:
    bare = sample_company(SampleOptions(last_day=LAST, customers=120, months=18, seed=1), with_journal=False)
    assert bare.journal.height == 0
    assert bare.book.items.equals(company().book.items)


def test_impossible_options_are_listed_together() -> None:
    with pytest.raises(CallError) as caught:
        SampleOptions(last_day=LAST, customers=3, months=1, seed=-1)
    assert len(caught.value.faults) == 3


def test_truth_settles_every_receipt_and_item_to_the_cent() -> None:
    """Replays the true allocations one by one in Decimal: no item beyond its amount, no receipt beyond its money."""
    sample = company()
    book = sample.book.current()
    left = {row[0]: Decimal(row[1]) for row in book.items.select("item_id", "amount").iter_rows()}
    money = {row[0]: Decimal(row[1]) for row in book.receipts.select("receipt_id", "amount").iter_rows()}
    for row in sample.truth["truth_allocations"].iter_rows(named=True):
        if row["reversed_on"] is not None:
            continue
        left[row["item_id"]] -= row["amount"]
        if row["kind"] == "credit":
            left[row["credit_item_id"]] += row["amount"]
        if row["kind"] == "cash" and row["receipt_id"]:
            money[row["receipt_id"]] -= row["amount"]
    signs = dict(book.items.select("item_id", pl.col("amount").sign()).iter_rows())
    assert [item for item, rest in left.items() if rest * signs[item] < 0] == []
    received = dict(book.receipts.select("receipt_id", "amount").iter_rows())
    assert [r for r, rest in money.items() if rest * (1 if received[r] > 0 else -1) < 0] == []
    paid = sample.truth["truth_payments"]
    settled = paid.filter(pl.col("paid_on") <= LAST)["item_id"].to_list()
    assert [item for item in settled if left[item] != 0] == []
    unsettled = paid.filter(pl.col("open_on_last_day"))["item_id"].to_list()
    assert [item for item in unsettled if left[item] == 0] == []


def test_allocations_are_the_lettered_part_of_the_truth() -> None:
    truth = company().truth["truth_allocations"]
    lettered = truth.filter("lettered")
    assert company().book.allocations["allocation_id"].to_list() == lettered["allocation_id"].to_list()
    assert 0.85 < lettered.height / truth.height < 0.995


def test_recent_weeks_wait_for_the_clerk() -> None:
    free = company().book.unapplied_receipts().filter(pl.col("kind").is_in(["transfer", "cheque"]))
    recent = pl.col("booked_on") > pl.lit(LAST) - pl.duration(days=20)
    assert free.filter(recent)["unapplied"].sum() == free.filter(recent)["amount"].sum()
    assert 0.3 < free.filter(recent)["customer_id"].null_count() / free.filter(recent).height < 0.7
    old = free.filter(~recent & (pl.col("amount") > 0))
    assert old.filter(pl.col("unapplied") == pl.col("amount")).height / old.height < 0.06


#: pattern -> share of transfers and cheques in per cent (docs/sample.md).
PATTERNS = {
    "one": 49.4, "several": 17.6, "credits": 5.3, "partial": 5.4, "discount": 3.1, "short": 3.1, "balance": 2.9,
    "group": 2.8, "advance": 1.9, "not_ar": 1.8, "treasury": 1.6, "rounding": 1.5, "bank_charge": 1.5,
    "overpayment": 1.0, "duplicate": 1.0,
}  # fmt: skip
#: reference form -> share of transfers in per cent.
FORMS = {
    "exact": 34.3, "digits": 11.9, "no_separator": 9.9, "separators": 6.4, "tail": 7.1, "typo": 1.1, "suffixes": 0.5,
    "range": 0.15, "cut": 2.8, "count": 1.3, "other": 6.7, "wrong": 0.8, "none": 17.2,
}  # fmt: skip


@cache
def _customer_receipts() -> pl.DataFrame:
    receipts = company(2500, 18).truth["truth_receipts"]
    return receipts.filter(pl.col("kind").is_in(["transfer", "cheque", "other"]) & (pl.col("amount") > 0))


@pytest.mark.parametrize(("pattern", "share"), PATTERNS.items())
def test_patterns_have_their_documented_share(pattern: str, share: float) -> None:
    receipts = _customer_receipts()
    found = 100 * receipts.filter(pl.col("pattern") == pattern).height / receipts.height
    assert abs(found - share) <= max(1.1, share * 0.1)


def test_no_other_pattern_is_drawn() -> None:
    assert set(_customer_receipts()["pattern"]) == set(PATTERNS)


@pytest.mark.parametrize(("form", "share"), FORMS.items())
def test_reference_forms_have_their_documented_share(form: str, share: float) -> None:
    transfers = _customer_receipts().filter(pl.col("kind") != "cheque")
    found = 100 * transfers.filter(pl.col("reference_form").fill_null("none") == form).height / transfers.height
    assert abs(found - share) <= max(1.0, share * 0.15)


def test_a_duplicate_never_precedes_its_original() -> None:
    receipts = company(2500, 18).truth["truth_receipts"].filter(pl.col("pattern") == "duplicate")
    known = company(2500, 18).truth["truth_receipts"].filter(pl.col("pattern") != "duplicate")
    pairs = receipts.join(known, on=["payer_id", "amount"], suffix="_first")
    earliest = pairs.group_by("receipt_id").agg(pl.col("booked_on").first(), pl.col("booked_on_first").min())
    assert earliest.height == receipts.height
    assert earliest.filter(pl.col("booked_on_first") >= pl.col("booked_on")).height == 0


def test_habits_show_in_the_delays() -> None:
    paid = company(2500, 18).truth["truth_payments"].drop_nulls("delay_days")
    delay = dict(paid.group_by("habit").agg(pl.col("delay_days").median()).iter_rows())
    assert delay["prompt"] <= 4
    assert delay["late"] >= 12
    assert delay["prompt"] < delay["drifting"] < delay["late"]


def test_groups_pay_in_their_payer_s_name() -> None:
    sample = company(2500, 18)
    links = sample.book.customer_links.filter(pl.col("role") == "payer")
    assert links.height > 50
    group = sample.truth["truth_receipts"].filter(pl.col("pattern") == "group")
    assert set(group["payer_id"]) <= set(links["other_id"])


def test_every_kind_of_trouble_occurs() -> None:
    book = company(2500, 18).book
    assert {"invoice", "credit_note", "retention"} <= set(book.items["kind"])
    assert {"411000", "411700", "416000"} <= set(book.items["ledger_account"])
    assert {"cash", "credit", "discount", "charge", "write_off"} == set(book.allocations["kind"])
    kinds = {"transfer", "direct_debit", "cheque", "draft", "card", "return", "out", "other"}
    assert kinds == set(book.receipts["kind"])
    assert {"accepted", "presented", "paid", "unpaid"} == set(book.instruments["state"])
    assert book.items["part"].drop_nulls().n_unique() >= 3
    assert book.receipts.filter(pl.col("ledger_account") == "419100").height > 0
    assert book.allocations["reversed_on"].drop_nulls().len() > 0
    assert {"einvoice:205", "insolvency:opened"} <= set(book.events["kind"])


def test_statements_add_up_over_the_months() -> None:
    frame = company().book.statements.sort("account", "from_on")
    carried = frame.with_columns(before=pl.col("closing").shift(1).over("account")).drop_nulls("before")
    assert carried.filter(pl.col("before") != pl.col("opening")).height == 0
    assert frame.filter(pl.col("opening") + pl.col("total") != pl.col("closing")).height == 0
    receipts = company().book.receipts
    sums = receipts.group_by("statement_id").agg(total=pl.col("amount").sum())
    both = frame.join(sums, on="statement_id", how="left").with_columns(pl.col("total_right").fill_null(0))
    assert both.filter(pl.col("total") != pl.col("total_right")).height == 0


@cache
def _slipping() -> Sample:
    options = SampleOptions(last_day=LAST, customers=600, months=24, seed=4, slips=0.2)
    return sample_company(options, with_journal=False)


def test_slips_are_added_on_wish_and_the_customers_stay_who_they_are() -> None:
    assert set(company().truth["truth_habits"]["how"]) <= {"drifting", "strained"}
    assert {"sudden", "gradual", "stops"} < set(_slipping().truth["truth_habits"]["how"])
    plain = sample_company(SampleOptions(last_day=LAST, customers=600, months=24, seed=4), with_journal=False)
    assert plain.book.customers.equals(_slipping().book.customers)


def test_who_changes_pays_later_from_that_day_on() -> None:
    truth, paid = _slipping().truth["truth_habits"], _slipping().truth["truth_payments"]
    rows = paid.join(truth.select("payer_id", "how", "from_on", "days", "failed_on"), on="payer_id")
    after = pl.col("due_on") >= pl.col("from_on")
    sudden = rows.filter(pl.col("how") == "sudden").group_by("payer_id").agg(
        moved=pl.col("delay_days").filter(after).median() - pl.col("delay_days").filter(~after).median(),
        days=pl.col("days").first(), few=pl.min_horizontal(after.sum(), (~after).sum()),
    ).filter(pl.col("few") >= 8)  # fmt: skip
    assert sudden.height >= 8
    assert (sudden["moved"] - sudden["days"]).abs().median() <= 6
    failed = rows.filter(pl.col("how") == "stops")
    assert failed["failed_on"].null_count() == 0
    owed = failed.filter(pl.col("due_on") > pl.col("failed_on") + pl.duration(days=5))
    assert owed["paid_on"].is_null().mean() > 0.98
