"""Two clerks act at the same moment, each in a process of its own: one of them wins, and the books add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.usecases.two_clerks import at_once

pytestmark = [pytest.mark.slow, pytest.mark.database]


def test_two_clerks_at_one_moment(tmp_path: Path, blank_database: str) -> None:
    home = tmp_path / "firm"
    home.mkdir()

    def both(*acts: str) -> list[str]:
        return at_once(home, blank_database, list(zip(acts, ("one", "two"), strict=True)))

    def state() -> Any:
        return json.loads(at_once(home, blank_database, [("state", "")])[0])

    assert at_once(home, blank_database, [("prepare", "")]) == ["prepared"]
    # Two receipts want the same invoice: it is paid once.
    assert sorted(both("all", "some")) == ["StaleProposalError", "done"]
    first = state()
    assert first["open"]["A:F1"] in (0, 2_000)
    assert (first["acts"], first["intact"]) == (["accept_match"], True)
    if first["free"]["A:r1"] == 200_000:
        # The same receipt for two purposes: it serves one.
        assert sorted(both("advance", "mark"))[1] == "done"
        assert sum(state()["marks"]) == 1
    else:
        assert both("all", "all") == ["done", "done"], "the same match twice is one match"
        assert state() == first


def test_two_clerks_take_one_receipt(tmp_path: Path, blank_database: str) -> None:
    home = tmp_path / "firm"
    home.mkdir()
    assert at_once(home, blank_database, [("prepare", "")]) == ["prepared"]
    took = at_once(home, blank_database, [("take", "one"), ("take", "two")])
    assert sorted(took) == ["TakenError", "done"]
    holder, other = ("one", "two") if took[0] == "done" else ("two", "one")
    assert at_once(home, blank_database, [("all", other)]) == ["TakenError"]
    # While they strike at one moment the holder posts; the other is refused, or finds the very match there already.
    assert at_once(home, blank_database, [("all", holder), ("all", other)])[0] == "done"
    state = json.loads(at_once(home, blank_database, [("state", "")])[0])
    assert (state["allocations"], state["acts"]) == (3, ["accept_match"])


def test_what_is_being_booked_is_in_the_month_that_is_sealed(tmp_path: Path, blank_database: str) -> None:
    """A clerk is in the midst of a booking of March when March is sealed: the seal waits, and holds the booking."""
    home = tmp_path / "firm"
    home.mkdir()
    assert at_once(home, blank_database, [("prepare", "")]) == ["prepared"]
    assert at_once(home, blank_database, [("slowly", "one"), ("close", "")]) == ["done", "0"]
