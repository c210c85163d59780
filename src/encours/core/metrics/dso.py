"""Days sales outstanding: simple, countback (épuisement) and best possible, and average days delinquent."""

from __future__ import annotations

from collections.abc import Iterable


def dso_simple(receivable: float, sales: float, days: int) -> float | None:
    """Receivable over the sales of a period with tax, times its days. None without sales."""
    return receivable / sales * days if sales > 0 else None


def dso_countback(receivable: float, months: Iterable[tuple[float, int]]) -> float | None:
    """Days of sales that the receivable uses up, month by month backwards; the last month pro rata.

    `months` are (sales with tax, days), the newest first. A month without sales still counts its days: nothing was
    sold in it. None where the receivable exceeds all the months given: a part of the answer would be a wrong answer.
    """
    left, days = receivable, 0.0
    for sales, length in months:
        if left <= 0:
            return days
        if sales > left:
            return days + left / sales * length
        left -= sales
        days += length
    return days if left <= 0 else None


def dso_best_possible(current: float, sales: float, days: int) -> float | None:
    """What DSO would be if nothing were overdue: current (not due) receivable over sales, times days."""
    return dso_simple(current, sales, days)


def average_days_delinquent(dso: float | None, best_possible: float | None) -> float | None:
    """ADD: DSO less best possible DSO."""
    return None if dso is None or best_possible is None else dso - best_possible


def cash_effect(yearly_sales: float, days_gained: float) -> float:
    """Cash that so many days of DSO are worth (effet BFR): yearly sales with tax over 365, times days."""
    return yearly_sales / 365 * days_gained
