"""Profiles, flags and alerts: each kind of payer has its name, with the figures that made it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

import numpy as np
import polars as pl
import pytest

from encours.core.behaviour import know_payers, predict, study
from encours.core.behaviour.alerts import alerts
from encours.core.behaviour.change import changes
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.flags import LEAVE_ALONE, PASSED, doubted
from encours.core.behaviour.history import INTERVAL, history
from encours.core.behaviour.own import own
from encours.core.behaviour.payers import Payers
from encours.core.behaviour.profile import profiled
from encours.core.behaviour.profiles import named
from encours.core.behaviour.shifts import shifts
from tests.core.behaviour.books import book_of, day, habits


def paid(
    delays: list[int], name: str = "C", every: int = 7, amount: int = 100_000
) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Invoices of a customer, one every `every` days, with the delay of each."""
    return [
        (
            {
                "item_id": f"{name}{n}",
                "customer_id": name,
                "issued_on": day(n * every),
                "due_on": day(n * every + 14),
                "amount": amount,
            },
            {"item_id": f"{name}{n}", "amount": amount, "allocated_on": day(n * every + 14 + late)},
        )
        for n, late in enumerate(delays)
    ]


def profile_of(delays: list[int], every: int = 7, later: int = 20) -> dict[str, object]:
    """The profile of one customer who paid so, some days after its last invoice fell due."""
    rows = paid(delays, every=every)
    book = book_of([item for item, _ in rows], [letter for _, letter in rows])
    as_of = day(len(delays) * every + 14 + later)
    return profiled(payer_figures(book, history(book, as_of), as_of), as_of).row(0, named=True)


@pytest.mark.parametrize(
    ("name", "delays", "every"),
    [
        ("new", [0, 1, 0], 7),
        ("prompt", [0, 1, -1, 2, 0, 1, -2, 0, 3, 0, 1, 0], 5),
        ("late_reliable", [10, 12, 9, 11, 10, 13, 8, 12, 11, 10, 9, 12], 5),
        ("irregular", [0, 40, -5, 22, 3, 60, -10, 35, 1, 50, 12, 28], 5),
        ("slipping", [1, 0, 2, 1, 0, 1, 2, 0, 1, 0, 15, 17, 14, 16, 18, 15], 5),
        ("on_a_run", [3, 5, 0, 2, 4, 6, 1, 3, 5, 0, 2, 4], 5),
        ("usually_prompt", [0, 2, 9, 1, 0, 8, 2, 1, 9, 0, 1, 2], 5),
    ],
)
def test_each_payer_has_its_name(name: str, delays: list[int], every: int) -> None:
    found = profile_of(delays, every)
    assert found["profile"] == name, found
    assert found["why"]


def test_who_is_quiet_for_half_a_year_is_dormant() -> None:
    assert profile_of([0] * 12, later=250)["profile"] == "dormant"


def test_a_monthly_run_is_found_by_its_day() -> None:
    rows = []
    for month in range(1, 10):
        due = day(0).replace(month=month, day=5)
        rows.append((
            {"item_id": f"M{month}", "customer_id": "M", "issued_on": due, "due_on": due, "amount": 10},
            {"item_id": f"M{month}", "amount": 10, "allocated_on": due.replace(day=15)},
        ))  # fmt: skip
    book = book_of([item for item, _ in rows], [letter for _, letter in rows])
    found = payer_figures(book, history(book, day(300)), day(300)).row(0, named=True)
    assert found["run_month_days"] == [15]
    assert found["run_weekday"] is None


def test_the_point_of_change_is_the_best_of_all_splits() -> None:
    chance = np.random.default_rng(2)
    delay = np.concatenate([chance.normal(1, 1, 30), chance.normal(8, 1, 12)])
    place, moved, sure = changes(np.array([0, 42]), delay)

    def scatter(split: int) -> float:
        return float(
            ((delay[:split] - delay[:split].mean()) ** 2).sum() + ((delay[split:] - delay[split:].mean()) ** 2).sum()
        )

    assert place[0] == min(range(5, 38), key=scatter) == 30
    assert moved[0] == pytest.approx(delay[30:].mean() - delay[:30].mean())
    assert sure[0] > 10
    assert changes(np.array([0, 8]), np.zeros(8))[0][0] == -1


