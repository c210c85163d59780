"""The day’s list: minutes go to what brings most, pins first, the same whatever the order of rows."""

from __future__ import annotations

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.dunning.worklist import ITSELF, LATER, LEAVE, TODAY, Team, together, worklist

ROWS = [
    ("call", "C1", "task", 10, 900.0, True),
    ("long", "C2", "task", 55, 4_000.0, True),
    ("note", "C3", "confirm", 2, 300.0, True),
    ("mail", "C4", "automatic", 0, 50.0, True),
    ("poor", "C5", "task", 10, -40.0, False),
    ("other", "C6", "task", 10, 800.0, True),
]


def frames(reverse: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = ["action_id", "customer_id", "mode", "minutes", "priority", "chase"]
    rows = pl.DataFrame(ROWS[::-1] if reverse else ROWS, schema=names, orient="row")
    return rows.select("action_id", "customer_id", "mode", "minutes"), rows.select("action_id", "priority", "chase")


def test_minutes_go_to_what_brings_most_a_minute() -> None:
    found = worklist(*frames(), team=Team(others=60))
    place = dict(found.select("action_id", "place").iter_rows())
    assert place == {"note": TODAY, "call": TODAY, "other": TODAY, "long": LATER, "poor": LEAVE, "mail": ITSELF}
    today = found.filter(pl.col("place") == TODAY)
    assert today["action_id"].to_list() == ["note", "call", "other"]
    assert today["from_minute"].to_list() == [0, 2, 12]
    assert today["rank"].to_list() == [1, 2, 3]


def test_a_pin_comes_first_whatever_the_model_thinks_and_takes_its_minutes() -> None:
    pins = pl.DataFrame({"action_id": ["mail", "poor"], "pin": [2, 1]})
    found = worklist(*frames(), pins=pins, team=Team(others=20))
    assert found["action_id"].to_list()[:2] == ["poor", "mail"]
    assert found.filter(pl.col("place") == TODAY)["minutes"].sum() <= 20


def test_each_collector_has_a_list_of_its_own() -> None:
    own = pl.DataFrame({"customer_id": ["C1", "C3", "C2"], "collector": ["a", "a", "b"]})
    found = worklist(*frames(), portfolios=own, team=Team({"a": 5, "b": 60}, others=10))
    place = dict(found.select("action_id", "place").iter_rows())
    assert (place["note"], place["call"], place["long"], place["other"]) == (TODAY, LATER, TODAY, TODAY)
    assert found.filter(pl.col("collector") == "a")["rank"].to_list() == [1, 2]


def test_the_order_of_rows_changes_nothing() -> None:
    assert worklist(*frames()).equals(worklist(*frames(reverse=True)))


def test_minutes_below_none_are_refused() -> None:
    with pytest.raises(CallError):
        worklist(*frames(), team=Team({"a": -1}))


def test_the_whole_team_keeps_the_order_of_each_of_its_lists() -> None:
    own = pl.DataFrame({"customer_id": ["C1", "C3", "C2"], "collector": ["a", "a", "b"]})
    pins = pl.DataFrame({"action_id": ["poor"], "pin": [1]})
    listed = worklist(*frames(), portfolios=own, pins=pins, team=Team({"a": 5, "b": 60}, others=20))
    found = together(listed)
    # What fits somebody's minutes stands first: the pin, then what brings most a minute, whoever it belongs to.
    assert found["action_id"].to_list() == ["poor", "note", "other", "long", "call", "mail"]
    for _, one in found.group_by("collector"):
        assert one["rank"].to_list() == sorted(one["rank"])
    assert sorted(found.rows()) == sorted(listed.rows())
