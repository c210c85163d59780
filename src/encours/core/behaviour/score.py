"""How good forecasts of payment days were: error, pinball loss, coverage of the range, late or not, reliability."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.behaviour.grid import Bools, Float64

#: Figures of one forecaster on some outcomes. Days are days; shares are 0 … 1. `pinball`: mean loss of P10, P50 and
#: P90 (Koenker and Bassett, 1978). `below`, `above`: shares of outcomes before P10 and after P90.
FIGURES = ("forecasts", "mae", "pinball", "within_3", "within_7", "below", "above", "coverage", "width")


def figures(delay: Float64, p10: Float64, p50: Float64, p90: Float64) -> dict[str, float]:
    """FIGURES of forecasts against what happened; all arguments in days from the due date."""
    if not len(delay):
        return dict.fromkeys(FIGURES, 0.0)
    error = np.abs(delay - p50)
    below, above = float((delay < p10).mean()), float((delay > p90).mean())
    return {
        "forecasts": float(len(delay)),
        "mae": float(error.mean()),
        "pinball": float(np.mean([pinball(delay, p10, 0.1), pinball(delay, p50, 0.5), pinball(delay, p90, 0.9)])),
        "within_3": float((error <= 3).mean()),
        "within_7": float((error <= 7).mean()),
        "below": below,
        "above": above,
        "coverage": 1 - below - above,
        "width": float((p90 - p10).mean()),
    }


def pinball(delay: Float64, forecast: Float64, level: float) -> float:
    """The mean pinball loss of a quantile forecast, in days."""
    error = delay - forecast
    return float(np.maximum(level * error, (level - 1) * error).mean())


def area_under_curve(happened: Bools, score: Float64) -> float:
    """The chance that one it happened to was scored above one it did not (Mann and Whitney, 1947); ties count half.

    0.5 where all or none happened.
    """
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        return 0.5
    rank = pl.Series(score).rank("average").to_numpy()
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def reliability(happened: Bools, chance: Float64, bins: int = 10) -> pl.DataFrame:
    """band (0 …), said, happened (means, 0 … 1), count: what was said beside what came, by tenths of what was said."""
    band = np.minimum((chance * bins).astype(np.int64), bins - 1)
    frame = pl.DataFrame({"band": band, "said": chance, "happened": happened.astype(np.float64)})
    return frame.group_by("band").agg(pl.col("said", "happened").mean(), count=pl.len()).sort("band")


def calibration_error(happened: Bools, chance: Float64) -> float:
    """The mean distance between what was said and what came, weighted by how often it was said (ECE)."""
    rows = reliability(happened, chance)
    if rows.is_empty():
        return 0.0
    said, came = rows["said"].to_numpy(), rows["happened"].to_numpy()
    return float(np.average(np.abs(said - came), weights=rows["count"].to_numpy()))
