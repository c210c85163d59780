"""Limitation: the last day to act, and what interrupts it."""

from __future__ import annotations

from datetime import date

import pytest

from encours.core.terms.limitation import limitation

DUE = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("buyer", "transport", "last_on"),
    [
        ("business", False, date(2029, 2, 28)),
        ("consumer", False, date(2026, 2, 28)),
        ("business", True, date(2025, 2, 28)),
        ("public", True, date(2028, 12, 31)),
    ],
)
def test_periods(buyer: str, transport: bool, last_on: date) -> None:
    found = limitation(DUE, buyer, transport=transport)  # type: ignore[arg-type]  # parametrised literals
    assert (found.last_on, found.cause) == (last_on, "due")
    assert not found.expired(last_on)
    assert found.expired(date(last_on.year + 1, 1, 1))


def test_only_an_acknowledgement_or_a_court_interrupts() -> None:
    reminded = limitation(DUE, "consumer", [(date(2025, 1, 1), "reminder"), (date(2025, 2, 1), "formal_notice")])
    assert reminded.last_on == date(2026, 2, 28)
    paid = limitation(DUE, "consumer", [(date(2025, 6, 1), "partial_payment"), (date(2025, 1, 1), "acknowledgement")])
    assert (paid.last_on, paid.cause) == (date(2027, 6, 1), "partial_payment")


def test_what_comes_after_the_last_day_changes_nothing() -> None:
    late = limitation(DUE, "consumer", [(date(2026, 3, 1), "partial_payment")])
    assert late.last_on == date(2026, 2, 28)
    on_the_day = limitation(DUE, "consumer", [(date(2026, 2, 28), "court_action")])
    assert on_the_day.last_on == date(2028, 2, 28)


def test_alerts_come_six_three_and_one_month_before() -> None:
    assert limitation(date(2021, 12, 31), "business").alerts() == [
        date(2026, 6, 30),
        date(2026, 9, 30),
        date(2026, 11, 30),
    ]
