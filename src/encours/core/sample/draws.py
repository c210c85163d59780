"""Chance and days as arrays: one seeded generator a subject, weighted draws, vectorised calendars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from encours.core.base.days import target

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_EPOCH = date(1970, 1, 1)


def generator(seed: int, subject: str) -> np.random.Generator:
    """The generator of one subject: adding draws to one leaves the others as they were."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(subject.encode())])))


def pick(rng: np.random.Generator, weights: Mapping[str, float], size: int) -> Texts:
    """`size` words drawn by weight."""
    words = np.array(list(weights), dtype=object)
    shares = np.array(list(weights.values()), dtype=np.float64)
    place = np.searchsorted(np.cumsum(shares / shares.sum()), rng.random(size), side="right")
    return np.asarray(words[place.clip(0, len(words) - 1)])


def spread(rng: np.random.Generator, weights: Mapping[str, float], rank: Ints, step: float) -> Texts:
    """Words drawn by weight and spread evenly over `rank`: also among a few large accounts the shares are kept.

    `step` is an irrational number, another one for each property, so that properties stay independent.
    """
    words = np.array(list(weights), dtype=object)
    shares = np.array(list(weights.values()), dtype=np.float64)
    place = np.searchsorted(np.cumsum(shares / shares.sum()), (rank * step + rng.random()) % 1.0, side="right")
    return np.asarray(words[place.clip(0, len(words) - 1)])


def day_number(day: date) -> int:
    """Days since 1970-01-01: what Polars' Date and NumPy's datetime64[D] hold."""
    return (day - _EPOCH).days


def words_where(condition: Bools, then: object, other: object) -> Texts:
    """`np.where` for words that may be None."""
    values = np.empty(condition.shape, dtype=object)
    values[:] = np.broadcast_to(np.asarray(other, dtype=object), condition.shape)
    values[condition] = np.broadcast_to(np.asarray(then, dtype=object), condition.shape)[condition]
    return values


def day_of(number: int) -> date:
    """The day of a day number."""
    return _EPOCH + timedelta(days=int(number))


def as_days(numbers: Ints) -> npt.NDArray[np.datetime64]:
    """Day numbers as datetime64[D], which Polars takes as Date."""
    return numbers.astype("datetime64[D]")


def month_start(days: Ints) -> Ints:
    """The first day of each day's month."""
    return as_days(days).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def month_end(days: Ints) -> Ints:
    """The last day of each day's month."""
    following = as_days(days).astype("datetime64[M]") + np.timedelta64(1, "M")
    return following.astype("datetime64[D]").astype(np.int64) - 1


def year_of(days: Ints) -> Ints:
    """The calendar year of each day."""
    return as_days(days).astype("datetime64[Y]").astype(np.int64) + 1970


def month_of(days: Ints) -> Ints:
    """The month of each day, 1 to 12."""
    return as_days(days).astype("datetime64[M]").astype(np.int64) % 12 + 1


def working(days: Ints, *, back: bool = False) -> Ints:
    """Each day itself where TARGET is open, else the next (or the previous) day it is."""
    closed = np.array(target().closed_days(), dtype="datetime64[D]")
    rolled = np.busday_offset(as_days(days), 0, roll="backward" if back else "forward", holidays=closed)
    return np.asarray(rolled.astype(np.int64))


def round_half_even_cents(values: npt.NDArray[Any]) -> Ints:
    """Whole cents, halves to even."""
    return np.asarray(np.rint(values).astype(np.int64))
