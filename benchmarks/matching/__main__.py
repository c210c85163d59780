"""Cash application on a book with known truth: Encours's proposals beside the bars, by the strict scorer.

`--out` writes the figures as JSON; `--data FOLDER` writes the book and its truth as Parquet, for other products, whose
answers `--data FOLDER --answers FOLDER` scores.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import Call, Figure, arguments, measure, report
from benchmarks.matching.generate import MODES
from benchmarks.matching.profile import PROFILES
from benchmarks.matching.run import judge, run
from benchmarks.matching.score import Score
from benchmarks.matching.show import show

_RECEIPTS = 1_000
_OPTIONS: dict[str, dict[str, Any]] = {
    "--profile": {"choices": sorted(PROFILES), "default": "standard"},
    "--mode": {"choices": MODES, "default": "stock"},
    "--receipts": {"type": int, "default": _RECEIPTS, "help": "full size (the bars are meant for 1,000 of stock)"},
    "--seed": {"type": int, "default": 1},
    "--extras": {"type": float, "default": 0.0, "help": "share of each pattern that the published mix lacks"},
    "--data": {"type": Path, "default": None, "help": "write book, truth and Encours's answers into this folder"},
    "--answers": {"type": Path, "default": None, "help": "score the answers in this folder to the case in --data"},
}


def main(argv: list[str] | None = None) -> int:
    """Prints the scorer's table and the bars of an untrained run."""
    call = arguments("Cash application against known truth, untrained", argv, options=_OPTIONS)
    chosen = call.extra
    if chosen["answers"]:
        return _judged(call)
    receipts = max(100, call.scaled(chosen["receipts"]))
    mode, name = chosen["mode"], chosen["profile"]
    done = measure(run, name, chosen["extras"], receipts, mode, chosen["seed"], chosen["data"])
    show(done.value["score"])
    # The bars are set for the published mix at one size; any other run shows the same figures without a verdict.
    held = (name, mode, chosen["receipts"], chosen["extras"]) == ("standard", "stock", _RECEIPTS, 0.0)
    return report(call, _figures(done.value, receipts, done.peak_mb, held), _facts(call, done.value["score"]))


def _judged(call: Call) -> int:
    """Scores answers that stand in a folder; no bar applies to them."""
    if call.extra["data"] is None:
        raise SystemExit("--answers needs --data, the folder of the case that was answered")
    found = judge(call.extra["data"], call.extra["answers"])
    show(found)
    named = replace(call, title=f"Answers in {call.extra['answers'].name} against known truth")
    return report(
        named, _rates(found, held=False), {"strata": _strata(found), "reliability": found.reliability.to_dicts()}
    )


def _figures(value: dict[str, Any], receipts: int, peak_mb: float, held: bool) -> list[Figure]:
    return [
        Figure("receipts", receipts),
        Figure("items", value["items"]),
        Figure("matchable receipts", value["matchable"]),
        *_rates(value["score"], held),
        Figure("generating", value["generated_seconds"], "s"),
        Figure("matching", value["matched_seconds"], "s"),
        Figure("peak memory", peak_mb, "MB"),
    ]


def _rates(found: Score, held: bool) -> list[Figure]:
    precision, recall = found.rate("precision") or 0.0, found.rate("recall") or 0.0
    automatic = found.rate("automatic_precision")
    # The bar is one duplicate in a hundred: a sample of fewer may hold none.
    duplicates = found.duplicates // 100 if held else None
    return [
        Figure("precision of proposals, whole set", round(precision, 4), at_least=0.985 if held else None),
        Figure("recall of matchable, whole set", round(recall, 4), at_least=0.87 if held else None),
        Figure("automatic, of all receipts", round(100 * (found.rate("automatic_rate") or 0.0), 2), "%"),
        Figure("precision of automatic", "nothing automatic" if automatic is None else round(automatic, 5)),
        Figure("duplicates posted automatically", found.duplicates_automatic, at_most=duplicates),
    ]


def _facts(call: Call, found: Score) -> dict[str, Any]:
    asked = {flag: call.extra[flag] for flag in ("profile", "mode", "receipts", "seed", "extras")}
    return {**asked, "strata": _strata(found), "reliability": found.reliability.to_dicts()}


def _strata(found: Score) -> dict[str, dict[str, Any]]:
    columns = ("receipts", "proposed", "precision", "recall", "automatic_rate", "automatic_precision")
    rows = found.rates.filter(group="stratum").iter_rows(named=True)
    return {row["value"]: {name: row[name] for name in columns} for row in rows}


if __name__ == "__main__":
    raise SystemExit(main())
