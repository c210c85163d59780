"""The strict scorer: a proposal is right only where its items are the truth's, all of them and no other.

Beside it stands the stricter figure "to the cent": the amount on each item, too, and with it the cause of a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

BINS = 10
#: Upper ends of the bands of value, in minor units.
VALUE_BANDS = (("under 500", 50_000), ("500 to 5,000", 500_000), ("5,000 to 50,000", 5_000_000), ("over 50,000", None))
DECISIONS = ("auto", "review", "none")
#: Lower ends of the bands of confidence: what posts is decided above 0.99, so the bands are narrow there.
BANDS = (0.0, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999)


class ProposalError(ValueError):
    """Proposals that cannot be scored: one error that lists every fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True)
class Score:
    """`rates`: a row a group (all, stratum, pattern, value) with counts, rates and values; see `RATES`.

    `calibration`: ten bins of confidence over the proposals. `reliability`: the same in bands that are narrow where it
    matters, of all, for each stratum and band of value: group, value, above (the band's lower end), proposals,
    confidence, right. `verdicts`: each receipt with what was made of it.
    """

    rates: pl.DataFrame
    calibration: pl.DataFrame
    reliability: pl.DataFrame
    verdicts: pl.DataFrame
    duplicates: int
    duplicates_automatic: int

    def rate(self, name: str, group: str = "all", value: str = "all") -> float | None:
        """One figure of `rates`; None where it has no base (the precision of nothing)."""
        found: float | None = self.rates.filter(group=group, value=value)[name].item()
        return found


def score(allocations: pl.DataFrame, decisions: pl.DataFrame, truth: pl.DataFrame, receipts: pl.DataFrame) -> Score:
    """Scores proposals: `allocations` (receipt_id, item_id, amount; several rows of one item are added up, whatever
    their kind) and `decisions` (receipt_id, decision, confidence) against `truth` and `receipts` of a case.

    A receipt without a decision counts as `none`. Raises ProposalError for unknown receipts and decisions.
    """
    _assert_scorable(allocations, decisions, receipts)
    verdicts = _verdicts(allocations, decisions, truth, receipts)
    duplicates = verdicts.filter(pattern="duplicate")
    return Score(
        rates=_rates(verdicts),
        calibration=_calibration(verdicts),
        reliability=_reliability(verdicts),
        verdicts=verdicts,
        duplicates=duplicates.height,
        duplicates_automatic=int(duplicates["automatic"].sum()),
    )


def _assert_scorable(allocations: pl.DataFrame, decisions: pl.DataFrame, receipts: pl.DataFrame) -> None:
    faults = []
    for title, frame in (("allocations", allocations), ("decisions", decisions)):
        stray = frame.join(receipts, on="receipt_id", how="anti")["receipt_id"].unique().sort()
        faults += [f"{title} name a receipt that is not in the case: {receipt}" for receipt in stray.head(5)]
    unknown = decisions.filter(~pl.col("decision").is_in(DECISIONS))["decision"].unique().sort()
    faults += [f"{word} is not a decision (one of {', '.join(DECISIONS)})" for word in unknown]
    twice = decisions.filter(pl.col("receipt_id").is_duplicated())["receipt_id"].unique().sort()
    faults += [f"{receipt} is decided more than once" for receipt in twice.head(5)]
    outside = decisions.filter((pl.col("confidence") < 0) | (pl.col("confidence") > 1))
    faults += [f"the confidence of {receipt} is outside 0..1" for receipt in outside["receipt_id"].head(5)]
    if faults:
        raise ProposalError(faults)