def test_late_money_costs_its_interest() -> None:
    rows = paid([10] * 10, amount=36_500)
    book = book_of([item for item, _ in rows], [letter for _, letter in rows])
    found = payer_figures(book, history(book, day(120)), day(120), 0.10).row(0, named=True)
    assert found["late_cost"] == round(10 * 36_500 * 10 / 365 * 0.10)
    assert (found["paid_year"], found["currency"]) == (365_000, "EUR")


def known(
    extra: list[tuple[dict[str, object], dict[str, object] | None]], delays: dict[str, list[int]], as_of: int
) -> Payers:
    """What is known of payers with some more items, paid or not."""
    rows = [row for name, values in delays.items() for row in paid(values, name)]
    items = [item for item, _ in rows] + [item for item, _ in extra]
    letters = [letter for _, letter in rows] + [letter for _, letter in extra if letter]
    book = book_of(items, letters)
    of = study(book, day(as_of))
    return know_payers(book, of, predict(book, day(as_of)))


def unpaid(name: str, due: int) -> tuple[dict[str, object], None]:
    """An item that is not paid."""
    return {
        "item_id": f"{name}-open",
        "customer_id": name,
        "issued_on": day(due - 14),
        "due_on": day(due),
        "amount": 5_000,
    }, None


_LATE = [9, 11, 10, 12, 8, 10, 11, 9, 10, 12, 10, 11, 9, 10, 12, 11, 10, 9, 11, 10]
_PROMPT = [0, 1, -1, 0, 1, 0, 0, 1, -1, 0, 1, 0, 0, -1, 0, 1, 0, 0, 1, 0]


def test_the_reliably_late_are_left_alone_and_the_punctual_are_not() -> None:
    found = known([unpaid("L", 160), unpaid("P", 160)], {"L": _LATE, "P": _PROMPT}, 166)
    kinds = dict(zip(found.flags["customer_id"], found.flags["kind"], strict=True))
    assert kinds == {"L": LEAVE_ALONE, "P": PASSED}
    alone = found.flags.filter(customer_id="L").row(0, named=True)
    assert alone["until_on"] == day(160 + alone["own_p90"])
    assert alone["late_cost"] > 0
    assert "Leave it alone" in alone["sentence"]
    assert set(found.alerts.filter(payer_id="P")["alert"]) == {"first_late", "p90_passed"}
    assert found.alerts.filter(payer_id="L").is_empty()


def test_leaving_alone_ends_at_the_own_p90_and_before_a_deadline() -> None:
    rows = paid(_LATE, "L")
    book = book_of([*(item for item, _ in rows), unpaid("L", 160)[0]], [letter for _, letter in rows])
    of, found = study(book, day(166)), predict(book, day(166))
    limit = pl.DataFrame({"item_id": ["L-open"], "deadline_on": [day(168)]})
    assert know_payers(book, of, found, limit).flags["until_on"].to_list() == [day(167)]
    near = pl.DataFrame({"item_id": ["L-open"], "deadline_on": [day(166)]})
    assert know_payers(book, of, found, near).flags["kind"].to_list() == ["watch"]
    later = know_payers(book, study(book, day(180)), predict(book, day(180)))
    assert later.flags["kind"].to_list() == [PASSED]


_SPREAD = [0, 55, -5, 40, 3, 60, -10, 35, 1, 50, 12, 58, 2, 45, 20, 61, 0, 30, 52, 5]


def test_who_pays_anywhere_in_two_months_is_not_left_alone() -> None:
    found = known([unpaid("W", 220)], {"W": _SPREAD}, 226)
    flag = found.flags.filter(item_id="W-open").row(0, named=True)
    assert flag["own_p90"] > 50
    assert (flag["kind"], flag["until_on"]) == ("watch", None)
    assert "payments spread over" in flag["sentence"]


def test_nobody_on_alert_is_left_alone() -> None:
    stopped = [{**unpaid("L", 160 + n)[0], "item_id": f"L-open-{n}"} for n in range(2)]
    calm = known([(item, None) for item in stopped], {"L": _LATE}, 166)
    assert set(calm.flags["kind"]) == {LEAVE_ALONE}
    doubt = doubted(calm.flags, pl.Series(["L"]))
    assert set(doubt["kind"]) == {"watch"}
    assert doubt["until_on"].null_count() == 2
    assert "its payer is on alert" in doubt["sentence"][0]
    assert doubted(calm.flags, pl.Series(["other"])).equals(calm.flags)


