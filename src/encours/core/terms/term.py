"""A payment term as data: a base date, ordered steps, instalments, a holiday rule; and the due dates it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import polars as pl

from encours.core.base.days import Calendar, add_months, end_of_decade, end_of_month, france
from encours.core.base.issue import CallError
from encours.core.base.money import round_half_even

Base = Literal["invoice", "delivery", "order", "request"]
Holiday = Literal["unshifted", "next", "previous"]

#: Base date of an instalment -> column of a frame that holds it; `request` is the buyer's receipt of the invoice.
BASE_COLUMNS: dict[str, str] = {
    "invoice": "issued_on",
    "delivery": "delivered_on",
    "order": "ordered_on",
    "request": "received_on",
}


@dataclass(frozen=True)
class AddDays:
    """N calendar days later."""

    days: int

    def after(self, day: date) -> date:
        """The day this step leads to."""
        return day + timedelta(days=self.days)

    def expr(self, day: pl.Expr) -> pl.Expr:
        """The same for a column of dates."""
        return day + pl.duration(days=self.days)


@dataclass(frozen=True)
class AddMonths:
    """The same day N months later, cut to that month's last day."""

    months: int

    def after(self, day: date) -> date:
        """The day this step leads to."""
        return add_months(day, self.months)

    def expr(self, day: pl.Expr) -> pl.Expr:
        """The same for a column of dates."""
        return _add_months(day, self.months)


@dataclass(frozen=True)
class EndOfMonth:
    """The last day of the month (fin de mois)."""

    def after(self, day: date) -> date:
        """The day this step leads to."""
        return end_of_month(day)

    def expr(self, day: pl.Expr) -> pl.Expr:
        """The same for a column of dates."""
        return day.dt.month_end()


@dataclass(frozen=True)
class EndOfDecade:
    """The 10th, the 20th or the month's last day (fin de décade)."""

    def after(self, day: date) -> date:
        """The day this step leads to."""
        return end_of_decade(day)

    def expr(self, day: pl.Expr) -> pl.Expr:
        """The same for a column of dates."""
        start = day.dt.month_start()
        tenth, twentieth = start + pl.duration(days=9), start + pl.duration(days=19)
        return pl.when(day <= tenth).then(tenth).when(day <= twentieth).then(twentieth).otherwise(day.dt.month_end())


@dataclass(frozen=True)
class FixedDay:
    """The first of these days of the month on or after (le 10, les 10 et 25); cut to the month's last day."""

    days: tuple[int, ...]

    def after(self, day: date) -> date:
        """The day this step leads to."""
        months = (day, add_months(day.replace(day=1), 1))
        dates = [_day_of_month(month, n) for month in months for n in self.days]
        return min(found for found in dates if found >= day)

    def expr(self, day: pl.Expr) -> pl.Expr:
        """The same for a column of dates."""
        start = day.dt.month_start()
        months = (start, day.dt.month_end() + pl.duration(days=1))
        dates = [
            pl.min_horizontal(month + pl.duration(days=n - 1), month.dt.month_end())
            for month in months
            for n in self.days
        ]
        return pl.min_horizontal([pl.when(found >= day).then(found) for found in dates])


Step = AddDays | AddMonths | EndOfMonth | EndOfDecade | FixedDay


def _day_of_month(month: date, day: int) -> date:
    return month.replace(day=min(day, end_of_month(month).day))


def _add_months(day: pl.Expr, months: int) -> pl.Expr:
    # From the first of the month, so that the month is never overrun; then cut to its last day.
    start = day.dt.month_start().dt.offset_by(f"{months}mo")
    return pl.min_horizontal(start + pl.duration(days=day.dt.day().cast(pl.Int64) - 1), start.dt.month_end())


@dataclass(frozen=True)
class Instalment:
    """A share of the invoice in percent, the date it runs from, and the steps to its due date."""

    percent: Decimal = Decimal(100)
    base: Base = "invoice"
    steps: tuple[Step, ...] = ()

    def due_on(self, base_day: date) -> date:
        """The due date from its base day, before any holiday rule."""
        for step in self.steps:
            base_day = step.after(base_day)
        return base_day

    def due_on_expr(self, base_day: pl.Expr) -> pl.Expr:
        """The same for a column of base days."""
        for step in self.steps:
            base_day = step.expr(base_day)
        return base_day


@dataclass(frozen=True)
class Discount:
    """An early-payment discount (escompte): percent of the invoice when paid within `days` of its issue."""

    percent: Decimal
    days: int


