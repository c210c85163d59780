"""The mix of receipts: has it moved from what the certificate was made on? Then it asks for a new one.

A certificate holds for receipts like those that were judged. Strata, channels and confidences are compared, block of
receipts by block, with the mix of the judged window. A dimension has moved when both hold: its shares differ by more
than a tolerance (total variation, so that a large book does not ask for what nobody would notice), and chance does
not explain it. The latter is an e-value: how well two mixes, learned one from each side, foretell what came, over how
well the one best mix tells it afterwards (L. Wasserman, A. Ramdas, S. Balakrishnan, Universal inference, PNAS 117,
2020); a mix is learned by the rule of R. Krichevsky and V. Trofimov (1981), half a count for each kind. While nothing
has moved its mean is 1 at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from encours.core.matching.certificate.words import percent

DIMENSIONS = ("stratum", "channel", "confidence")
#: How a sentence on a mix that has moved begins.
MOVED = "the mix of receipts has moved"
#: Kinds that the judged window did not have: a new bank format is one of these.
NEW = "new"
#: Bounds of the classes of confidence: fixed, so that they do not depend on what is compared.
_CLASSES = (0.9, 0.99, 0.999, 0.9999)
BLOCK = 500
TOLERANCE = 0.1

#: One row a receipt. `channel`: how it came (camt, CFONB, cheque …), a name that the caller chooses; null is a kind.
MIX_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "day": pl.Date(),
    "stratum": pl.String(),
    "channel": pl.String(),
    "confidence": pl.Float64(),
}
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Drift:
    """`reference`, `current`: receipts by dimension and kind, of the judged window and of the block that fills.
    `confidence`: the chance of never asking without cause. `tolerance`: the share that may move. `seen`: receipts in
    the block; `blocks`: those that are full. `asks`: why a new certificate is needed; None: it is not."""

    reference: Counts
    current: Counts
    confidence: float
    tolerance: float = TOLERANCE
    block: int = BLOCK
    seen: int = 0
    blocks: int = 0
    asks: str | None = None

    def numbers(self) -> dict[str, object]:
        """The state as JSON takes it."""
        plain = {
            name: {side: dict(kinds) for side, kinds in getattr(self, name).items()}
            for name in ("reference", "current")
        }
        return {**self.__dict__, **plain}

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Any]) -> Drift:
        """The state that `numbers` wrote."""
        return cls(**numbers)


def watch(
    judged_window: pl.DataFrame, confidence: float = 0.95, tolerance: float = TOLERANCE, block: int = BLOCK
) -> Drift:
    """The state on the day of a certificate. `judged_window`: MIX_SCHEMA, the receipts of its window."""
    kinds = _kinds(judged_window)
    reference = {name: dict(kinds[name].value_counts().sort(name).iter_rows()) for name in DIMENSIONS}
    return Drift(reference, _nothing(), confidence, tolerance, block)


def observe_mix(state: Drift, receipts: pl.DataFrame) -> Drift:
    """The state after more receipts (MIX_SCHEMA), in the order of their days. Full blocks are judged.

    The same receipts in one call or in several days' calls give the same state.
    """
    kinds = _kinds(receipts.sort("day", "receipt_id"))
    done = 0
    while done < kinds.height:
        part = kinds.slice(done, state.block - state.seen)
        done += part.height
        state = replace(state, current=_added(state, part), seen=state.seen + part.height)
        if state.seen == state.block:
            asks = state.asks or _moved(state)
            state = replace(state, current=_nothing(), seen=0, blocks=state.blocks + 1, asks=asks)
    return state


def _moved(state: Drift) -> str | None:
    """What moved in a full block, if anything did."""
    # Dimensions and blocks share delta: 1/2 for the first block, 1/6 for the second, 1/12 …
    delta = round(1 - state.confidence, 12) / len(DIMENSIONS) / ((state.blocks + 1) * (state.blocks + 2))
    for name in DIMENSIONS:
        kinds = [*state.reference[name], NEW]
        before = np.array([state.reference[name].get(kind, 0) for kind in kinds], dtype=np.float64)
        now = np.array([state.current[name].get(kind, 0) for kind in kinds], dtype=np.float64)
        if before.sum() == 0:
            return "the certificate's window holds no receipts to compare with"
        gap = now / now.sum() - before / before.sum()
        if np.abs(gap).sum() / 2 > state.tolerance and log_evidence_of_two(before, now) >= -math.log(delta):
            most = int(np.abs(gap).argmax())
            was, is_ = percent(before[most] / before.sum()), percent(now[most] / now.sum())
            return f"{MOVED}: {name} {kinds[most]} was {was}, is {is_}"
    return None


def log_evidence_of_two(
    before: np.ndarray[tuple[int], np.dtype[np.float64]], now: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """The log of the evidence that two counts of the same kinds come from two mixes, not from one."""
    both = before + now
    used = both[both > 0]
    one = float((used * np.log(used / both.sum())).sum())
    return _learned(before) + _learned(now) - one


def _learned(counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The log of the chance of a sequence with these counts, foretold one by one with half a count for each kind."""
    kinds, total = len(counts), float(counts.sum())
    each = sum(math.lgamma(count + 0.5) - math.lgamma(0.5) for count in counts)
    return each + math.lgamma(kinds / 2) - math.lgamma(total + kinds / 2)


def _kinds(receipts: pl.DataFrame) -> pl.DataFrame:
    """DIMENSIONS as texts, in the order of the rows."""
    sure = pl.lit(f"from {_CLASSES[-1]} on")
    for bound in reversed(_CLASSES):
        sure = pl.when(pl.col("confidence") < bound).then(pl.lit(f"under {bound}")).otherwise(sure)
    return receipts.select(
        pl.col("stratum", "channel").cast(pl.String).fill_null("none"),
        confidence=pl.when(pl.col("confidence").is_null()).then(pl.lit("none")).otherwise(sure),
    )


def _added(state: Drift, kinds: pl.DataFrame) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name in DIMENSIONS:
        found[name] = dict(state.current[name])
        for kind, count in kinds[name].value_counts().sort(name).iter_rows():
            known = kind if kind in state.reference[name] else NEW
            found[name][known] = found[name].get(known, 0) + count
    return found


def _nothing() -> dict[str, dict[str, int]]:
    return {name: {} for name in DIMENSIONS}
