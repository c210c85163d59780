"""The hash table of spellings: what is in it is found, also where it is so large that two threads fill it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from encours.core.matching.references.bytes import make_texts
from encours.core.matching.references.keys import make_table
from encours.core.matching.references.scan import scan

#: A table of so many numbers has one room; one of so many has two.
_SMALL, _LARGE = 3_000, 400_000


def _numbers(count: int) -> pl.Series:
    """Every tenth number is borne by two items."""
    place = pl.int_range(count)
    return pl.select(pl.format("F{}X", place - (place % 10 == 9).cast(pl.Int64) + 100_000)).to_series()


@pytest.mark.parametrize("count", [1, 7, _SMALL, _LARGE])
def test_every_number_is_found_with_its_namesakes_and_no_other(count: int) -> None:
    numbers = _numbers(count)
    none = pl.Series([None], dtype=pl.String).new_from_index(0, count)
    items = pl.DataFrame({"number": numbers} | dict.fromkeys(
        ("payment_reference", "order_ref", "purchase_order", "delivery_ref"), none))  # fmt: skip
    table = make_table(items, make_texts(numbers))
    asked = [*list(range(0, count, max(1, count // 500))), count - 1]
    texts = [*numbers.gather(asked).to_list(), "F99999999X"]
    marks, _ = scan(make_texts(pl.Series(texts)), np.zeros(len(texts), np.int32), table, np.zeros(count, np.int32))
    for text, number in enumerate(texts):
        quotes = {
            int(item)
            for mark in range(marks.start[text], marks.start[text + 1])
            for item in marks.item[marks.first[mark] : marks.last[mark]]
        }
        near = range(max(0, asked[text] - 1), min(count, asked[text] + 2)) if text < len(asked) else range(0)
        assert quotes == {place for place in near if numbers[place] == number}


def test_of_a_text_that_spells_another_entitys_number_all_that_it_spells_is_told() -> None:
    numbers = pl.Series(["A10001", "B20002", "C30003"])
    none = pl.Series([None, None, None], dtype=pl.String)
    items = pl.DataFrame({"number": numbers} | dict.fromkeys(
        ("payment_reference", "order_ref", "purchase_order", "delivery_ref"), none))  # fmt: skip
    texts = make_texts(pl.Series(["A10001", "C30003", "A10001 B 20002", "C30003 A10001", ""]))
    owner = np.array([0, 0, 1], np.int32)
    _, strangers = scan(texts, np.array([0, 0, 0, 1, 1], np.int32), make_table(items, make_texts(numbers)), owner)
    assert list(zip(strangers.row.tolist(), strangers.item.tolist(), strict=True)) == [(1, 2), (3, 2), (3, 0)]


def test_a_number_that_thousands_bear_tells_nothing_of_another_entity() -> None:
    numbers = pl.Series(["2026X"] * 2_000 + ["B20002"])
    none = pl.Series([None], dtype=pl.String).new_from_index(0, len(numbers))
    items = pl.DataFrame({"number": numbers} | dict.fromkeys(
        ("payment_reference", "order_ref", "purchase_order", "delivery_ref"), none))  # fmt: skip
    texts = make_texts(pl.Series(["2026X", "B20002", "B20002 2026X"]))
    owner = np.ones(len(numbers), np.int32)
    _, strangers = scan(texts, np.zeros(3, np.int32), make_table(items, make_texts(numbers)), owner)
    assert list(zip(strangers.row.tolist(), strangers.item.tolist(), strict=True)) == [(1, 2_000)]
