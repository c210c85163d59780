"""Every family on small accounts: money adds up, nothing is invented, and a slow twin counts the same ways."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings

from core.matching.accounts import DAY, FAMILIES, Account, accounts, ask
from encours.core.matching.families import families
from encours.core.matching.family import Family


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
@settings(max_examples=60, deadline=None)
@given(account=accounts())
def test_money_adds_up(family: Family, account: Account) -> None:
    ways, pay = ask(family, account)
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
    assert len(FAMILIES) == len(families())
    for family in families():
        assert family.sentence.endswith(".")
        assert family.gap in ("", "discount", "charge", "write_off")


def _sums(lefts: list[int], amount: int, size: int) -> int:
    return sum(1 for chosen in combinations(lefts, size) if sum(chosen) == amount)


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_the_slow_twins_count_the_same(account: Account) -> None:
    entries, amount = account
    lefts = [entry[0] for entry in entries]
    assert ask(FAMILIES["one"], account)[0] == lefts.count(amount)
    assert ask(FAMILIES["two"], account)[0] == _sums(lefts, amount, 2)
    if len(lefts) >= 3:
        wanted = sum(_sums(lefts, amount, size) for size in range(1, len(lefts) + 1))
        assert ask(FAMILIES["any_set"], account)[0] == wanted
    offered = sum(1 for left, _, _, discount, _ in entries if discount and left - discount == amount)
    assert ask(FAMILIES["one_discount"], account)[0] == offered


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_quoted_sets_fit_where_a_level_of_trust_sums_up(account: Account) -> None:
    entries, amount = account
    levels = [sum(entry[0] for entry in entries if 0 < entry[4] <= level) for level in (3, 4, 6, 7, 8)]
    some = [any(0 < entry[4] <= level for entry in entries) for level in (3, 4, 6, 7, 8)]
    wanted = any(there and total == amount for there, total in zip(some, levels, strict=True))
    assert (ask(FAMILIES["quoted_exact"], account)[0] > 0) == wanted


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_the_balance_is_all_or_all_that_is_due(account: Account) -> None:
    entries, amount = account
    due = [entry[0] for entry in entries if entry[1] <= DAY]
    with_notes = [entry[0] for entry in entries if entry[1] <= DAY or entry[0] < 0]
    sets = [[entry[0] for entry in entries], with_notes, due]
    paid = next((lefts for lefts in sets if sum(lefts) == amount), [])
    alone = amount in paid and len(paid) > 1  # one item is what was paid, and the others cancel each other
    fits = ask(FAMILIES["balance"], account)[0]
    assert fits == (1 if len(entries) >= 2 and paid and not alone else 0)
