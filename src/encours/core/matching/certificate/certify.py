"""The certificate: what is promised about errors, on which judged receipts it rests, and from which confidence on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from encours.core.base.issue import CallError
from encours.core.matching.certificate.bounds import needed
from encours.core.matching.certificate.history import (
    JUDGED_SCHEMA,
    POOLED,
    History,
    certifying,
    conformed,
    of_stratum,
    ranked,
    strata_of,
)
from encours.core.matching.certificate.learn_then_test import Tested, loosest, strictest_certified, value_bound
from encours.core.matching.certificate.words import counted, one_in, percent

DEFAULT_CONFIDENCE = 0.95

#: One row a stratum, POOLED first. `judged`: receipts that a person judged; `letters`: those that only an imported
#: letter judged (they teach, they do not certify). `sample`, `errors`, `bound` (of the error rate), `value` and
#: `value_wrong` (minor units), `value_bound` (of the share of money wrong; null without a value cap), `coverage` and
#: `coverage_value` (shares of what was judged) are of the receipts from `threshold` on (null where nothing is
#: certified; the figures are then of the start that came nearest). `tests`: starts of sequences, each at delta/tests.
#: `first_on`, `last_on`: the days of the judged receipts. `supports`: the strictest budget that they certify.
CERTIFICATE_SCHEMA: dict[str, pl.DataType] = {
    "stratum": pl.String(),
    "certified": pl.Boolean(),
    "threshold": pl.Float64(),
    "judged": pl.Int64(),
    "letters": pl.Int64(),
    "sample": pl.Int64(),
    "errors": pl.Int64(),
    "bound": pl.Float64(),
    "coverage": pl.Float64(),
    "value": pl.Int64(),
    "value_wrong": pl.Int64(),
    "value_bound": pl.Float64(),
    "coverage_value": pl.Float64(),
    "tests": pl.Int64(),
    "first_on": pl.Date(),
    "last_on": pl.Date(),
    "supports": pl.Float64(),
    "says": pl.String(),
}


@dataclass(frozen=True)
class Certificate:
    """`target`: errors per automatic post that are promised at most. `confidence`: the chance that each row's promise
    is kept. `value_cap`: the amount (minor units) up to which receipts were judged and may post; None: no limit.
    `rows`: CERTIFICATE_SCHEMA."""

    target: float
    confidence: float
    value_cap: int | None
    rows: pl.DataFrame

    def row(self, stratum: str = POOLED) -> dict[str, Any]:
        """A stratum's row by column; of an unknown stratum, the row of an empty one."""
        found = self.rows.filter(pl.col("stratum") == stratum)
        return (
            found.row(0, named=True)
            if found.height
            else _row(stratum, _Asked(self.target, self.confidence, None), *_none())
        )

    def threshold(self, stratum: str = POOLED) -> float | None:
        """The least confidence that may post; None: none may."""
        found: float | None = self.row(stratum)["threshold"]
        return found

    def record(self) -> dict[str, object]:
        """The certificate as JSON takes it: numbers, texts, days in ISO form."""
        days = self.rows.with_columns(pl.col("first_on", "last_on").cast(pl.String))
        head = {"target": self.target, "confidence": self.confidence, "value_cap": self.value_cap}
        return {**head, "rows": days.to_dicts()}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Certificate:
        """The certificate that `record` wrote."""
        texts = {name: pl.String() if dtype == pl.Date else dtype for name, dtype in CERTIFICATE_SCHEMA.items()}
        rows = pl.DataFrame(record["rows"], schema=texts).with_columns(
            pl.col("first_on", "last_on").str.to_date("%Y-%m-%d")
        )
        return cls(record["target"], record["confidence"], record["value_cap"], rows)


@dataclass(frozen=True)
class _Asked:
    target: float
    confidence: float
    value_cap: int | None

    @property
    def delta(self) -> float:
        # Rounded: 1 − 0.95 is 0.05 and a bit, and a sample that just suffices would fail by that bit.
        return round(1 - self.confidence, 12)


def certify(
    judged: pl.DataFrame,
    target: float,
    confidence: float = DEFAULT_CONFIDENCE,
    value_cap: int | None = None,
) -> Certificate:
    """The certificate that a history of judgements gives, per stratum and over all.

    `judged`: JUDGED_SCHEMA (`chance` may be absent). The target must be chosen before looking at what it brings: each
    certificate holds with `confidence` on its own. Raises CallError for a target outside 0..1.
    """
    if not 0 < target < 1:
        raise CallError([f"max_error_rate is {target}; it is a share between 0 and 1"])
    assert 0 < confidence < 1, f"a confidence of {confidence}"
    asked = _Asked(target, confidence, value_cap)
    rows, all_rows = certifying(judged, value_cap), conformed(judged)
    taught = all_rows.filter(pl.col("source") == "letter").join(rows, on="receipt_id", how="anti").unique("receipt_id")
    lines = [_row(name, asked, of_stratum(rows, name), of_stratum(taught, name)) for name in strata_of(rows)]
    return Certificate(target, confidence, value_cap, pl.DataFrame(lines, schema=CERTIFICATE_SCHEMA))


def _none() -> tuple[pl.DataFrame, pl.DataFrame]:
    empty = certifying(pl.DataFrame(schema=JUDGED_SCHEMA))
    return empty, empty


def _row(stratum: str, asked: _Asked, rows: pl.DataFrame, letters: pl.DataFrame) -> dict[str, Any]:
    history = ranked(rows)
    tested = loosest(history, asked.target, asked.delta)
    supports = strictest_certified(history, asked.delta)
    days = (rows["day"].min(), rows["day"].max())
    amounts = history.amount[: tested.sample]
    cap, share = asked.value_cap, asked.delta / tested.tests
    return {
        "stratum": stratum,
        "certified": tested.passes,
        "threshold": tested.threshold if tested.passes else None,
        "judged": history.size,
        "letters": letters.height,
        "sample": tested.sample,
        "errors": tested.errors,
        "bound": tested.bound,
        "coverage": tested.coverage,
        "value": int(amounts.sum()),
        "value_wrong": int(amounts[history.wrong[: tested.sample]].sum()),
        "value_bound": None if cap is None else value_bound(history, tested.sample, cap, share),
        "coverage_value": tested.coverage_value,
        "tests": tested.tests,
        "first_on": days[0],
        "last_on": days[1],
        "supports": supports,
        "says": says(history, tested, asked.target, asked.confidence, supports),
    }


def says(history: History, tested: Tested, target: float, confidence: float, supports: float | None) -> str:
    """What the row promises, or why it cannot and which budget it could."""
    judged = f"{counted(history.size, 'receipt')} judged by a person"
    budget = one_in(target)
    if tested.passes:
        return (
            f"At most {budget} wrong, {percent(confidence)} sure: {counted(tested.errors, 'error')} among "
            f"{tested.sample:,} of {judged} (bound {percent(tested.bound)}); covers {percent(tested.coverage)} of them"
        )
    least = needed(target, round(1 - confidence, 12))
    other = f"this history supports {one_in(supports)}" if supports else "this history supports no budget yet"
    if history.size < least:
        return f"{judged}: {budget} takes {least:,} without an error; {other}"
    return (
        f"{judged}, {counted(int(history.wrong.sum()), 'error')} found: no confidence is certified for {budget} "
        f"(nearest bound {percent(tested.bound)}); {other}"
    )
