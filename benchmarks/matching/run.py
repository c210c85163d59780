"""One case generated, matched by Encours without any training, and scored: what the benchmark measures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.matching.generate import generate
from benchmarks.matching.profile import PROFILES, Profile, with_extras
from benchmarks.matching.score import Score, score
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
        answers = data / "encours"
        answers.mkdir(exist_ok=True)
        proposals.allocations.write_parquet(answers / "allocations.parquet")
        proposals.decisions.write_parquet(answers / "decisions.parquet")
    found = score(proposals.allocations, proposals.decisions, case.truth, case.receipts)
    return {
        "score": found,
        "items": case.book.items.height,
        "matchable": int(case.receipts["matchable"].sum()),
        "generated_seconds": generated - started,
        "matched_seconds": matched - generated,
    }


def judge(data: Path, answers: Path) -> Score:
    """Scores another product's answers to a case that was written into `data`.

    `answers` holds `allocations` and `decisions` as Parquet or CSV. Raises ValueError naming every missing file.
    """
    names = ("allocations", "decisions")
    found = {name: _file(answers, name) for name in names}
    if missing := [name for name in names if found[name] is None]:
        raise ValueError(f"{answers} holds neither .parquet nor .csv of: {', '.join(missing)}")
    frames = {name: _read(path) for name, path in found.items() if path}
    truth = {name: pl.read_parquet(data / "truth" / f"{name}.parquet") for name in ("truth", "receipts")}
    return score(frames["allocations"], frames["decisions"], truth["truth"], truth["receipts"])


def _file(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}{suffix}" for suffix in (".parquet", ".csv"))
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path) -> pl.DataFrame:
    """Ids stay text; amounts are whole minor units; a confidence may be left out."""
    types = {"receipt_id": pl.String, "item_id": pl.String, "amount": pl.Int64, "decision": pl.String}
    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, schema_overrides=types)
    if path.stem == "decisions" and "confidence" not in frame.columns:
        frame = frame.with_columns(confidence=pl.lit(None, dtype=pl.Float64))
    casts = {name: dtype for name, dtype in types.items() if name in frame.columns}
    return frame.cast(casts)  # type: ignore[arg-type]  # a dict of types is what cast takes
