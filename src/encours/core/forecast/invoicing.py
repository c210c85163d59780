"""Invoices that are not written yet: how much a book invoices by its own past, and how that turns into cash.

Level: what was invoiced in the last weeks, the recent ones counting more. Pattern: weekdays, parts of the month, and
months of the year where two years are known. Range: on each of the last weeks the same is forecast from what came
before, and the ways in which it was wrong are the ways in which it may be wrong now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.forecast.cells import Float64, Int64
from encours.core.forecast.source import PURSE

#: Weeks of invoices without which nothing is said, and weeks of which the level is made.
LEAST_WEEKS = 13
_LEVEL_WEEKS, _HALF_LIFE = 13, 8.0
#: Weeks that are looked at, past weeks on which a forecast is tried.
_MOST_WEEKS, _TRIALS = 104, 26
#: Days of the month that begin a part of it; how many weeks the usual (no pattern) counts for.
_PARTS = (1, 8, 15, 22, 27)
_LEAN = 4.0
#: Invoices are followed for so many days from their issue; those are looked at whose time is over.
_FOLLOWED, _COHORT = 371, (90, 400)


class Past(NamedTuple):
    """What was invoiced each day, the oldest first, up to the day that is stood on; `last`: that day."""

    last: date
    amount: Float64


class Invoicing(NamedTuple):
    """`amount`: money to be invoiced each day from the next on; `wrong`: factors by trial and week, about 1."""

    amount: Float64
    wrong: Float64


def pasts(known: Book, as_of: date) -> Iterator[tuple[tuple[str, str], Past]]:
    """(entity_id, currency) and its daily invoicing, credit notes taken off, over two years at most."""
    start = as_of - timedelta(days=7 * _MOST_WEEKS - 1)
    rows = known.items.filter(pl.col("kind").is_in(["invoice", "debit_note", "credit_note"]))
    rows = rows.filter(pl.col("issued_on").is_between(start, as_of))
    daily = rows.group_by(*PURSE, "issued_on").agg(pl.col("amount").sum()).sort(*PURSE, "issued_on")
    for (entity, currency), part in daily.group_by(PURSE, maintain_order=True):
        first = part["issued_on"].min()
        assert isinstance(first, date)
        weeks = ((as_of - first).days + 1) // 7
        amount = np.zeros(7 * weeks)
        place = (part["issued_on"] - as_of).dt.total_days().to_numpy() + 7 * weeks - 1
        kept = place >= 0
        np.add.at(amount, place[kept], part["amount"].to_numpy()[kept].astype(np.float64))
        yield (str(entity), str(currency)), Past(as_of, amount)


def invoicing(past: Past, weeks: int) -> Invoicing | None:
    """What will be invoiced in the next weeks; None where too little is known."""
    known = len(past.amount) // 7
    if known < LEAST_WEEKS or past.amount[-7 * LEAST_WEEKS :].sum() <= 0:
        return None
    amount = _forecast(past, 7 * weeks)
    return Invoicing(amount, _wrong(past, weeks))


def _forecast(past: Past, days: int) -> Float64:
    """Level times pattern on each of the next days."""
    dates = np.datetime64(past.last) + np.arange(-len(past.amount) + 1, days + 1)
    usual = _pattern(past.amount, dates)
    then, ahead = usual[: len(past.amount)], usual[len(past.amount) :]
    weeks = min(_LEVEL_WEEKS, len(past.amount) // 7)
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


def _wrong(past: Past, weeks: int) -> Float64:
    """What came beside what was forecast from before, on each of the last weeks: factors by trial and week.

    Weeks beyond the last known one are wrong as the trial's mean was. A book too young for trials is as wrong as its
    own weeks differ. The mean of each week is made 1: the level is the forecast's.
    """
    known = len(past.amount) // 7
    trials = []
    for back in range(1, min(_TRIALS, known - LEAST_WEEKS) + 1):
        before = Past(past.last - timedelta(days=7 * back), past.amount[: -7 * back])
        said = _forecast(before, 7 * min(back, weeks)).reshape(-1, 7).sum(axis=1)
        came = past.amount[-7 * back :].reshape(-1, 7).sum(axis=1)[: len(said)]
        ratio = np.where(said > 0, np.maximum(came, 0.0) / np.maximum(said, 1e-9), 1.0)
        rest = np.full(weeks - len(ratio), came.sum() / said.sum() if said.sum() > 0 else 1.0)
        trials.append(np.concatenate([ratio, np.maximum(rest, 0.0)]))
    if len(trials) < 6:
        weekly = np.maximum(past.amount.reshape(-1, 7).sum(axis=1), 0.0)
        trials = [np.full(weeks, ratio) for ratio in weekly / weekly.mean()]
    found = np.clip(np.array(trials), 0.0, 4.0)
    mean = found.mean(axis=0)
    centred: Float64 = found / np.where(mean > 0, mean, 1.0)
    return centred


def to_cash(known: Book, as_of: date) -> dict[tuple[str, str], Float64]:
    """(entity_id, currency) → the share of what is invoiced that is paid n days after issue (n = 0 … 370).

    From invoices of the last year whose first 90 days are over; what a factor or a credit note settles brings nothing.
    """
    newest, oldest = (as_of - timedelta(days=days) for days in _COHORT)
    issued = known.items.filter(pl.col("kind").is_in(["invoice", "debit_note", "credit_note"]))
    if issued["issued_on"].min() is None or issued["issued_on"].min() > newest:  # type: ignore[operator]  # a date
        newest = as_of - timedelta(days=30)
    cohort = issued.filter(pl.col("issued_on").is_between(oldest, newest))
    money = known.receipts.select("receipt_id", "booked_on")
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(["cash", "ledger"]))
    rows = letters.select("item_id", "receipt_id", "allocated_on", paid="amount")
    rows = rows.join(money, on="receipt_id", how="left").join(cohort, on="item_id")
    after = (pl.coalesce("booked_on", "allocated_on") - pl.col("issued_on")).dt.total_days().clip(0, _FOLLOWED - 1)
    paid = rows.group_by(*PURSE, after.alias("after")).agg(pl.col("paid").sum())
    paid = paid.join(cohort.group_by(PURSE).agg(pl.col("amount").sum()), on=PURSE)
    found: dict[tuple[str, str], Float64] = {}
    for (entity, currency), part in paid.filter(pl.col("amount") > 0).group_by(PURSE):
        share = np.zeros(_FOLLOWED)
        share[part["after"].to_numpy()] = np.maximum(part["paid"].to_numpy() / part["amount"].to_numpy(), 0.0)
        found[(str(entity), str(currency))] = share / max(1.0, share.sum())
    return found


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


def drawn_cash(of: Invoicing, paid: Float64, ordered: Float64, draws: int, order: Int64) -> Int64:
    """Money by draw and week, what orders will be invoiced taken off each week. `order`: the trial of each draw."""
    weeks = len(ordered)
    weekly = of.amount.reshape(-1, 7).sum(axis=1)
    said = of.wrong[order[:draws] % len(of.wrong)] * weekly
    left = np.maximum(said - ordered, 0.0)
    factor = np.divide(left, weekly, out=np.zeros_like(left), where=weekly > 0)
    found: Int64 = np.rint(factor @ cash_from(of.amount, paid, weeks)).astype(np.int64)
    return found
