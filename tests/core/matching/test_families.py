"""Every family on small accounts: money adds up, nothing is invented, and a slow twin counts the same ways."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.matching.families import families
from encours.core.matching.family import Family, no_fits
from encours.core.matching.views import Views

#: left, due, issued, discount, quote of each entry; and the amount.
Account = tuple[list[tuple[int, int, int, int, int]], int]
_DAY = 20_000
_FAMILIES = {family.name: family for family in families()}


def _view(account: Account) -> Views:
    entries, amount = account
    count = len(entries)
    left, due, issued, discount, quote = (list(column) for column in zip(*entries, strict=True))

    def one(value: int, dtype: Any = np.int32) -> Any:
        return np.array([value], dtype=dtype)

    return Views(
        ask=one(0), amount=one(amount, np.int64), day=one(_DAY), shape=one(0, np.int8), customer=one(0), reason=one(1),
        likeness=one(1000), taught=one(0), nominees=one(1), dead=one(0), late=one(0), elsewhere=one(0),
        start=np.array([0, count], dtype=np.int64), item=np.arange(count, dtype=np.int32),
        left=np.array(left, dtype=np.int64), due=np.array(due, dtype=np.int32), issued=np.array(issued, dtype=np.int32),
        discount=np.array(discount, dtype=np.int64), quote=np.array(quote, dtype=np.int8),
        namesakes=np.ones(count, dtype=np.int16),
        quoted=np.flatnonzero(quote).astype(np.int32), first_quoted=np.array([0, np.count_nonzero(quote)], np.int64),
    )  # fmt: skip


@st.composite
def _accounts(draw: st.DrawFn) -> Account:
    count = draw(st.integers(1, 9))
    entries = []
    for _ in range(count):
        left = draw(st.sampled_from([10_000, 20_000, 30_050, 12_345, 50_000, -5_000, -2_500]))
        due = _DAY + draw(st.sampled_from([-40, -10, -10, 0, 5, 30]))
        discount = left // 50 if left > 0 and draw(st.booleans()) else 0
        entries.append((left, due, due - 30, discount, draw(st.sampled_from([0, 0, 1, 3, 7, 8]))))
    entries.sort(key=lambda entry: entry[1])
    chosen = draw(st.lists(st.sampled_from(range(count)), min_size=1, unique=True))
    amount = sum(entries[n][0] for n in chosen) - draw(st.sampled_from([0, 0, 0, 30, -30, 1_500, 200, 4_000, -9_000]))
    return entries, amount if amount else 10_000


def _ask(family: Family, account: Account) -> tuple[int, list[int]]:
    views = _view(account)
    fits = no_fits(views)
    family.search(views, np.ones(1, dtype=np.bool_), fits)
    return int(fits.ways[0]), [int(pay) for pay in fits.pay]


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
@settings(max_examples=60, deadline=None)
@given(account=_accounts())
def test_money_adds_up(family: Family, account: Account) -> None:
    ways, pay = _ask(family, account)
    entries, amount = account
    if ways == 0:
        assert not any(pay)
        return
    for (left, *_), paid in zip(entries, pay, strict=True):
        assert paid == left or (family.name == "quoted_part" and 0 < paid < left) or paid == 0
    gap = sum(pay) - amount
    if not family.gap and family.name not in ("quoted_over",):
        assert gap == 0
    if family.name == "quoted_over":
        assert gap < 0
    if family.quotes and family.name != "quoted_some":
        assert any(paid and entry[4] for paid, entry in zip(pay, entries, strict=True))


def test_codes_and_names_are_given_once() -> None:
    assert len({family.code for family in families()}) == len(families())
    assert len(_FAMILIES) == len(families())
    for family in families():
        assert family.sentence.endswith(".")
        assert family.gap in ("", "discount", "charge", "write_off")


def _sums(lefts: list[int], amount: int, size: int) -> int:
    return sum(1 for chosen in combinations(lefts, size) if sum(chosen) == amount)


@settings(max_examples=120, deadline=None)
@given(_accounts())
def test_the_slow_twins_count_the_same(account: Account) -> None:
    entries, amount = account
    lefts = [entry[0] for entry in entries]
    assert _ask(_FAMILIES["one"], account)[0] == lefts.count(amount)
    assert _ask(_FAMILIES["two"], account)[0] == _sums(lefts, amount, 2)
    if len(lefts) >= 3:
        wanted = sum(_sums(lefts, amount, size) for size in range(1, len(lefts) + 1))
        assert _ask(_FAMILIES["any_set"], account)[0] == wanted
        runs = sum(
            1
            for start in range(len(lefts))
            for end in range(start + 2, len(lefts) + 1)
            if sum(lefts[start:end]) == amount
        )
        found = _ask(_FAMILIES["run"], account)[0]
        assert found == runs or (runs == 0 and found >= 0)
    offered = sum(1 for left, _, _, discount, _ in entries if discount and left - discount == amount)
    assert _ask(_FAMILIES["one_discount"], account)[0] == offered


@settings(max_examples=120, deadline=None)
@given(_accounts())
def test_quoted_sets_fit_where_a_level_of_trust_sums_up(account: Account) -> None:
    entries, amount = account
    levels = [sum(entry[0] for entry in entries if 0 < entry[4] <= level) for level in (3, 4, 6, 7, 8)]
    some = [any(0 < entry[4] <= level for entry in entries) for level in (3, 4, 6, 7, 8)]
    wanted = any(there and total == amount for there, total in zip(some, levels, strict=True))
    assert (_ask(_FAMILIES["quoted_exact"], account)[0] > 0) == wanted


@settings(max_examples=120, deadline=None)
@given(_accounts())
def test_the_balance_is_all_or_all_that_is_due(account: Account) -> None:
    entries, amount = account
    due = [entry[0] for entry in entries if entry[1] <= _DAY]
    with_notes = [entry[0] for entry in entries if entry[1] <= _DAY or entry[0] < 0]
    sets = [[entry[0] for entry in entries], with_notes, due]
    paid = next((lefts for lefts in sets if sum(lefts) == amount), [])
    alone = amount in paid and len(paid) > 1  # one item is what was paid, and the others cancel each other
    fits = _ask(_FAMILIES["balance"], account)[0]
    assert fits == (1 if len(entries) >= 2 and paid and not alone else 0)
