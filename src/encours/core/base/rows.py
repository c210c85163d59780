"""Rows of a frame by their places."""

from __future__ import annotations

import polars as pl


def rows_at(frame: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """The rows at some places (integers), in their order.

    As a plan: to take millions of rows by `frame[places]` out of a frame of many chunks takes five times as long.
    """
    return frame.lazy().select(pl.all().gather(places)).collect()
