"""Random hold-outs: arms that nobody chooses, who takes no part, effects with honest intervals."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.experiment import (
    CHASED,
    HELD_OUT,
    KEY_ACCOUNT,
    UNITS,
    Experiment,
    arm,
    effect,
    entering,
    hold_out_evidence,
)
from encours.core.dunning.ready import ready_scenarios

DAY = date(2026, 3, 10)
TRY = Experiment("spring", "sme", 0.2, 1_000_000)


def test_the_arm_hangs_on_names_alone_and_keeps_its_share() -> None:
    arms = [arm(TRY, f"C{n}") for n in range(5000)]
    assert arms == [arm(TRY, f"C{n}") for n in range(5000)]
    assert arms.count(HELD_OUT) / 5000 == pytest.approx(0.2, abs=0.02)
    assert arms != [arm(Experiment("autumn", "sme", 0.2, 1_000_000), f"C{n}") for n in range(5000)]
    assert arm(TRY, "C0") == CHASED  # a stored hold-out must not change with a release


def test_key_accounts_large_debts_and_near_deadlines_take_no_part() -> None:
    actions = pl.DataFrame(
        {
            "action_id": ["fine", "key", "large", "deadline", "formal", "elsewhere", "courtesy", "top", "chosen"],
            "customer_id": ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"],
            "scenario": ["sme"] * 5 + ["public"] + ["sme"] * 3, "step": ["d10"] * 9, "level": [1] * 6 + [0, 1, 1],
            "formal": [False] * 4 + [True] + [False] * 4, "amount": [1000, 1000, 2_000_000, *[1000] * 6],
            "items": [["I1"], ["I2"], ["I3"], ["I4", "I4b"], ["I5"], ["I6"], ["I7"], ["I8"], ["I9"]],
        }
    )  # fmt: skip
    people = pl.DataFrame({"customer_id": ["C1", "C2", "C8", "C9"], "importance": ["C", "Key", "A+", "strategic "]})
    near = pl.DataFrame({"item_id": ["I4b", "I1"], "deadline_on": [DAY + timedelta(days=45), DAY + timedelta(days=90)]})
    found = entering(TRY, actions, people, near, DAY)
    assert found["action_id"].to_list() == ["fine"]
    assert entering(Experiment("s", "sme", 0.2, 10**9, step="d20"), actions, people, near, DAY).height == 0


def test_a_key_account_is_here_what_it_is_in_the_ready_made_scenario() -> None:
    scenario = ready_scenarios().get("key_account")
    assert scenario is not None
    assert scenario.key_accounts
    (words,) = (one.value for one in scenario.segment if one.column == "customer.importance")
    assert sorted(str(word).lower() for word in words) == sorted(KEY_ACCOUNT)


def test_a_wrong_experiment_names_every_fault() -> None:
    with pytest.raises(CallError) as told:
        Experiment("s", "sme", 0.9, 0, days=2)
    assert len(told.value.faults) == 3


def units(count: int, days_chased: float, days_held: float, seed: int = 1) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    rows = []
    for n in range(count):
        held = n % 4 == 0
        wait = 1 + int(draw.exponential(days_held if held else days_chased))
        entered = DAY - timedelta(days=int(draw.integers(2, 90)))
        paid = entered + timedelta(days=wait)
        rows.append(
            (
                f"C{n}",
                HELD_OUT if held else CHASED,
                entered,
                1000.0,
                paid if paid <= DAY else None,
                None,
                "email",
                1,
                "new",
            )
        )
    return pl.DataFrame(rows, schema=UNITS, orient="row")


def test_the_effect_is_read_from_times_of_which_some_are_still_to_come() -> None:
    # Mean days unpaid of an exponential wait, at most 21 days: m (1 − exp(−21 / m)); days begin after the first.
    found = effect(units(3000, 8, 25), DAY, 21)
    usual = sum((1 - 1 / 25) ** n - (1 - 1 / 8) ** n for n in range(21))
    assert found.enough
    assert found.earlier_days == pytest.approx(usual, abs=1.2)
    assert found.earlier_low is not None
    assert found.earlier_high is not None
    assert found.earlier_low < found.earlier_days < found.earlier_high
    assert found.earlier_low > 0
    assert found.share is not None
    assert found.share == pytest.approx(np.exp(-21 / 25) - np.exp(-21 / 8), abs=0.06)
    assert found.euros == pytest.approx(found.share * found.chased * 1000)
    assert "days earlier" in found.says


def test_an_interval_of_a_null_effect_nearly_always_holds_zero() -> None:
    inside = 0
    for seed in range(20):
        found = effect(units(400, 15, 15, seed), DAY, 21)
        assert found.earlier_low is not None
        assert found.earlier_high is not None
        inside += found.earlier_low <= 0 <= found.earlier_high
    assert inside >= 17
    assert "No effect is proven" in effect(units(400, 15, 15, 4), DAY, 21).says


def test_too_little_is_said_and_no_figure_given() -> None:
    found = effect(units(40, 8, 25), DAY, 21)
    assert not found.enough
    assert found.earlier_days is None
    assert found.says.startswith("Too little to say: 10 customers")
    late = units(400, 3, 5).with_columns(
        entered_on=pl.lit(DAY - timedelta(days=3)), paid_on=pl.lit(None, dtype=pl.Date)
    )
    assert not effect(late, DAY, 21).enough
    with pytest.raises(CallError):
        effect(units(4, 8, 25).with_columns(arm=pl.lit("third")), DAY, 21)


def test_who_leaves_for_another_reason_counts_until_then() -> None:
    rows = units(800, 8, 25)
    gone = rows.with_columns(
        left_on=pl.when(pl.col("customer_id").str.ends_with("7")).then(pl.col("entered_on") + timedelta(days=2))
    )
    plain, censored = effect(rows, DAY, 21), effect(gone, DAY, 21)
    assert plain.earlier_days is not None
    assert censored.earlier_days == pytest.approx(plain.earlier_days, abs=1.5)


def test_what_the_chased_pay_beyond_those_held_out_is_evidence() -> None:
    rows = hold_out_evidence(units(3000, 8, 25), DAY, 21)
    paid = {mean: 1 - np.exp(-21 / mean) for mean in (8, 25)}
    assert rows["hits"].sum() / rows["trials"].sum() == pytest.approx((paid[8] - paid[25]) / (1 - paid[25]), abs=0.08)
    assert 0.15 < rows["trials"].sum() / rows.height / (1 - paid[25]) < 0.35  # a quarter was held out
    assert hold_out_evidence(units(40, 8, 25), DAY, 21).height == 0
