"""Certifies the shipped prior on generated books that it was not trained on, and writes that into the package.

`python -m benchmarks.matching.certify_prior` takes some minutes. The books are streams of the published profiles and of
profiles moved around them, with seeds apart from those of the training and of the benchmark. Every proposal is judged
by the truth; what the certificates promise holds for receipts like these.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.harness import arguments
from benchmarks.matching.generate import Case, generate
from benchmarks.matching.profile import PROFILES
from benchmarks.matching.score import score
from benchmarks.matching.train import drawn
from encours.core.matching import model
from encours.core.matching.certificate import LADDER, POOLED, certify
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE
from encours.core.matching.families import strata
from encours.core.matching.model import model_digest
from encours.usecases.match_receipts import match_receipts

PROVES = False
_OUT = Path(model.__file__).with_name("prior_certificate.json")
#: Apart from those of the training (1,000 on) and of the benchmark (1 on).
_FIRST_SEED = 90_000
_NAMES = ("standard", "easy", "standard", "hard")
#: Budgets beyond these are not offered.
_STRICTEST, _WIDEST = 0.0005, 0.02


def judged(case: Case) -> pl.DataFrame:
    """JUDGED_SCHEMA without `chance`: every proposal of an untrained run, judged by the truth."""
    proposals = match_receipts(case.book)
    verdicts = score(proposals.allocations, proposals.decisions, case.truth, case.receipts).verdicts
    rules = proposals.decisions.select("receipt_id", "rule")
    rows = verdicts.filter("proposed").join(rules, on="receipt_id")
    days = case.book.receipts.select("receipt_id", day="booked_on")
    stratum = pl.col("rule").replace_strict(strata(), default=None, return_dtype=pl.String)
    found = rows.join(days, on="receipt_id").with_columns(stratum=stratum, source=pl.lit("person"))
    return found.select("receipt_id", "day", "stratum", "confidence", "amount", "right", "source").drop_nulls("stratum")


def gather(cases: int, receipts: int) -> pl.DataFrame:
    """The judged proposals of so many cases; every second one is a profile moved at random."""
    parts = []
    for turn in range(cases):
        named, seed = PROFILES[_NAMES[turn % len(_NAMES)]], _FIRST_SEED + turn
        profile = drawn(named, seed) if turn % 2 else named
        rows = judged(generate(profile, receipts, "stream", seed))
        parts.append(rows.with_columns(receipt_id=pl.format("{}:{}", pl.lit(turn), "receipt_id")))
        print(
            f"{profile.name} {turn}: {rows.height} proposals, {float(str(rows['right'].mean())):.4f} right", flush=True
        )
    return pl.concat(parts)


def main(argv: list[str] | None = None) -> int:
    """Gathers, certifies for every budget from 1 in 2,000 on, prints and writes."""
    options: dict[str, dict[str, Any]] = {"--cases": {"type": int, "default": 8}}
    call = arguments("A certificate for the shipped prior, on books it has not seen", argv, options=options)
    receipts = call.scaled(15_000)
    rows = gather(call.extra["cases"], receipts)
    made = [certify(rows, target, DEFAULT_CONFIDENCE) for target in LADDER if _STRICTEST <= target <= _WIDEST]
    for certificate in made:
        for line in certificate.rows.iter_rows(named=True):
            print(f"{certificate.target} {line['stratum']}: {line['says']}; from {line['threshold']}")
    record = {
        "model": model_digest(),
        "cases": call.extra["cases"],
        "receipts": call.extra["cases"] * receipts,
        "proposals": rows.height,
        "certificates": [certificate.record() for certificate in made if certificate.row(POOLED)["certified"]],
    }
    _OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{_OUT.name}: {len(record['certificates'])} certificates")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
