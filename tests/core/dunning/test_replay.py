"""Scenarios replayed over past days: nothing of later days, own messages count as sent, who had paid is found."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.dunning.known import Known
from encours.core.dunning.replay import Replay, replay, window
from encours.core.dunning.scenario import Scenario, Scenarios, Step
from tests.core.dunning.held import book, customer, item, receipt

FROM, TO = date(2026, 3, 2), date(2026, 3, 27)


def _step(code: str, level: int, days: int, **more: Any) -> Step:
    return Step(code, {"en": code}, level, "due", days, "letter", code, **{"mode": "automatic", "minutes": 2, **more})


LETTERS = Scenarios((Scenario("all", {"en": "All"}, 1, (), (_step("one", 1, 3), _step("two", 2, 10)), pause_days=1),))


def _late(item_id: str, **more: Any) -> dict[str, Any]:
    """Due on Friday 27 February."""
    return item(item_id, issued_on=date(2026, 1, 28), due_on=date(2026, 2, 27), **more)


def _paid(item_id: str, on: date, known_on: date, amount: int = 100_000) -> tuple[dict[str, Any], dict[str, Any]]:
    """A receipt of `on` that the clerk letters on `known_on`; the bank's file is there at once."""
    money = receipt(f"R{item_id}", amount, booked_on=on, known_on=on)
    letter = {"allocation_id": f"A{item_id}", "receipt_id": f"R{item_id}", "item_id": item_id, "amount": amount}
    return money, letter | {"kind": "cash", "source": "x", "allocated_on": on, "known_on": known_on}


def _replayed(of: Book, **more: Any) -> Replay:
    return replay(of, window(FROM, TO), LETTERS, lambda _, day: Known(), **more)


def _sent(found: Replay) -> list[tuple[str, str, date]]:
    return found.actions.select("customer_id", "step", "on").rows()


def test_steps_follow_each_other_as_if_they_had_left() -> None:
    found = _replayed(book([_late("I")]))
    assert _sent(found) == [("C", "one", date(2026, 3, 2)), ("C", "two", date(2026, 3, 9))]
    assert found.figures()["cost"] == 3.6
    assert found.figures()["minutes"] == 4
    assert found.figures()["collisions"] == 0


def test_letters_that_really_left_before_count_and_those_of_the_window_do_not() -> None:
    sent = {"touch_id": "T", "customer_id": "C", "item_id": "I", "channel": "letter", "level": "one"}
    before = book([_late("I")], touches=[sent | {"sent_on": date(2026, 3, 1)}])
    assert _sent(_replayed(before)) == [("C", "two", date(2026, 3, 9))]
    inside = book([_late("I")], touches=[sent | {"sent_on": date(2026, 3, 3)}])
    assert len(_sent(_replayed(inside))) == 2


@pytest.mark.parametrize(("paid_on", "wrong"), [(date(2026, 3, 5), 1), (date(2026, 3, 6), 0)])
def test_who_had_paid_two_working_days_before_is_found(paid_on: date, wrong: int) -> None:
    """Lettered far too late, and money of nobody whose amount fits nothing: the second letter leaves on Monday 9."""
    money, letter = _paid("I", paid_on, date(2026, 3, 25))
    short = money | {"amount": 150_000}
    found = _replayed(book([_late("I")], receipts=[short], allocations=[letter]))
    assert [on for _, _, on in _sent(found)] == [date(2026, 3, 2), date(2026, 3, 9)]
    assert found.figures()["to_who_had_paid"] == wrong
    late = found.lines.filter(pl.col("paid") > 0).select("on", "paid", "paid_on").rows()
    assert late == ([(date(2026, 3, 9), 100_000, paid_on)] if wrong else [])


def test_who_paid_a_part_was_not_wrong_to_be_asked() -> None:
    money, letter = _paid("I", date(2026, 3, 4), date(2026, 3, 25))
    of = book([_late("I"), _late("J")], receipts=[money | {"amount": 150_000}], allocations=[letter])
    row = _replayed(of).actions.filter(step="two").row(0, named=True)
    assert (row["amount"], row["late_paid"], row["paid"]) == (200_000, 100_000, False)


def test_what_is_held_is_told_as_stretches_of_days_and_every_euro_is_somewhere() -> None:
    dispute = {"dispute_id": "D", "item_id": "J", "amount": 30_000, "reason": "price", "opened_on": date(2026, 3, 4)}
    closed = dispute | {"closed_on": date(2026, 3, 12), "outcome": "rejected", "known_on": date(2026, 3, 12)}
    found = _replayed(book([_late("I"), _late("J")], disputes=[dispute, closed]))
    spells = found.held.select("item_id", "reason", "from_on", "to_on", "days", "amount", "task").rows()
    # From the 4th to the 11th, six working days; on days when it is only waiting, nothing is held of it.
    assert ("J", "disputed") in [row[:2] for row in spells]
    assert all(row[5:] == (30_000, "settle_dispute") for row in spells)
    days = found.daily
    assert days["day"].to_list() == window(FROM, TO)
    assert (days["overdue"] == 200_000).all()
    assert days.select((pl.col("asked") + pl.col("held") + pl.col("waiting") == pl.col("overdue")).all()).item()


def test_two_letters_to_one_payer_in_two_days_collide() -> None:
    dollars = _late("U", currency="USD")
    link = {"customer_id": "D", "other_id": "C", "role": "payer"}
    of = book([_late("I"), dollars, _late("Z", customer_id="X")], customers=[customer(n) for n in "CDX"],
              customer_links=[link])  # fmt: skip
    found = _replayed(of)
    first = found.actions.filter(step="one").sort("customer_id", "currency")
    assert first.select("customer_id", "currency", "collides").rows() == [
        ("C", "EUR", False), ("C", "USD", True), ("X", "EUR", False),
    ]  # fmt: skip


def test_nothing_of_a_later_day_is_looked_at() -> None:
    money, letter = _paid("I", date(2026, 3, 16), date(2026, 3, 16))
    whole = book([_late("I"), _late("J", customer_id="D")], receipts=[money], allocations=[letter])
    known = whole.replace(**{
        name: frame.filter(pl.col("known_on").is_null() | (pl.col("known_on") <= date(2026, 3, 11)))
        for name, frame in whole.tables().items() if "known_on" in frame.columns
    })  # fmt: skip
    days = window(FROM, date(2026, 3, 11))
    one, other = (replay(of, days, LETTERS, lambda _, day: Known()) for of in (whole, known))
    assert one.lines.drop("paid", "paid_on").equals(other.lines.drop("paid", "paid_on"))
    assert one.held.equals(other.held)


def test_a_window_leaves_out_what_banks_leave_out_and_is_not_turned_round() -> None:
    assert window(date(2026, 4, 2), date(2026, 4, 7)) == [date(2026, 4, 2), date(2026, 4, 7)]  # Good Friday to Monday
    with pytest.raises(CallError, match="begins on 2026-03-27 and ends before"):
        window(TO, FROM)


def test_of_no_day_there_is_nothing() -> None:
    found = replay(book([_late("I")]), [], LETTERS, lambda _, day: Known())
    assert found.actions.is_empty()
    assert found.figures()["actions"] == 0
