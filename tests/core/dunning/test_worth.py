"""What an action is worth, beside a slow reckoning in fractions; what weighs against it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.issue import CallError
from encours.core.dunning.effects import PRIORS, prior_effects
from encours.core.dunning.worth import (
    BEFORE,
    HORIZON_DAYS,
    SPREAD,
    Beside,
    Objective,
    contacts,
    spread_of,
    worth,
)  # fmt: skip
from tests.core.dunning.worth_oracle import chance_by, days_earlier

DAY = date(2026, 3, 10)


def actions(*rows: dict[str, object]) -> pl.DataFrame:
    usual: dict[str, object] = {
        "customer_id": "C", "currency": "EUR", "level": 1, "channel": "call", "minutes": 0, "overdue_days": 10,
    }  # fmt: skip
    return pl.DataFrame([{**usual, **row} for row in rows], infer_schema_length=None)


def lines(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["action_id", "item_id", "amount"], orient="row")


def spread(item_id: str, cells: list[tuple[int, int, Fraction]]) -> pl.DataFrame:
    rows = [(item_id, DAY + timedelta(days=first), days, float(chance)) for first, days, chance in cells]
    return pl.DataFrame(rows, schema=SPREAD, orient="row")


@st.composite
def laid_out(draw: st.DrawFn) -> list[tuple[int, int, Fraction]]:
    first = draw(st.integers(-12, 40))
    cells, left = [], Fraction(1)
    for _ in range(draw(st.integers(1, 6))):
        days = draw(st.integers(1, 30))
        chance = left * Fraction(draw(st.integers(0, 9)), 10)
        cells.append((first, days, chance))
        first, left = first + days, left - chance
    return cells


@settings(max_examples=40, deadline=None)
@given(cells=laid_out(), channel=st.sampled_from([one.channel for one in PRIORS]), by=st.integers(1, 80))
def test_worth_is_the_difference_of_two_distributions_day_by_day(
    cells: list[tuple[int, int, Fraction]], channel: str, by: int
) -> None:
    prior = next(one for one in PRIORS if one.channel == channel)
    aim = Objective(BEFORE, DAY + timedelta(days=by))
    made = actions({"action_id": "A", "channel": channel, "profile": "x"}).drop("profile")
    found = worth(made, lines(("A", "I", 100_000)), prior_effects(), DAY, Beside(spread("I", cells)), aim)
    row = found.row(0, named=True)
    reach = Fraction(row["reach"])
    expected = days_earlier(cells, reach, prior.reaction_days, prior.lag_days, HORIZON_DAYS)
    assert row["days_earlier"] == pytest.approx(float(expected), abs=1e-6)
    assert row["euro_days"] == pytest.approx(1000 * float(expected), abs=1e-3)
    with_it = chance_by(cells, reach, prior.reaction_days, prior.lag_days, by)
    assert row["chance_before"] == pytest.approx(float(with_it), abs=1e-6)
    without = chance_by(cells, Fraction(0), prior.reaction_days, prior.lag_days, by)
    assert row["euros_before"] == pytest.approx(1000 * float(with_it - without), abs=1e-3)


def test_who_pays_tomorrow_anyway_gains_nothing_and_who_may_never_pay_gains_much() -> None:
    sure, slow = [(1, 1, Fraction(1))], [(50, 100, Fraction(1, 2))]
    both = pl.concat([spread("SURE", sure), spread("SLOW", slow)])
    made = actions({"action_id": "A"}, {"action_id": "B"})
    asked = lines(("A", "SURE", 500_000), ("B", "SLOW", 500_000))
    found = worth(made, asked, prior_effects(), DAY, Beside(both))
    assert found["euro_days"][0] == 0
    assert found["days_earlier"][1] > 10


def test_not_chasing_is_a_choice_with_its_figures() -> None:
    made = actions({"action_id": "small", "minutes": 10}, {"action_id": "large", "minutes": 10})
    asked = lines(("small", "I", 20_000), ("large", "J", 5_000_000))
    found = worth(made, asked, prior_effects(), DAY)
    assert found["chase"].to_list() == [False, True]
    assert found["cost"].to_list() == pytest.approx([10 * 0.70 / (0.30 / 365)] * 2)
    assert (found["net"] == found["euro_days"] - found["cost"] - found["penalty"]).all()


def test_the_relationship_weighs_by_margin_strategy_share_of_overdue_and_tone() -> None:
    people = pl.DataFrame(
        {
            "customer_id": ["dev", "exit", "owes", "plain"],
            "strategy": ["develop", "exit", "normal", "normal"],
            "paid_year": [100_000_000] * 4,
            "sales_share": [0.1, 0.1, 0.1, None],
            "overdue_share": [0.1, 0.1, 0.5, None],
        }
    )
    made = actions(*({"action_id": name, "customer_id": name, "level": 3} for name in people["customer_id"]))
    asked = lines(*((name, f"I{name}", 1_000_000) for name in people["customer_id"]))
    found = worth(made, asked, prior_effects(), DAY, Beside(profiles=people))
    penalty = dict(found.select("action_id", "penalty").iter_rows())
    assert penalty["dev"] == pytest.approx(2.5 * penalty["plain"])
    assert penalty["exit"] == 0
    assert 0 < penalty["owes"] < penalty["plain"]
    softer = worth(
        made.with_columns(level=1, channel=pl.lit("email")), asked, prior_effects(), DAY, Beside(profiles=people)
    )
    assert (softer["penalty"] <= found["penalty"]).all()
    assert softer["penalty"][0] < penalty["dev"]


def test_currencies_are_weighed_at_the_days_rate_and_by_their_exponent() -> None:
    rates = pl.DataFrame({"currency": ["JPY", "JPY"], "on": [DAY - timedelta(days=9), DAY], "rate": [1.0, 160.0]})
    made = actions({"action_id": "A", "currency": "JPY"}, {"action_id": "B"})
    found = worth(made, lines(("A", "I", 160_000), ("B", "J", 100_000)), prior_effects(), DAY, Beside(rates=rates))
    assert found["amount_eur"].to_list() == pytest.approx([1000.0, 1000.0])


def test_a_contact_a_day_ago_leaves_less_to_be_reached() -> None:
    touches = pl.DataFrame(
        {"customer_id": ["C", "C", "C"], "sent_on": [DAY, DAY, DAY - timedelta(days=40)], "channel": ["call"] * 3}
    )
    told = contacts(touches, DAY)
    assert told.rows() == [("C", 1, DAY)]
    made, asked = actions({"action_id": "A"}), lines(("A", "I", 100_000))
    plain = worth(made, asked, prior_effects(), DAY)["euro_days"][0]
    assert worth(made, asked, prior_effects(), DAY, Beside(contacts=told))["euro_days"][0] == pytest.approx(plain / 1.5)


def test_three_days_are_a_distribution() -> None:
    told = pl.DataFrame(
        {"item_id": ["I"], "as_of": [DAY], "p10_on": [DAY + timedelta(days=1)], "p50_on": [DAY + timedelta(days=1)],
         "p90_on": [DAY + timedelta(days=11)]}
    )  # fmt: skip
    found = spread_of(told)
    assert found["p"].sum() == pytest.approx(1.0)
    by_p50 = found.filter(pl.col("from_on") <= DAY + timedelta(days=1))["p"].sum()
    assert by_p50 == pytest.approx(0.5)
    assert found["from_on"].min() == DAY + timedelta(days=1)


def test_a_wrong_objective_names_every_fault() -> None:
    with pytest.raises(CallError) as told:
        worth(actions({"action_id": "A"}), lines(), prior_effects(), DAY, None, Objective(BEFORE, DAY, 0.0, -1.0))
    assert len(told.value.faults) == 2
