"""Small accounts as a family of hypotheses sees them, and what the family finds on one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from encours.core.matching.families import families
from encours.core.matching.family import Family, no_fits
from encours.core.matching.views import Views

#: left, due, issued, discount, quote of each entry, in order of due date; and the amount.
Account = tuple[list[tuple[int, int, int, int, int]], int]
DAY = 20_000
FAMILIES = {family.name: family for family in families()}


def _view(account: Account, namesakes: list[int]) -> Views:
    entries, amount = account
    count = len(entries)
    left, due, issued, discount, quote = (list(column) for column in zip(*entries, strict=True))

    def one(value: int, dtype: Any = np.int32) -> Any:
        return np.array([value], dtype=dtype)

    return Views(
        ask=one(0), amount=one(amount, np.int64), day=one(DAY), shape=one(0, np.int8), customer=one(0), reason=one(1),
        likeness=one(1000), taught=one(0), nominees=one(1), dead=one(0), late=one(0), elsewhere=one(0),
        start=np.array([0, count], dtype=np.int64), item=np.arange(count, dtype=np.int32),
        left=np.array(left, dtype=np.int64), due=np.array(due, dtype=np.int32), issued=np.array(issued, dtype=np.int32),
        discount=np.array(discount, dtype=np.int64), quote=np.array(quote, dtype=np.int8),
        namesakes=np.array(namesakes, dtype=np.int16),
        quoted=np.flatnonzero(quote).astype(np.int32), first_quoted=np.array([0, np.count_nonzero(quote)], np.int64),
    )  # fmt: skip


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Up to nine entries; the amount is near the sum of some of them."""
    count = draw(st.integers(1, 9))
    entries = []
    for _ in range(count):
        left = draw(st.sampled_from([10_000, 20_000, 30_050, 12_345, 50_000, -5_000, -2_500]))
        due = DAY + draw(st.sampled_from([-40, -10, -10, 0, 5, 30]))
        issued = due - draw(st.sampled_from([30, 30, 60, 10]))
        discount = left // 50 if left > 0 and draw(st.booleans()) else 0
        entries.append((left, due, issued, discount, draw(st.sampled_from([0, 0, 1, 3, 7, 8]))))
    entries.sort(key=lambda entry: entry[1])
    chosen = draw(st.lists(st.sampled_from(range(count)), min_size=1, unique=True))
    less = draw(st.sampled_from([0, 0, 0, 30, -30, 1_500, 200, 4_000, -9_000, None]))
    total = sum(entries[n][0] for n in chosen)
    amount = total - (sum(entries[n][3] for n in chosen) if less is None else less)
    return entries, amount if amount else 10_000


def ask(family: Family, account: Account, namesakes: list[int] | None = None) -> tuple[int, list[int]]:
    """In how many ways a family fits the account, and what it takes off each entry. `namesakes`: how many items bear
    an entry's number, one each where none are given."""
    views = _view(account, namesakes or [1] * len(account[0]))
    fits = no_fits(views)
    family.search(views, np.ones(1, dtype=np.bool_), fits)
    return int(fits.ways[0]), [int(pay) for pay in fits.pay]
