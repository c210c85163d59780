"""Learns one model of payment days from a book's own past: boosted trees on daily hazards, with censoring.

Every row is an item that is unpaid in the morning of a day (or of some days far from the due date); the tree says how
probable it is that it is paid on it. Items still open take part with the days they have stood open: learning from paid
ones alone would find everybody prompt. Discrete-time survival as in Singer and Willett (1993).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from encours.core.base.issue import CallError
from encours.core.base.trees import Trees, chances, nodes_of, trees_of
from encours.core.behaviour.grid import CELL_OF, CELLS, END, FIRST, Bools, Float64
from encours.core.behaviour.looks import Examples, drawn_looks, examples
from encours.core.behaviour.rows import FEATURES, Rows
from encours.core.behaviour.study import Study

if TYPE_CHECKING:
    pass

#: Fewer payments than this make no model: the payers' own hazards are read instead.
LEAST_PAYMENTS = 1_000
_TREES = 120
#: So many rows count for the model as much as what is usual of late items.
_TRUST_ROWS = 300.0
#: Days after the due date from which an item is late beyond any habit of counting days; and how many days such an item
#: usually waits, where a book says nothing.
_LATE, _USUAL_WAIT = 7, 40.0
#: Days after the due date (or from now on) up to which items are asked about together; a chance of being unpaid that is
#: not worth another question.
_STAGES, _FORGOTTEN = (5.0, 12.0, 25.0), 0.008
#: Up to this share of payments, those on closed days are not worth asking the trees: a quarter of all rows.
_RARE = 0.005
_DAY, _LENGTH, _WORKING = (FEATURES.index(name) for name in ("day", "length", "working"))
#: Rows of a leaf: at least, and no more than.
_LEAF = (100, 300)
_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_threads": 1,  # two were slower
    "learning_rate": 0.1,
    "num_leaves": 31,
    "lambda_l2": 5.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "verbose": -1,
}


class Learnt(NamedTuple):
    """The trees, and how far they can be trusted after the due date.

    `nodes`: the trees as they are kept (see `trees_of`). `rows`: by cell of the grid, how many rows were learnt from;
    `late`: chance a day that an item over a week late is paid. A book of three months has seen nobody four months late:
    trees would say "never". `closed`: chance of a payment on a day that banks do not work, where it is too small to be
    asked about (None: it is not).
    """

    trees: Trees
    nodes: Mapping[str, list[Any]]
    rows: Float64
    late: float
    closed: float | None


def learn_trees(study: Study, now: int | None = None, seed: int = 1) -> Learnt | None:
    """The hazard model of a book by what was known on day `now` (the studied day where it is None).

    None where fewer than LEAST_PAYMENTS payments were known by then.
    """
    now = study.day if now is None else now
    if study.payments_by(now) < LEAST_PAYMENTS:
        return None
    lightgbm = _learner()
    found = examples(study, *drawn_looks(study, now, seed), now)
    features, paid = found.rows.features[found.keep], found.paid[found.keep]
    if not paid.any():
        return None
    data = lightgbm.Dataset(features, label=paid, feature_name=list(FEATURES), free_raw_data=True)
    leaf = {"min_data_in_leaf": int(np.clip(len(paid) / 2_000, *_LEAF))}
    model = lightgbm.train(_SETTINGS | leaf, data, num_boost_round=_TREES)
    nodes = nodes_of(model.dump_model())
    return Learnt(trees_of(nodes), nodes, *_support(found))


def _learner() -> Any:
    """LightGBM: 60 MB that only learning needs; who predicts with a learnt model never loads it.

    Raises CallError where it is not there, or its OpenMP library is not.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as fault:
        raise CallError(
            [
                f"LightGBM cannot be loaded ({fault}): "
                "install libgomp1 (Debian, Ubuntu), libgomp (Fedora) or libomp (macOS)"
            ]
        ) from fault
    return lightgbm


def hazards(found: Rows, learnt: Learnt) -> Float64:
    """The chance of payment in each row; where little was seen after the due date, that of any late item.

    The trees are asked about the days around the due date first, and about later ones only of items that are likely
    enough to be unpaid then: most rows of most items are about days that they will not see.
    """
    day, count = found.features[:, _DAY], np.diff(found.first)
    soonest = np.repeat(day[np.minimum(found.first[:-1], max(0, len(day) - 1))], count)
    ahead = day - np.maximum(soonest, 0)
    said = np.asarray(1.0 - (1.0 - learnt.late) ** found.length, dtype=np.float64)
    any_late, left, some = said.copy(), np.ones(len(count)), count > 0
    for begin, end in zip((-np.inf, *_STAGES), (*_STAGES, np.inf), strict=True):
        band = (ahead > begin) & (ahead <= end)
        asked = band & (np.repeat(left, count) > _FORGOTTEN)
        said[asked] = _trusted(found, asked, learnt, any_late)[asked]
        unpaid = np.where(band, np.log1p(-np.minimum(said, 1 - 1e-9)), 0.0)
        left[some] *= np.exp(np.add.reduceat(unpaid, found.first[:-1][some])) if some.any() else 1.0
    return said


def _trusted(found: Rows, where: Bools, learnt: Learnt, any_late: Float64) -> Float64:
    """What the trees say of some rows, less where they have seen little; of the others what is usual of late items."""
    said, asked = any_late.copy(), where
    if learnt.closed is not None:
        shut = found.features[:, _WORKING] == 0
        said[shut], asked = learnt.closed, where & ~shut
    said[asked] = chances(found.features[asked], learnt.trees, threads=False)
    day = found.features[:, _DAY].astype(np.int64)
    rows = learnt.rows[CELL_OF[np.clip(day, FIRST, END - 1) - FIRST]]
    trust = np.where(day > 0, rows / (rows + _TRUST_ROWS), 1.0)
    blended: Float64 = trust * said + (1.0 - trust) * any_late
    return blended


def _support(found: Examples) -> tuple[Float64, float, float | None]:
    """`rows`, `late` and `closed` of Learnt."""
    features = found.rows.features[found.keep]
    day = features[:, _DAY].astype(np.int64)
    rows = np.bincount(CELL_OF[np.clip(day, FIRST, END - 1) - FIRST], minlength=CELLS).astype(np.float64)
    late = day > _LATE
    days = features[late, _LENGTH].sum()
    paid = found.paid[found.keep]
    shut = features[:, _WORKING] == 0
    closed = float(paid[shut].mean()) if shut.any() else 0.0
    rare = paid[shut].sum() <= _RARE * paid.sum()
    return rows, float((paid[late].sum() + 1.0) / (days + _USUAL_WAIT)), closed if rare else None
