"""The running test: does an audited stratum still keep its promise? It may be looked at after every audit.

A capital of 1 is bet against the promise `each automatic post is wrong with chance target at most`. While the promise
holds no bet gains in the mean, so with chance 1 − delta the capital never reaches 1/delta, however often one looks
(J. Ville, Étude critique de la notion de collectif, 1939; bets on bounded means: I. Waudby-Smith and A. Ramdas, J. R.
Statist. Soc. B 86, 2024). When it does, the stratum is switched off, and stays so.

The capital is spread twice, and an average of fair games is a fair game: over how many times worse than promised
posts may have become, and over when they did (a new set of bets starts after every 1/target audits; without it,
capital lost in good years would have to be won back before a bad month shows).

Posts are audited with unequal chances. A bet is scaled by `floor/chance`, so that a post drawn three times as likely
moves a third, and the mean over all posts, audited or not, stays what it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

#: How many times worse than promised a broken stratum may be.
_RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)

#: One row an audited automatic post. `right`: what the audit found. `chance`: that of being drawn.
AUDITED_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "day": pl.Date(),
    "stratum": pl.String(),
    "right": pl.Boolean(),
    "chance": pl.Float64(),
}


@dataclass(frozen=True)
class RunningTest:
    """One stratum's state. `target`: the promised error rate; `confidence`: the chance of never switching off wrongly;
    `floor`: the least chance of being audited. `audited`, `wrong`: posts so far. `peak`: the log of the largest
    evidence so far. `wealth`: the log of each bet's capital, a row for each start."""

    target: float
    confidence: float
    floor: float
    audited: int = 0
    wrong: int = 0
    peak: float = 0.0
    wealth: tuple[tuple[float, ...], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the stratum is to be off: the evidence has reached 1/delta at some time."""
        return self.peak >= -math.log(round(1 - self.confidence, 12))

    @property
    def evidence(self) -> float:
        """Now: how many times the capital has grown; 20 is as rare as 1 in 20 while the promise holds."""
        return math.exp(float(_total(np.array(self.wealth).reshape(-1, len(_bets(self.target))))))

    def numbers(self) -> dict[str, object]:
        """The state as JSON takes it."""
        return {**self.__dict__, "wealth": [list(row) for row in self.wealth]}

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Any]) -> RunningTest:
        """The state that `numbers` wrote."""
        return cls(**{**numbers, "wealth": tuple(tuple(row) for row in numbers["wealth"])})


def observe(test: RunningTest, audited: pl.DataFrame) -> RunningTest:
    """The state after more audits (AUDITED_SCHEMA) of its stratum, by their days; rows not yet judged are skipped.

    The same rows in one call or in several days' calls give the same state. Raises AssertionError for a chance below
    the test's floor: the bet could then lose more than there is.
    """
    rows = audited.filter(pl.col("right").is_not_null()).sort("day", "receipt_id")
    wrong = (~rows["right"]).cast(pl.Float64).to_numpy()
    scale = (test.floor / rows["chance"]).to_numpy()
    assert not len(scale) or scale.max() <= 1 + 1e-9, "a post was audited with less chance than the test's floor"
    bets = _bets(test.target)
    growth = np.log1p(bets[:, None] * (scale * (wrong - test.target))[None, :])
    wealth, peak = np.array(test.wealth).reshape(-1, len(bets)), test.peak
    done = 0
    while done < len(wrong):
        now = test.audited + done
        if now >= _start(len(wealth), test.target):
            wealth = np.vstack([wealth, np.zeros(len(bets))])
        end = min(len(wrong), _start(len(wealth), test.target) - test.audited)
        path = np.repeat(wealth[:, :, None], end - done + 1, axis=2)
        path[:, :, 1:] = growth[None, :, done:end]
        # Added up one by one from where the capital stood: the same to the last bit however the audits are cut.
        path = np.add.accumulate(path, axis=2)
        peak = max(peak, float(_total(path[:, :, 1:]).max()))
        wealth, done = path[:, :, -1], end
    return RunningTest(
        test.target,
        test.confidence,
        test.floor,
        test.audited + len(wrong),
        test.wrong + int(wrong.sum()),
        peak,
        tuple(tuple(float(value) for value in row) for row in wealth),
    )


def observe_strata(tests: Mapping[str, RunningTest], audited: pl.DataFrame) -> dict[str, RunningTest]:
    """All strata after more audits. Rows of a stratum without a test change nothing: nothing was promised of it."""
    return {name: observe(test, audited.filter(pl.col("stratum") == name)) for name, test in tests.items()}


def failed_strata(tests: Mapping[str, RunningTest]) -> frozenset[str]:
    """The strata that are to be off."""
    return frozenset(name for name, test in tests.items() if test.failed)


def _bets(target: float) -> Floats:
    """Stakes: (ratio − 1)/(1 − target) makes the capital the likelihood of ratio × target over that of target."""
    # A rate cannot exceed 1: the most that is bet on lies half way to it.
    ratios = sorted({min(ratio, (1 + target) / (2 * target)) for ratio in _RATIOS})
    return (np.array(ratios) - 1) / (1 - target)


def _start(place: int, target: float) -> int:
    """After how many audits the bets at `place` start: one set as soon as the one before was to see one error."""
    return round(place / target)


def _total(wealth: Floats) -> Floats:
    """The log of the capital: starts (axis 0) weigh 1/2, 1/6, 1/12 …, bets (axis 1) alike.

    What waits for later starts is kept as it is.
    """
    place = np.arange(wealth.shape[0]).reshape((-1,) + (1,) * (wealth.ndim - 1))
    parts = wealth - np.log((place + 1.0) * (place + 2.0) * wealth.shape[1])
    waiting = np.full((1, *wealth.shape[2:]), -math.log(wealth.shape[0] + 1))
    total: Floats = np.logaddexp.reduce(np.concatenate([parts.reshape(-1, *wealth.shape[2:]), waiting]), axis=0)
    return total
