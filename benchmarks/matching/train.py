"""Trains the prior of matching on generated books of known truth and writes it as text into the package.

`python -m benchmarks.matching.train` takes some minutes. Profiles are drawn around the three named ones, so that the
model leans on no single mix; seeds lie apart from those that the benchmark is run with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.harness import arguments
from benchmarks.matching.generate import MODES, Case, generate
from benchmarks.matching.profile import PROFILES, Profile, with_extras
from encours.core.base.schema import TABLES
from encours.core.matching import score as scoring
from encours.core.matching.engine import Policy, run
from encours.core.matching.features import FEATURES, PLACE
from encours.core.matching.prepare import prepare
from encours.core.matching.search import Found

_OUT = Path(scoring.__file__).with_name("prior.json")
_FIRST_SEED = 1_000
#: Features and truth of hypotheses, row by row.
Examples = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
#: What may only speak for a hypothesis, and what only against it: keeps the model sane on books unlike these.
_FOR = ("by_number", "stands_on", "account_own", "account_learned", "name_exact", "customer_number", "likeness")
_AGAINST = ("ways", "dead", "late", "elsewhere", "by_slip", "rivals", "rival_customers", "namesakes", "twin", "partly")
_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_threads": 1,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "seed": 7,
    "verbose": -1,
}


def drawn(profile: Profile, seed: int) -> Profile:
    """A profile around a named one: its shares moved at random, then normalised."""
    chance = np.random.default_rng(seed)

    def moved(shares: Mapping[str, float]) -> dict[str, float]:
        raw = {name: share * float(chance.lognormal(0, 0.4)) for name, share in shares.items()}
        total = sum(raw.values())
        return {name: share / total for name, share in raw.items()}

    mixed = replace(
        profile,
        patterns=moved(profile.patterns),
        noise=moved(profile.noise),
        identity=moved(profile.identity),
        ibans_known=float(chance.uniform(0, 0.9)),
        recurring_customers=float(chance.uniform(0.05, 0.6)),
        receipts_per_customer=int(chance.integers(3, 40)),
        items_per_receipt=(float(chance.uniform(2.0, 4.0)), float(chance.uniform(2.0, 4.0))),
    )
    return with_extras(mixed, 0.01) if chance.random() < 0.3 else mixed


def examples(case: Case, trees: scoring.Trees | None) -> Examples:
    """Features and truth of every hypothesis that the engine weighs on its way through a case."""
    ready = prepare(case.book, case.book.last_day())
    truth = _signatures(case, ready.receipts, ready.items)
    rows: list[npt.NDArray[np.float32]] = []
    right: list[npt.NDArray[np.bool_]] = []

    def watch(found: Found) -> None:
        rows.append(found.features)
        right.append(found.hypotheses.signature == truth[found.hypotheses.ask])

    run(ready.facts, ready.lessons, Policy(trees=trees, watch=watch))
    return np.concatenate(rows), np.concatenate(right)


def as_ledger(case: Case, seed: int) -> Case:
    """The same as a ledger shows it: each receipt stands on a customer's account, half of the texts say nothing."""
    owner = case.truth.join(case.book.items.select("item_id", "customer_id"), on="item_id")
    owner = owner.group_by("receipt_id").agg(pl.col("customer_id").sort_by(pl.col("amount").abs()).last())
    silent = pl.Series(np.random.default_rng(seed).random(case.book.receipts.height) < 0.5)
    nothing = pl.lit(None, dtype=pl.String)
    rows = case.book.receipts.drop("customer_id").join(owner, on="receipt_id", how="left", maintain_order="left")
    rows = rows.with_columns(
        origin=pl.lit("ledger"),
        remittance=pl.when(silent).then("payer_name").otherwise("remittance"),
        payer_name=nothing,
        payer_account=nothing,
        end_to_end_id=nothing,
    )
    return replace(case, book=case.book.replace(receipts=TABLES["receipts"].conform(rows)))


