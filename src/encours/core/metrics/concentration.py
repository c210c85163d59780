"""How much of the receivable few customers owe."""

from __future__ import annotations

import polars as pl


def top_share(balances: pl.Series, count: int = 10) -> float | None:
    """Share of the `count` largest debtors in all that is owed; credit balances do not lower it. None without debt."""
    owed = balances.filter(balances > 0)
    return int(owed.top_k(min(count, len(owed))).sum()) / int(owed.sum()) if len(owed) else None


def herfindahl(balances: pl.Series) -> float | None:
    """Herfindahl index of what is owed: the sum of squared shares, 1 where one customer owes all. None without debt."""
    owed = balances.filter(balances > 0)
    return float(((owed / owed.sum()) ** 2).sum()) if len(owed) else None
