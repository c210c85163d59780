"""Which of a payer's items are exactly an amount: all up to some due date, but for one or two that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import polars as pl

#: With more items than this, sums that fit are chance.
_ITEMS_MOST = 60


def exact_set(opens: Sequence[int], amount: int) -> list[int]:
    """The places of `opens` (in order of due date) that add up to `amount`: the first ones, less none, one or two of
    them, the fewest left out and the shortest first. Empty where none do."""
    sums = list(accumulate(opens))
    for left_out in (0, 1, 2):
        for end, total in enumerate(sums, 1):
            over = total - amount
            without = [] if over == 0 else _without(opens[:end], over, left_out) if over > 0 else None
            if without is not None and len(without) == left_out:
                return [place for place in range(end) if place not in without]
    return []


def _without(opens: Sequence[int], over: int, count: int) -> list[int] | None:
    """The places of `count` items that add up to `over`."""
    if count == 1:
        return [opens.index(over)] if over in opens else None
    if count == 2:
        seen: dict[int, int] = {}
        for place, owed in enumerate(opens):
            if over - owed in seen:
                return [seen[over - owed], place]
            seen.setdefault(owed, place)
    return None


def exact_sets(items: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """money_id, item_id, amount, until_on: for each receipt of a payer the items that it is exactly, if any.

    `items`: item_id, payer_id, currency, open, due_on. `money`: money_id, payer_id, currency, amount, until_on. An item
    is taken by one receipt only, by the first.
    """
    key = ["payer_id", "currency"]
    wanted = items.filter(pl.col("open") > 0).join(money.select(key).unique(), on=key, how="semi")
    theirs = wanted.sort(*key, "due_on", "item_id").group_by(key, maintain_order=True).agg("item_id", "open")
    owed = {(payer, code): list(zip(ids, opens, strict=True)) for payer, code, ids, opens in theirs.iter_rows()}
    rows = []
    for money_id, payer, code, amount, until_on in money.sort("until_on", "money_id").select(
        "money_id", *key, "amount", "until_on"
    ).iter_rows():  # fmt: skip
        left = owed.get((payer, code), [])
        places = exact_set([one for _, one in left], amount) if len(left) <= _ITEMS_MOST else []
        rows += [(money_id, *left[place], until_on) for place in places]
        owed[payer, code] = [one for place, one in enumerate(left) if place not in set(places)]
    schema = {"money_id": pl.String, "item_id": pl.String, "amount": pl.Int64, "until_on": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")