def test_a_payer_of_several_accounts_is_counted_once() -> None:
    rows = [row for name in ("P", "Q") for row in paid([10] * 10, name, amount=36_500)]
    links = pl.DataFrame({"customer_id": ["Q"], "other_id": ["P"], "role": ["payer"]})
    book = book_of([item for item, _ in rows], [letter for _, letter in rows], customer_links=links)
    found = know_payers(book, study(book, day(120)), predict(book, day(120)), yearly_rate=0.10)
    whole = found.profiles.filter(payer_id="P")["late_cost"].item()
    assert found.costs["customer_id"].sort().to_list() == ["P", "Q"]
    assert found.costs["late_cost"].sum() == whole == round(20 * 36_500 * 10 / 365 * 0.10)


def test_several_accounts_of_a_group_are_late_at_once() -> None:
    rows = [row for name in ("P", "Q", "S") for row in paid(_PROMPT, name)]
    items = [item for item, _ in rows] + [unpaid(name, 160)[0] for name in ("P", "Q")]
    links = pl.DataFrame({"customer_id": ["P", "Q", "S"], "other_id": ["G"] * 3, "role": ["risk_group"] * 3})
    book = book_of(items, [letter for _, letter in rows], customer_links=links)
    found = know_payers(book, study(book, day(166)), predict(book, day(166))).alerts.filter(alert="group_late")
    assert found["payer_id"].sort().to_list() == ["P", "Q"], "S is not late"
    assert found["evidence"].to_list() == [["P-open", "Q-open"]] * 2
    assert "2 accounts of the group of G" in found["sentence"][0]
    one = book_of([item for item in items if item["item_id"] != "Q-open"], [letter for _, letter in rows],
                  customer_links=links)  # fmt: skip
    alone = know_payers(one, study(one, day(166)), predict(one, day(166))).alerts
    assert alone.filter(alert="group_late").is_empty()


def test_a_payment_that_came_back_within_the_month_is_an_alert() -> None:
    rows = paid(_PROMPT, "P")
    made = pl.DataFrame(
        {"instrument_id": ["N"], "customer_id": ["P"], "kind": ["lcr"], "amount": [5_000], "currency": ["EUR"],
         "due_on": [day(150)], "state": ["unpaid"], "state_on": [day(152)]}
    )  # fmt: skip
    book = book_of([item for item, _ in rows], [letter for _, letter in rows], instruments=made)
    for on, said in ((166, ["P"]), (183, [])):
        found = know_payers(book, study(book, day(on)), predict(book, day(on))).alerts.filter(alert="returned")
        assert found["payer_id"].to_list() == said, on
    assert (
        str(day(152))
        in know_payers(book, study(book, day(166)), predict(book, day(166)))
        .alerts.filter(alert="returned")["sentence"]
        .item()
    )


def test_a_sudden_change_of_habit_is_an_alert_with_its_day() -> None:
    found = known([], {"C": [0, 1, 0, 2, 1, 0, 1, 0, 2, 1, 0, 1, 12, 13, 12, 14, 12, 13], "P": _PROMPT}, 155)
    rows = found.alerts.filter(alert="habit_changed")
    assert rows["payer_id"].to_list() == ["C"]
    assert found.profiles.filter(payer_id="C")["changed_on"].item() == day(12 * 7 + 14 + 12)


def test_payments_that_vanish_are_seen() -> None:
    stopped = [unpaid("V", 140 + 4 * n) for n in range(6)]
    extra = [({**item, "item_id": f"V-open-{n}"}, None) for n, (item, _) in enumerate(stopped)]
    found = known(list(extra), {"V": _PROMPT[:18], "P": _PROMPT}, 175)
    assert "vanishing" in set(found.alerts.filter(payer_id="V")["alert"])


def test_what_was_credited_or_is_disputed_has_not_vanished() -> None:
    stopped = [{**unpaid("V", 140 + 4 * n)[0], "item_id": f"V-open-{n}"} for n in range(6)]
    rows = paid(_PROMPT[:18], "V")
    items, letters = [item for item, _ in rows] + stopped, [letter for _, letter in rows]
    closed = [
        {"item_id": f"V-open-{n}", "amount": 5_000, "allocated_on": day(150 + 4 * n), "kind": kind}
        for n, kind in enumerate(["credit", "netting", "write_off", "ledger", "credit"])
    ]
    disputed = pl.DataFrame(
        {"dispute_id": [f"D{n}" for n in range(6)], "item_id": [f"V-open-{n}" for n in range(6)], "amount": 5_000,
         "reason": "price", "opened_on": day(150)}
    )  # fmt: skip
    for book, said in (
        (book_of(items, letters), {"vanishing"}),
        (book_of(items, letters + closed), set()),
        (book_of(items, letters, disputes=disputed), set()),
    ):
        found = know_payers(book, study(book, day(175)), predict(book, day(175)))
        assert set(found.alerts["alert"]) & {"vanishing"} == said


