"""How late the money is: the overdue share of what is owed, and the amount-weighted days late of what was paid."""

from __future__ import annotations

import polars as pl


def share_overdue(overdue: float, owed: float) -> float | None:
    """Overdue over owed (not due and overdue, before credits). None where nothing is owed."""
    return overdue / owed if owed > 0 else None


def days_late(payments: pl.DataFrame) -> tuple[float, float] | None:
    """(weighted by amount, unweighted) days from due date to payment; early payments count negative.

    `payments`: amount (above 0), due_on, paid_on. None without payments.
    """
    if payments.is_empty() or not payments["amount"].sum():
        return None
    late = (pl.col("paid_on") - pl.col("due_on")).dt.total_days()
    weighted = (late * pl.col("amount")).sum() / pl.col("amount").sum()
    row = payments.select(weighted=weighted, plain=late.mean()).row(0)
    return float(row[0]), float(row[1])
