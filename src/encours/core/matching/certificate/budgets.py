"""What each budget would give, and coverage against precision: for choosing with open eyes, not for posting.

Nothing posts by these frames. A budget chosen from them is certified like any other, best on judgements that come
after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from encours.core.matching.certificate.bounds import needed, upper_bound
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE, certify
from encours.core.matching.certificate.history import certifying, of_stratum, ranked, strata_of
from encours.core.matching.certificate.words import one_in

#: The budgets that a person is shown: errors per automatic post.
BUDGETS = (0.001, 0.002, 0.005, 0.01)

#: One row a stratum and budget. `needed`: the judged receipts that the budget takes when none of them is wrong;
#: `missing`: how many are not there yet. The other columns are those of the certificate for this budget.
BUDGET_SCHEMA: dict[str, pl.DataType] = {
    "stratum": pl.String(),
    "target": pl.Float64(),
    "budget": pl.String(),
    "certified": pl.Boolean(),
    "threshold": pl.Float64(),
    "judged": pl.Int64(),
    "sample": pl.Int64(),
    "errors": pl.Int64(),
    "bound": pl.Float64(),
    "coverage": pl.Float64(),
    "coverage_value": pl.Float64(),
    "needed": pl.Int64(),
    "missing": pl.Int64(),
    "says": pl.String(),
}

#: One row a stratum and point. `precision`: the share found right among the judged receipts from `threshold` on;
#: `precision_low`: what it is at least, each point for itself (a certificate pays for looking at all of them).
CURVE_SCHEMA: dict[str, pl.DataType] = {
    "stratum": pl.String(),
    "threshold": pl.Float64(),
    "sample": pl.Int64(),
    "coverage": pl.Float64(),
    "precision": pl.Float64(),
    "precision_low": pl.Float64(),
}


def budgets(
    judged: pl.DataFrame,
    confidence: float = DEFAULT_CONFIDENCE,
    value_cap: int | None = None,
    targets: Sequence[float] = BUDGETS,
) -> pl.DataFrame:
    """BUDGET_SCHEMA: what the history `judged` (JUDGED_SCHEMA) gives for each budget; coverage 0: nothing."""
    delta = round(1 - confidence, 12)
    parts = []
    for target in targets:
        rows = certify(judged, target, confidence, value_cap).rows
        least = needed(target, delta)
        parts.append(
            rows.with_row_index("place").with_columns(
                pl.when("certified").then(pl.col("coverage", "coverage_value")).otherwise(0.0),
                target=pl.lit(target),
                budget=pl.lit(one_in(target)),
                needed=pl.lit(least, dtype=pl.Int64),
                missing=(least - pl.col("judged")).clip(0),
            )
        )
    if not parts:
        return pl.DataFrame(schema=BUDGET_SCHEMA)
    rows = pl.concat(parts).sort("place", "target")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in BUDGET_SCHEMA.items())


def curve(
    judged: pl.DataFrame,
    confidence: float = DEFAULT_CONFIDENCE,
    value_cap: int | None = None,
    points: int = 50,
) -> pl.DataFrame:
    """CURVE_SCHEMA: precision by coverage, `points` of them a stratum, fewer where confidences are tied."""
    rows = certifying(judged, value_cap)
    delta = round(1 - confidence, 12)
    found: list[tuple[str, float, int, float, float, float]] = []
    for stratum in strata_of(rows):
        history = ranked(of_stratum(rows, stratum))
        ends = np.searchsorted(-history.confidence, -history.confidence, side="right")
        places = np.linspace(0, history.size - 1, min(points, history.size)).round().astype(int)
        wrong, weight = np.cumsum(history.wrong * history.weight), np.cumsum(history.weight)
        errors = np.cumsum(history.wrong)
        for end in np.unique(ends[places]):
            # A bound on receipts: where some were likelier to be judged than others it is no promise, only a hint.
            low = 1 - upper_bound(int(errors[end - 1]), int(end), delta)
            right = 1 - float(wrong[end - 1] / weight[end - 1])
            share = float(weight[end - 1] / weight[-1])
            found.append((stratum, float(history.confidence[end - 1]), int(end), share, right, low))
    return pl.DataFrame(found, schema=CURVE_SCHEMA, orient="row")