def _signatures(case: Case, receipts: pl.DataFrame, items: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The number that `features.signatures` gives to the true set of each receipt; 0 where nothing is true."""
    place = items.select("item_id", place=pl.int_range(pl.len()))
    lines = case.truth.join(place, on="item_id").join(receipts.select("receipt_id", "row"), on="receipt_id")
    lines = lines.group_by("row", "place").agg(pl.col("amount").sum())
    item, pay = lines["place"].to_numpy().astype(np.int64), lines["amount"].to_numpy()
    found = np.zeros(receipts.height, dtype=np.int64)
    np.add.at(found, lines["row"].to_numpy(), (item + 1) * 1_000_003 ^ pay * 7_919)
    return found


def fit(features: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], trees: int) -> lightgbm.Booster:
    """Boosted trees that say how probable a hypothesis is."""
    sign = [1 if name in _FOR else -1 if name in _AGAINST else 0 for name in FEATURES]
    data = lightgbm.Dataset(features, label=right, feature_name=list(FEATURES))
    return lightgbm.train({**_SETTINGS, "monotone_constraints": sign}, data, num_boost_round=trees)


def as_text(model: lightgbm.Booster) -> dict[str, list[Any]]:
    """The model in the arrays of `score.Trees`."""
    found: dict[str, list[Any]] = {"features": list(FEATURES), "root": []}
    found |= {name: [] for name in ("feature", "bound", "left", "right", "value")}
    for tree in model.dump_model()["tree_info"]:
        found["root"].append(len(found["feature"]))
        _write(tree["tree_structure"], found)
    return found


def _write(node: dict[str, Any], found: dict[str, list[Any]]) -> int:
    place = len(found["feature"])
    leaf = "leaf_value" in node
    found["feature"].append(-1 if leaf else node["split_feature"])
    # Bounds lie between two values: rounded up to what a float32 holds they part the same rows.
    found["bound"].append(0.0 if leaf else float(f"{node['threshold']:.7g}"))
    found["value"].append(round(node["leaf_value"], 5) if leaf else 0.0)
    found["left"].append(0)
    found["right"].append(0)
    if not leaf:
        found["left"][place] = _write(node["left_child"], found)
        found["right"][place] = _write(node["right_child"], found)
    return place


def gather(
    cases: int, receipts: int, trees: scoring.Trees | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """The examples of so many cases, profiles and modes in turn."""
    names = ("standard", "standard", "hard", "easy")
    parts = []
    for turn in range(cases):
        profile = drawn(PROFILES[names[turn % len(names)]], _FIRST_SEED + turn)
        case = generate(profile, receipts * (1 + turn % 3), MODES[turn // len(names) % 2], _FIRST_SEED + turn)
        parts.append(examples(as_ledger(case, turn) if turn % 5 == 4 else case, trees))  # one in five
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([right for _, right in parts])


def main(argv: list[str] | None = None) -> int:
    """Trains twice: the second time on the path that the first model takes."""
    call = arguments("The prior of matching, trained on generated books", argv, options={
        "--cases": {"type": int, "default": 24}, "--trees": {"type": int, "default": 120},
    })  # fmt: skip
    trees = None if _OUT.exists() else scoring.trees_of({**as_text(_first()), "features": list(FEATURES)})
    for _ in range(2):
        features, right = gather(call.extra["cases"], call.scaled(2_000), trees)
        model = fit(features, right, call.extra["trees"])
        trees = scoring.trees_of(as_text(model))
        probable = scoring.score(features, trees)
        print(f"{len(right)} hypotheses, {right.mean():.3f} right, mean confidence {probable.mean():.3f}")
        gain = sorted(zip(model.feature_importance("gain"), FEATURES, strict=True), reverse=True)
        print(", ".join(f"{name} {value:.0f}" for value, name in gain[:20]))
    _OUT.write_text(json.dumps(as_text(model), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{_OUT.name}: {_OUT.stat().st_size / 1_000:.0f} kB")
    return 0


def _first() -> lightgbm.Booster:
    """Something to begin with: prefers quotes to amounts, and fewer ways to more."""
    rows = np.random.default_rng(1).integers(0, 3, size=(4_000, len(FEATURES))).astype(np.float32)
    rows[:, PLACE["family"]] = np.repeat([10, 24, 40, 60], 1_000)
    right = (rows[:, PLACE["family"]] < 20) | ((rows[:, PLACE["family"]] == 40) & (rows[:, PLACE["ways"]] < 2))
    return fit(rows, right, 5)


if __name__ == "__main__":
    raise SystemExit(main())