def test_snapshots_make_no_payment_run() -> None:
    rows = paid([int(late) for late in np.random.default_rng(3).integers(0, 25, 40)], "S")
    ends = [day(-1), *(date(2025, month, 1) - timedelta(days=1) for month in range(2, 13))]
    letters: list[dict[str, object]] = []
    for _, letter in rows:
        seen = min(one for one in ends if one >= cast(date, letter["allocated_on"]))
        between = {"kind": "ledger", "allocated_on": seen, "earliest_on": ends[ends.index(seen) - 1]}
        letters.append({**letter, **between})
    book = book_of([item for item, _ in rows], letters)
    told = history(book, day(333))
    assert set(told["ending"]) == {INTERVAL}
    found = payer_figures(book, told, day(333)).row(0, named=True)
    assert (found["run_weekday"], found["run_month_days"], found["payments"]) == (None, None, 40)
    of = study(book, day(333))
    said = own(of.items, of.pool, np.zeros(1, np.int32), np.array([of.day], np.int32))
    assert said.weekday == pytest.approx(1.0)
    assert said.month_day == pytest.approx(1.0)


def test_drawn_money_makes_nobody_punctual_or_late() -> None:
    rows = paid(_PROMPT, "P")
    drafts = paid([8] * 12, "D", every=9)
    items = [item for item, _ in rows] + [{**item, "customer_id": "P"} for item, _ in drafts] + [unpaid("P", 160)[0]]
    letters = [letter for _, letter in rows] + [{**letter, "receipt_id": letter["item_id"]} for _, letter in drafts]
    receipts = pl.DataFrame(
        [
            {"receipt_id": letter["item_id"], "entity_id": "E", "customer_id": "P", "kind": "draft", "currency": "EUR",
             "amount": letter["amount"], "booked_on": letter["allocated_on"], "account": "B", "origin": "bank"}
            for _, letter in drafts
        ]
    )  # fmt: skip
    book = book_of(items, letters, receipts=receipts)
    found = know_payers(book, study(book, day(166)), predict(book, day(166)))
    said = found.alerts.filter(alert="first_late")["sentence"].to_list()
    assert said == ["Always on time in 20 payments, and now 6 days late."]


def test_who_was_late_once_was_not_always_on_time() -> None:
    found = known([unpaid("P", 160)], {"P": [*_PROMPT[:10], 9, *_PROMPT[11:]]}, 166)
    said = found.alerts.filter(alert="first_late")["sentence"].to_list()
    assert said == ["On time in 19 of 20 payments, and now 6 days late."]


def test_rules_are_found_by_being_there_and_have_names_of_their_own() -> None:
    for rules in (named(), alerts(), shifts()):
        names = [rule.name for rule in rules]
        assert len(set(names)) == len(names) >= 5


def test_three_hundred_days_of_a_company_have_a_profile_each() -> None:
    book = habits({f"C{n}": (float(n), 1.0 + n) for n in range(6)}, 60, 240)
    found = profiled(payer_figures(book, history(book, day(240)), day(240)), day(240))
    assert found.height == 6
    assert found["profile"].null_count() == found["why"].null_count() == 0


@pytest.mark.parametrize(
    ("name", "figures", "said"),
    [
        ("prompt", (-9.0, -4.2, -2.0), "Nine payments in ten come 2 days before the due date or earlier."),
        ("prompt", (-9.0, -4.2, 0.0), "Nine payments in ten come by 0 days after the due date."),
        ("usually_prompt", (-9.0, -2.0, 5.0),
         "Half of the payments come 2 days before the due date or earlier, nine in ten by 5 days after it."),
        ("usually_prompt", (0.0, 2.0, 5.0),
         "Half of the payments come by 2 days after the due date, nine in ten by 5."),
        ("irregular", (-12.0, 1.0, 40.0),
         "Payments are spread widely: one in ten comes over 12 days before the due date, one in ten after day 40."),
    ],
)  # fmt: skip
def test_no_sentence_counts_days_below_zero(name: str, figures: tuple[float, float, float], said: str) -> None:
    (profile,) = [one for one in named() if one.name == name]
    row = pl.DataFrame([figures], schema=["delay_p10", "delay_median", "delay_p90"], orient="row")
    assert row.select(profile.sentence()).item() == said
