"""Ways in which items make up an amount: what a search through all subsets finds, each once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from encours.core.matching.ways import Part, ways

DAY = date(2026, 3, 1)


def parts(*opens: int, customer: str = "1") -> list[Part]:
    return [Part(f"i{n}", customer, DAY + timedelta(n), amount) for n, amount in enumerate(opens)]


@given(
    st.lists(st.tuples(st.integers(-4, 9).filter(bool), st.integers(0, 1), st.sampled_from("ab")), max_size=7),
    st.integers(1, 20),
)
def test_all_ones_twos_and_threes_are_found(drawn: list[tuple[int, int, str]], money: int) -> None:
    given_ = [
        Part(f"i{n}", customer, DAY + timedelta(n), amount, discount if amount > 2 else 0)
        for n, (amount, discount, customer) in enumerate(drawn)
    ]
    expected = {
        frozenset(part.item_id for part in few)
        for size in (1, 2, 3)
        for few in combinations(given_, size)
        if len({part.customer_id for part in few}) == 1
        and any(sum(worth) == money for worth in product(*(part.worth for part in few)))
    }
    for customer in "ab":
        own = [part for part in given_ if part.customer_id == customer]
        for count in range(1, len(own) + 1):
            if sum(part.open for part in own[:count]) == money:
                expected.add(frozenset(part.item_id for part in own[:count]))
    found = ways(given_, money, 1_000)
    assert {frozenset(ids) for ids in found} == expected
    assert len(found) == len(expected), "each once"


def test_the_fewest_and_the_oldest_stand_first() -> None:
    assert ways(parts(40, 60, 100, 30, 70), 100, 9) == [("i2",), ("i0", "i1"), ("i3", "i4")]
    assert ways(parts(40, 60, 100, 30, 70), 100, 1) == [("i2",)]
    assert ways(parts(10, 20, 30, 40), 100, 9) == [("i0", "i1", "i2", "i3")]


def test_a_note_and_a_discount_count() -> None:
    assert ways(parts(120, -20), 100, 9) == [("i0", "i1")]
    assert ways([Part("i0", "1", DAY, 1_000, 20)], 980, 9) == [("i0",)]
    assert ways([*parts(50), Part("j", "2", DAY, 50)], 100, 9) == [], "two customers are no way"
