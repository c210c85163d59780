"""Claims that are no surer than their rule says, whatever a certificate allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import propose
from encours.core.matching.ceilings import DOUBTED, of_anybody
from encours.core.matching.features import FEATURES, PLACE

#: A certificate for all that is surer than a ceiling lets be.
_LAX = 0.9501
_SWAP = "another open item of the same amount could be meant instead"
#: Due on one day each, months apart, so that their order tells which of two equal ones is meant first.
_MONTHLY = [
    item("FA2600101", 31_415),
    item("FA2600202", 27_182, due_on=DAY + timedelta(days=31)),
    item("FA2600303", 16_180, due_on=DAY + timedelta(days=32)),
]


def decided(items: list[dict[str, Any]], amount: int, text: str | None, **more: Any) -> dict[str, Any]:
    """The decision on one receipt, with a certificate for all that is surer than a ceiling."""
    given = book(items, [receipt("r", amount, text, **{"payer_name": "c1"} | more)])
    return propose(given, DAY + timedelta(days=60), certified=_LAX).decisions.row(0, named=True)


def test_a_set_that_is_exact_with_either_of_two_equal_items_is_shown_and_does_not_post() -> None:
    """A list cut by its channel: the first number is there, two more items make the sum, one of which has an equal."""
    total = sum(row["amount"] for row in _MONTHLY)
    alone = decided(_MONTHLY, total, "FACTURES FA2600101")
    assert alone["confidence"] > DOUBTED
    assert _SWAP not in str(alone["reason"])
    twin = item("FA2600909", 16_180, due_on=DAY + timedelta(days=33))
    beside = decided([*_MONTHLY, twin], total, "FACTURES FA2600101")
    assert beside["confidence"] <= DOUBTED
    assert beside["decision"] == "review"
    assert _SWAP in str(beside["reason"])


def test_what_the_text_names_has_no_equal() -> None:
    twin = item("FA2600909", 31_415, due_on=DAY + timedelta(days=33))
    named = decided([*_MONTHLY, twin], 31_415, "FACTURE FA2600101")
    assert named["decision"] == "auto"
    assert _SWAP not in str(named["reason"])


@pytest.mark.parametrize(
    "other", [{"amount": 16_181}, {"currency": "CHF"}, {"issued_on": DAY + timedelta(days=50)}, {"customer": "c2"}]
)
def test_an_item_that_is_not_equal_then_changes_nothing(other: dict[str, Any]) -> None:
    """Another amount, another currency, not issued yet when the money came, another customer's."""
    twin = item("FA2600909", **{"amount": 16_180, "due_on": DAY + timedelta(days=90)} | other)
    total = sum(row["amount"] for row in _MONTHLY)
    assert _SWAP not in str(decided([*_MONTHLY, twin], total, "FACTURES FA2600101")["reason"])


@pytest.mark.parametrize(
    ("evidence", "doubted"),
    [
        ({"by_list": 1, "in_part": 1}, True),
        ({"by_tail": 1, "gap": -500}, True),
        ({"by_tail": 1, "in_part": 1, "gap": 500}, True),
        ({"by_tail": 1}, False),
        ({"by_number": 1, "in_part": 1}, False),
        ({"by_other": 1, "in_part": 1}, False),
        ({"by_tail": 1, "in_part": 1, "name_like": 1}, False),
        ({"by_tail": 1, "in_part": 1, "account_learned": 1}, False),
    ],
)
def test_part_of_a_number_with_nobody_behind_it_and_another_sum_is_no_certainty(
    evidence: dict[str, float], doubted: bool
) -> None:
    row = np.zeros((1, len(FEATURES)), dtype=np.float32)
    for name, value in evidence.items():
        row[0, PLACE[name]] = value
    assert of_anybody(row).tolist() == [doubted]
