"""What replayed messages are believed to have brought forward, on the payments that really came."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from encours.core.dunning.compare import brought, totals
from encours.core.dunning.effects import prior_effects
from encours.core.dunning.replay import Replay
from encours.core.dunning.worth import Beside

DAY = date(2026, 3, 2)


def replayed(*messages: tuple[str, int, str, int]) -> Replay:
    """Messages (item, day, channel, level), each of 1,000 euros."""
    rows = [
        {"action_id": f"{item}/{after}", "customer_id": "C", "currency": "EUR", "channel": channel, "level": level,
         "on": DAY + timedelta(days=after), "minutes": 0, "overdue_days": 5, "amount": 100_000}
        for item, after, channel, level in messages
    ]  # fmt: skip
    actions = pl.DataFrame(rows)
    lines = pl.DataFrame(
        {"action_id": [row["action_id"] for row in rows], "item_id": [one[0] for one in messages], "amount": 100_000}
    )
    return Replay(actions, lines, pl.DataFrame(), pl.DataFrame())


def paid(**days: int) -> pl.DataFrame:
    return pl.DataFrame({"item_id": list(days), "paid_on": [DAY + timedelta(days=n) for n in days.values()]})


def euro_days(of: Replay, came: pl.DataFrame) -> list[float]:
    found = brought(of, came, prior_effects(), Beside(), DAY + timedelta(days=200))
    return found["euro_days"].to_list()


def test_a_message_brings_what_lies_between_its_reaction_and_the_real_payment() -> None:
    # A call reaches 34 % × 0.85 (nothing is known of the payer: "new"), in six days on average: one in six each day.
    waits = sum(1 - (5 / 6) ** day for day in range(1, 30))
    reach = prior_effects().beside(replayed(("I", 0, "call", 1)).actions.with_columns(profile=pl.lit("new")))["reach"][
        0
    ]
    assert euro_days(replayed(("I", 0, "call", 1)), paid(I=30)) == pytest.approx([1000 * reach * waits])
    assert euro_days(replayed(("I", 0, "call", 1)), paid(I=1)) == pytest.approx([0.0])


def test_a_second_message_reaches_only_those_whom_the_first_did_not() -> None:
    once = euro_days(replayed(("I", 10, "call", 1)), paid(I=60))[0]
    first, second = euro_days(replayed(("I", 9, "call", 1), ("I", 10, "call", 1)), paid(I=60))
    assert 0 < second < 0.75 * once < first


def test_what_was_paid_before_a_message_gains_nothing_and_courtesy_counts_for_none() -> None:
    assert euro_days(replayed(("I", 10, "call", 1), ("J", 10, "email", 0)), paid(I=8, J=40)) == [0.0]
    assert totals(brought(replayed(("I", 10, "call", 1)), paid(I=8), prior_effects(), Beside(), DAY))["euro_days"] == 0
