"""Money in another currency than the items that it quotes: worth as much at the day's rate, or not theirs.

A step of its own after the search, for receipts of which every quoted item is in another currency. What it proposes is
for a person: the payer's bank took a rate and a fee that nobody here knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from encours.core.base.money import exponent
from encours.core.matching.prepare import Prepared
from encours.core.matching.references.keys import OTHER

#: The rule of its proposals, and the one that it takes the place of.
RULE, FOUND_NOTHING = "quoted_currency", "other_currency"
#: Up to so much the payer's bank may have taken by its rate and fees; nearer than the other it is hardly chance.
_FAR, _NEAR = 0.03, 0.01
CONFIDENCE, CONFIDENCE_FAR = 0.93, 0.8
#: A rate older than this is none of the day's.
_RATE_DAYS = timedelta(days=7)


def in_other_currency(
    ready: Prepared, decisions: pl.DataFrame, rates: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`decisions` (DECISION_SCHEMA) with what these receipts pay, and their allocations.

    `rates`: currency, on, rate (units of the currency for 1 EUR). An allocation closes its item in the item's currency
    and says in `receipt_amount` what of the money it takes. Money that is worth less or more than 3 % of what is quoted
    stays without a proposal.
    """
    rows = ready.receipts.join(decisions.filter(rule=FOUND_NOTHING).select("receipt_id"), on="receipt_id", how="semi")
    told, lines, taken = [], [], dict[int, int]()
    for row in rows.sort("row").iter_rows(named=True):
        quoted = _quoted(ready, row["row"], taken)
        worth = _worth(ready, quoted, row, rates)
        money = row["unapplied"]
        if worth is None or abs(money - worth) > _FAR * worth:
            continue
        near = abs(money - worth) <= _NEAR * worth
        told.append((row["receipt_id"], CONFIDENCE if near else CONFIDENCE_FAR, _reason(ready, quoted, row, worth)))
        for (place, left), part in zip(quoted.items(), _shared(list(quoted.values()), money), strict=True):
            taken[place] = taken.get(place, 0) + left
            lines.append(_line(ready, row, place, left, part))
    if not told:
        return decisions, pl.DataFrame(schema=_LINE)
    found = pl.DataFrame(told, schema=["receipt_id", "sure", "why"], orient="row")
    joined = decisions.join(found, on="receipt_id", how="left", maintain_order="left")
    here = pl.col("sure").is_not_null()
    changed = joined.with_columns(
        decision=pl.when(here).then(pl.lit("review")).otherwise("decision"),
        rule=pl.when(here).then(pl.lit(RULE)).otherwise("rule"),
        confidence=pl.coalesce("sure", "confidence"),
        reason=pl.coalesce("why", "reason"),
    )
    return changed.drop("sure", "why"), pl.DataFrame(lines, schema=_LINE, orient="row")


_LINE: dict[str, pl.DataType] = {
    "receipt_id": pl.String(), "item_id": pl.String(), "allocated_on": pl.Date(), "amount": pl.Int64(),
    "receipt_amount": pl.Int64(), "kind": pl.String(), "allocation_id": pl.String(), "source": pl.String(),
}  # fmt: skip


def _quoted(ready: Prepared, row: int, taken: Mapping[int, int]) -> dict[int, int]:
    """Place → what is open of the items that the text names, all of one customer and one currency; else nothing."""
    marks, pool = ready.facts.marks, ready.facts.pool
    found: dict[int, int] = {}
    for mark in range(marks.start[row], marks.start[row + 1]):
        for quote in range(marks.first[mark], marks.last[mark]):
            item = int(marks.item[quote])
            if marks.kind[quote] > OTHER or pool.currency[item] == ready.facts.asks.currency[row]:
                continue
            if marks.namesakes[quote] > 1:
                return {}
            left = int(pool.open[item] - pool.taken[item] - pool.held[item]) - taken.get(item, 0)
            if left:
                found[item] = left
    alike = {(int(pool.group[item]), int(pool.currency[item])) for item in found}
    return found if len(alike) == 1 and sum(found.values()) > 0 else {}


def _worth(ready: Prepared, quoted: Mapping[int, int], row: Mapping[str, Any], rates: pl.DataFrame) -> int | None:
    """What is quoted in the receipt's currency, minor units, at the rates of its day; None without them."""
    if not quoted:
        return None
    theirs, ours = _currency(ready, quoted), row["currency_word"]
    per_euro = [_rate(currency, row["day"], rates) for currency in (theirs, ours)]
    if per_euro[0] is None or per_euro[1] is None:
        return None
    scale = 10.0 ** (exponent(ours) - exponent(theirs))
    return round(sum(quoted.values()) * scale * per_euro[1] / per_euro[0])


def _rate(currency: str, day: date, rates: pl.DataFrame) -> float | None:
    if currency == "EUR":
        return 1.0
    known = rates.filter(
        (pl.col("currency") == currency) & pl.col("on").is_between(day - _RATE_DAYS, day) & (pl.col("rate") > 0)
    )
    return float(known.sort("on")["rate"][-1]) if known.height else None


def _currency(ready: Prepared, quoted: Mapping[int, int]) -> str:
    return ready.scope.currencies[int(ready.facts.pool.currency[next(iter(quoted))])]


def _shared(amounts: list[int], money: int) -> list[int]:
    """The money by what each item is worth; what the division leaves goes to the last."""
    parts = [money * amount // sum(amounts) for amount in amounts[:-1]]
    return [*parts, money - sum(parts)]


def _line(ready: Prepared, row: Mapping[str, Any], place: int, left: int, part: int) -> tuple[Any, ...]:
    item_id, dated_on = ready.items["item_id"][place], ready.items["dated_on"][place]
    name = f"match:{row['receipt_id']}:{item_id}"
    return (row["receipt_id"], item_id, max(row["day"], dated_on), left, part, "cash", name, f"match:{RULE}")


def _reason(ready: Prepared, quoted: Mapping[int, int], row: Mapping[str, Any], worth: int) -> str:
    ours, theirs = row["currency_word"], _currency(ready, quoted)
    scale = 10 ** exponent(ours)
    said = f"the quoted items are in {theirs}: at the day's rate they are {worth / scale:.2f} {ours}"
    gap = row["unapplied"] - worth
    if not gap:
        return said
    more = "more" if gap > 0 else "less"
    return f"{said}; but {abs(gap) / scale:.2f} {more} came: the bank's rate or its fees"
