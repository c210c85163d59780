"""An advice is followed when its money is there: line by line, deductions by name, what does not tie flagged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.connectors.book_folder import write_book
from encours.core.base.issue import CallError
from encours.core.matching import Proposals, propose
from encours.core.matching.advice_tables import ADVICE_LINE_SCHEMA, ADVICE_SCHEMA, Advices
from encours.usecases.match_receipts import match_book_folder
from tests.core.matching.books import DAY, book, item, receipt

_END = DAY + timedelta(days=90)
_ITEMS = [item("FA1001", 10_000, "c1"), item("FA1002", 20_000, "c1"), item("FA1003", 5_000, "c1")]


def advice(total: int, *lines: tuple[str, int] | tuple[str, int, int, str], **more: Any) -> Advices:
    """An advice of customer c1 with lines (number, paid[, deducted, reason])."""
    head = {"advice_id": "AV-77001", "entity_id": "E", "currency": "EUR", "total": total, **more}
    head = {"received_on": DAY + timedelta(days=38), "reference": "AV-77001", **head}
    rows = [
        dict(zip(("number", "amount", "deducted", "reason"), line, strict=False)) | {"advice_id": "AV-77001", "line": n}
        for n, line in enumerate(lines)
    ]
    return Advices(_frame([head], ADVICE_SCHEMA), _frame(rows, ADVICE_LINE_SCHEMA))


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _found(given: Advices, *money: dict[str, Any], items: list[dict[str, Any]] | None = None) -> Proposals:
    return propose(book(items or _ITEMS, list(money)), _END, advices=given)


def _one(found: Proposals, receipt_id: str = "R1") -> dict[str, Any]:
    return found.decisions.filter(receipt_id=receipt_id).row(0, named=True)


def _lines(found: Proposals, receipt_id: str = "R1") -> list[tuple[str, int, str]]:
    return (
        found.allocations.filter(receipt_id=receipt_id)
        .sort("item_id", "kind")
        .select("item_id", "amount", "kind")
        .rows()
    )


def test_its_lines_are_the_proposal_where_the_text_tells_nothing_else() -> None:
    given = advice(25_000, ("FA1002", 20_000), ("FA1003", 5_000))
    found = _found(given, receipt("R1", 25_000, "VIREMENT SELON AVIS AV-77001"))
    assert (_one(found)["decision"], _one(found)["rule"]) == ("review", "advice")
    assert _lines(found) == [("E:c1:FA1002", 20_000, "cash"), ("E:c1:FA1003", 5_000, "cash")]
    assert found.remittances == {"R1": "AV-77001"}


def test_what_a_person_tied_stands_before_the_number() -> None:
    given = advice(25_000, ("FA1002", 20_000), ("RELEVE 9", 5_000))
    tied = given.lines.with_columns(item_id=pl.Series(["E:c1:gone", "E:c1:FA1003"]))
    found = _found(Advices(given.advices, tied), receipt("R1", 25_000, "VIREMENT SELON AVIS AV-77001"))
    assert _lines(found) == [("E:c1:FA1002", 20_000, "cash"), ("E:c1:FA1003", 5_000, "cash")]
    whole = given.lines.with_columns(item_id=pl.Series([None, "E:c1:FA1001"], dtype=pl.String))
    found = _found(Advices(given.advices, whole), receipt("R1", 25_000, "VIREMENT SELON AVIS AV-77001"))
    assert _lines(found) == [("E:c1:FA1001", 5_000, "cash"), ("E:c1:FA1002", 20_000, "cash")]


def test_total_count_and_reference_agree_and_it_posts() -> None:
    given = advice(25_000, ("FA1002", 20_000), ("FA1003", 5_000))
    assert _one(_found(given, receipt("R1", 25_000, "AVIS AV-77001 2 FACTURES")))["decision"] == "auto"


def test_by_payer_and_total_without_a_reference() -> None:
    given = advice(25_000, ("FA1002", 20_000), ("FA1003", 5_000), payer_name="Dupin SARL")
    found = _found(given, receipt("R1", 25_000, "VIREMENT", payer_name="DUPIN"))
    assert (_one(found)["decision"], _one(found)["rule"]) == ("review", "advice")
    other = _found(given, receipt("R1", 25_000, "VIREMENT", payer_name="LEMOINE"))
    assert _one(other)["rule"] != "advice"


@pytest.mark.parametrize(
    ("reason", "kinds"), [("escompte 2%", {"cash", "discount"}), ("frais bancaires", {"cash", "charge"})]
)
def test_a_deduction_is_booked_as_what_it_is_called(reason: str, kinds: set[str]) -> None:
    given = advice(29_800, ("FA1001", 9_800, 200, reason), ("FA1002", 20_000))
    found = _found(given, receipt("R1", 29_800, "AV-77001"))
    assert {line[2] for line in _lines(found)} == kinds
    assert found.allocations["amount"].sum() == 30_000


def test_a_deduction_of_another_kind_leaves_the_item_open() -> None:
    given = advice(29_000, ("FA1001", 9_000, 1_000, "penalite logistique"), ("FA1002", 20_000))
    found = _found(given, receipt("R1", 29_000, "AV-77001"))
    assert _lines(found) == [("E:c1:FA1001", 9_000, "cash"), ("E:c1:FA1002", 20_000, "cash")]
    assert "10.00 EUR were withheld: the items stay open for it" in _one(found)["reason"]


def test_a_credit_note_taken_off_is_a_line_of_its_own() -> None:
    items = [*_ITEMS, item("AV0009", -1_500, "c1")]
    given = advice(8_500, ("FA1001", 10_000), ("AV0009", -1_500))
    found = _found(given, receipt("R1", 8_500, "AV-77001"), items=items)
    assert _lines(found) == [("E:c1:AV0009", -1_500, "cash"), ("E:c1:FA1001", 10_000, "cash")]


def test_a_line_that_does_not_tie_is_flagged_and_the_others_followed() -> None:
    given = advice(31_000, ("FA1001", 11_000), ("FA1002", 20_000))
    found = _found(given, receipt("R1", 31_000, "AV-77001"))
    assert _lines(found) == [("E:c1:FA1001", 10_000, "cash"), ("E:c1:FA1002", 20_000, "cash")]
    assert "lines that do not tie with what is open: 1" in _one(found)["reason"]
    assert "10.00 EUR stay on the receipt" in _one(found)["reason"]


def test_a_number_that_is_not_open_stays_on_the_receipt() -> None:
    given = advice(27_000, ("FA1002", 20_000), ("FA9999", 7_000))
    found = _found(given, receipt("R1", 27_000, "AV-77001"))
    assert _lines(found) == [("E:c1:FA1002", 20_000, "cash")]
    assert "lines without an open item: 1, 70.00 EUR in all" in _one(found)["reason"]


def test_paid_in_two_receipts_each_takes_whole_lines() -> None:
    given = advice(35_000, ("FA1001", 10_000), ("FA1002", 20_000), ("FA1003", 5_000))
    money = [receipt("R1", 15_000, "AV-77001"), receipt("R2", 20_000, "AV-77001 SUITE", day=41)]
    found = _found(given, *money)
    assert [line[0] for line in _lines(found, "R1")] == ["E:c1:FA1001", "E:c1:FA1003"]
    assert [line[0] for line in _lines(found, "R2")] == ["E:c1:FA1002"]


def test_a_first_part_takes_the_lines_that_alone_make_it() -> None:
    given = advice(35_000, ("FA1001", 10_000), ("FA1002", 20_000), ("FA1003", 5_000))
    found = _found(given, receipt("R1", 20_000, "AV-77001"))
    assert _lines(found) == [("E:c1:FA1002", 20_000, "cash")]


def test_a_payout_names_its_fee() -> None:
    items = [item("FA1001", 10_000, "c1"), item("FA1002", 20_000, "c2")]
    given = advice(29_400, ("FA1001", 10_000), ("FA1002", 20_000), form="payout", fee=600, payer_name="Stripe")
    found = _found(given, receipt("R1", 29_400, "PAYOUT AV-77001", payer_name="STRIPE"), items=items)
    assert _lines(found) == [
        ("E:c1:FA1001", 10_000, "cash"), ("E:c2:FA1002", 19_400, "cash"), ("E:c2:FA1002", 600, "charge"),
    ]  # fmt: skip


def test_an_advice_of_a_later_day_is_not_known_yet() -> None:
    given = advice(25_000, ("FA1002", 20_000), ("FA1003", 5_000), received_on=_END + timedelta(days=1))
    assert _one(_found(given, receipt("R1", 25_000, "AV-77001")))["rule"] != "advice"


def test_frames_without_their_columns_are_refused() -> None:
    given = Advices(pl.DataFrame({"advice_id": ["a"]}), pl.DataFrame({"advice_id": ["a"]}))
    with pytest.raises(CallError, match="advices: required column total is absent"):
        _found(given, receipt("R1", 25_000, "AV-77001"))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_book_folder_may_hold_advices(tmp_path: Path, form: str) -> None:
    given = advice(25_000, ("FA1002", 20_000), ("FA1003", 5_000))
    write_book(book(_ITEMS, [receipt("R1", 25_000, "AVIS AV-77001")]), tmp_path)
    for name, table in (("advices", given.advices), ("advice_lines", given.lines)):
        getattr(table, f"write_{form}")(tmp_path / f"{name}.{form}")
    found = match_book_folder(tmp_path, _END)
    assert found.proposals.remittances == {"R1": "AV-77001"}


_amounts = st.lists(st.integers(1, 40_000), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(_amounts, st.integers(-50, 50), st.integers(1, 3), st.integers(0, 400))
def test_whatever_is_followed_sums_to_the_cent(amounts: list[int], off: int, parts: int, fee: int) -> None:
    items = [item(f"FA{1000 + n}", amount, f"c{n % 2}") for n, amount in enumerate(amounts)]
    lines = [(f"FA{1000 + n}", max(1, amount + (off if n == 0 else 0))) for n, amount in enumerate(amounts)]
    total = sum(amount for _, amount in lines) - min(fee, 10)
    if total < parts:
        return
    shares = [total // parts] * (parts - 1)
    shares.append(total - sum(shares))
    given = advice(total, *lines, fee=min(fee, 10), form="payout" if fee else "advice")
    money = [receipt(f"R{n}", share, f"AV-77001 {n}") for n, share in enumerate(shares)]
    found = propose(book(items, money), _END, advices=given)
    for row in money:
        cash = found.allocations.filter(receipt_id=row["receipt_id"], kind="cash")["amount"].sum()
        assert cash <= row["amount"]
    paid = dict(found.allocations.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
    assert all(paid.get(row["item_id"], 0) <= row["amount"] for row in items)
