"""What is dropped before grouping comes to nothing, and what does not is never dropped."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from encours.core.metrics.netting import unsettled

rows_drawn = st.lists(st.tuples(st.integers(0, 40), st.integers(-3, 3) | st.integers(-(2**62), 2**62)), max_size=60)


def frame_of(rows: list[tuple[int, int]]) -> pl.LazyFrame:
    """Keys are hashed, as ids are, and rows numbered."""
    frame = pl.DataFrame(rows, schema={"id": pl.Int64(), "left": pl.Int64()}, orient="row")
    return frame.lazy().select(_key=pl.col("id").hash(), left="left").with_row_index("_row")


def sums_of(frames: list[pl.DataFrame]) -> dict[int, int]:
    """The sum of each key that does not come to 0, in numbers without end."""
    found: dict[int, int] = {}
    for key, left in pl.concat(frames).select("_key", "left").iter_rows():
        found[key] = found.get(key, 0) + left
    return {key: left for key, left in found.items() if left % 2**64}


@given(ours=rows_drawn, theirs=rows_drawn, count=st.integers(0, 1_000))
def test_every_open_key_stays_whole(ours: list[tuple[int, int]], theirs: list[tuple[int, int]], count: int) -> None:
    frames = [frame_of(ours), frame_of(theirs)]
    kept = unsettled(frames, count)
    assert sums_of(kept) == sums_of([frame.collect() for frame in frames])
    assert all(part.schema == frame.collect_schema() for part, frame in zip(kept, frames, strict=True))
    assert all(part["_row"].is_sorted() for part in kept)


def test_settled_keys_are_dropped() -> None:
    items = [(n, 100 + n) for n in range(1_000)]
    halves = [(n, -(left // 2)) for n, left in items[1:]]
    rests = [(n, left // 2 - left) for n, left in items[1:]]
    kept = unsettled([frame_of(items), frame_of(halves + rests)], 1_000)
    # One of 256 sums is not 0: its keys stay, four or so of a thousand.
    assert 1 <= kept[0].height < 30
    assert kept[0].height - 1 == kept[1].height / 2


def test_rows_without_key_or_amount_do_no_harm() -> None:
    holes = frame_of([(1, 5), (2, 6)]).with_columns(_key=pl.when(pl.col("left") == 5).then("_key"))
    empty = frame_of([(3, 7), (4, 8)]).with_columns(left=pl.when(pl.col("left") == 7).then("left"))
    kept = pl.concat(unsettled([holes, empty], 10))
    assert kept.filter(pl.col("_key").is_null())["left"].to_list() == [6]
    assert {5, 7} <= set(kept["left"])
