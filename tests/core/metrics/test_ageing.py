"""The aged balance against the auditor: random ledgers, any day, both readings, every choice, tied to the ledger."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core import ledgers, oracle
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES
from encours.core.metrics import Scope, aged_balance, ageing
from encours.core.metrics import standing as standing_module
from encours.core.metrics.ageing import APART, KEY, bucket_names
from encours.core.metrics.scope import flags

Facts = dict[str, list[dict[str, Any]]]
Row = dict[str, int]


def bucket_of(days: int, limits: tuple[int, ...]) -> str:
    """The obvious way."""
    if days <= 0:
        return "not_due"
    low = 1
    for limit in limits:
        if days <= limit:
            return f"d{low}_{limit}"
        low = limit + 1
    return f"d{low}_plus"


def slow(facts: Facts, day: date, reading: str, by: str, limits: tuple[int, ...]) -> dict[tuple[str, str, str], Row]:
    """The aged balance in plain Python, credits apart."""
    ledger = oracle.replay(facts, day, reading)
    found: dict[tuple[str, str, str], Row] = defaultdict(lambda: defaultdict(int))
    for name, item in ledger.items.items():
        left = int(ledger.open[name] * 100)
        row = found[item["entity_id"], item["customer_id"], item["currency"]]
        if left > 0:
            row[bucket_of((day - item["due_on" if by == "due" else "issued_on"]).days, limits)] += left
        elif left < 0:
            row["advances" if item["kind"] == "down_payment" else "credits"] += left
    for name, receipt in ledger.receipts.items():
        if receipt["customer_id"] is not None:
            row = found[receipt["entity_id"], receipt["customer_id"], receipt["currency"]]
            row["unapplied"] -= int(ledger.unapplied[name] * 100)
    return {key: {name: amount for name, amount in row.items() if amount} for key, row in found.items()}


def rows_of(frame: pl.DataFrame, names: list[str]) -> dict[tuple[str, str, str], Row]:
    """The frame's rows without zeros; rows of zeros only are absent."""
    found = {tuple(row[name] for name in KEY): {n: row[n] for n in names if row[n]} for row in frame.to_dicts()}
    return {key: row for key, row in found.items() if row}


limits_drawn = st.lists(st.integers(1, 60), max_size=4, unique=True).map(lambda days: tuple(sorted(days)))


@pytest.mark.parametrize("reading", ["known", "booked"])
@settings(max_examples=40)
@given(facts=ledgers.ledgers(), day=ledgers.days, by=st.sampled_from(["due", "issued"]), limits=limits_drawn)
def test_ageing_is_what_the_auditor_finds(
    reading: Any, facts: Facts, day: date, by: Any, limits: tuple[int, ...]
) -> None:
    found = ageing(ledgers.book_of(facts), day, reading, by, limits)
    expected = {key: row for key, row in slow(facts, day, reading, by, limits).items() if row}
    assert rows_of(found.frame, [*bucket_names(limits), *APART]) == expected
    sums = found.frame.select(pl.sum_horizontal(*bucket_names(limits), *APART)).to_series()
    assert found.frame["total"].equals(sums.rename("total"), null_equal=True)


@settings(max_examples=40)
@given(facts=ledgers.ledgers(), day=ledgers.days, reading=st.sampled_from(["known", "booked"]))
def test_it_ties_to_the_books_balances(facts: Facts, day: date, reading: Any) -> None:
    whole = ledgers.book_of(facts)
    book = whole.as_of(day) if reading == "known" else whole.as_booked(day)
    scope = Scope(doubtful=False, drafts=False)
    frame = ageing(whole, day, reading, scope=scope).frame
    ledger = frame.group_by("customer_id", "currency").agg(balance=pl.col("total").sum() + pl.col("excluded").sum())
    balances = book.balances().filter(pl.col("balance") != 0).sort("customer_id", "currency")
    assert ledger.filter(pl.col("balance") != 0).sort("customer_id", "currency").equals(balances)
    out = book.open_items().join(flags(book).filter(pl.col("doubtful") | pl.col("drafts")), on="item_id")
    assert frame["excluded"].sum() == out["open"].sum()


@settings(max_examples=40)
@given(facts=ledgers.ledgers(), day=ledgers.days)
def test_credits_on_the_oldest_items(facts: Facts, day: date) -> None:
    book = ledgers.book_of(facts)
    apart, oldest = ageing(book, day).frame, ageing(book, day, set_credits="oldest").frame
    assert apart.select(*KEY, "total").equals(oldest.select(*KEY, "total"))
    names = bucket_names()
    for before, after in zip(apart.to_dicts(), oldest.to_dicts(), strict=True):
        credit = max(0, -sum(before[name] for name in APART))
        # The plain way: from the oldest bucket to the newest.
        for name in [*reversed(names[1:]), names[0]]:
            used = min(credit, before[name])
            assert after[name] == before[name] - used
            credit -= used
        assert -sum(after[name] for name in APART) == (credit if credit else min(0, -sum(before[n] for n in APART)))


def item(name: str, amount: int, due_on: date, **more: Any) -> dict[str, Any]:
    """An item of one customer."""
    base = {"item_id": name, "entity_id": "E", "customer_id": "E:C1", "number": name, "kind": "invoice"}
    return base | {"issued_on": due_on, "due_on": due_on, "amount": amount, "currency": "EUR"} | more


