"""Cash application on a book with known truth: Encours's proposals beside the bars, by the strict scorer.

`--out` writes the figures as JSON; `--data FOLDER` writes the book and its truth as Parquet, for other products.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.harness import Call, Figure, arguments, measure, report
from benchmarks.matching.generate import MODES
from benchmarks.matching.profile import PROFILES
from benchmarks.matching.run import run
from benchmarks.matching.score import Score
from benchmarks.matching.show import show

_RECEIPTS = 1_000
_OPTIONS: dict[str, dict[str, Any]] = {
    "--profile": {"choices": sorted(PROFILES), "default": "standard"},
    "--mode": {"choices": MODES, "default": "stock"},
    "--receipts": {"type": int, "default": _RECEIPTS, "help": "full size (the bars are meant for 1,000 of stock)"},
    "--seed": {"type": int, "default": 1},
    "--extras": {"type": float, "default": 0.0, "help": "share of each pattern that the published mix lacks"},
    "--data": {"type": Path, "default": None, "help": "write book and truth into this folder"},
}


def main(argv: list[str] | None = None) -> int:
    """Prints the scorer's table and the bars of an untrained run."""
    call = arguments("Cash application against known truth, untrained", argv, options=_OPTIONS)
    chosen = call.extra
    receipts = max(100, call.scaled(chosen["receipts"]))
    mode, name = chosen["mode"], chosen["profile"]
    done = measure(run, name, chosen["extras"], receipts, mode, chosen["seed"], chosen["data"])
    show(done.value["score"])
    # The bars are set for the published mix at one size; any other run shows the same figures without a verdict.
    held = (name, mode, chosen["receipts"], chosen["extras"]) == ("standard", "stock", _RECEIPTS, 0.0)
    return report(call, _figures(done.value, receipts, done.peak_mb, held), _facts(call, done.value["score"]))


def _figures(value: dict[str, Any], receipts: int, peak_mb: float, held: bool) -> list[Figure]:
    found: Score = value["score"]
    precision, recall = found.rate("precision") or 0.0, found.rate("recall") or 0.0
    automatic = found.rate("automatic_precision")
    return [
        Figure("receipts", receipts),
        Figure("items", value["items"]),
        Figure("matchable receipts", value["matchable"]),
        Figure("precision of proposals, whole set", round(precision, 4), at_least=0.985 if held else None),
        Figure("recall of matchable, whole set", round(recall, 4), at_least=0.87 if held else None),
        Figure("automatic, of all receipts", round(100 * (found.rate("automatic_rate") or 0.0), 2), "%"),
        Figure("precision of automatic", "nothing automatic" if automatic is None else round(automatic, 5)),
        # The bar is one duplicate in a hundred: a sample of fewer may hold none.
        Figure(
            "duplicates posted automatically",
            found.duplicates_automatic,
            at_most=found.duplicates // 100 if held else None,
        ),
        Figure("generating", value["generated_seconds"], "s"),
        Figure("matching", value["matched_seconds"], "s"),
        Figure("peak memory", peak_mb, "MB"),
    ]


def _facts(call: Call, found: Score) -> dict[str, Any]:
    strata = found.rates.filter(group="stratum")
    columns = ("receipts", "proposed", "precision", "recall", "automatic_rate", "automatic_precision")
    return {
        **{flag: call.extra[flag] for flag in ("profile", "mode", "receipts", "seed", "extras")},
        "strata": {row["value"]: {name: row[name] for name in columns} for row in strata.iter_rows(named=True)},
    }


if __name__ == "__main__":
    raise SystemExit(main())
