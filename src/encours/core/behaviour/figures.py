"""The figures of each payer: delays by the money the customer decides to send, run days, trend, channel, promises."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.behaviour.change import changes, starts
from encours.core.behaviour.history import AUTOMATIC, DECIDED, INTERVAL, NONE, TELLING
from encours.core.behaviour.promised import judged_promises
from encours.core.behaviour.runs import runs
from encours.core.behaviour.shifts import shifts
from encours.core.behaviour.slip import slip

#: Payments that give a payer's own quantiles; how many payments the segment's count for.
LAST, SHRINK = 50, 5.0
#: "Recently" is this many days.
RECENT_DAYS = 90
YEAR_DAYS = 365
#: What money costs a year where the caller names no rate.
USUAL_RATE = 0.05
#: Events that explain why an item is late (names of shifts).
_EXCUSES = ("dispute", "refused", "probably_paid", "payment_sent")
#: A large invoice is dearer than three quarters of its payer's: one of a usual amount is not, however many have it.
#: Each side needs so many payments to be compared.
_LARGE, _SIDE = 0.75, 8


def payer_figures(
    book: Book,
    history: pl.DataFrame,
    as_of: date,
    yearly_rate: float = USUAL_RATE,
    arrived: pl.Series | None = None,
) -> pl.DataFrame:
    """A row a payer of `history` (HISTORY_SCHEMA); nulls where nothing can be said.

    payer_id, payments, last_paid_on, last_seen_on, open_items, late_items; days: delay_p10, delay_median, delay_p90 of
    the last 50 (`shrunk_*`: leaning on the segment), recent_median (90 days), long_median, spread (p90 − p10);
    share_late, share_parts, share_deducted, share_full (at once, nothing deducted), share_disputed; run_weekday (1
    Monday … 7), run_month_days (list of days), run_share; trend_days, trend_year_days (90 and 365 days against the time
    before), changed_on, changed_days, change_t; large_days (median of the invoices dearer than three quarters of the
    payer's less the others'); channel, drawn, returned, promises, promises_kept, lag_days, ledger_closings; currency,
    paid_year (minor units), late_cost (minor units a year: amount × days late / 365 × rate); slip_score, …, slip_now
    (`slip.SLIP_SCHEMA`). `arrived`: ids of items
    whose money has probably come: late only until somebody applies it, they say nothing of their payer.
    """
    told = history.filter(pl.col("kind").is_in(TELLING))
    paid = told.filter(pl.col("ending").is_in([DECIDED, INTERVAL])).sort("payer_id", "paid_on", "item_id")
    exact = paid.filter(pl.col("ending") == DECIDED)  # the middle of two snapshots is no day that anybody chose
    rows = told.group_by("payer_id", maintain_order=True).agg(
        pl.col("segment").first(),
        last_seen_on=pl.col("seen_on").max(),
        open_items=(pl.col("open") > 0).sum(),
        late_items=((pl.col("open") > 0) & (pl.col("due_on") < as_of)).sum(),
        drawn=(pl.col("ending") == AUTOMATIC).sum(),
        ledger_closings=(pl.col("ending") == NONE).sum(),
    )
    known = book.as_of(as_of)
    parts = (
        _delays(paid, as_of), runs(exact), _change(paid), _large(paid), _cost(paid, as_of, yearly_rate, "payer_id"),
        _disputes(known, told), _promises(known, history, as_of), _returned(known),
        slip(history, _excused(known, history, as_of, arrived), as_of),
    )  # fmt: skip
    for part in parts:
        rows = rows.join(part, on="payer_id", how="left", maintain_order="left")
    counts = ("slip_items", "slip_late", "slip_open", "payments", "returned", "promises", "promises_kept")
    return _shrunk(rows.with_columns(pl.col(counts).fill_null(0)), paid).sort("payer_id")


def _delays(paid: pl.DataFrame, as_of: date) -> pl.DataFrame:
    last = pl.col("delay_days").tail(LAST)
    recent, year = (pl.col("paid_on") > as_of - timedelta(days=days) for days in (RECENT_DAYS, YEAR_DAYS))
    found = paid.group_by("payer_id", maintain_order=True).agg(
        payments=pl.len().cast(pl.Int64),
        last_paid_on=pl.col("paid_on").max(),
        delay_p10=last.quantile(0.1, "linear"),
        delay_median=last.median(),
        delay_p90=last.quantile(0.9, "linear"),
        long_median=pl.col("delay_days").median(),
        recent_median=pl.col("delay_days").filter(recent).median(),
        before_median=pl.col("delay_days").filter(~recent).median(),
        recent_payments=recent.sum(),
        _year_moved=pl.col("delay_days").filter(year).median() - pl.col("delay_days").filter(~year).median(),
        _year_side=pl.min_horizontal(year.sum(), (~year).sum()),
        share_late=(last > 0).mean(),
        share_parts=(pl.col("parts") > 1).mean(),
        share_deducted=(pl.col("deducted") > 0).mean(),
        share_full=((pl.col("parts") <= 1) & (pl.col("deducted") <= 0)).mean(),
        channel=pl.col("channel").drop_nulls().mode().sort().first(),
        lag_days=pl.col("lag_days").median(),
    )
    return found.with_columns(
        spread=pl.col("delay_p90") - pl.col("delay_p10"),
        trend_days=pl.when(
            (pl.col("recent_payments") >= 3) & (pl.col("payments") - pl.col("recent_payments") >= 3)
        ).then(pl.col("recent_median") - pl.col("before_median")),
        trend_year_days=pl.when(pl.col("_year_side") >= 3).then("_year_moved"),
    ).drop("before_median", "_year_moved", "_year_side")


def _shrunk(rows: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Adds shrunk_p10, shrunk_median, shrunk_p90: (n · own + 5 · segment's) / (n + 5), n up to 50."""
    levels = {"p10": 0.1, "median": 0.5, "p90": 0.9}
    quantiles = {f"_{name}": pl.col("delay_days").quantile(level, "linear") for name, level in levels.items()}
    whole = paid.select(**quantiles).row(0) if paid.height else (0.0, 0.0, 0.0)
    rows = rows.join(paid.group_by("segment").agg(**quantiles), on="segment", how="left", nulls_equal=True)
    count = pl.col("payments").clip(0, LAST)
    usual = {name: pl.col(f"_{name}").fill_null(all_of) for name, all_of in zip(levels, whole, strict=True)}
    own = {name: pl.col(f"delay_{name}").fill_null(0.0) for name in levels}
    shrunk = {f"shrunk_{name}": (count * own[name] + SHRINK * usual[name]) / (count + SHRINK) for name in levels}
    return rows.with_columns(**shrunk).drop(quantiles)