def book_with(items: list[dict[str, Any]], **tables: pl.DataFrame) -> Book:
    """A Book of these items."""
    rows = [{name: row.get(name) for name in TABLES["items"].schema} for row in items]
    return Book.of(
        entities=pl.DataFrame(
            {"entity_id": ["E"], "name": ["Ours"], "country": ["FR"], "currency": ["EUR"], "legal_id": ["552 100 554"]}
        ),
        customers=pl.DataFrame(
            {"customer_id": ["E:C1", "E:C2"], "name": "x", "kind": "business", "legal_id": [None, "55210055400013"]}
        ),
        items=pl.DataFrame(rows, schema=TABLES["items"].schema),
        **tables,
    )


DAY = date(2026, 4, 30)


def test_the_edges_of_buckets() -> None:
    days = [-1, 0, 1, 30, 31, 60, 61, 90, 91]
    dues = [date.fromordinal(DAY.toordinal() - late) for late in days]
    book = book_with([item(f"I{n}", 10**n, due, issued_on=date(2026, 1, 1)) for n, due in enumerate(dues)])
    row = ageing(book, DAY).frame.row(0, named=True)
    names = ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus")
    assert [row[name] for name in names] == [11, 1100, 110_000, 11_000_000, 100_000_000]
    assert row["oldest_on"] == date(2026, 1, 29)
    assert row["total"] == 111_111_111


def test_each_choice_leaves_out_its_items_and_says_so() -> None:
    early = date(2026, 1, 1)
    items = [
        item("plain", 1, early),
        item("doubtful", 10, early, ledger_account="41600000"),
        item("retention", 100, early, kind="retention"),
        item("drafts", 1_000, early),
        item("disputed", 10_000, early),
        item("factored", 100_000, early),
        item("intercompany", 1_000_000, early, customer_id="E:C2"),
        item("once_factored", 10_000_000, early),
        item("once_disputed", 100_000_000, early),
    ]
    draft = {"instrument_id": "L", "customer_id": "E:C1", "kind": "lcr", "amount": 1_000, "currency": "EUR"}
    draft |= {"due_on": DAY, "state": "accepted", "state_on": early}
    disputes = [("D1", "disputed", None), ("D2", "once_disputed", date(2026, 2, 1))]
    events = [("factored", "factor:assigned", 1), ("once_factored", "factor:assigned", 1)]
    events.append(("once_factored", "factor:released", 2))
    book = book_with(
        items,
        instruments=pl.DataFrame([draft]),
        instrument_items=pl.DataFrame({"instrument_id": ["L"], "item_id": ["drafts"], "amount": [1_000]}),
        disputes=pl.DataFrame(
            [(name, of, 1, "price", early, closed) for name, of, closed in disputes],
            schema=["dispute_id", "item_id", "amount", "reason", "opened_on", "closed_on"],
            orient="row",
        ),
        events=pl.DataFrame(
            [("item", of, kind, date(2026, 1, day)) for of, kind, day in events],
            schema=["subject", "subject_id", "kind", "on"],
            orient="row",
        ),
    )
    for n, name in enumerate(("doubtful", "retention", "drafts", "disputed", "factored", "intercompany"), start=1):
        found = ageing(book, DAY, scope=Scope(**{name: False}))
        assert (found.frame["excluded"].sum(), found.frame["total"].sum()) == (10**n, 111_111_111 - 10**n), name
        without = found.sentence().split("without ")[1]
        assert name in without
        assert "sans " in found.sentence("fr")
    assert "without" not in ageing(book, DAY).sentence()


def test_wrong_calls() -> None:
    book = book_with([])
    with pytest.raises(CallError, match="60, 30 are not growing"):
        ageing(book, DAY, limits=(60, 30))
    with pytest.raises(CallError, match="needs their flags"):
        aged_balance(book.items.lazy(), book.allocations.lazy(), book.receipts.lazy(), DAY, scope=Scope(drafts=False))


def test_an_empty_book_has_the_columns() -> None:
    frame = ageing(book_with([]), DAY).frame
    assert frame.columns == [*KEY, *bucket_names(), *APART, "total", "excluded", "oldest_on"]
    assert frame.height == 0


@settings(max_examples=15, phases=[Phase.generate])
@given(facts=ledgers.ledgers(), reading=st.sampled_from(["known", "booked"]))
def test_ids_that_share_a_hash_cost_time_but_no_cent(facts: Facts, reading: Any) -> None:
    """Every id hashes to one number: the sums break, the plain join is taken, the answer is the same."""
    day = date(2027, 1, 1)
    book = ledgers.book_of({name: [row for row in rows if not row["voided"]] for name, rows in facts.items()})
    # Two items of one hash are found out; a letter of no item that hashes like the only one cannot be (1 in 10^12).
    known = book.as_of(day) if reading == "known" else book.as_booked(day)
    if known.items.height < 2:
        return
    right = ageing(book, day, reading).frame
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(standing_module, "hash_of", lambda column: pl.col(column).hash() * 0)
        assert ageing(book, day, reading).frame.equals(right)


@settings(max_examples=40)
@given(facts=ledgers.ledgers(), day=ledgers.days, reading=st.sampled_from(["known", "booked"]))
def test_a_large_book_is_netted_before_it_is_grouped(facts: Facts, day: date, reading: Any) -> None:
    book = ledgers.book_of(facts)
    right = ageing(book, day, reading).frame
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(standing_module, "FEW", 0)
        assert ageing(book, day, reading).frame.equals(right)


@pytest.mark.parametrize("few", [0, 100_000])
def test_of_two_rows_of_one_id_the_last_holds(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says that the second is a correction: neither when it became known nor a day of its own."""
    monkeypatch.setattr(standing_module, "FEW", few)
    early = date(2026, 1, 1)
    book = book_with([item("A", 100, early), item("B", 7, early), item("A", 130, early)])
    assert ageing(book, DAY).frame["total"].to_list() == [137]
