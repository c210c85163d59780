"""Invoices that are not written yet: how much a book invoices by its own past, and how that turns into cash.

Level: what was invoiced in the last weeks, the recent ones counting more. Pattern: weekdays, parts of the month, and
months of the year where two years are known. Range: on each of the last weeks the same cash is forecast from what was
invoiced before, and the ways in which that was wrong are the ways in which it may be wrong now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS
from encours.core.forecast.cells import Float64, Int64
from encours.core.forecast.source import PURSE

#: Weeks of invoices without which nothing is said, and weeks of which the level is made.
LEAST_WEEKS = 13
LEVEL_WEEKS, _HALF_LIFE = 13, 8.0
#: Weeks that are looked at, past weeks on which a forecast is tried.
_MOST_WEEKS, _TRIALS = 104, 26
#: Trials without which the range is that of the weeks themselves; how far one may be off, at most.
_LEAST_TRIALS, _MOST = 6, 4.0
#: Days of the month that begin a part of it; how many weeks the usual (no pattern) counts for.
_PARTS = (1, 8, 15, 22, 27)
_LEAN = 4.0
#: Invoices are followed for so many days from their issue; those are looked at whose time is over.
_FOLLOWED, _COHORT = 371, (90, 400)


class Past(NamedTuple):
    """What was invoiced each day, the oldest first, up to the day that is stood on; `last`: that day."""

    last: date
    amount: Float64


class Paid(NamedTuple):
    """How invoices turned into cash. `share`: of what is invoiced, by days after issue (0 … 370). `issued`, `on`: days
    before the day that is stood on (0: that day) of each payment, `cash` its money."""

    share: Float64
    issued: Int64
    on: Int64
    cash: Float64


class Invoicing(NamedTuple):
    """`amount`: money to be invoiced each day from the next on; `wrong`: factors of its cash by trial and week."""

    amount: Float64
    wrong: Float64


class Moved(NamedTuple):
    """A part of what will be invoiced that a scenario moves.

    `share` (0 … 1) of what is usual; `ordered`: what its orders will be invoiced each week; `days` later that it is
    paid (None: never).
    """

    share: float
    ordered: Float64
    days: int | None


def pasts(known: Book, as_of: date) -> Iterator[tuple[tuple[str, str], Past]]:
    """(entity_id, currency) and its daily invoicing, credit notes taken off, over two years at most."""
    start = as_of - timedelta(days=7 * _MOST_WEEKS - 1)
    rows = known.items.filter(pl.col("kind").is_in(["invoice", "debit_note", "credit_note"]))
    begun = {(one, other): day for one, other, day in rows.group_by(PURSE).agg(pl.col("issued_on").min()).iter_rows()}
    rows = rows.filter(pl.col("issued_on").is_between(start, as_of))
    daily = rows.group_by(*PURSE, "issued_on").agg(pl.col("amount").sum()).sort(*PURSE, "issued_on")
    for (entity, currency), part in daily.group_by(PURSE, maintain_order=True):
        # A day without an invoice is known, too, from the first invoice on: two years need none on their first day.
        weeks = min(_MOST_WEEKS, ((as_of - begun[entity, currency]).days + 1) // 7)
        amount = np.zeros(7 * weeks)
        place = (part["issued_on"] - as_of).dt.total_days().to_numpy() + 7 * weeks - 1
        kept = place >= 0
        np.add.at(amount, place[kept], part["amount"].to_numpy()[kept].astype(np.float64))
        yield (str(entity), str(currency)), Past(as_of, amount)


def invoicing(past: Past, paid: Paid, weeks: int) -> Invoicing | None:
    """What will be invoiced in the next weeks; None where too little is known."""
    known = len(past.amount) // 7
    if known < LEAST_WEEKS or past.amount[-7 * LEAST_WEEKS :].sum() <= 0:
        return None
    amount = _forecast(past, 7 * weeks)
    return Invoicing(amount, _wrong(past, paid, weeks))


def _forecast(past: Past, days: int) -> Float64:
    """Level times pattern on each of the next days."""
    dates = np.datetime64(past.last) + np.arange(-len(past.amount) + 1, days + 1)
    usual = _pattern(past.amount, dates)
    then, ahead = usual[: len(past.amount)], usual[len(past.amount) :]
    weeks = min(LEVEL_WEEKS, len(past.amount) // 7)
    weight = np.repeat(0.5 ** (np.arange(weeks - 1, -1, -1) / _HALF_LIFE), 7)
    recent = slice(len(past.amount) - 7 * weeks, len(past.amount))
    told = float((weight * then[recent]).sum())
    level = max(0.0, float((weight * past.amount[recent]).sum())) / told if told > 0 else 0.0
    found: Float64 = level * ahead
    return found


def _pattern(amount: Float64, dates: np.ndarray) -> Float64:
    """How much of an average day each date is, from the last year (months: from two)."""
    size = len(amount)
    recent = np.arange(size) >= size - 364
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    month_day = (dates.astype("datetime64[D]") - dates.astype("datetime64[M]")).astype(np.int64) + 1
    part = np.searchsorted(_PARTS, month_day, side="right") - 1
    usual = np.ones(len(dates))
    for code, count in ((weekday, 7), (part, len(_PARTS))):
        usual = usual * _factors(amount[recent], usual[:size][recent], code[:size][recent], count)[code]
    if size >= 7 * _MOST_WEEKS:
        month = dates.astype("datetime64[M]").astype(np.int64) % 12
        usual = usual * _factors(amount, usual[:size], month[:size], 12)[month]
    return usual


def _factors(amount: Float64, usual: Float64, code: Int64, count: int) -> Float64:
    """What is invoiced on days of a code beside what is usual, leaning on no pattern where few weeks are known."""
    came, said = (np.bincount(code, weights=values, minlength=count) for values in (np.maximum(amount, 0.0), usual))
    scale = float(came.sum() / said.sum()) if came.sum() > 0 else 1.0
    lean = _LEAN * said.sum() / max(1.0, len(amount) / 7) / count
    found: Float64 = (came / scale + lean) / (said + lean)
    return found


def _wrong(past: Past, paid: Paid, weeks: int) -> Float64:
    """Cash of later invoices beside what was forecast of it, on each of the last weeks: factors by trial and week.

    Weeks beyond the last known one are wrong as the trial as a whole was. A book too young for trials is as wrong as
    its own weeks of invoices differ. The mean of each week is made 1: the level is the forecast's.
    """
    known = len(past.amount) // 7
    trials = []
    for back in range(2, min(_TRIALS, known - LEAST_WEEKS) + 1):
        ahead = min(back, weeks)
        before = Past(past.last - timedelta(days=7 * back), past.amount[: -7 * back])
        said = cash_from(_forecast(before, 7 * ahead), paid.share, ahead).sum(axis=0)
        new = (paid.issued < 7 * back) & (paid.on < 7 * back)  # what was paid before its invoice came earlier
        week = (7 * back - paid.on[new] - 1) // 7
        came = np.bincount(np.minimum(week, ahead), weights=paid.cash[new], minlength=ahead + 1)[:ahead]
        ratio = np.divide(came, said, out=np.ones(ahead), where=said > 0)
        whole = came.sum() / said.sum() if said.sum() > 0 else 1.0
        trials.append(np.concatenate([ratio, np.full(weeks - ahead, whole)]))
    if len(trials) < _LEAST_TRIALS:
        weekly = np.maximum(past.amount.reshape(-1, 7).sum(axis=1), 0.0)
        trials = [np.full(weeks, ratio) for ratio in weekly / weekly.mean()]
    found = np.clip(np.array(trials), 0.0, _MOST)
    mean = found.mean(axis=0)
    centred: Float64 = found / np.where(mean > 0, mean, 1.0)
    return centred


def to_cash(known: Book, as_of: date) -> dict[tuple[str, str], Paid]:
    """(entity_id, currency) → how invoices turned into cash.

    The shares are those of invoices of the last year whose first 90 days are over; what a factor or a credit note
    settles brings nothing.
    """
    newest, oldest = (as_of - timedelta(days=days) for days in _COHORT)
    issued = known.items.filter(pl.col("kind").is_in(["invoice", "debit_note", "credit_note"]))
    first = issued["issued_on"].min()
    if not isinstance(first, date) or first > newest:
        newest = as_of - timedelta(days=30)
    money = known.receipts.select("receipt_id", "booked_on")
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(MONEY_PARTS))
    rows = letters.select("item_id", "receipt_id", "allocated_on", cash="amount").join(
        money, on="receipt_id", how="left"
    )
    rows = rows.join(issued.select("item_id", "issued_on", *PURSE), on="item_id").filter(pl.col("issued_on") >= oldest)
    rows = rows.group_by(*PURSE, "issued_on", on=pl.coalesce("booked_on", "allocated_on")).agg(pl.col("cash").sum())
    cohort = issued.filter(pl.col("issued_on").is_between(oldest, newest)).group_by(PURSE).agg(pl.col("amount").sum())
    whole = {(entity, currency): amount for entity, currency, amount in cohort.select(*PURSE, "amount").iter_rows()}
    found: dict[tuple[str, str], Paid] = {}
    for (entity, currency), part in rows.sort(*PURSE, "issued_on", "on").group_by(PURSE, maintain_order=True):
        key = (str(entity), str(currency))
        if whole.get(key, 0) > 0:
            found[key] = _paid(part, as_of, newest, float(whole[key]))
    return found


def _paid(rows: pl.DataFrame, as_of: date, newest: date, whole: float) -> Paid:
    issued, on = ((pl.lit(as_of) - pl.col(name)).dt.total_days() for name in ("issued_on", "on"))
    days = rows.select(issued=issued, on=on, cash=pl.col("cash").cast(pl.Float64))
    inside = (rows["issued_on"] <= newest).to_numpy()
    one, other, cash = (days[name].to_numpy() for name in ("issued", "on", "cash"))
    after = np.clip(one - other, 0, _FOLLOWED - 1)
    share = np.maximum(np.bincount(after[inside], weights=cash[inside], minlength=_FOLLOWED) / whole, 0.0)
    return Paid(share / max(1.0, share.sum()), one.astype(np.int64), other.astype(np.int64), cash)


def cash_from(amount: Float64, paid: Float64, weeks: int) -> Float64:
    """Money in week w (columns) from what is invoiced in week v (rows)."""
    found = np.zeros((weeks, weeks))
    for week in range(weeks):
        days = np.convolve(amount[7 * week : 7 * week + 7], paid)
        sums = np.zeros(7 * weeks)
        last = min(len(days), 7 * (weeks - week))
        sums[7 * week : 7 * week + last] = days[:last]
        found[week] = sums.reshape(-1, 7).sum(axis=1)
    return found


def drawn_cash(
    of: Invoicing, paid: Paid, ordered: Float64, draws: int, order: Int64, moved: Sequence[Moved] = ()
) -> Int64:
    """Money by draw and week, what orders will be invoiced taken off each week. `order`: the trial of each draw.

    `ordered` holds the orders of `moved`, too: an order that is lost is no reason to write other invoices.
    """
    weeks = len(ordered)
    weekly = of.amount.reshape(-1, 7).sum(axis=1)

    def brought(part: Float64, share: Float64) -> Float64:
        factor = np.divide(part, weekly, out=np.zeros_like(part), where=weekly > 0)
        cash: Float64 = factor @ cash_from(of.amount, share, weeks)
        return cash

    left, cash = np.maximum(weekly - ordered, 0.0), np.zeros(weeks)
    for one in moved:
        theirs = np.minimum(left, np.maximum(one.share * weekly - one.ordered, 0.0))
        left = left - theirs
        if one.days is not None:
            cash = cash + brought(theirs, np.concatenate([np.zeros(one.days), paid.share]))
    cash = cash + brought(left, paid.share)
    found: Int64 = np.rint(of.wrong[order[:draws] % len(of.wrong)] * cash).astype(np.int64)
    return found
