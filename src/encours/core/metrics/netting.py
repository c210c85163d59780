"""Drops what comes to nothing before anything is grouped: of a settled ledger, nine keys in ten.

To group millions of rows by key costs most of an ageing. Here every row only adds its amount times its key to one of
some millions of sums, modulo 2^64; the key's first bits say to which. A sum to which only settled keys were added is
0, since all rows of a key bear the same factor, so only rows of the other sums, a tenth, need to be grouped.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl

_Array = np.ndarray[Any, Any]
_ODD = np.uint64(1)
_SLICE = 1 << 15  # what is reckoned at a time stays in the cache, in memory that was touched before


def unsettled(frames: Sequence[pl.LazyFrame], count: int) -> list[pl.DataFrame]:
    """Each frame's rows, in order, without most of those whose key comes to 0 over all frames together.

    Frames have `_key` (UInt64, a hash) and `left` (minor units) and may have more; `count` says about how many keys
    there are. No row of a key that is not settled is dropped, unless keys of one sum cancel: for a key alone there
    is no amount that does (its factor is odd), for two it takes opposite amounts and the same 64 bits, 1 in 10^12.
    """
    sums = _Sums(count)
    kept = []
    for frame in frames:
        parts = [pl.DataFrame(schema=frame.collect_schema())]
        # While a part is added here, the next ones are read on the other cores.
        for part in frame.collect_batches(engine="streaming"):
            sums.add(part)
            parts.append(part)
        kept.append(parts)
    return [sums.rest(parts) for parts in kept]


class _Sums:
    """Some millions of sums of amount × key, and the memory to reckon in."""

    def __init__(self, count: int) -> None:
        bits = max(1, (count // 4).bit_length())
        self._sums = np.zeros(1 << bits, dtype=np.uint64)
        self._shift = np.uint64(64 - bits)
        self._at = np.empty(_SLICE, dtype=np.uint64)
        self._product = np.empty(_SLICE, dtype=np.uint64)

    def add(self, part: pl.DataFrame) -> None:
        """Adds each row's `left` × `_key` to its sum."""
        keys, amounts = _values(part, "_key"), _values(part, "left").view(np.uint64)
        for start in range(0, part.height, _SLICE):
            some = keys[start : start + _SLICE]
            product = np.bitwise_or(some, _ODD, out=self._product[: len(some)])
            np.multiply(product, amounts[start : start + _SLICE], out=product)
            np.add.at(self._sums, self._place(some, self._at), product)

    def rest(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """The rows whose key's sum is not 0."""
        is_open = self._sums != 0
        # numpy and Polars let go of the interpreter here, so that parts are looked up on all cores.
        with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
            return pl.concat(list(pool.map(lambda part: self._rest_of(part, is_open), parts)))

    def _rest_of(self, part: pl.DataFrame, is_open: _Array) -> pl.DataFrame:
        keys, told = _values(part, "_key"), np.empty(part.height, dtype=np.bool_)
        at = np.empty(_SLICE, dtype=np.uint64)
        for start in range(0, part.height, _SLICE):
            some = slice(start, start + _SLICE)
            # Nothing is ever clipped, each place is one of the sums: with "clip", numpy writes straight into `out`.
            is_open.take(self._place(keys[some], at), out=told[some], mode="clip")
        return part.filter(pl.Series(told))

    def _place(self, keys: _Array, out: _Array) -> _Array:
        return np.right_shift(keys, self._shift, out=out[: len(keys)]).view(np.int64)


def _values(part: pl.DataFrame, name: str) -> _Array:
    return part[name].fill_null(0).to_numpy()
