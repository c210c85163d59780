"""How claims stand beside each other: items apart from amounts, and what posts without supposing a cause."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import propose
from encours.core.matching.certainty import compare, item_sets, left_open
from encours.core.matching.claims import Hypotheses
from encours.core.matching.score import COMPARED

_FAMILIES = 4
_CODES = np.array([10, 18, 24, 40])
_DEDUCTS = np.array([False, True, False, False])

one_hypothesis = st.tuples(
    st.integers(0, 3),  # receipt
    st.integers(0, _FAMILIES - 1),
    st.dictionaries(st.integers(0, 3), st.integers(1, 3), min_size=1, max_size=3),  # item -> what is taken off it
    st.integers(0, 20).map(lambda n: n / 20),
    st.integers(0, 1),  # gap
)


def of(rows: list[tuple[int, int, dict[int, int], float, int]]) -> tuple[Hypotheses, np.ndarray]:
    """The rows as the engine holds them, and their scores."""
    start = np.cumsum([0, *(len(row[2]) for row in rows)]).astype(np.int64)
    small = np.zeros(len(rows), np.int32)
    pays = [sorted(row[2].items()) for row in rows]
    signatures = {tuple(lines): place + 1 for place, lines in enumerate(pays)}
    made = Hypotheses(
        ask=np.array([row[0] for row in rows], np.int32),
        family=np.array([row[1] for row in rows], np.int32),
        customer=small,
        reason=small,
        ways=small,
        grade=small,
        gap=np.array([row[4] for row in rows], np.int64),
        signature=np.array([signatures[tuple(lines)] for lines in pays], np.int64),
        start=start,
        item=np.array([item for lines in pays for item, _ in lines], np.int32),
        pay=np.array([pay for lines in pays for _, pay in lines], np.int64),
    )
    return made, np.array([row[3] for row in rows])


def slow(rows: list[tuple[int, int, dict[int, int], float, int]]) -> list[list[float]]:
    """The same by sets and dictionaries."""
    found = []
    for ask in sorted({row[0] for row in rows}):
        mine = sorted((row for row in rows if row[0] == ask), key=lambda row: -row[3])
        best = mine[0]
        same = [row[3] for row in mine if row[2].keys() == best[2].keys() and row[2] != best[2]]
        other = [row for row in mine if row[2].keys() != best[2].keys()]
        strongest = max(other, key=lambda row: row[3], default=None)
        code = 0 if strongest is None or strongest[3] == 0 else int(_CODES[strongest[1]])
        agree = sum(row[2] == best[2] for row in mine)
        top = strongest[3] if strongest else 0.0
        found.append([best[3], max(same, default=0.0), top, sum(row[3] for row in other), code, agree, len(mine)])
    return found


@given(st.lists(one_hypothesis, min_size=1, max_size=12))
def test_a_claim_beside_the_others_is_what_the_slow_way_says(
    rows: list[tuple[int, int, dict[int, int], float, int]],
) -> None:
    hypotheses, score = of(rows)
    order = np.lexsort((-score, hypotheses.ask))
    sets = item_sets(hypotheses.start, hypotheses.item)
    assert [[row[2].keys() == other[2].keys() for other in rows] for row in rows] == (
        sets[:, None] == sets[None, :]
    ).tolist()
    told, expected = compare(hypotheses, sets, score, _CODES, order), np.array(slow(rows))
    assert np.allclose(np.delete(told, 4, axis=1), np.delete(expected, 4, axis=1), atol=1e-5)
    for row, code, ask in zip(told, told[:, 4], sorted({row[0] for row in rows}), strict=True):
        of_ask = [other for other in rows if other[0] == ask and np.isclose(other[3], row[2], atol=1e-5)]
        named = {int(_CODES[other[1]]) for other in of_ask} if row[2] > 0 else {0}
        assert int(code) in named, "of rivals that are equally sure any may be named"
    assert len(COMPARED) == len(slow(rows)[0])


@given(st.lists(one_hypothesis, min_size=1, max_size=12))
def test_what_posts_instead_settles_the_same_items_and_deducts_nothing(
    rows: list[tuple[int, int, dict[int, int], float, int]],
) -> None:
    hypotheses, score = of(rows)
    order = np.lexsort((-score, hypotheses.ask))
    instead = left_open(hypotheses, item_sets(hypotheses.start, hypotheses.item), order, _DEDUCTS)
    for place, ask in enumerate(sorted({row[0] for row in rows})):
        best = rows[order[np.flatnonzero(hypotheses.ask[order] == ask)[0]]]
        could = [
            row
            for row in rows
            if row[0] == ask and row[2].keys() == best[2].keys() and not _DEDUCTS[row[1]] and row[4] == 0
        ]
        chosen = instead[place]
        assert bool(chosen >= 0) is (bool(_DEDUCTS[best[1]]) and bool(could))
        assert chosen < 0 or rows[chosen] in could


def proposed(text: str, certified: float | None) -> tuple[dict[str, object], dict[str, int]]:
    """The decision on 988.00 for an invoice of 1,000.00 that the text quotes, and what it takes off it by kind."""
    of_one = book(
        [item("FA2600123", 100_000)],
        [receipt("r", 98_800, text, payer_name="c1")],
    )
    found = propose(of_one, DAY + timedelta(days=60), certified=certified)
    kinds = dict(found.allocations.select("kind", "amount").iter_rows())
    return found.decisions.row(0, named=True), kinds


def test_a_supposed_charge_is_shown_to_a_person() -> None:
    decision, kinds = proposed("VIR FACTURE FA2600123", None)
    assert (decision["decision"], decision["rule"], kinds) == (
        "review",
        "quoted_charge",
        {"cash": 98_800, "charge": 1_200},
    )
    assert "the difference may have another cause" in str(decision["reason"])
    assert "; the next best: a part of what is quoted, the same items, confidence 0." in str(decision["reason"])


def test_what_posts_by_itself_leaves_a_supposed_charge_open() -> None:
    decision, kinds = proposed("VIR FACTURE FA2600123", 0.5)
    assert (decision["decision"], decision["rule"], kinds) == ("auto", "quoted_part", {"cash": 98_800})
    assert "what stays open may be a bank charge" in str(decision["reason"])
    assert "; the next best: what is quoted less a bank charge, the same items, " in str(decision["reason"])


def test_the_next_best_is_told() -> None:
    numbered = enumerate((30_000, 40_000, 50_000, 20_000))
    items = [item(f"FA260012{n}", open_, due_on=DAY + timedelta(days=30 + n)) for n, open_ in numbered]
    of_four = book(items, [receipt("r", 70_000, "VIR RECU", payer_name="c1")])
    decision = propose(of_four, DAY + timedelta(days=60)).decisions.row(0, named=True)
    assert (decision["decision"], decision["rule"]) == ("review", "due_until")
    assert "; the next best: two that sum to it, 2 items, confidence 0." in str(decision["reason"])


def test_nothing_is_next_where_the_rest_is_improbable() -> None:
    decision = propose(
        book([item("FA2600123", 30_000), item("FA2600124", 40_000)], [receipt("r", 30_000, "VIR FA2600123")]),
        DAY + timedelta(days=60),
    ).decisions.row(0, named=True)
    assert decision["decision"] == "auto"
    assert "next best" not in str(decision["reason"])


def test_a_charge_that_the_payer_speaks_of_is_booked() -> None:
    decision, kinds = proposed("VIR FACTURE FA2600123 FRAIS DEDUITS", 0.5)
    assert (decision["decision"], decision["rule"], kinds) == (
        "auto",
        "quoted_charge",
        {"cash": 98_800, "charge": 1_200},
    )
