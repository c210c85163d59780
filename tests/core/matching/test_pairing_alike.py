"""How many others fit as well: the counts against the slow way, which goes through every pair of pairs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from encours.core.matching.pairing import Pair, _rank, _with_alike
from encours.core.matching.remittance import BATCH, Line, Remittance


def _remittance(keys: frozenset[int]) -> Remittance:
    lines = tuple(Line(f"L{key}", 100, -1) for key in sorted(keys))
    return Remittance("B", BATCH, 0, 0, 100 * len(keys), 0, 9, lines)


_LINES = st.frozensets(st.integers(0, 5), min_size=1, max_size=4)
_FITS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans(), st.sampled_from([0, 0, 7]), st.booleans())


@given(st.lists(_LINES, min_size=5, max_size=5), st.lists(_FITS, max_size=14, unique_by=lambda fit: fit[:2]))
def test_the_counts_are_those_of_the_slow_way(
    lines: list[frozenset[int]], fits: list[tuple[int, int, bool, int, bool]]
) -> None:
    ones = [_remittance(keys) for keys in lines]
    found = [Pair(ones[one], (row,), named, gap, None, fitting) for one, row, named, gap, fitting in fits]
    assert [pair.alike for pair in _with_alike(found)] == [_slowly(pair, found) for pair in found]


def _slowly(pair: Pair, found: list[Pair]) -> int:
    mine = {line.key for line in pair.remittance.lines}
    count = 0
    for other in found:
        theirs = {line.key for line in other.remittance.lines}
        same_money = other.rows == pair.rows and theirs != mine
        same_lines = other.rows != pair.rows and bool(theirs & mine)
        count += (same_money or same_lines) and _rank(other) == _rank(pair)
    return count
