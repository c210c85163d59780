"""Random settlements: whatever was decided, every entry balances and the money is booked once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from encours.core.entries import control, letter_lines, reverse_entries, write_entries
from tests.core.entries.houses import DAY, facts, item, receipt, rules, settled

_AMOUNT = st.integers(1, 10_000_00)


@st.composite
def cases(draw: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Receipts of one customer, each settling some items with money and deductions."""
    settlements, items, receipts = [], [], []
    for place in range(draw(st.integers(1, 4))):
        key, came = f"r{place}", 0
        back = draw(st.booleans())
        for number in range(draw(st.integers(1, 3))):
            name = f"F{place}{number}"
            cash, less = draw(_AMOUNT), draw(st.sampled_from([0, 0, 1, 37, 5_000]))
            kind = draw(st.sampled_from(["discount", "charge", "write_off", "fx", "netting"]))
            sign = -1 if back else 1
            account = draw(st.sampled_from(["411000", "413000", "416000", None]))
            items.append(item(name, cash + less + draw(st.integers(0, 100)), ledger_account=account))
            settlements.append(settled(f"{name}c", key, name, sign * cash, source=f"encours:{place}"))
            came += sign * cash
            if less and not back:
                settlements.append(settled(f"{name}d", key, name, less, kind, source=f"encours:{place}"))
        rest = draw(st.integers(0, 500)) * (-1 if came < 0 else 1)
        kind = "return" if came < 0 else draw(st.sampled_from(["transfer", "cheque", "draft", "card"]))
        receipts.append(receipt(key, came + rest, kind=kind))
    return settlements, items, receipts


_RULES = st.builds(
    rules,
    st.sampled_from(["full", "suspense", "letters"]),
    discount_vat=st.booleans(),
    loss_vat=st.booleans(),
    receipts_vat=st.booleans(),
    vat_rate=st.sampled_from([0, 210, 550, 1_000, 2_000]),
)


@given(cases(), _RULES)
def test_entries_balance_and_book_the_money_once(case: Any, own: Any) -> None:
    settlements, items, receipts = case
    known = facts(settlements, items, receipts)
    result = write_entries(known, own, {})
    assert not result.held.height
    assert sorted(result.covers["allocation_id"]) == sorted(row["allocation_id"] for row in settlements)
    assert not result.entries.group_by("piece").agg(pl.col("net").sum()).filter(pl.col("net") != 0).height
    cash = sum(row["amount"] for row in settlements if row["kind"] == "cash")
    assert result.covers["cash"].sum() == cash
    taken = result.covers.group_by("receipt_id").agg(taken=pl.col("cash").sum())
    told = known.receipts.select("receipt_id", "amount", "currency").join(taken, on="receipt_id")
    figures = control(result.entries, result.covers, told)
    assert figures.totals["EUR"] + figures.rests["EUR"] == figures.statements["EUR"]
    assert figures.debit == figures.credit
    assert _booked(result.entries) == _owed(settlements, own["A"].banks)


def _booked(entries: pl.DataFrame) -> dict[str, int]:
    """item → what its lines take off it, out of the entries."""
    rows = entries.filter(pl.col("role") == "claim").group_by("item_id").agg(pl.col("net").sum())
    return {str(key): -int(net) for key, net in rows.iter_rows() if net}


def _owed(settlements: list[dict[str, Any]], banks: Any) -> dict[str, int]:
    """item → what was settled of it, the slow and obvious way; where only letters are missing, without the money."""
    mode = next(iter(banks.values())).mode
    sums: dict[str, Decimal] = {}
    for row in settlements:
        if mode != "letters" or row["kind"] != "cash":
            sums[row["item_id"]] = sums.get(row["item_id"], Decimal(0)) + Decimal(row["amount"])
    return {key: int(total) for key, total in sums.items() if total}


@given(cases(), _RULES)
def test_a_counter_entry_leaves_nothing_behind(case: Any, own: Any) -> None:
    entries = write_entries(facts(*case), own, {}).entries
    back = reverse_entries(entries, DAY)
    both = pl.concat([entries, back.select(entries.columns)])
    left = both.group_by("account", "auxiliary", "item_id").agg(pl.col("net").sum())
    assert not left.filter(pl.col("net") != 0).height
    assert not set(entries["piece"]) & set(back["piece"])


@given(cases(), _RULES)
def test_a_capital_letter_balances(case: Any, own: Any) -> None:
    known = facts(*case)
    letters = letter_lines(write_entries(known, own, {}), known, own)
    sums = letters.group_by("account", "letter").agg(pl.col("net").sum())
    capital = pl.col("letter").str.to_uppercase() == pl.col("letter")
    assert not sums.filter(capital & (pl.col("net") != 0)).height
    assert not letters.group_by("account", "letter").agg(n=pl.len()).filter(pl.col("n") < 2).height