@dataclass(frozen=True)
class Term:
    """When an invoice falls due. Non-working due dates are not shifted unless `holiday` says so.

    Raises CallError where the instalments do not sum to 100 %, or a step is not possible.
    """

    instalments: tuple[Instalment, ...] = (Instalment(),)
    holiday: Holiday = "unshifted"
    discount: Discount | None = None

    def __post_init__(self) -> None:
        """Checks the term once, when it is made."""
        faults = []
        total = sum((part.percent for part in self.instalments), Decimal(0))
        if total != 100:
            faults.append(f"the instalments sum to {total.normalize():f} %, not to 100 %")
        for part in self.instalments:
            faults += [f"{part.percent:f} % is not a share" for _ in (0,) if part.percent <= 0]
            for step in part.steps:
                if isinstance(step, FixedDay) and not (step.days and all(1 <= n <= 31 for n in step.days)):
                    faults.append(f"{', '.join(map(str, step.days)) or 'nothing'} is not a day of the month")
        if faults:
            raise CallError(faults)

    @classmethod
    def of(cls, *steps: Step, base: Base = "invoice", holiday: Holiday = "unshifted") -> Term:
        """A term of one instalment."""
        return cls((Instalment(base=base, steps=steps),), holiday)

    def due_dates(self, issued_on: date, calendar: Calendar | None = None, **bases: date) -> list[date]:
        """The due date of each instalment. `bases` are delivery, order or request days; absent: the invoice's."""
        return [
            _shifted(part.due_on(bases.get(part.base, issued_on)), self.holiday, calendar) for part in self.instalments
        ]

    def due_on(self, issued_on: date, calendar: Calendar | None = None, **bases: date) -> date:
        """The last due date: that of the whole invoice where there is one instalment."""
        return max(self.due_dates(issued_on, calendar, **bases))

    def split(self, amount: int) -> list[int]:
        """The amount by instalment, in minor units; roundings are carried along so that the parts sum to it."""
        parts: list[int] = []
        share = Decimal(0)
        for part in self.instalments:
            share += part.percent
            parts.append(round_half_even(Decimal(amount) * share / 100) - sum(parts))
        return parts

    def discount_for(self, issued_on: date, amount: int) -> tuple[date, int] | None:
        """The last day of the early-payment discount and its amount in minor units; None without one."""
        if self.discount is None:
            return None
        day = issued_on + timedelta(days=self.discount.days)
        return day, round_half_even(Decimal(amount) * self.discount.percent / 100)


def _shifted(day: date, holiday: Holiday, calendar: Calendar | None) -> date:
    if holiday == "unshifted":
        return day
    working = calendar or france()
    return working.next_working(day) if holiday == "next" else working.previous_working(day)


def due_on_expr(part: Instalment, term: Term, base_day: pl.Expr, calendar: Calendar | None = None) -> pl.Expr:
    """The due date of one instalment of a term for a column of base days, holiday rule applied."""
    due = part.due_on_expr(base_day)
    if term.holiday == "unshifted":
        return due
    closed = (calendar or france()).closed_days()
    roll: Literal["forward", "backward"] = "forward" if term.holiday == "next" else "backward"
    return due.dt.add_business_days(0, holidays=closed, roll=roll)


def due_dates(frame: pl.DataFrame, terms: Mapping[str, Term], calendar: Calendar | None = None) -> pl.DataFrame:
    """Rows with their due dates: one row an instalment, in order.

    `frame` has `term` (a key of `terms`), `issued_on`, and where known `delivered_on`, `ordered_on`, `received_on`
    (null or absent: the invoice's day) and `amount`. Adds `part` (`1/3`; null for a single instalment), `due_on`, and
    makes `amount` the instalment's share. A row whose term is null or not among `terms` has a null due date.
    """
    if frame.is_empty():
        return frame.with_columns(part=pl.lit(None, dtype=pl.String), due_on=pl.lit(None, dtype=pl.Date))
    rows = frame.with_row_index("_row")
    parts = [_due_of_term(rows.filter(pl.col("term") == name), term, calendar) for name, term in terms.items()]
    unknown = rows.filter(pl.col("term").is_null() | ~pl.col("term").is_in(list(terms)))
    parts.append(
        unknown.with_columns(
            part=pl.lit(None, dtype=pl.String), due_on=pl.lit(None, dtype=pl.Date), _nth=pl.lit(0, dtype=pl.Int64)
        )
    )
    return pl.concat(parts).sort("_row", "_nth").drop("_row", "_nth")


def _due_of_term(rows: pl.DataFrame, term: Term, calendar: Calendar | None) -> pl.DataFrame:
    count = len(term.instalments)
    found = []
    earlier = pl.lit(0)
    share = Decimal(0)
    for nth, part in enumerate(term.instalments):
        share += part.percent
        column = BASE_COLUMNS[part.base]
        base = pl.coalesce(column, "issued_on") if column in rows.columns else pl.col("issued_on")
        columns = {
            "part": pl.lit(f"{nth + 1}/{count}" if count > 1 else None, dtype=pl.String),
            "due_on": due_on_expr(part, term, base, calendar),
            "_nth": pl.lit(nth, dtype=pl.Int64),
        }
        if "amount" in rows.columns and count > 1:
            until = _share(pl.col("amount"), share)
            columns["amount"] = until - earlier
            earlier = until
        found.append(rows.with_columns(**columns))
    return pl.concat(found)


def _share(amount: pl.Expr, percent: Decimal) -> pl.Expr:
    # Exact in integers, halves to even as money.round_half_even: percent as a fraction, Int128 against overflow.
    numerator, denominator = (percent / 100).as_integer_ratio()
    scaled = amount.cast(pl.Int128) * numerator
    low = scaled // denominator
    twice = (scaled - low * denominator) * 2
    up = (twice > denominator) | ((twice == denominator) & (low % 2 != 0))
    return (low + up.cast(pl.Int128)).cast(pl.Int64)
