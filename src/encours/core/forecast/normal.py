"""Normal numbers that hang on names, not on an order: the same item has the same luck whatever stands beside it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.kernel import kernel, lean

UInt64 = npt.NDArray[np.uint64]

#: The ratios of polynomials of Wichura's algorithm AS 241, PPND7 (Applied Statistics 37, 1988): seven digits.
_MIDDLE, _FAR = 0.425, 5.0
_NEVER = 40.0


def keys(names: pl.Series, salt: str, seed: int) -> UInt64:
    """A number for each name, the same on every machine."""
    told = names.unique(maintain_order=True)
    head = f"{seed}\x00{salt}\x00".encode()
    numbers = [int.from_bytes(blake2b(head + name.encode(), digest_size=8).digest(), "little") for name in told]
    found = pl.DataFrame({"name": told, "key": pl.Series(numbers, dtype=pl.UInt64)})
    rows = names.to_frame("name").join(found, on="name", how="left", maintain_order="left")
    return np.array(rows["key"].to_numpy(), dtype=np.uint64)


@lean
def quantile(share: float) -> float:
    """The normal number below which a share (0 < share < 1) lies, to seven digits."""
    middle = share - 0.5
    if abs(middle) <= _MIDDLE:
        r = 0.180625 - middle * middle
        above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        return middle * above / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    tail = share if middle < 0 else 1.0 - share
    r = np.sqrt(-np.log(tail))
    if r <= _FAR:
        r -= 1.6
        found = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        found /= (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= _FAR
        found = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        found /= (0.012258202635 * r + 0.24197894225) * r + 1.0
    said: float = -found if middle < 0 else found
    return said


def mixed(key: UInt64, number: npt.NDArray[np.int64]) -> UInt64:
    """A key for each pair of a key and a number (splitmix64: Steele, Lea and Flood, 2014)."""
    found = key + (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    told: UInt64 = found ^ (found >> np.uint64(31))
    return told


def normal(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The normal numbers of shares (0 < share < 1)."""
    found = np.empty((len(shares), 1))
    limits(np.array(shares, dtype=np.float64).reshape(-1, 1), found)
    return found[:, 0]


@lean
def drawn(key: Any, draw: Any) -> float:
    """The normal number of a key on a draw (one of `mixed`, through `quantile`)."""
    found = key + np.uint64(draw + 1) * np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found = found ^ (found >> np.uint64(31))
    return quantile((np.float64(found >> np.uint64(11)) + 0.5) * 2.0**-53)


@kernel
def limits(paid: Any, found: Any) -> None:
    """The normal numbers below which an item is paid by the end of each cell, from its chances."""
    for row in range(paid.shape[0]):
        for cell in range(paid.shape[1]):
            share = paid[row, cell]
            if share <= 0.0:
                found[row, cell] = -_NEVER
            elif share >= 1.0:
                found[row, cell] = _NEVER
            else:
                found[row, cell] = quantile(share)
