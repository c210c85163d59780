"""What a customer weighs, and conditions that ask for it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.core.base.book import Book
from encours.core.dunning.choose import rows as conditioned
from encours.core.dunning.conditions import holds
from encours.core.dunning.facts import Facts, facts
from encours.core.dunning.importance import importance
from encours.core.dunning.known import Known
from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Scenarios
from tests.core.dunning.held import rows

_DAY = date(2026, 3, 18)


def _item(item_id: str, customer: str, amount: int, days: int, **more: Any) -> dict[str, Any]:
    base = {"entity_id": "E", "currency": "EUR", "kind": "invoice", "issued_on": _DAY - timedelta(days=60)}
    due = {"due_on": _DAY - timedelta(days=days)}
    return {**base, **due, "item_id": item_id, "number": item_id, "customer_id": customer, "amount": amount, **more}


@pytest.fixture(scope="module")
def of() -> Facts:
    book = Book.of(
        entities=rows("entities", {"entity_id": "E", "name": "E", "country": "FR", "currency": "EUR"}),
        customers=rows(
            "customers",
            {"customer_id": "big", "name": "big", "kind": "business", "entity_id": "E", "strategy": "develop"},
            {"customer_id": "site", "name": "site", "kind": "business", "entity_id": "E"},
            {"customer_id": "small", "name": "small", "kind": "business", "entity_id": "E", "credit_limit": 150_00},
        ),
        customer_links=rows("customer_links", {"customer_id": "site", "other_id": "big", "role": "payer"}),
        items=rows(
            "items", _item("a", "big", 500_00, -10), _item("b", "site", 400_00, 5), _item("c", "small", 100_00, 5),
            _item("old", "small", 9_000_00, 500, issued_on=_DAY - timedelta(days=600)),
            _item("yen", "small", 150, 5, currency="JPY"),
        ),
        orders=rows("orders", {
            "order_id": "o", "entity_id": "E", "customer_id": "big", "amount": 200_00, "currency": "EUR",
            "ordered_on": _DAY, "status": "open", "margin": 50_00,
        }),
    )  # fmt: skip
    return facts(book, _DAY, Known(), Scenarios(()))


def test_shares_are_of_the_last_year_and_of_who_pays(of: Facts) -> None:
    found = {row["customer_id"]: row for row in importance(of).iter_rows(named=True)}
    assert found["big"]["sales_share"] == pytest.approx(0.9)
    assert found["small"]["sales_share"] == pytest.approx(0.1)
    assert found["big"]["overdue_share"] == pytest.approx(400 / 9_500)
    assert (found["big"]["margin_share"], found["small"]["margin_share"]) == (0.25, None)
    assert (found["big"]["strategy"], found["small"]["strategy"]) == ("develop", None)


@pytest.mark.parametrize(
    ("column", "op", "value", "expected"),
    [
        ("item.open", "ge", 100, {"a", "b", "c", "old", "yen"}),
        ("item.open", "gt", 100, {"a", "b", "old", "yen"}),
        ("item.open", "le", "150.00", {"c", "yen"}),
        ("customer.credit_limit", "lt", 151, {"c", "old"}),
        ("customer.strategy", "ne", "develop", {"c", "old", "yen"}),
        ("customer.strategy", "is_null", None, {"c", "old", "yen"}),
        ("customer.strategy", "not_in", ["develop", "exit"], {"c", "old", "yen"}),
        ("item.customer_id", "in", ["site"], {"b"}),
        ("item.is_overdue", "eq", False, {"a"}),
        ("item.due_on", "lt", "2026-01-01", {"old"}),
        ("position.overdue_items", "ge", 2, {"c", "old"}),
        ("profile.sales_share", "ge", 0.05, set()),
    ],
)
def test_a_condition_holds_at_its_bound_and_not_of_what_is_unknown(
    of: Facts, column: str, op: str, value: Any, expected: set[str]
) -> None:
    step = {"code": "one", "level": 1, "days": 1, "channel": "email", "template": "t"}
    given = {"column": column, "op": op} | ({} if value is None else {"value": value})
    read = read_scenarios({"code": "s", "names": "S", "segment": [given], "steps": [step]})
    found = conditioned(of).filter(holds(read.scenarios[0].segment[0]))
    assert set(found["item.item_id"]) == expected


def test_conditions_read_what_the_customer_weighs(of: Facts) -> None:
    weighed = facts(of.book, _DAY, Known.of(profiles=importance(of)), Scenarios(()))
    found = conditioned(weighed)
    assert set(found.filter(found["profile.sales_share"] >= 0.5)["item.item_id"]) == {"a", "b"}
