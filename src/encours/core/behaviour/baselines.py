"""What a model must beat: the due date, and the due date with the customer's own median delay."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encours.core.behaviour.grid import Float32, Float64, Int32, Int64
from encours.core.behaviour.own import SAID
from encours.core.behaviour.study import Study

_QUANTILES = tuple(SAID.index(name) for name in ("p10", "median", "p90"))


class Baseline(NamedTuple):
    """P10, P50 and P90 of each look, in days from the due date; never before the day after the look."""

    p10: Float64
    p50: Float64
    p90: Float64


def due_date(study: Study, item: Int64, day: Int32) -> Baseline:
    """The due date ("tomorrow" if past), with the P10 and P90 of all delays that were known by the day."""
    p10, _, p90 = _book_quantiles(study, int(day.max()) if len(day) else study.day)
    soonest = (day + 1 - study.items.due[item]).astype(np.float64)
    return Baseline(*(np.maximum(value, soonest) for value in (p10, 0.0, p90)))


def own_median(study: Study, item: Int64, day: Int32, said: Float32) -> Baseline:
    """The due date plus the quantiles of the payer's last 50 delays; the book's where the payer has none."""
    book = _book_quantiles(study, int(day.max()) if len(day) else study.day)
    soonest = (day + 1 - study.items.due[item]).astype(np.float64)
    own = (said[:, place].astype(np.float64) for place in _QUANTILES)
    return Baseline(*(
        np.maximum(np.rint(np.where(np.isnan(mine), all_of, mine)), soonest)
        for mine, all_of in zip(own, book, strict=True)
    ))  # fmt: skip


def _book_quantiles(study: Study, day: int) -> tuple[float, float, float]:
    items = study.items
    known = items.paid & items.counts & (items.told <= day)
    if not known.any():
        return 0.0, 0.0, 0.0
    p10, p50, p90 = np.quantile((items.end - items.due)[known], (0.1, 0.5, 0.9))
    return float(p10), float(p50), float(p90)
