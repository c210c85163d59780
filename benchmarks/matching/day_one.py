"""Day one: what is posted by proof, and what a person may confirm together, before a book has any history."""

from __future__ import annotations

from typing import Any

import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from benchmarks.matching.generate import generate
from benchmarks.matching.profile import PROFILES
from benchmarks.matching.score import score
from encours.core.matching.certificate import prior_certificate
from encours.core.matching.families import strata
from encours.core.matching.propose import DEFAULT_MAX_ERROR_RATE
from encours.usecases.match_receipts import match_receipts

RECEIPTS, SEED = 20_000, 77  # a seed that the shipped model's certificate was not made on


def day_one(receipts: int, seed: int) -> dict[str, Any]:
    """Shares of all receipts and how often they are right: automatic, and automatic or ready to be confirmed."""
    case = generate(PROFILES["standard"], receipts, "stock", seed)
    found = match_receipts(case.book)
    verdicts = score(found.allocations, found.decisions, case.truth, case.receipts).verdicts
    certificate = prior_certificate(DEFAULT_MAX_ERROR_RATE)
    least = None if certificate is None else certificate.threshold()
    ruled = verdicts.join(found.decisions.select("receipt_id", "rule"), on="receipt_id")
    known = pl.col("rule").is_in(list(strata()))
    covered = known & (pl.col("confidence") >= (2.0 if least is None else least))
    ready = ruled.filter(pl.col("automatic") | (pl.col("proposed") & covered))
    automatic = ruled.filter("automatic")
    return {
        "least": least,
        "automatic": automatic.height / verdicts.height,
        "automatic_right": automatic["automatic_right"].mean(),
        "ready": ready.height / verdicts.height,
        "ready_right": ready["right"].mean(),
        "wrong": ready.height - int(ready["right"].sum()),
    }


def main(argv: list[str] | None = None) -> int:
    """Prints the shares beside their bars."""
    call = arguments("Day one of a book, by the shipped model", argv)
    receipts = max(2_000, call.scaled(RECEIPTS))
    done = measure(day_one, receipts, SEED)
    value = done.value
    figures = [
        Figure("receipts", receipts),
        Figure("automatic, by proof", round(100 * value["automatic"], 2), "%", at_least=48),
        Figure("of these right", round(100 * value["automatic_right"], 3), "%", at_least=99.99),
        Figure("automatic or ready to be confirmed together", round(100 * value["ready"], 2), "%", at_least=70),
        Figure("of these right", round(100 * value["ready_right"], 3), "%", at_least=99.9),
        Figure("of these wrong", value["wrong"]),
        Figure("the shipped model's least confidence", round(value["least"] or 0.0, 4)),
        Figure("peak memory", done.peak_mb, "MB"),
    ]
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