def _change(paid: pl.DataFrame) -> pl.DataFrame:
    """changed_on, changed_days, change_t: the day of the first payment of a new habit, if there is one."""
    # Invoices of one run are one decision: the mean delay of a day counts once.
    runs = paid.group_by("payer_id", "paid_on", maintain_order=True).agg(pl.col("delay_days").mean())
    first = starts(runs["payer_id"].to_numpy())
    place, moved, sure = changes(first, runs["delay_days"].to_numpy().astype(np.float64))
    some = place >= 0
    return pl.DataFrame(
        {
            "payer_id": runs["payer_id"].gather(first[:-1][some]),
            "changed_on": runs["paid_on"].gather(place[some]),
            "changed_days": moved[some],
            "change_t": sure[some],
        }
    )


def _large(paid: pl.DataFrame) -> pl.DataFrame:
    """large_days: the median delay of a payer's large invoices less that of the others."""
    marked = paid.with_columns(_large=pl.col("amount") > pl.col("amount").quantile(_LARGE).over("payer_id"))
    sides = marked.group_by("payer_id").agg(
        large_days=pl.col("delay_days").filter("_large").median()
        - pl.col("delay_days").filter(~pl.col("_large")).median(),
        _few=pl.min_horizontal(pl.col("_large").sum(), (~pl.col("_large")).sum()),
    )
    return sides.filter(pl.col("_few") >= _SIDE).drop("_few")


def late_costs(history: pl.DataFrame, as_of: date, yearly_rate: float) -> pl.DataFrame:
    """customer_id, currency, paid_year, late_cost: of each account alone: a payer of several counts once."""
    paid = history.filter(pl.col("kind").is_in(TELLING) & pl.col("ending").is_in([DECIDED, INTERVAL]))
    return _cost(paid, as_of, yearly_rate, "customer_id")


def _cost(paid: pl.DataFrame, as_of: date, yearly_rate: float, by: str) -> pl.DataFrame:
    """currency, paid_year, late_cost of the last year, in the currency in which most invoices were paid."""
    year = paid.filter(pl.col("paid_on") > as_of - timedelta(days=YEAR_DAYS))
    late = pl.col("delay_days").clip(0).cast(pl.Float64)
    by_currency = year.group_by(by, "currency").agg(
        _items=pl.len(),
        paid_year=pl.col("amount").sum(),
        late_cost=(pl.col("amount") * late / YEAR_DAYS * yearly_rate).sum().round(0).cast(pl.Int64),
    )
    most = by_currency.sort("_items", "currency", descending=[True, False])
    return most.unique(by, keep="first", maintain_order=True).drop("_items")


def _disputes(known: Book, told: pl.DataFrame) -> pl.DataFrame:
    disputed = pl.col("item_id").is_in(known.disputes["item_id"].implode())
    return told.group_by("payer_id").agg(share_disputed=disputed.mean())


def _excused(known: Book, history: pl.DataFrame, as_of: date, arrived: pl.Series | None) -> pl.Series:
    """Items that are late for a reason of their own: they say nothing of their payer's habit."""
    stopped = [rule.find(known, history, as_of)["item_id"] for rule in shifts() if rule.name in _EXCUSES]
    return pl.concat([known.disputes["item_id"], *stopped, *([] if arrived is None else [arrived])])


def _promises(known: Book, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """promises that fell due, and those kept within three days, each by its own amount."""
    due = judged_promises(known, history, as_of).filter("past")
    return due.group_by("payer_id").agg(
        promises=pl.len().cast(pl.Int64), promises_kept=pl.col("kept").sum().cast(pl.Int64)
    )


def _returned(known: Book) -> pl.DataFrame:
    """returned: direct debits, drafts and cheques that came back; returned_on: the last day one did."""
    who, _ = payers(known.customers, known.customer_links)
    back = known.receipts.filter(pl.col("returns_receipt_id").is_not_null() & pl.col("customer_id").is_not_null())
    unpaid = known.instruments.filter(pl.col("state") == "unpaid")
    days = pl.concat([
        back.select("customer_id", on="booked_on"), unpaid.select("customer_id", on="state_on")
    ])  # fmt: skip
    rows = days.join(who, on="customer_id")
    return rows.group_by("payer_id").agg(returned=pl.len().cast(pl.Int64), returned_on=pl.col("on").max())
