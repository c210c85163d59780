"""Invented histories whose true error rates are known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

DAY = date(2026, 1, 1)


def judged(
    confidence: np.ndarray, right: np.ndarray, stratum: str = "amount_only", amount: int | np.ndarray = 10_000
) -> pl.DataFrame:
    """Rows that a person judged, one a confidence, ten a day."""
    count = len(confidence)
    return pl.DataFrame(
        {
            "receipt_id": [f"r{place}" for place in range(count)],
            "day": [DAY + timedelta(days=place // 10) for place in range(count)],
            "stratum": [stratum] * count,
            "confidence": np.asarray(confidence, dtype=float),
            "amount": np.broadcast_to(np.asarray(amount, dtype=np.int64), count),
            "right": np.asarray(right, dtype=bool),
            "source": ["person"] * count,
        },
        schema_overrides={"receipt_id": pl.String, "day": pl.Date, "stratum": pl.String, "source": pl.String},
    )


def all_right(count: int) -> pl.DataFrame:
    """A history without an error, each confidence its own."""
    return judged(np.linspace(0.6, 0.999, count), np.ones(count))


class Graded:
    """Receipts whose error rate falls with their confidence, from `worst` at 0 to `best` at 1: a power of the doubt."""

    def __init__(self, best: float, worst: float, power: float) -> None:
        self.best, self.worst, self.power = best, worst, power

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Confidences, spread evenly over 0..1, and whether each proposal is right."""
        confidence = rng.random(count)
        rate = self.best + (self.worst - self.best) * (1 - confidence) ** self.power
        return confidence, rng.random(count) >= rate

    def true_rate(self, threshold: float) -> float:
        """The error rate of all receipts from a confidence on: the integral of the rate over them."""
        span = 1 - threshold
        return self.best + (self.worst - self.best) * span**self.power / (self.power + 1)
