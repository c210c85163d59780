"""Texts as one run of bytes with the places where each begins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl


class Texts(NamedTuple):
    """`data`: all texts in UTF-8, one after the other; text n reaches from `start[n]` to `start[n + 1]`."""

    data: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int64]


def make_texts(texts: pl.Series) -> Texts:
    """A column of texts; null is empty."""
    filled = texts.fill_null("")
    lengths = filled.str.len_bytes().cast(pl.Int64).to_numpy()
    start = np.zeros(len(filled) + 1, dtype=np.int64)
    np.cumsum(lengths, out=start[1:])
    whole = filled.str.join("").item() if len(filled) else ""
    data = np.frombuffer(bytearray((whole or "").encode()), dtype=np.uint8)
    return Texts(data, start)
