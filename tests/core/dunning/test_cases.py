"""The dunning cases that other systems test (`cases.toml`), played on the planner."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.money import to_minor
from encours.core.base.schema import TABLES
from encours.core.dunning.known import Known, Rules
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.replay import touched
from encours.core.dunning.scenario import Scenarios
from tests.core.dunning.held import rows

CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))["case"]
PLAYED = [case for case in CASES if "run" in case]


def _steps(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    base = {"channel": "email", "template": "reminder", "mode": "automatic"}
    return [{"level": place, **base, **step} for place, step in enumerate(given, 1)]


def _scenarios(case: dict[str, Any]) -> Scenarios:
    made = [
        {
            "code": "case", "names": "Case", "pause_days": case.get("pause_days", 0), "priority": 2,
            "segment": case.get("segment", []), "steps": _steps(case["steps"]),
        }
    ]  # fmt: skip
    if "other" in case:
        nobody = [{"column": "customer.kind", "op": "eq", "value": "none"}]
        steps = _steps(case["other"])
        made.append({"code": "other", "names": "Other", "pause_days": 0, "segment": nobody, "steps": steps})
    return read_scenarios({"scenarios": made})


def _minor(one: dict[str, Any]) -> int:
    return to_minor(Decimal(one.get("amount", "100")), one.get("currency", "EUR"))


def _book(case: dict[str, Any]) -> Book:
    customers = case.get("customers", [{"id": "C"}])
    amounts = {one["id"]: _minor(one) for one in case["items"]}
    items = []
    for one in case["items"]:
        row = {
            "item_id": one["id"], "entity_id": "E", "customer_id": one.get("customer", "C"), "number": one["id"],
            "kind": "invoice" if amounts[one["id"]] > 0 else "credit_note", "due_on": one["due"],
            "issued_on": one["due"] - timedelta(days=45), "amount": amounts[one["id"]],
            "currency": one.get("currency", "EUR"),
        }  # fmt: skip
        if amounts[one["id"]] < 0:
            row["issued_on"] = one["due"]
        items.append(row)
        if "voided" in one:
            items.append({**row, "known_on": one["voided"], "voided": True})
    letters = [
        {
            "allocation_id": f"a{place}", "item_id": one["item"], "amount": amounts[one["item"]], "kind": "cash",
            "allocated_on": one["on"], "reversed_on": one.get("reversed"), "source": "case", "known_on": one["on"],
        }
        for place, one in enumerate(case.get("paid", []))
    ]  # fmt: skip
    letters += [
        {
            "allocation_id": f"c{place}", "item_id": one["item"], "credit_item_id": one["note"], "kind": "credit",
            "amount": amounts[one["item"]], "allocated_on": one["on"], "source": "case",
        }
        for place, one in enumerate(case.get("credited", []))
    ]  # fmt: skip
    whose = {row["item_id"]: row["customer_id"] for row in items}
    touches = [
        {
            "touch_id": f"t{place}", "customer_id": whose[one["item"]],
            "item_id": one["item"], "channel": "email", "level": one["level"], "sent_on": one["on"],
        }
        for place, one in enumerate(case.get("touches", []))
    ]  # fmt: skip
    receipts = [
        {
            "receipt_id": one["id"], "entity_id": "E", "account": "512", "booked_on": one["on"], "kind": "transfer",
            "amount": _minor(one), "currency": "EUR", "origin": "bank", "customer_id": "C",
        }
        for one in case.get("receipts", [])
    ]  # fmt: skip
    people = [
        {
            "customer_id": one["id"], "name": one["id"], "kind": one.get("kind", "business"), "entity_id": "E",
            "segment": one.get("segment"),
        }
        for one in customers
    ]  # fmt: skip
    return Book.of(
        entities=rows("entities", {"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}),
        customers=rows("customers", *people), items=rows("items", *items), allocations=rows("allocations", *letters),
        touches=rows("touches", *touches), receipts=rows("receipts", *receipts),
    )  # fmt: skip


def _known(case: dict[str, Any]) -> Known:
    holds = [
        {"hold_id": one["item"], "item_id": one["item"], "until_on": one["until"], "reason": "asked", "author": "x"}
        for one in case.get("holds", [])
    ]
    chosen = [{"item_id": one["item"], "scenario": one["scenario"]} for one in case.get("chosen", [])]
    flags = [{"item_id": one["item"], "flag": one["flag"], "until_on": one["until"]} for one in case.get("flags", [])]
    frames = {"holds": holds, "chosen": chosen, "flags": flags}
    floors = {currency: Decimal(floor) for currency, floor in case.get("floors", {}).items()}
    given = {name: pl.DataFrame(found) for name, found in frames.items() if found}
    return Known.of(Rules(floors=floors, cap=99), **given)


def _said(made: Plan) -> list[str]:
    found = []
    for row in made.actions.iter_rows(named=True):
        currency = "" if row["currency"] == "EUR" else f"/{row['currency']}"
        found.append(f"{row['customer_id']}{currency} {row['step']} {' '.join(sorted(row['items']))}")
    return sorted(found)


@pytest.mark.parametrize("case", PLAYED, ids=["-".join(case["ids"]) for case in PLAYED])
def test_a_case_of_another_system(case: dict[str, Any]) -> None:
    book, scenarios, known = _book(case), _scenarios(case), _known(case)
    for run in case["run"]:
        made = plan(book, run["on"], scenarios, known)
        assert _said(made) == sorted(run["expect"]), run["on"]
        reasons = dict(made.held.select("item_id", "reason").iter_rows())
        assert {item: reasons.get(item) for item in run.get("held", {})} == run.get("held", {}), run["on"]
        if "amount" in run:
            assert made.actions["amount"].sum() == to_minor(Decimal(run["amount"]), "EUR")
        if run.get("leaves"):
            book = book.replace(touches=pl.concat([book.touches, TABLES["touches"].conform(touched(made))]))
    if "refused" in case:
        with pytest.raises(CallError):
            read_scenarios({"code": "case", "names": "Case", "steps": _steps(case["refused"])})


def test_every_case_is_told_and_every_disagreement_explained() -> None:
    told = Counter(code for case in CASES for code in case["ids"])
    assert set(told) == {f"D{number}" for number in range(1, 49)}
    assert all(case["agree"] in ("yes", "partly", "no") and case["origin"] for case in CASES)
    assert [case["ids"] for case in CASES if case["agree"] != "yes" and not case.get("note")] == []
    assert [case["ids"] for case in CASES if "run" not in case and not case.get("where")] == []
