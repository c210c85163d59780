"""Leaving a habit: how soon it is said, what is no evidence, and how seldom it is said of steady payers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from encours.core.behaviour.alert import Seen, alerted
from encours.core.behaviour.alerts.slipping import ALERT
from encours.core.behaviour.creep import creep
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.history import history
from encours.core.behaviour.profile import profiled
from encours.core.behaviour.slip import EARLY, FROM_DAYS, LEAST, SURE, TO_DAYS, _at_least, creeps, slip, slips, untried
from tests.core.behaviour.books import book_of, day
from tests.core.behaviour.test_payers import _PROMPT, paid, unpaid

_NONE = pl.Series("item_id", [], dtype=pl.String)


def slipped(
    delays: dict[str, list[int]], as_of: int, extra: list[dict[str, object]] | None = None, excused: pl.Series = _NONE
) -> dict[str, dict[str, object]]:
    """By payer: SLIP_SCHEMA, and `says` whether it is worth an alert."""
    rows = [row for name, values in delays.items() for row in paid(values, name)]
    book = book_of([item for item, _ in rows] + (extra or []), [letter for _, letter in rows])
    found = slip(history(book, day(as_of)), excused, day(as_of)).with_columns(
        says=slips(), sure=slips(early=False), untried=untried(), creeps=creeps()
    )
    return {str(row["payer_id"]): row for row in found.iter_rows(named=True)}


def test_a_habit_that_holds_says_nothing() -> None:
    found = slipped({"P": _PROMPT, "L": [delay + 10 for delay in _PROMPT]}, 170)
    assert not any(row["says"] for row in found.values())
    assert all(float(str(row["slip_score"])) < EARLY for row in found.values())


def test_unpaid_items_speak_before_any_payment_does() -> None:
    stands = [{**unpaid("P", 160 + 7 * n)[0], "item_id": f"P-open-{n}"} for n in range(2)]
    scores = [
        float(str(slipped({"P": _PROMPT, "Q": _PROMPT}, at, stands)["P"]["slip_score"])) for at in (160, 168, 176)
    ]
    assert scores == sorted(scores)
    assert scores[0] < EARLY < scores[-1]
    found = slipped({"P": _PROMPT, "Q": _PROMPT}, 176, stands)
    assert (found["P"]["says"], found["Q"]["says"]) == (True, False)
    assert (found["P"]["slip_open"], found["P"]["slip_since"]) == (2, day(160))


def test_a_new_habit_is_sure_after_some_payments_and_no_news_in_the_end() -> None:
    later = [delay + 15 for delay in _PROMPT]
    found = slipped({"P": _PROMPT + later[:6], "Q": _PROMPT}, 7 * 26 + 32)["P"]
    assert found["sure"]
    assert found["slip_days"] == pytest.approx(15, abs=1.5)
    long = slipped({"P": _PROMPT + later * 3, "Q": _PROMPT * 4}, 7 * 80 + 32)["P"]
    assert not long["says"]  # two years of it are a habit


def test_one_late_item_waits_until_it_is_late_enough_and_is_left_to_its_age_in_the_end() -> None:
    says = {
        at: slipped({"P": _PROMPT, "Q": _PROMPT}, 160 + at, [unpaid("P", 160)[0]])["P"]["says"]
        for at in (6, FROM_DAYS - 1, FROM_DAYS, TO_DAYS, TO_DAYS + 1)
    }
    assert list(says.values()) == [False, False, True, True, False]


def test_what_is_disputed_or_paid_in_part_is_no_evidence() -> None:
    stands = [unpaid("P", 160)[0]]
    assert slipped({"P": _PROMPT, "Q": _PROMPT}, 160 + FROM_DAYS, stands)["P"]["says"]
    excused = pl.Series("item_id", ["P-open"])
    assert not slipped({"P": _PROMPT, "Q": _PROMPT}, 160 + FROM_DAYS, stands, excused)["P"]["says"]


def test_one_lost_invoice_among_those_of_a_day_is_nothing() -> None:
    beside = paid([*_PROMPT, 0, 0], "P")
    lost = {**unpaid("P", 7 * 20 + 14)[0], "item_id": "P-lost"}
    book = book_of([*(item for item, _ in beside), lost], [letter for _, letter in beside])
    found = slip(history(book, day(190)), _NONE, day(190)).row(0, named=True)
    assert found["slip_score"] < EARLY


def test_a_week_in_which_all_are_late_is_nobody_s_slip() -> None:
    holidays = [*_PROMPT, 14, 12, 14]
    alone = slipped({"P": holidays, **{f"S{n:02d}": [*_PROMPT, 0, 1, 0] for n in range(12)}}, 7 * 23 + 30)
    all_of_them = slipped({f"S{n:02d}": holidays for n in range(13)}, 7 * 23 + 30)
    assert alone["P"]["sure"]
    assert not any(row["sure"] for row in all_of_them.values())


def test_steady_payers_are_seldom_sure_to_slip() -> None:
    chance = np.random.default_rng(3)
    steady = {
        f"S{n:03d}": [round(late) for late in chance.gamma(2.0, 1.0 + n % 7, 60)] for n in range(150)
    }  # fmt: skip
    found = slipped(steady, 60 * 7 + 20)
    assert sum(bool(row["sure"]) for row in found.values()) <= 150 * 60 / SURE / 10
    assert sum(bool(row["says"]) for row in found.values()) <= 8


def test_too_few_payments_say_nothing() -> None:
    found = slipped({"P": [0] * (LEAST - 1) + [40]}, 200)
    assert found["P"]["slip_score"] == 1.0


def test_few_payments_are_judged_by_those_of_others_and_by_nobody_alone() -> None:
    late = [unpaid("P", 40)[0]]
    beside = slipped({"P": [0, 1], **{f"R{n:02d}": _PROMPT for n in range(12)}}, 60, late)["P"]
    assert (beside["says"], beside["sure"]) == (True, False)
    late_ones = slipped({"P": [0, 1], **{f"R{n:02d}": [0, 30] * 10 for n in range(12)}}, 60, late)["P"]
    alone = slipped({"P": [0, 1]}, 60, late)["P"]
    assert not late_ones["says"]
    assert not alone["says"]


@pytest.mark.parametrize("paid_before", [[], [1], [0, 2, 3]])
def test_who_has_hardly_paid_is_told_of_by_one_item_that_is_rare_among_others(paid_before: list[int]) -> None:
    others = {f"R{n:02d}": _PROMPT for n in range(12)}
    says = {
        late: slipped({"P": paid_before, **others}, 160 + late, [unpaid("P", 160)[0]])["P"]["untried"]
        for late in (FROM_DAYS - 1, FROM_DAYS, TO_DAYS, TO_DAYS + 1)
    }
    assert list(says.values()) == [False, True, True, False]


def test_who_has_hardly_paid_is_not_told_of_where_others_or_itself_are_as_late() -> None:
    stands = [unpaid("P", 160)[0]]
    often_late = {f"R{n:02d}": [0, 30] * 10 for n in range(12)}
    prompt = {f"R{n:02d}": _PROMPT for n in range(12)}
    assert not slipped({"P": [1], **often_late}, 180, stands)["P"]["untried"]
    assert not slipped({"P": [25], **prompt}, 180, stands)["P"]["untried"]
    assert not slipped({"P": [1, 0, 2, 1, 0], **prompt}, 180, stands)["P"]["untried"]  # it has a habit


def test_delays_that_creep_up_are_told_of_while_an_item_is_late() -> None:
    creeping = [2 * n for n in range(12)]
    stands = [unpaid("P", 160)[0]]
    found = slipped({"P": creeping, "Q": _PROMPT}, 160 + FROM_DAYS + 4, stands)["P"]
    assert found["creeps"]
    assert float(str(found["slip_was"])) < float(str(found["slip_now"]))
    assert not slipped({"P": creeping[::-1], "Q": _PROMPT}, 160 + FROM_DAYS + 4, stands)["P"]["creeps"]
    assert not slipped({"P": creeping, "Q": _PROMPT}, 160 + FROM_DAYS - 1, stands)["P"]["creeps"]


def test_the_alert_says_of_whom_what_is_known() -> None:
    habits = {"P": [], "C": [2 * n for n in range(12)], **{f"R{n:02d}": _PROMPT for n in range(30)}}
    rows = [row for name, values in habits.items() for row in paid(values, name)]
    stands = [unpaid(name, 160)[0] for name in ("P", "C")]
    book, on = book_of([item for item, _ in rows] + stands, [letter for _, letter in rows]), day(180)
    told = history(book, on)
    seen = Seen(on, book.as_of(on), told, profiled(payer_figures(book, told, on), on), pl.DataFrame())
    found = {row["payer_id"]: row for row in alerted(seen, (ALERT,)).iter_rows(named=True)}
    assert set(found) == {"P", "C"}
    assert found["P"]["sentence"].startswith("Payments known: 0, none as late; an item is 20 days late, as ")
    assert found["P"]["evidence"] == ["P-open"]
    assert 0.0 < found["P"]["chance"] < 0.5


def test_an_open_item_says_only_what_it_has_waited() -> None:
    """Two that wait are not compared, and one that waits is not quicker than what was paid."""
    first, late = np.array([0, 5]), np.array([9, 7, 9, 5, 4])
    paid_all, waits = np.ones(5, dtype=np.bool_), np.array([True, True, True, False, False])
    spread = np.sqrt(5 * 4 * 15 / 18)
    assert creep(first, late, paid_all).z[0] == pytest.approx((1 - 8) / spread)
    assert creep(first, late, waits).z[0] == pytest.approx(0.0)


def test_counts_of_at_least_so_many_days() -> None:
    counts = _at_least(np.array([-500, -1, 0, 0, 7, 500]))
    assert [counts[days + 120] for days in (-120, 0, 1, 7, 8, 120)] == [6, 4, 2, 2, 1, 1]
