"""The peers' own cases, parts A to C, on books of ours: what we do, and why where a peer does otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core.matching.scenarios.reading import AS_OF, book_of, cases, gap_of, minor
from encours.core.base.book import Book
from encours.core.matching import Proposals, propose
from encours.core.matching.differences import explain_gap
from encours.core.matching.differences.causes import default_policy

_ROOT = Path(__file__).parents[4]
_CASES = cases()
_FIRST_TO_LAST = {"A": 24, "B": 73, "C": 12}


def _params() -> list[Any]:
    wish = {case["id"]: pytest.mark.xfail(strict=True, reason=case["because"]) for case in _CASES if _is_wish(case)}
    return [pytest.param(case, id=case["id"], marks=wish.get(case["id"], ())) for case in _CASES]


def _is_wish(case: dict[str, Any]) -> bool:
    return bool(case["agree"] == "wish")


@pytest.mark.parametrize("case", _params())
def test_scenario(case: dict[str, Any]) -> None:
    if "held_by" in case:
        for test in case["held_by"]:
            _assert_there(test)
    elif "gap" in case:
        _assert_explained(case)
    elif "issues" in case:
        assert set(case["issues"]) <= set(book_of(case).check()["code"])
    else:
        _assert_proposed(case)


def _assert_there(test: str) -> None:
    """A test that is said to hold a case exists under that name."""
    path, _, name = test.partition("::")
    source = (_ROOT / path).read_text(encoding="utf-8")
    assert not name or re.search(rf"^def {name}\(", source, re.MULTILINE), f"{test} is not there"


def _assert_explained(case: dict[str, Any]) -> None:
    ways = explain_gap(gap_of(case), default_policy())
    best, wanted = ways[0], case["expect"]
    first = best.differences[0]
    assert (first.cause, first.kind) == (wanted["cause"], wanted["kind"])
    if "beside" in wanted:
        assert best.causes[1:] == (wanted["beside"],)
    if "inside" in wanted:
        assert best.inside is wanted["inside"]
    if "outside" in wanted:
        assert [way.inside for way in ways if way.causes == (wanted["outside"],)] == [False]


def _assert_proposed(case: dict[str, Any]) -> None:
    of = book_of(case)
    proposals = propose(of, AS_OF)
    numbers = _numbers(of)
    for receipt_id, wanted in case["expect"].items():
        _assert_receipt(proposals, numbers, receipt_id, wanted)
    if "credits" in case:
        rows = proposals.allocations.filter(kind="credit").select("item_id", "credit_item_id").iter_rows()
        assert {numbers[item]: numbers[note] for item, note in rows} == case["credits"]
    left = _left(of, proposals, numbers)
    assert {number: left[number] for number in case.get("opens", {})} == {
        number: minor(amount) for number, amount in case.get("opens", {}).items()
    }


def _assert_receipt(proposals: Proposals, numbers: dict[str, str], receipt_id: str, wanted: dict[str, Any]) -> None:
    decision = proposals.decisions.filter(receipt_id=receipt_id).row(0, named=True)
    lines = proposals.allocations.filter(receipt_id=receipt_id)
    assert decision["decision"] == wanted["decision"], decision
    for word, column in (("rule", "rule"), ("customer", "customer_id")):
        assert decision[column] == wanted.get(word, decision[column])
    assert wanted.get("says", "") in decision["reason"]
    if "pays" in wanted:
        paid: dict[str, int] = {}
        for item, amount in lines.select("item_id", "amount").iter_rows():
            paid[numbers[item]] = paid.get(numbers[item], 0) + amount
        assert paid == {number: minor(amount) for number, amount in wanted["pays"].items()}
    if wanted["decision"] == "none":
        assert lines.is_empty()
    beside = lines.filter(pl.col("kind") != "cash").group_by("kind").agg(pl.col("amount").sum())
    if "beside" in wanted:
        assert dict(beside.iter_rows()) == {kind: minor(amount) for kind, amount in wanted["beside"].items()}
    if "on" in wanted:
        assert set(lines["allocated_on"]) == {wanted["on"]}


def _numbers(of: Book) -> dict[str, str]:
    rows = of.items.select("item_id", "number", "part").iter_rows()
    return {item: number if part is None else f"{number}/{part}" for item, number, part in rows}


def _left(of: Book, proposals: Proposals, numbers: dict[str, str]) -> dict[str, int]:
    """What stays open of each number once every proposal is accepted."""
    given = proposals.allocations.filter(kind="credit").select(item_id="credit_item_id", taken=-pl.col("amount"))
    lines = pl.concat([proposals.allocations.select("item_id", taken="amount"), given])
    taken = lines.group_by("item_id").agg(pl.col("taken").sum())
    both = of.as_of(AS_OF).open_items().join(taken, on="item_id", how="left")
    rows = both.select("item_id", pl.col("open") - pl.col("taken").fill_null(0)).iter_rows()
    return {numbers[item]: left for item, left in rows}


def test_every_scenario_of_the_three_parts_has_a_vector() -> None:
    told = {(part, int(number)) for case in _CASES for part, number in re.findall(r"^([ABC])(\d+)", case["id"])}
    assert told == {(part, number) for part, last in _FIRST_TO_LAST.items() for number in range(1, last + 1)}
    assert {"B50", "B50b"} <= {case["id"] for case in _CASES}
    assert len({case["id"] for case in _CASES}) == len(_CASES)


def test_every_vector_names_its_origin_and_why_we_disagree() -> None:
    for case in _CASES:
        assert case["origin"], case["id"]
        assert case["asks"].endswith((".", "?")), case["id"]
        assert case["agree"] in ("yes", "no", "wish"), case["id"]
        assert case["agree"] == "yes" or case["because"], case["id"]
        assert case["agree"] != "no" or case["peer"], case["id"]
        assert any(word in case for word in ("expect", "held_by", "issues")), case["id"]
        assert case.get("held_by") != [], f"{case['id']} names no test that holds it"