def _lines(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    summed = frame.group_by("receipt_id", "item_id").agg(pl.col("amount").sum().alias(name))
    return summed.filter(pl.col(name) != 0)


def _verdicts(
    allocations: pl.DataFrame, decisions: pl.DataFrame, truth: pl.DataFrame, receipts: pl.DataFrame
) -> pl.DataFrame:
    keys = ["receipt_id", "item_id"]
    both = _lines(truth, "true").join(_lines(allocations, "said"), on=keys, how="full", coalesce=True)
    compared = both.group_by("receipt_id").agg(
        lines_true=pl.col("true").count(),
        lines_said=pl.col("said").count(),
        lines_shared=(pl.col("true").is_not_null() & pl.col("said").is_not_null()).sum(),
        lines_right=(pl.col("true") == pl.col("said")).fill_null(False).sum(),
    )
    judged = receipts.join(compared, on="receipt_id", how="left", maintain_order="left").join(
        decisions.select("receipt_id", "decision", "confidence"), on="receipt_id", how="left", maintain_order="left"
    )
    counts = ["lines_true", "lines_said", "lines_shared", "lines_right"]
    judged = judged.with_columns(pl.col(counts).fill_null(0).cast(pl.Int64), pl.col("decision").fill_null("none"))
    said, shared = pl.col("lines_said"), pl.col("lines_shared")
    # What is not matchable has nothing to be proposed: nothing said is right, anything said is wrong.
    return judged.with_columns(
        proposed=(said > 0) & (pl.col("decision") != "none"),
        whole=(said == pl.col("lines_true")) & (shared == said),
        automatic=pl.col("decision") == "auto",
    ).with_columns(
        right=pl.col("proposed") & pl.col("whole"),
        exact=pl.col("proposed") & pl.col("whole") & (pl.col("lines_right") == said),
        partly=pl.col("proposed") & ~pl.col("whole") & (shared > 0),
        automatic_right=pl.col("automatic") & pl.col("whole"),
        band=_band(),
    )


def _band() -> pl.Expr:
    band = pl.lit(VALUE_BANDS[-1][0])
    for name, end in reversed(VALUE_BANDS[:-1]):
        band = pl.when(pl.col("amount").abs() < end).then(pl.lit(name)).otherwise(band)
    return band


def _rates(verdicts: pl.DataFrame) -> pl.DataFrame:
    """The same figures of every group; a rate without a base is null."""
    groups = {"stratum": "stratum", "pattern": "pattern", "value": "band", "noise": "noise", "channel": "channel"}
    parts = [verdicts.with_columns(group=pl.lit("all"), value=pl.lit("all"))]
    parts += [verdicts.with_columns(group=pl.lit(title), value=pl.col(name)) for title, name in groups.items()]
    order = ["all", *groups]
    counted = pl.concat(
        [part.group_by("group", "value", maintain_order=True).agg(*_counts()) for part in parts]
    ).with_columns(*_shares())
    place = pl.col("group").replace_strict(order, list(range(len(order))), return_dtype=pl.Int64)
    return counted.sort(place, -pl.col("receipts").cast(pl.Int64), "value")


def _counts() -> list[pl.Expr]:
    worth = pl.col("amount").abs()
    flags = ("matchable", "proposed", "right", "exact", "partly", "automatic", "automatic_right")
    return [
        pl.len().cast(pl.Int64).alias("receipts"),
        *(pl.col(flag).sum().cast(pl.Int64) for flag in flags),
        pl.col("lines_true", "lines_said", "lines_right").sum(),
        worth.sum().alias("worth"),
        worth.filter(pl.col("automatic")).sum().alias("automatic_worth"),
        worth.filter(pl.col("automatic_right")).sum().alias("automatic_right_worth"),
    ]


def _shares() -> list[pl.Expr]:
    ratios = {
        "precision": ("right", "proposed"),
        "recall": ("right", "matchable"),
        "precision_to_the_cent": ("exact", "proposed"),
        "recall_to_the_cent": ("exact", "matchable"),
        "automatic_rate": ("automatic", "receipts"),
        "automatic_precision": ("automatic_right", "automatic"),
        "line_precision": ("lines_right", "lines_said"),
        "line_recall": ("lines_right", "lines_true"),
        "automatic_rate_by_value": ("automatic_worth", "worth"),
        "automatic_precision_by_value": ("automatic_right_worth", "automatic_worth"),
    }
    return [
        pl.when(pl.col(base) > 0).then(pl.col(part) / pl.col(base)).alias(name) for name, (part, base) in ratios.items()
    ]


def _calibration(verdicts: pl.DataFrame) -> pl.DataFrame:
    """bin (its lower end), proposals, confidence (mean) and share that is right; bins without a proposal stay."""
    proposed = verdicts.filter(pl.col("proposed") & pl.col("confidence").is_not_null())
    place = (pl.col("confidence") * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)
    filled = proposed.group_by(place=place).agg(
        proposals=pl.len().cast(pl.Int64), confidence=pl.col("confidence").mean(), right=pl.col("right").mean()
    )
    bins = pl.DataFrame({"place": range(BINS)}, schema={"place": pl.Int64}).join(filled, on="place", how="left")
    return bins.sort("place").select(
        (pl.col("place") / BINS).alias("bin"), pl.col("proposals").fill_null(0), "confidence", "right"
    )


def _reliability(verdicts: pl.DataFrame) -> pl.DataFrame:
    """How often proposals of a band of confidence are right, of all, by stratum, by value; empty bands are left out."""
    proposed = verdicts.filter(pl.col("proposed") & pl.col("confidence").is_not_null())
    above = pl.lit(BANDS[0])
    for lower in BANDS[1:]:
        above = pl.when(pl.col("confidence") >= lower).then(pl.lit(lower)).otherwise(above)
    banded = proposed.with_columns(above=above, all=pl.lit("all"))
    groups = (("all", "all"), ("stratum", "stratum"), ("value", "band"))
    parts = [
        banded.group_by(group=pl.lit(title), value=pl.col(column), above="above").agg(
            proposals=pl.len().cast(pl.Int64), confidence=pl.col("confidence").mean(), right=pl.col("right").mean()
        )
        for title, column in groups
    ]
    return pl.concat(parts).sort("group", "value", "above")
