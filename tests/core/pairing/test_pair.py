"""One euro, once: what pairs, what stays two, and that no order of files and no money is lost."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.pairing import Paired, pair_receipts
from tests.core.pairing.builders import bank, cash, day, ledger, receipts, table

_NO_ALLOCATIONS = table("allocations")
_CUSTOMERS = table(
    "customers", *({"customer_id": f"E:C{n}", "name": f"Client {n}", "kind": "business"} for n in range(4))
)


def paired(*rows: dict[str, Any], allocations: pl.DataFrame = _NO_ALLOCATIONS) -> Paired:
    """The rows paired."""
    return pair_receipts(receipts(*rows), allocations, _CUSTOMERS)


def amounts(result: Paired) -> Counter[int]:
    """How often each amount stands."""
    return Counter(result.receipts["amount"].to_list())


def test_a_ledger_receipt_and_its_bank_line_are_one() -> None:
    done = paired(
        bank("B", 2, 5000, "VIR"), ledger("L", 0, 5000), allocations=table("allocations", cash("A", "L", "I", 5000))
    )
    (row,) = done.receipts.rows(named=True)
    assert (row["receipt_id"], row["origin"], row["customer_id"], row["ledger_account"]) == (
        "B",
        "bank",
        "E:C1",
        "411000",
    )
    assert (row["booked_on"], row["posted_on"]) == (day(2), day(0))
    assert done.allocations["receipt_id"].to_list() == ["B"]
    assert done.merges.rows() == [("B", "L", "same bank, amount and days")]


def test_five_working_days_and_no_more() -> None:
    """Monday to the next Monday are five working days; one more is too many."""
    near = paired(bank("B", 7, 5000), ledger("L", 0, 5000))
    far = paired(bank("B", 8, 5000), ledger("L", 0, 5000))
    assert (near.receipts.height, far.receipts.height) == (1, 2)


def test_a_stored_id_is_never_given_up() -> None:
    stored = ledger("L", 0, 5000) | {"series": "book", "rank": 0}
    done = paired(bank("B", 1, 5000), stored)
    assert done.receipts["receipt_id"].to_list() == ["L"]
    assert done.receipts["origin"].to_list() == ["bank"]


def test_of_two_candidates_the_words_decide() -> None:
    rows = [
        bank("B1", 0, 5000, "VIR MAISON DUVERNAY FA12"),
        bank("B2", 0, 5000, "VIR ATELIERS PONTAC FA13"),
        ledger("L1", 0, 5000, "E:C1", "Reglement ATELIERS PONTAC"),
        ledger("L2", 0, 5000, "E:C2", "Reglement MAISON DUVERNAY"),
        bank("B3", 0, 7100),
        ledger("L3", 0, 7100),
    ]
    done = paired(*rows)
    assert dict(done.receipts.select("receipt_id", "customer_id").rows()) == {"B1": "E:C2", "B2": "E:C1", "B3": "E:C1"}


def test_what_could_be_several_stays_two_and_is_said() -> None:
    rows = [
        bank("B1", 0, 5000, "UN"),
        bank("B2", 0, 5000, "DEUX"),
        ledger("L1", 0, 5000, "E:C1"),
        ledger("L2", 0, 5000, "E:C2"),
    ]
    done = paired(*rows, bank("B3", 0, 7100), ledger("L3", 0, 7100))
    assert done.receipts.height == 5
    assert done.issues.filter(pl.col("code") == "receipt_pair_ambiguous")["key"].sort().to_list() == ["L1", "L2"]


def test_one_customers_equal_receipts_need_no_choice() -> None:
    rows = [bank("B1", 0, 5000, "UN"), bank("B2", 0, 5000, "DEUX"), ledger("L1", 0, 5000), ledger("L2", 0, 5000)]
    assert paired(*rows, bank("B3", 0, 7100), ledger("L3", 0, 7100)).receipts.height == 3


def test_a_slip_of_several_customers_keeps_each_receipt_with_the_banks_day() -> None:
    rows = [
        bank("B", 1, 9000, "REMISE CHEQUES"),
        ledger("L1", 0, 4000, "E:C1", kind="cheque"),
        ledger("L2", 0, 5000, "E:C2", kind="cheque"),
        bank("B3", 0, 7100),
        ledger("L3", 0, 7100),
    ]
    done = paired(*rows)
    assert sorted(done.receipts["receipt_id"]) == ["B3", "L1", "L2"]
    slip = done.receipts.filter(pl.col("receipt_id") != "B3")
    assert set(slip["origin"]) == {"bank"}
    assert set(slip["booked_on"]) == {day(1)}


def test_one_ledger_line_for_several_bank_lines() -> None:
    allocated = table("allocations", cash("A1", "L", "I1", 7000), cash("A2", "L", "I2", 2000))
    rows = [bank("B1", 0, 4000), bank("B2", 0, 5000), ledger("L", 0, 9000), bank("B3", 0, 7100), ledger("L3", 0, 7100)]
    done = paired(*rows, allocations=allocated)
    assert sorted(done.receipts["receipt_id"]) == ["B1", "B2", "B3"]
    by_receipt = done.allocations.group_by("receipt_id").agg(pl.col("amount").sum()).sort("receipt_id")
    assert by_receipt.rows() == [("B1", 4000), ("B2", 5000)]
    by_item = done.allocations.group_by("item_id").agg(pl.col("amount").sum()).sort("item_id")
    assert by_item.rows() == [("I1", 7000), ("I2", 2000)]
    assert done.allocations["allocation_id"].is_unique().all()


def test_equal_lines_of_one_statement_stay_as_many() -> None:
    rows = [bank(f"C{n}", 0, 900, "ABONNEMENT") for n in range(3)]
    again = [bank(f"M{n}", 0, 900, "ABONNEMENT", series="mt940") for n in range(3)]
    done = paired(*rows, *again)
    assert sorted(done.receipts["receipt_id"]) == ["C0", "C1", "C2"]


def test_a_format_with_one_more_line_adds_it() -> None:
    rows = [bank("C0", 0, 900, "A"), bank("M0", 0, 900, "A", series="mt940"), bank("M1", 0, 900, "B", series="mt940")]
    assert amounts(paired(*rows)) == {900: 2}


def test_references_that_differ_are_two_payments() -> None:
    rows = [bank("C0", 0, 900, end_to_end_id="R1"), bank("M0", 0, 900, series="mt940", end_to_end_id="R2")]
    assert paired(*rows).receipts.height == 2


def test_the_days_statement_gives_way_and_enriches() -> None:
    rows = [bank("C0", 0, 900), bank("I0", 0, 900, "FACTURE 12", series="camt.052", payer_name="Duvernay")]
    (row,) = paired(*rows).receipts.rows(named=True)
    assert (row["receipt_id"], row["payer_name"], row["remittance"]) == ("C0", "Duvernay", "FACTURE 12")


def test_details_take_the_place_of_their_batch() -> None:
    rows = [bank("C0", 0, 900, "REMISE")] + [
        bank(f"D{n}", 0, 300, f"DETAIL {n}", series="camt.054", statement_id=None) for n in range(3)
    ]
    done = paired(*rows)
    assert sorted(done.receipts["receipt_id"]) == ["D0", "D1", "D2"]
    assert set(done.receipts["statement_id"]) == {"S"}


def test_what_one_side_lacks_is_listed() -> None:
    rows = [
        bank("B1", 0, 100),
        ledger("L1", 0, 100),
        bank("B2", 9, 200),
        ledger("L2", 9, 200),
        bank("B3", 4, 333),
        ledger("L3", 4, 444),
    ]
    done = paired(*rows)
    assert done.unpaired.rows() == [("B3", "bank"), ("L3", "ledger")]
    said = done.issues.filter(pl.col("code") == "receipts_unpaired")["message"].to_list()
    assert said == [
        "1 receipts of 3.33 EUR are in the bank and not in the ledger",
        "1 receipts of 4.44 EUR are in the ledger and not in the bank",
    ]
    assert done.relations.select("ledger_account", "agreed").rows() == [("512100", 2)]


_MONEY = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6).map(lambda n: n * 1000 + n), st.integers(0, 2)), max_size=10
)


@settings(max_examples=30, deadline=None)
@given(_MONEY, _MONEY, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_and_no_money_is_lost(
    entries: list[tuple[int, int, int]], lines: list[tuple[int, int, int]], chance: random.Random
) -> None:
    rows = [bank(f"B{n}", at, cents, f"CLIENT {who}") for n, (at, cents, who) in enumerate(entries)]
    rows += [ledger(f"L{n}", at, cents, f"E:C{who}") for n, (at, cents, who) in enumerate(lines)]
    allocated = table("allocations", *(cash(f"A{n}", f"L{n}", f"I{n}", cents) for n, (_, cents, _) in enumerate(lines)))
    first = paired(*rows, allocations=allocated)
    mixed = list(rows)
    chance.shuffle(mixed)
    second = paired(*mixed, allocations=allocated.sample(fraction=1, shuffle=True, seed=3))
    assert first.receipts.equals(second.receipts)
    stored = first.receipts.with_columns(series=pl.lit("book"), rank=pl.lit(0, dtype=pl.Int64))
    ambiguous = first.issues["code"].to_list().count("receipt_pair_ambiguous")
    again = pair_receipts(pl.concat([stored, receipts(*rows)]), first.allocations, _CUSTOMERS)
    if not ambiguous:
        # Loaded again beside what is stored, the same files change nothing.
        assert again.receipts.equals(first.receipts)
    assert sorted(first.allocations.rows()) == sorted(second.allocations.rows())
    _conserved(first, rows, allocated)


def _conserved(done: Paired, rows: list[dict[str, Any]], allocated: pl.DataFrame) -> None:
    """The slow, obvious audit: every euro of both sides is there, those of both sides once."""
    ids = done.receipts["receipt_id"].to_list()
    assert len(ids) == len(set(ids))
    total = sum(row["amount"] for row in rows)
    kept = done.receipts["amount"].sum()
    amount_of = {row["receipt_id"]: row["amount"] for row in rows}
    assert total - kept == sum(amount_of[dropped] for dropped in set(done.merges["dropped_id"]))
    by_customer: Counter[str] = Counter()
    for row in rows:
        if row["origin"] == "ledger":
            by_customer[row["customer_id"]] += row["amount"]
    for row in done.receipts.filter(pl.col("customer_id").is_not_null()).iter_rows(named=True):
        by_customer[row["customer_id"]] -= row["amount"]
    assert not any(by_customer.values()), "each customer has the ledger's money, once"
    applied: Counter[str] = Counter()
    for row in done.allocations.iter_rows(named=True):
        applied[row["receipt_id"]] += row["amount"]
    have = dict(done.receipts.select("receipt_id", "amount").rows())
    assert all(have[receipt_id] >= amount for receipt_id, amount in applied.items())
    assert done.allocations["amount"].sum() == allocated["amount"].sum()
