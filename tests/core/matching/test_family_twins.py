"""Families against slow twins: every set is enumerated, every level of trust tried in turn, nothing is pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.accounts import FAMILIES, Account, accounts, ask

#: How far quotes are trusted, surest first: by digits of the number, other numbers, lists, tails, slips.
_LEVELS = (3, 4, 6, 7, 8)
_RATES = ("0.5", "1", "1.5", "2", "2.5", "3", "4", "5")  # per cent
#: ways, and what is taken off each entry; nothing is found: no ways.
Found = tuple[int, list[int]]


def _steps(account: Account) -> Iterator[tuple[int, list[int]]]:
    """Each level that adds a quote, and the places of all that is quoted up to it."""
    entries, _ = account
    known = 0
    for level in _LEVELS:
        quoted = [place for place, entry in enumerate(entries) if 0 < entry[4] <= level]
        if len(quoted) > known:
            yield level, quoted
            known = len(quoted)


def _pay(account: Account, places: Sequence[int], ways: int = 1) -> Found:
    entries, _ = account
    return ways, [entry[0] if place in places else 0 for place, entry in enumerate(entries)]


def _none(account: Account) -> Found:
    return 0, [0] * len(account[0])


def _total(account: Account, places: Sequence[int]) -> int:
    return sum(account[0][place][0] for place in places)


def _sets(account: Account, among: Sequence[int], target: int) -> list[tuple[int, ...]]:
    """Every set that makes the target, the smallest first; of equal size the one whose last entry comes first."""
    found = [
        chosen
        for size in range(1, len(among) + 1)
        for chosen in combinations(among, size)
        if _total(account, chosen) == target
    ]
    return sorted(found, key=lambda chosen: (len(chosen), chosen[::-1]))


def _by_gap(fits: Callable[[Account, list[int], int, int], bool]) -> Callable[[Account], Found]:
    """The first level of trust at which the difference has the cause asked for; all that is quoted is paid."""

    def twin(account: Account) -> Found:
        for _, quoted in _steps(account):
            total = _total(account, quoted)
            if fits(account, quoted, total, total - account[1]):
                return _pay(account, quoted)
        return _none(account)

    return twin


def _is_rounding(_account: Account, _quoted: list[int], total: int, gap: int) -> bool:
    return 0 < abs(gap) <= 100 and Fraction(abs(gap)) <= Fraction(abs(total), 50)


def _is_charge(_account: Account, _quoted: list[int], total: int, gap: int) -> bool:
    return 100 < gap <= 5_000 and Fraction(gap) <= Fraction(total, 5)


def _is_discount(account: Account, quoted: list[int], total: int, gap: int) -> bool:
    if gap <= 0 or Fraction(gap) > Fraction(total, 20):
        return False
    offered = [account[0][place][3] for place in quoted]
    if gap == sum(offered) or gap in offered:
        return True
    return any(gap in _discounts(account, quoted, total, Fraction(rate) / 100) for rate in _RATES)


def _discounts(account: Account, quoted: list[int], total: int, rate: Fraction) -> tuple[int, int, int]:
    """What a rate takes off: of the sum, of each item, and of the sum with a cent less."""
    whole = floor(total * rate + Fraction(1, 2))
    return whole, sum(floor(account[0][place][0] * rate + Fraction(1, 2)) for place in quoted), whole - 1


def _credit(account: Account) -> Found:
    for _, quoted in _steps(account):
        total = _total(account, quoted)
        over = account[1] - total
        if over == 0 or (over < 0) != (total > 0):
            continue
        others = [place for place in range(len(account[0])) if place not in quoted]
        notes = [place for place in others if account[0][place][0] * over > 0]
        if sets := _sets(account, notes, over):
            return _pay(account, [*quoted, *sets[0]], len(sets))
    return _none(account)


def _over(account: Account) -> Found:
    for _, quoted in _steps(account):
        return _pay(account, quoted) if 0 < _total(account, quoted) < account[1] else _none(account)
    return _none(account)


_TWINS: dict[str, Callable[[Account], Found]] = {
    "quoted_rounding": _by_gap(_is_rounding),
    "quoted_charge": _by_gap(_is_charge),
    "quoted_discount": _by_gap(_is_discount),
    "quoted_credit": _credit,
    "quoted_over": _over,
}


@pytest.mark.parametrize("name", list(_TWINS))
@settings(max_examples=120, deadline=None)
@given(account=accounts())
def test_a_quoted_set_with_a_difference(name: str, account: Account) -> None:
    assert ask(FAMILIES[name], account) == _TWINS[name](account)


@st.composite
def _with_namesakes(draw: st.DrawFn) -> tuple[Account, list[int]]:
    account = draw(accounts())
    return account, [draw(st.sampled_from([1, 1, 2, 3])) for _ in account[0]]


@settings(max_examples=120, deadline=None)
@given(_with_namesakes())
def test_a_part_of_what_is_quoted_pays_the_oldest(drawn: tuple[Account, list[int]]) -> None:
    account, namesakes = drawn
    assert ask(FAMILIES["quoted_part"], account, namesakes) == _part(account, namesakes)


def _part(account: Account, namesakes: list[int]) -> Found:
    entries, amount = account
    _, quoted = next(_steps(account), (0, []))
    if not 0 < amount < _total(account, quoted):
        return _none(account)
    shared = {namesakes[place] for place in quoted}
    is_terms = shared == {len(quoted)} and all(entries[place][4] <= 3 for place in quoted)
    if len(quoted) > 1 and shared != {1} and not is_terms:
        return _none(account)  # several bear the number: one of them is meant
    pays = [entry[0] if place in quoted and entry[0] < 0 else 0 for place, entry in enumerate(entries)]
    rest = amount - sum(pays)
    for place in quoted:
        if entries[place][0] > 0:
            pays[place] = min(rest, entries[place][0])
            rest -= pays[place]
    return 1, pays


@settings(max_examples=120, deadline=None)
@given(_with_namesakes())
def test_some_of_what_is_quoted_is_every_set_of_it(drawn: tuple[Account, list[int]]) -> None:
    account, namesakes = drawn
    assert ask(FAMILIES["quoted_some"], account, namesakes) == _some(account, namesakes)


def _some(account: Account, namesakes: list[int]) -> Found:
    for level, quoted in _steps(account):
        sets = _sets(account, quoted, account[1]) if len(quoted) > 1 else []
        if not sets:
            continue
        ways, first = len(sets), sets[0]
        if len(first) == 1 and level <= 3 and namesakes[first[0]] == ways:
            ways = 1  # the terms of one invoice, of equal amounts: the first due is meant
        return _pay(account, first, ways)
    return _none(account)


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_more_than_is_quoted_is_counted_in_every_way(account: Account) -> None:
    ways, pay = ask(FAMILIES["quoted_more"], account)
    wanted, level, size = _more(account)
    assert ways == wanted
    if not wanted:
        assert not any(pay)
        return
    assert sum(pay) == account[1]
    quoted = [0 < entry[4] <= level for entry in account[0]]
    assert all(pay[place] == entry[0] for place, entry in enumerate(account[0]) if quoted[place])
    assert sum(1 for place, paid in enumerate(pay) if paid and not quoted[place]) == size


def _more(account: Account) -> tuple[int, int, int]:
    """How many ways there are, up to which level quotes were trusted, how many further entries are paid."""
    entries, amount = account
    for level, quoted in _steps(account):
        others = [place for place in range(len(entries)) if place not in quoted]
        rest = amount - _total(account, quoted)
        if rest == 0:
            continue
        sets = _sets(account, others, rest)
        if single := [one for one in sets if len(one) == 1]:
            return len(single), level, 1
        if rest < 0:
            continue
        runs = [others[begin:end] for begin in range(len(others)) for end in range(begin + 3, len(others) + 1)]
        fitting = [run for run in runs if _total(account, run) == rest]
        if fitting:
            return len(fitting), level, len(fitting[0])
        for size in (2, 3):
            if alike := [one for one in sets if len(one) == size]:
                return len(alike), level, size
        if sets and len(others) >= 4:
            return len(sets), level, len(sets[0])
    return 0, 0, 0


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_all_until_a_day_is_tried_day_by_day(account: Account) -> None:
    assert ask(FAMILIES["due_until"], account) == _until(account)


def _until(account: Account) -> Found:
    entries, amount = account
    for column in (1, 2) if len(entries) >= 3 else ():
        days = sorted({entry[column] for entry in entries})
        sets = [[place for place, entry in enumerate(entries) if entry[column] <= day] for day in days]
        fitting = [places for places in sets if len(places) >= 2 and _total(account, places) == amount]
        if fitting:
            return _pay(account, fitting[0], len(fitting))
    return _none(account)


@settings(max_examples=120, deadline=None)
@given(accounts())
def test_a_run_is_every_stretch_by_due_date_and_else_by_issue(account: Account) -> None:
    assert ask(FAMILIES["run"], account) == _run(account)


def _run(account: Account) -> Found:
    entries, amount = account
    size = len(entries)
    for column in (1, 2) if size >= 3 else ():
        order = sorted(range(size), key=lambda place: entries[place][column])
        stretches = [order[begin:end] for begin in range(size) for end in range(begin + 2, size + 1)]
        fitting = [places for places in stretches if _total(account, places) == amount]
        if fitting:
            return _pay(account, fitting[0], len(fitting))
    return _none(account)
