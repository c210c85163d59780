"""Draws: right normal numbers, each item's own chance, as much together as is shared; shares as the past has them."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from encours.core.forecast.draws import Laid, Shares, draw, quantiles
from encours.core.forecast.normal import keys, normal
from encours.core.forecast.shock import shares
from tests.core.forecast.books import AS_OF, book_of, item, on

_DRAWS = 20_000


def test_normal_numbers_are_those_of_the_normal_law() -> None:
    told = [1e-9, 0.001, 0.02, 0.3, 0.5, 0.77, 0.98, 1 - 1e-6]
    assert normal(np.array(told)) == pytest.approx([NormalDist().inv_cdf(share) for share in told], abs=2e-6)


def test_keys_hang_on_names_and_seeds() -> None:
    names = pl.Series(["b", "a", "b"])
    found = keys(names, "item", 0)
    assert found[0] == found[2] != found[1]
    assert list(keys(pl.Series(["a"]), "item", 0)) == [found[1]]
    assert keys(names, "item", 1)[0] != found[0] != keys(names, "payer", 0)[0]


def _pair(payers: tuple[int, int], days: tuple[int, int], of: Shares) -> tuple[float, float, float]:
    """Two items that come this week with one in two: how often the first, the second, both do."""
    paid = np.zeros((2, 15))
    paid[:, :7], paid[:, 7:] = 0.5, 1.0
    paid[:, :6] = 0.0

    def key(numbers: tuple[int, int], salt: int) -> np.ndarray:
        return keys(pl.Series([f"{salt}/{number}" for number in numbers]), "test", 0)

    both_same = payers[0] == payers[1]
    week = key(payers, 2)
    day = key(days, 3) if both_same else key((1, 2), 3)
    laid = Laid(
        np.array([0, 2]),
        np.array([0]),
        np.array([1, 2]),
        paid,
        key((0, 0), 0),
        key(payers, 1),
        week,
        day,
        key((8, 9), 4),
    )
    money = draw(laid, 2, 1, of, _DRAWS).totals[0][:, 6]
    return float((money % 2).mean()), float((money >= 2).mean()), float((money == 3).mean())


@pytest.mark.parametrize(
    ("payers", "days", "shared"),
    [((1, 1), (1, 1), 0.75), ((1, 1), (1, 2), 0.4), ((1, 2), (1, 2), 0.1)],
    ids=["one payer and day", "one payer and week", "one week"],
)
def test_items_come_together_as_often_as_they_share(
    payers: tuple[int, int], days: tuple[int, int], shared: float
) -> None:
    """Two events of one in two with correlation r of their normal numbers: 1/4 + arcsin(r) / 2π (Sheppard, 1899)."""
    one, other, both = _pair(payers, days, Shares(0.1, 0.2, 0.1, 0.35))
    assert one == pytest.approx(0.5, abs=0.015)
    assert other == pytest.approx(0.5, abs=0.015)
    assert both == pytest.approx(0.25 + math.asin(shared) / (2 * math.pi), abs=0.015)


def test_a_smooth_sum_keeps_its_tenths_and_a_lumpy_one_is_narrowed() -> None:
    smooth = np.arange(1000).reshape(1, 1000, 1)
    assert quantiles(smooth)[0, 0].tolist() == [100, 499, 899]
    lumpy = np.array([0] * 150 + [500] * 850).reshape(1, 1000, 1)
    assert quantiles(lumpy)[0, 0].tolist() == [500, 500, 500]
    even = np.array([0] * 400 + [500] * 600).reshape(1, 1000, 1)
    assert quantiles(even)[0, 0].tolist() == [0, 500, 500]


def _past(together: bool) -> Shares:
    """A year of a customer's batches of five: paid together, or each on a day of its own."""
    chance = np.random.default_rng(4)
    items, letters = [], []
    for n in range(60):
        due, late = -350 + 5 * n, int(chance.integers(0, 20))
        for part in range(5):
            name = f"I{n}-{part}"
            items.append(item(name, "A", 100, due))
            paid = due + (late if together else int(chance.integers(0, 20)))
            letters.append({"item_id": name, "amount": 100, "allocated_on": on(paid)})
    return shares(book_of(items, letters).as_of(AS_OF), AS_OF)


def test_what_is_shared_is_measured_on_the_past() -> None:
    assert sum(_past(together=True)) > 0.6
    assert sum(_past(together=False)) < 0.35
    nothing = shares(book_of([item("I", "A", 100, 1)]).as_of(AS_OF), AS_OF)
    assert nothing == pytest.approx((0.02, 0.10, 0.05, 0.22))
