"""What the Customer page says of a payment habit: each line where it says something, and left out where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from encours.store.models import PayerProfile
from encours.usecases.payment_habit import Habit, NextMoney, SignalLine
from encours.web.customer import habit_words
from tests.web.cast import Town

_DAY = date(2026, 3, 2)
_DULL: dict[str, Any] = {
    "delay_p10": 8.0, "delay_median": 12.0, "delay_p90": 18.0, "channel": None, "share_full": None, "drawn": 0,
    "returned": 0, "trend_days": 0.5, "trend_year_days": None, "changed_on": "2026-01-05", "changed_days": 9.0,
    "change_t": 2.5, "large_days": 1.0, "promises": 0, "share_disputed": 0.01, "lag_days": 0.0,
}  # fmt: skip


def _said(profile: str = "irregular", payments: int = 40, **figures: Any) -> dict[str, str]:
    """All that is said of a habit, first and further."""
    habit = _habit(profile, payments, **figures)
    return dict([*habit_words.facts(habit), *habit_words.more(habit)])


def _habit(profile: str = "irregular", payments: int = 40, **figures: Any) -> Habit:
    return Habit(
        as_of=_DAY, profile=profile, why="", payments=payments, figures=_DULL | figures, payer_id="A:0",
        payer_name=None, money=None, run_explains=False, moved=None, came=False, signals=[], alone=None, says="",
        stale=False,
    )  # fmt: skip


def test_what_is_dull_or_unknown_has_no_line() -> None:
    with translation.override("en"):
        assert _said() == {
            "Usually": "12 days after due",
            "Nine in ten by": "18 days after due",
            "Payments known": "40",
        }


@pytest.mark.parametrize(
    ("figures", "label", "said"),
    [
        ({"channel": "cheque"}, "Pays by", "Cheque"),
        ({"share_full": 1.0}, "Invoices paid", "in full, at once"),
        (
            {"share_full": 0.9, "share_parts": 0.07, "share_deducted": 0.01},
            "Invoices paid",
            "90% in full, at once · 7% in parts",
        ),
        (
            {"share_full": 0.9, "share_parts": 0.0, "share_deducted": 0.1},
            "Invoices paid",
            "90% in full, at once · 10% with a deduction",
        ),
        ({"trend_days": 4.2}, "Last 3 months", "4 days later than before"),
        ({"trend_year_days": -6.0}, "Last 12 months", "6 days earlier than before"),
        ({"change_t": 5.0}, "Since 5 Jan 2026", "9 days later than before"),
        ({"large_days": -3.0}, "Large invoices", "3 days earlier than the others"),
        ({"promises": 4, "promises_kept": 3}, "Promises kept", "3 of 4"),
        ({"promises": 4, "promises_kept": None}, "Promises kept", "0 of 4"),
        ({"share_disputed": 0.04}, "Disputed", "4% of the invoices"),
        ({"drawn": 112, "returned": 4}, "Direct debits and drafts", "112 invoices, 4 came back unpaid"),
        ({"drawn": 1, "returned": 0}, "Direct debits and drafts", "1 invoice, none came back"),
        ({"returned": 2}, "Came back unpaid", "2"),
        ({"lag_days": 2.0}, "Posted by us", "2 days after the bank"),
    ],
)
def test_each_figure_that_says_something_has_its_line(figures: dict[str, Any], label: str, said: str) -> None:
    with translation.override("en"):
        dull = _said()
        assert label not in dull
        found = _said(**figures)
    assert found[label] == said
    assert len(found) == len(dull) + 1


def test_few_payments_make_no_shares_and_a_drawn_payer_no_channel() -> None:
    with translation.override("en"):
        assert _said(payments=4, share_full=0.5) == {"Payments known": "4"}
        assert _said("drawn", channel="transfer", drawn=112) == {
            "Direct debits and drafts": "112 invoices, none came back",
            "What is not drawn": "12 days after due",
            "Payments known": "40",
        }


def test_a_change_of_the_last_year_stands_first_and_trends_further_down() -> None:
    with translation.override("en"):
        news = _habit(change_t=5.0, trend_days=4.0)
        assert ("Since 5 Jan 2026", "9 days later than before") in habit_words.facts(news)
        assert ("Last 3 months", "4 days later than before") in habit_words.more(news)
        long_ago = _habit(change_t=5.0, trend_days=4.0, changed_on="2025-02-03")
        assert ("Last 3 months", "4 days later than before") in habit_words.facts(long_ago)
        assert ("Since 3 Feb 2025", "9 days later than before") in habit_words.more(long_ago)


@pytest.mark.parametrize("kind", ["slipping", "habit_changed"])
def test_a_signal_that_tells_the_change_is_not_told_another_day(kind: str) -> None:
    signal = SignalLine(kind, _DAY, _DAY, 0.9, "Since 2026-01-31 payments come 23 days later than before.")
    with translation.override("en"):
        told = replace(_habit(change_t=5.0, trend_days=4.0), signals=[signal])
        assert ("Last 3 months", "4 days later than before") in habit_words.facts(told)
        assert not [
            label for label, _ in [*habit_words.facts(told), *habit_words.more(told)] if label.startswith("Since")
        ]
        assert "Since 5 Jan 2026" not in _said("slipping", change_t=5.0)


def test_money_that_we_draw_is_awaited_for_that_reason() -> None:
    money = NextMoney(_DAY, _DAY, _DAY, 12_300, 2, "EUR", _DAY)
    with translation.override("en"):
        said = habit_words.because(replace(_habit("drawn", drawn=112), money=money))
    assert said == "2 invoices due by 02/03/2026 are open and their payment is drawn by us"


def test_the_page_folds_what_is_asked_for_second(town: Town, client_of: Callable[[str], Client]) -> None:
    row = PayerProfile.objects.get(customer_id="A:0")
    row.figures |= {"channel": "cheque", "share_full": 0.92, "share_parts": 0.05, "drawn": 3}
    row.save()
    page = client_of("alice").get("/customer/A:0").content.decode()
    first, folded = page.split("More on how they pay")
    assert "<dt>Pays by</dt><dd>Cheque</dd>" in first
    assert "<dt>Direct debits and drafts</dt><dd>3 invoices, 1 came back unpaid</dd>" in first
    assert "<dt>Promises kept</dt><dd>3 of 4</dd>" in first
    assert "92% in full, at once · 5% in parts" in folded
    assert "<dt>Posted by us</dt><dd>2 days after the bank</dd>" in folded


def test_a_range_of_one_day_is_said_as_that_day(town: Town, client_of: Callable[[str], Client]) -> None:
    day = PayerProfile.objects.get(customer_id="A:0").next_on
    PayerProfile.objects.filter(customer_id="A:0").update(next_from_on=day, next_to_on=day)
    page = client_of("alice").get("/customer/A:0").content.decode()
    assert "(8 times of 10 on that very day)" in page
    assert "8 times of 10 between" not in page
