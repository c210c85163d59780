"""Trains the prior of matching on generated books of known truth and writes it as text into the package.

`python -m benchmarks.matching.train` takes some minutes. Two models: one scores hypotheses, each to the cent; the other
says of the best one beside the others how sure its items are, and learns on books that the first has not seen. Profiles
are drawn around the three named ones, so that the models lean on no single mix; seeds lie apart from those that the
benchmark is run with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.harness import arguments
from benchmarks.matching.generate import MODES, Case, generate
from benchmarks.matching.profile import PROFILES, TAUGHT, Profile, with_extras
from encours.core.base.schema import TABLES
from encours.core.base.trees import nodes_of
from encours.core.matching import score as scoring
from encours.core.matching.certainty import item_sets
from encours.core.matching.engine import run
from encours.core.matching.features import FEATURES, PLACE
from encours.core.matching.policy import Claims, Policy, Rows
from encours.core.matching.prepare import prepare
from encours.core.matching.search import Found

PROVES = False
_OUT = Path(scoring.__file__).with_name("prior.json")
#: Of the books that hypotheses are learned on, and of those that claims are.
_FIRST_SEED, _CLAIM_SEED = 1_000, 20_000
#: Patterns that the models do not learn from.
_UNTAUGHT = ("withholding", "retention")
#: Days that a ledger without due dates is read with.
_TERMS = (30, 45, 60)
#: Features and truth of hypotheses or claims, row by row.
Examples = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
#: What may only speak for a hypothesis, and what only against it: keeps the model sane on books unlike these.
_FOR = ("by_number", "stands_on", "account_own", "account_learned", "name_exact", "customer_number", "likeness")
_AGAINST = ("ways", "dead", "late", "elsewhere", "by_slip", "rivals", "rival_customers", "namesakes", "twin", "partly")
_CLAIM_FOR, _CLAIM_AGAINST = (*_FOR, "score"), (*_AGAINST, "other_items", "others")
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
#: Few claims stand beside each other, and what posts hangs on the last one in a thousand: finer trees, slower steps.
_CLAIM_SETTINGS = {**_SETTINGS, "learning_rate": 0.06, "num_leaves": 31, "min_data_in_leaf": 150}


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
    if chance.random() >= 0.3:
        return mixed
    extra = with_extras(mixed, 0.01, TAUGHT)
    # Withheld and retained shares are a few round rates in these books: a model would take every such gap for one.
    shares = {**extra.patterns, **dict.fromkeys(_UNTAUGHT, 0.0)}
    total = sum(shares.values())
    return replace(extra, patterns={name: share / total for name, share in shares.items()})


def examples(case: Case, trees: scoring.Trees | None) -> Examples:
    """Features and truth of every hypothesis that the engine weighs on its way through a case."""
    ready = prepare(case.book, case.book.last_day())
    truth = _signatures(case, ready.receipts, ready.items)
    rows: list[npt.NDArray[np.float32]] = []
    right: list[npt.NDArray[np.bool_]] = []

    def watch(found: Found) -> None:
        rows.append(found.features)
        right.append(found.hypotheses.signature == truth[found.hypotheses.ask])

    run(ready.facts, ready.lessons, Policy(trees=trees, weigh=_by_score, watch=watch))
    return np.concatenate(rows), np.concatenate(right)


def claims(case: Case, trees: scoring.Trees | None, certainty: scoring.Trees | None) -> Examples:
    """The same of every claim that no proof decides: right where its items are the true ones, all and no other."""
    ready = prepare(case.book, case.book.last_day())
    truth = _item_sets(case, ready.receipts, ready.items)
    rows: list[npt.NDArray[np.float32]] = []
    right: list[npt.NDArray[np.bool_]] = []

    def watch(found: Claims) -> None:
        rows.append(found.rows)
        right.append(found.sets == truth[found.ask])

    weigh = _by_score if certainty is None else lambda found: scoring.score(found, certainty)
    run(ready.facts, ready.lessons, Policy(trees=trees, weigh=weigh, watch_claims=watch))
    return np.concatenate(rows), np.concatenate(right)


def _by_score(rows: Rows) -> npt.NDArray[np.float64]:
    return rows[:, scoring.CLAIM_FEATURES.index("score")].astype(np.float64)


def as_ledger(case: Case, seed: int) -> Case:
    """The same as a ledger shows it: each receipt stands on a customer's account, half of the texts say nothing, and no
    item says when it is due."""
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
    items = case.book.items.with_columns(due_on=pl.col("issued_on") + pl.duration(days=_TERMS[seed % len(_TERMS)]))
    return replace(case, book=case.book.replace(items=items, receipts=TABLES["receipts"].conform(rows)))


def as_early(case: Case, seed: int) -> Case:
    """The same where due dates lie elsewhere, by customer: some pay weeks before, some long after."""
    chance = np.random.default_rng(seed)
    owners = case.book.items["customer_id"].unique().sort()
    days = pl.DataFrame({"customer_id": owners, "days": chance.integers(-30, 60, len(owners), endpoint=True)})
    moved = case.book.items.join(days, on="customer_id", how="left", maintain_order="left")
    due = pl.max_horizontal(pl.col("due_on") + pl.duration(days="days"), "issued_on")
    return replace(case, book=case.book.replace(items=moved.with_columns(due_on=due).drop("days")))


def as_bare(case: Case, seed: int) -> Case:
    """The same where half of the receipts say neither who paid nor from which account."""
    bare = pl.Series(np.random.default_rng(seed).random(case.book.receipts.height) < 0.5)
    hidden = {name: pl.when(~bare).then(name) for name in ("payer_name", "payer_account")}
    return replace(case, book=case.book.replace(receipts=case.book.receipts.with_columns(**hidden)))


def _item_sets(case: Case, receipts: pl.DataFrame, items: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The number that `certainty.item_sets` gives to the true items of each receipt; 0 where nothing is true."""
    place = items.select("item_id", place=pl.int_range(pl.len()))
    lines = case.truth.join(place, on="item_id").join(receipts.select("receipt_id", "row"), on="receipt_id")
    paid = lines.group_by("row", "place").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort("row", "place")
    start = np.searchsorted(paid["row"].to_numpy(), np.arange(receipts.height + 1)).astype(np.int64)
    return item_sets(start, paid["place"].to_numpy().astype(np.int32))


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
    """Boosted trees that say how probable a hypothesis is, or a claim."""
    of_claims = features.shape[1] == len(scoring.CLAIM_FEATURES)
    names = scoring.CLAIM_FEATURES if of_claims else FEATURES
    speaks_for, against = (_CLAIM_FOR, _CLAIM_AGAINST) if of_claims else (_FOR, _AGAINST)
    sign = [1 if name in speaks_for else -1 if name in against else 0 for name in names]
    data = lightgbm.Dataset(features, label=right, feature_name=list(names))
    settings = _CLAIM_SETTINGS if of_claims else _SETTINGS
    return lightgbm.train({**settings, "monotone_constraints": sign}, data, num_boost_round=trees)


