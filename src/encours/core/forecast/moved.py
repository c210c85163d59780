"""What a scenario does to invoices that are not written yet: whose they would be, and when they are paid then."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from encours.core.base.book import Book
from encours.core.forecast.cells import Float64
from encours.core.forecast.invoicing import LEVEL_WEEKS, Moved
from encours.core.forecast.source import ACCOUNT, PURSE

Purse = tuple[str, str]


def invoiced(known: Book, as_of: date) -> pl.DataFrame:
    """entity_id, currency, customer_id, amount: what each customer was invoiced in the weeks that make the level."""
    rows = known.items.filter(
        pl.col("kind").is_in(["invoice", "debit_note", "credit_note"])
        & pl.col("issued_on").is_between(as_of - timedelta(days=7 * LEVEL_WEEKS - 1), as_of)
    )
    return rows.group_by(ACCOUNT).agg(pl.col("amount").sum().clip(0)).sort(ACCOUNT)


def everyone(items: pl.DataFrame, documents: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """entity_id, currency, customer_id, cash of what is open; 0 for who has only orders or a past."""
    others = (part.select(*ACCOUNT, cash=pl.lit(0, dtype=pl.Int64)) for part in (documents, past))
    return pl.concat([items.select(*ACCOUNT, pl.col("cash").cast(pl.Int64)), *others])


def moved(
    change: pl.DataFrame, past: pl.DataFrame, documents: pl.DataFrame, as_of: date, weeks: int
) -> dict[Purse, list[Moved]]:
    """(entity_id, currency) → the parts of its invoices to come that a change (CHANGE_SCHEMA) moves.

    A customer's part is what it was of the invoices of the last weeks (`past`: see `invoiced`); its orders are apart.
    """
    found: dict[Purse, list[Moved]] = {}
    for (entity, currency), part in past.group_by(PURSE, maintain_order=True):
        whole, purse = float(part["amount"].sum()), (str(entity), str(currency))
        for (days, lost), named in change.group_by("days", "lost", maintain_order=True):
            theirs = part.join(named, on="customer_id", how="semi")["amount"].sum()
            orders = documents.join(named, on="customer_id", how="semi")
            share = float(theirs) / whole if whole > 0 else 0.0
            later = None if lost else int(str(days))
            found.setdefault(purse, []).append(Moved(share, ordered(orders, purse, as_of, weeks), later))
    return found


def ordered(documents: pl.DataFrame, purse: Purse, as_of: date, weeks: int) -> Float64:
    """What orders of a purse will be invoiced in each week."""
    rows = documents.filter((pl.col("entity_id") == purse[0]) & (pl.col("currency") == purse[1]))
    week = (rows["invoice_on"] - as_of).dt.total_days().to_numpy() - 1
    kept = (rows["cash"] * (1 - rows["cancelled"])).to_numpy()
    found = np.bincount(np.clip(week // 7, 0, weeks), weights=kept, minlength=weeks + 1)[:weeks]
    return found.astype(np.float64)
