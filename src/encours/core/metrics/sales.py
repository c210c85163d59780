"""Sales with tax by month, and since when the book knows them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.days import add_months, end_of_month, start_of_month

SALES_KINDS = ("invoice", "debit_note", "credit_note", "retention")
#: What the ids of items have in common that were made here, and by no source.
OWN_ITEM = ":encours-"
#: A book whose first sale lies within the first days of a month is taken to know that month whole.
_FIRST_DAYS = 7


@dataclass(frozen=True)
class Sales:
    """Sales by month start (minor units), and the first day since which they are all there; None: no history."""

    by_month: dict[date, int]
    since: date | None

    def between(self, first_month: date, last_month: date) -> int:
        """Sales of whole months, both included."""
        return sum(amount for month, amount in self.by_month.items() if first_month <= month <= last_month)

    def months_back(self, as_of: date) -> list[tuple[int, int]]:
        """(sales, days) of the month of `as_of` to that day, then of the months before, back to `since`."""
        if self.since is None:
            return []
        month, end, found = start_of_month(as_of), as_of, []
        while month >= self.since:
            found.append((self.by_month.get(month, 0), (end - month).days + 1))
            end = month - timedelta(days=1)
            month = add_months(month, -1)
        return found


def sales(items_open: pl.DataFrame) -> Sales:
    """Sales of the rows given (one entity's and currency's items with `open`, read on a day), by day of issue.

    A book whose invoices are all still open is a list of open items, not a history. Openings and down payments are no
    sales; nor is a retention that was found and taken off its invoice here: the invoice counts whole.
    """
    sold = items_open.filter(pl.col("kind").is_in(SALES_KINDS))
    if "item_id" in sold.columns:
        sold = sold.filter((pl.col("kind") != "retention") | ~pl.col("item_id").str.contains(OWN_ITEM, literal=True))
    months = sold.group_by(pl.col("issued_on").dt.month_start()).agg(pl.col("amount").sum())
    by_month = {month: int(amount) for month, amount in months.iter_rows() if month is not None}
    settled = sold.filter((pl.col("open") == 0) & (pl.col("amount") > 0))
    first = sold["issued_on"].min()
    if settled.is_empty() or not isinstance(first, date):
        return Sales(by_month, None)
    since = start_of_month(first) if first.day <= _FIRST_DAYS else add_months(start_of_month(first), 1)
    return Sales(by_month, since)


def window(as_of: date, months: int = 3) -> tuple[date, int]:
    """(first day, days) of the last `months` calendar months up to `as_of`, its own month counted."""
    first = add_months(start_of_month(as_of), 1 - months)
    return first, (as_of - first).days + 1


def month_ends(as_of: date, months: int) -> list[date]:
    """The last `months` month ends up to `as_of`, oldest first, `as_of` itself last."""
    start = start_of_month(as_of)
    return [end_of_month(add_months(start, -n)) for n in range(months - 1, 0, -1)] + [as_of]
