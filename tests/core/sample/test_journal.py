"""The general ledger of the sample: balanced, lettered as the book is, opened with what the year before left."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.core.sample.company import sample_company
from encours.core.sample.journal import connected
from encours.core.sample.options import Sample, SampleOptions

SAMPLE = sample_company(SampleOptions(last_day=date(2026, 10, 31), customers=100, months=24, seed=3))
RECEIVABLE = pl.col("account").str.contains("^(411|413|416|419)")
NET = pl.col("debit") - pl.col("credit")


def test_every_entry_balances() -> None:
    sums = SAMPLE.journal.group_by("fiscal_year", "entry").agg(net=NET.sum())
    assert sums.filter(pl.col("net") != 0).rows() == []


def test_each_year_opens_with_what_the_last_one_closed() -> None:
    journal = SAMPLE.journal
    years = journal["fiscal_year"].unique().sort().to_list()
    assert len(years) == 3
    for before, after in pairwise(years):
        keys = ["account", "customer_code"]
        closing = journal.filter(pl.col("fiscal_year") == before).group_by(keys).agg(net=NET.sum())
        # Income and expense close into the result (120).
        kept = closing.filter(~pl.col("account").str.contains("^[67]") & (pl.col("account") != "120000"))
        opening = journal.filter((pl.col("fiscal_year") == after) & (pl.col("journal") == "AN"))
        opened = opening.filter(pl.col("account") != "120000").group_by(keys).agg(net=NET.sum())
        both = kept.join(opened, on=keys, how="full", coalesce=True, nulls_equal=True).fill_null(0)
        assert both.filter(pl.col("net") != pl.col("net_right")).rows() == []


#: A company where a parent's direct debits for its accounts come back.
GROUPS = sample_company(SampleOptions(last_day=date(2026, 10, 31), customers=600, months=24, seed=102))


@pytest.mark.parametrize("sample", [SAMPLE, GROUPS], ids=["small", "groups"])
def test_the_last_ledger_balance_of_each_customer_is_the_book_s(sample: Sample) -> None:
    last = sample.journal.filter((pl.col("fiscal_year") == 2026) & RECEIVABLE)
    ledger = last.group_by("customer_code").agg(net=NET.sum()).filter(pl.col("net") != 0)
    book = sample.book.current().balances().with_columns(customer_code=pl.col("customer_id").str.slice(10))
    book = book.select("customer_code", "balance").filter(pl.col("balance") != 0)
    assert dict(ledger.iter_rows()) == dict(book.iter_rows())


def test_upper_case_letters_balance_and_lower_case_do_not() -> None:
    keys = ["account", "customer_code"]
    lines = SAMPLE.journal.filter(RECEIVABLE & pl.col("letter").is_not_null())
    seen = lines.filter((pl.col("fiscal_year") == 2026) & (pl.col("letter") == pl.col("letter").str.to_uppercase()))
    sums = seen.group_by([*keys, "letter"]).agg(net=NET.sum(), opens=(pl.col("journal") == "AN").any(), count=pl.len())
    # A group may be lettered with a line that an earlier year closed: then this year's part need not balance alone.
    assert sums.filter(pl.col("net") == 0).height > 0.99 * sums.height
    partial = lines.filter(pl.col("letter") == pl.col("letter").str.to_lowercase())
    open_sums = partial.group_by(["fiscal_year", *keys, "letter"]).agg(net=NET.sum())
    assert open_sums.height > 0


def test_bank_lines_and_the_ledger_s_bank_accounts_are_the_same_money() -> None:
    accounts = SAMPLE.bank_accounts.select("account", "ledger_account")
    bank = (
        SAMPLE.book.receipts.drop("ledger_account")
        .join(SAMPLE.bank_lines, on="receipt_id")
        .join(accounts, on="account")
    )
    lines = bank.group_by("ledger_account", "booked_on", "line_id").agg(pl.col("amount").sum())
    seen = lines.group_by("ledger_account", "booked_on").agg(pl.col("amount").sort())
    ledger = SAMPLE.journal.filter(pl.col("account").str.starts_with("512") & (pl.col("journal") != "AN"))
    booked = ledger.group_by(ledger_account="account", booked_on="day").agg(amount=NET.sort())
    both = seen.join(booked, on=["ledger_account", "booked_on"], how="full", coalesce=True)
    assert both.filter(pl.col("amount") != pl.col("amount_right")).rows() == []
    assert both.null_count().select(pl.sum_horizontal(pl.all())).item() == 0


def test_a_cheque_deposit_is_one_bank_line_and_several_ledger_lines() -> None:
    deposits = SAMPLE.journal.filter((pl.col("account") == "511200") & (pl.col("credit") > 0))
    entries = deposits.group_by("fiscal_year", "entry").len()
    assert entries["len"].max() > 1  # type: ignore[operator]  # an integer column
    assert SAMPLE.journal.filter(pl.col("account") == "511200").select(NET.sum()).item() == 0


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_connected_equals_a_slow_search(count: int, pairs: list[tuple[int, int]]) -> None:
    edges = [(a % count, b % count) for a, b in pairs]
    left = np.array([a for a, _ in edges], dtype=np.int64)
    right = np.array([b for _, b in edges], dtype=np.int64)
    reach = {node: {node} for node in range(count)}
    for _ in range(count):
        for a, b in edges:
            both = reach[a] | reach[b]
            for node in both:
                reach[node] = reach[node] | both
    assert connected(count, left, right).tolist() == [min(reach[node]) for node in range(count)]
