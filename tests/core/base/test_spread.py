"""Spreading gives what is there, in order, and never more: held against a slow loop."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from encours.core.base.spread import spread

_SIDE = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 500)), max_size=12)


def _frame(rows: list[tuple[int, int]]) -> pl.DataFrame:
    schema = {"group": pl.Int64, "id": pl.Int64, "amount": pl.Int64}
    return pl.DataFrame([(g, n, a) for n, (g, a) in enumerate(rows)], schema=schema, orient="row")


def oracle(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> set[tuple[int, int, int, int]]:
    """Each of the left takes from the rights of its group, one after the other, until it is full."""
    rest = [[group, number, amount] for number, (group, amount) in enumerate(right)]
    pairs = set()
    for number, (group, amount) in enumerate(left):
        for row in rest:
            taken = min(amount, row[2]) if row[0] == group else 0
            if taken:
                pairs.add((group, number, row[1], taken))
                amount -= taken
                row[2] -= taken
    return pairs


@given(_SIDE, _SIDE)
def test_equals_the_loop(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    found = spread(_frame(left), _frame(right), ["group"])
    assert set(found.select("group", "left_id", "right_id", "amount").rows()) == oracle(left, right)


@given(_SIDE, _SIDE)
def test_several_keys_are_one_group(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    keyed = [_frame(side).with_columns(other=pl.col("group") * 7 - 1) for side in (left, right)]
    found = spread(keyed[0], keyed[1], ["group", "other"])
    assert set(found.select("group", "left_id", "right_id", "amount").rows()) == oracle(left, right)
