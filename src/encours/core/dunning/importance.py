"""What a customer weighs: its share of the sales, of what is late, and what its orders leave as margin."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.facts import Facts

_YEAR = timedelta(days=365)


def importance(of: Facts) -> pl.DataFrame:
    """customer_id (a payer), sales_share, overdue_share (of its entity, all in the currency that weighs most there),
    margin_share (of its orders' amount; null where no order says it), strategy.

    Sales are the invoices of the last 365 days, credit notes taken off.
    """
    sales = _shares(_sold(of), "sold", "sales_share")
    late = of.overdue.select("entity_id", "payer_id", "currency", amount="open")
    overdue = _shares(late, "late", "overdue_share")
    payers = of.payers.select("payer_id").unique(maintain_order=True)
    rows = payers.join(sales, on="payer_id", how="left").join(overdue, on="payer_id", how="left")
    rows = rows.join(_margins(of.book, of.payers), on="payer_id", how="left")
    stated = of.book.customers.select(payer_id="customer_id", strategy="strategy").unique("payer_id", keep="last")
    return rows.join(stated, on="payer_id", how="left").rename({"payer_id": "customer_id"}).sort("customer_id")


def _sold(of: Facts) -> pl.DataFrame:
    recent = of.book.items.filter(
        (pl.col("issued_on") > of.as_of - _YEAR) & pl.col("kind").is_in(["invoice", "debit_note", "credit_note"])
    )
    return recent.join(of.payers, on="customer_id").select("entity_id", "payer_id", "currency", "amount")


def _shares(rows: pl.DataFrame, total: str, name: str) -> pl.DataFrame:
    """payer_id and its share of its entity, in the currency in which the entity has most."""
    sums = rows.group_by("entity_id", "payer_id", "currency").agg(pl.col("amount").sum())
    whole = sums.group_by("entity_id", "currency").agg(pl.col("amount").sum().alias(total))
    main = whole.sort("entity_id", total, "currency", descending=[False, True, False])
    main = main.unique("entity_id", keep="first", maintain_order=True).filter(pl.col(total) > 0)
    found = sums.join(main, on=["entity_id", "currency"])
    share = (pl.col("amount") / pl.col(total)).clip(0, 1)
    return found.group_by("payer_id").agg(share.max().alias(name))


def _margins(book: Book, payers: pl.DataFrame) -> pl.DataFrame:
    told = book.orders.filter(pl.col("margin").is_not_null() & (pl.col("status") != "cancelled"))
    rows = told.join(payers, on="customer_id").group_by("payer_id").agg(pl.col("margin").sum(), pl.col("amount").sum())
    return rows.filter(pl.col("amount") > 0).select("payer_id", margin_share=pl.col("margin") / pl.col("amount"))
