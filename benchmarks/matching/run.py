"""One case generated, matched by Encours without any training, and scored: what the benchmark measures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.matching.generate import generate
from benchmarks.matching.profile import PROFILES, Profile, with_extras
from benchmarks.matching.score import score
from encours.usecases.match_receipts import match_receipts


def profile_of(name: str, extras: float) -> Profile:
    """The named profile, with the patterns that it lacks where they are asked for."""
    return with_extras(PROFILES[name], extras) if extras else PROFILES[name]


def run(name: str, extras: float, receipts: int, mode: str, seed: int, data: Path | None) -> dict[str, Any]:
    """Generates a case, lets Encours match it untrained, scores what it proposes."""
    started = time.perf_counter()
    case = generate(profile_of(name, extras), receipts, mode, seed)
    generated = time.perf_counter()
    proposals = match_receipts(case.book)
    matched = time.perf_counter()
    if data:
        case.write(data)
        proposals.allocations.write_parquet(data / "allocations.parquet")
        proposals.decisions.write_parquet(data / "decisions.parquet")
    found = score(proposals.allocations, proposals.decisions, case.truth, case.receipts)
    return {
        "score": found,
        "items": case.book.items.height,
        "matchable": int(case.receipts["matchable"].sum()),
        "generated_seconds": generated - started,
        "matched_seconds": matched - generated,
    }
