"""Which of a payer's items are exactly an amount: all up to some due date, but for one or two that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import polars as pl

#: With more items than this, sums that fit are chance.
_ITEMS_MOST = 60
#: With more credit notes than this, one of them fits by chance; all together may still.
_NOTES_MOST = 10


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


def exact_sets(items: pl.DataFrame, money: pl.DataFrame, notes: pl.DataFrame | None = None) -> pl.DataFrame:
    """money_id, item_id, amount, until_on: for each receipt of a payer the items that it is exactly, if any.

    `items`: item_id, payer_id, currency, open, due_on. `money`: money_id, payer_id, currency, amount, until_on. An item
    is taken by one receipt only, by the first. `notes`: payer_id, currency, open (below 0): credit notes that the payer
    may have taken off, all of them or one; asked where the money alone is nothing exactly.
    """
    key = ["payer_id", "currency"]
    wanted = items.filter(pl.col("open") > 0).join(money.select(key).unique(), on=key, how="semi")
    owed = {one[:2]: list(zip(*one[2:], strict=True)) for one in _listed(wanted, "item_id", "open").iter_rows()}
    taken_off = {} if notes is None else {one[:2]: one[2] for one in _listed(notes, "open").iter_rows()}
    rows = []
    for money_id, payer, code, amount, until_on in money.sort("until_on", "money_id").select(
        "money_id", *key, "amount", "until_on"
    ).iter_rows():  # fmt: skip
        left = owed.get((payer, code), [])
        off = [-note for note in taken_off.get((payer, code), [])]
        places: list[int] = []
        if len(left) <= _ITEMS_MOST:
            for more in dict.fromkeys([0, sum(off), *(off if len(off) <= _NOTES_MOST else [])]):
                places = places or exact_set([one for _, one in left], amount + more)
        rows += [(money_id, *left[place], until_on) for place in places]
        owed[payer, code] = [one for place, one in enumerate(left) if place not in set(places)]
    schema = {"money_id": pl.String, "item_id": pl.String, "amount": pl.Int64, "until_on": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _listed(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """payer_id, currency and the lists of some columns in order of due date."""
    order = [name for name in ("due_on", "item_id") if name in rows.columns]
    return rows.sort("payer_id", "currency", *order).group_by("payer_id", "currency", maintain_order=True).agg(columns)