def as_text(model: lightgbm.Booster) -> dict[str, list[Any]]:
    """The model in the lists of `score.trees_of`: digits that a float32 needs, log odds in hundred-thousandths."""
    nodes = nodes_of(model.dump_model())
    nodes["bound"] = [float(f"{bound:.9g}") for bound in nodes["bound"]]
    nodes["value"] = [round(value, 5) for value in nodes["value"]]
    return {"features": model.feature_name(), **nodes}


def gather(cases: int, receipts: int, first_seed: int, watched: Callable[[Case], Examples]) -> Examples:
    """The examples of so many cases, profiles and modes in turn."""
    names = ("standard", "standard", "hard", "easy")
    parts = []
    for turn in range(cases):
        seed = first_seed + turn
        profile = drawn(PROFILES[names[turn % len(names)]], seed)
        case = generate(profile, receipts * (1 + turn % 3), MODES[turn // len(names) % 2], seed)
        parts.append(watched(_SHOWN.get(turn % 5, _as_it_is)(case, seed)))
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([right for _, right in parts])


def _as_it_is(case: Case, seed: int) -> Case:
    return case


#: Of five books one is shown as a ledger does, one with payers unknown, one with other due dates.
_SHOWN = {1: as_early, 2: as_bare, 4: as_ledger}


def main(argv: list[str] | None = None) -> int:
    """Trains each twice: the second time on the path that the first model takes."""
    call = arguments("The prior of matching, trained on generated books", argv, options={
        "--cases": {"type": int, "default": 48}, "--trees": {"type": int, "default": 120},
        "--claim-cases": {"type": int, "default": 96}, "--claim-trees": {"type": int, "default": 300},
    })  # fmt: skip
    cases, receipts = call.extra["cases"], call.scaled(3_000)
    trees, certainty = scoring.trees_of(as_text(_first())), None
    for _ in range(2):
        model = _fitted(gather(cases, receipts, _FIRST_SEED, partial(examples, trees=trees)), call.extra["trees"])
        trees = scoring.trees_of(as_text(model))
    for _ in range(2):
        watched = partial(claims, trees=trees, certainty=certainty)
        found = gather(call.extra["claim_cases"], receipts, _CLAIM_SEED, watched)
        second = _fitted(found, call.extra["claim_trees"])
        certainty = scoring.trees_of(as_text(second), scoring.CLAIM_FEATURES)
    both = {"hypotheses": as_text(model), "claims": as_text(second)}
    _OUT.write_text(json.dumps(both, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{_OUT.name}: {_OUT.stat().st_size / 1_000:.0f} kB")
    return 0


def _fitted(found: Examples, trees: int) -> lightgbm.Booster:
    features, right = found
    model = fit(features, right, trees)
    print(f"{len(right)} rows, {right.mean():.3f} right", flush=True)
    gain = sorted(zip(model.feature_importance("gain"), model.feature_name(), strict=True), reverse=True)
    print(", ".join(f"{name} {value:.0f}" for value, name in gain[:20]), flush=True)
    return model


def _first() -> lightgbm.Booster:
    """Something to begin with: prefers quotes to amounts, and fewer ways to more."""
    rows = np.random.default_rng(1).integers(0, 3, size=(4_000, len(FEATURES))).astype(np.float32)
    rows[:, PLACE["family"]] = np.repeat([10, 24, 40, 60], 1_000)
    right = (rows[:, PLACE["family"]] < 20) | ((rows[:, PLACE["family"]] == 40) & (rows[:, PLACE["ways"]] < 2))
    return fit(rows, right, 5)


if __name__ == "__main__":
    raise SystemExit(main())
