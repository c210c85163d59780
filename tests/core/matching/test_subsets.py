"""Counting sets that sum to an amount: the compiled counters agree with brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.matching.families._sets import count_pairs, count_subsets, count_triples

_VALUES = st.lists(st.sampled_from([100, 200, 300, 250, 999, -100, -50, 1]), min_size=1, max_size=12)


def _brute(values: list[int], target: int, sizes: range) -> list[tuple[int, ...]]:
    places = range(len(values))
    return [
        chosen for size in sizes for chosen in combinations(places, size) if sum(values[n] for n in chosen) == target
    ]


@settings(max_examples=150, deadline=None)
@given(_VALUES, st.integers(-200, 1500))
def test_every_subset_is_counted_and_the_smallest_is_shown(values: list[int], target: int) -> None:
    wanted = _brute(values, target, range(1, len(values) + 1))
    ways, mask = count_subsets(np.array(values, dtype=np.int64), target)
    assert ways == len(wanted)
    if ways:
        chosen = tuple(n for n in range(len(values)) if mask >> n & 1)
        assert chosen in wanted
        assert len(chosen) == len(wanted[0])


@settings(max_examples=150, deadline=None)
@given(_VALUES, st.integers(-200, 1500))
def test_every_pair_and_triple_is_counted(values: list[int], target: int) -> None:
    values = sorted(values)
    array = np.array(values, dtype=np.int64)
    ways, *pair = count_pairs(array, target)
    pairs = _brute(values, target, range(2, 3))
    assert ways == len(pairs)
    assert not ways or tuple(sorted(pair)) in pairs
    ways, *triple = count_triples(array, target)
    triples = _brute(values, target, range(3, 4))
    assert ways == len(triples)
    assert not ways or tuple(sorted(triple)) in triples
