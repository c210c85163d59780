"""Rates typed in Settings are those that late interest is reckoned with, from the day they were typed for."""

from __future__ import annotations

from datetime import date

import pytest

from encours.core.terms.rates import Rates
from encours.store.models import Entity, Setting
from encours.store.rights import job
from encours.usecases.manage_settings import change_setting
from encours.usecases.reference_rates import claimable, reference_rates

pytestmark = pytest.mark.django_db
_DAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def entity() -> None:
    Entity.objects.create(entity_id="A", name="A", country="FR", currency="EUR")


def _type(percent: float) -> None:
    rows = [{"from_on": "2026-07-01", "percent": percent}]
    change_setting(job("test"), "rates.main_refinancing", rows, "A")


def test_a_typed_rate_wins_and_is_sure() -> None:
    before = reference_rates("A", _DAY).half_year("mro", _DAY)
    assert before is not None
    assert not before.sure
    _type(1.75)
    after = reference_rates("A", _DAY).half_year("mro", _DAY)
    assert after is not None
    assert (after.bp, after.since, after.sure) == (175, date(2026, 7, 1), True)
    assert reference_rates(None, _DAY) == Rates.shipped()  # another entity's is its own
    assert Setting.objects.count() == 1


def test_interest_of_a_business_by_the_typed_rate() -> None:
    _type(1.75)
    found = claimable("A", "business", 1_000_000, date(2026, 9, 1), date(2026, 10, 1), [])
    assert found is not None
    # 10,000.00 × (1.75 + 10) % × 30 / 365
    assert (found.days, found.interest, found.indemnity_cents, found.warnings) == (30, 9658, 4000, ())


@pytest.mark.parametrize(
    ("kind", "paid", "until"),
    [
        ("consumer", [], date(2026, 10, 1)),
        ("business", [], date(2026, 9, 1)),
        ("business", [(date(2026, 8, 20), 1_000_000)], date(2026, 10, 1)),
        ("business", [(date(2026, 9, 20), 1_000_001)], date(2026, 10, 1)),
    ],
)
def test_nothing_to_claim(kind: str, paid: list[tuple[date, int]], until: date) -> None:
    assert claimable("A", kind, 1_000_000, date(2026, 9, 1), until, paid) is None
