"""Exposure (encours): everything a customer could cost us, beside its credit limit."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book

_DRAFTS, _DRAFT_STATES = ("lcr", "bor"), ("accepted", "presented", "discounted")
_CHEQUE_STATES = ("requested", "accepted", "presented")
_OPEN_ORDERS = ("open", "blocked", "released")
#: What an exposure adds up, in minor units; credits and unapplied money negative.
PARTS = ("invoices", "delivered", "orders", "drafts", "cheques", "credits", "unapplied")


def exposure(book: Book, delivered: pl.DataFrame | None = None) -> pl.DataFrame:
    """entity_id, customer_id, currency, the columns of PARTS, exposure, credit_limit?, headroom?, over_limit.

    Takes a read Book. Exposure = open invoices + delivered not invoiced + orders not invoiced + drafts not matured
    (discounted ones too) + cheques under collection − credits, advances and unapplied receipts. An open item under a
    draft counts once, as the draft. `delivered` (customer_id, currency, amount) where a delivery system tells it. The
    limit is the customer's, in its entity's currency: rows in another currency have none.
    """
    items = book.open_items()
    covered = _covered(book, items)
    parts = [
        _part("invoices", items.filter(pl.col("open") > 0), pl.col("open")),
        _part("invoices", covered, -pl.col("covered")),
        _part("credits", items.filter(pl.col("open") < 0), pl.col("open")),
        _part("orders", book.orders.filter(pl.col("status").is_in(_OPEN_ORDERS)), pl.col("amount")),
        _part("drafts", _instruments(book, _DRAFTS, _DRAFT_STATES), pl.col("amount")),
        _part("cheques", _instruments(book, ("cheque",), _CHEQUE_STATES), pl.col("amount")),
        _part("unapplied", book.unapplied_receipts().filter(pl.col("customer_id").is_not_null()), -pl.col("unapplied")),
    ]
    if delivered is not None:
        parts.append(_part("delivered", delivered, pl.col("amount")))
    sums = pl.concat(parts).group_by("customer_id", "currency", "part").agg(pl.col("amount").sum())
    wide = sums.group_by("customer_id", "currency").agg(
        pl.col("amount").filter(pl.col("part") == part).sum().alias(part) for part in PARTS
    )
    rows = wide.filter(pl.any_horizontal(pl.col(part) != 0 for part in PARTS))
    return _beside_limit(book, rows.with_columns(exposure=pl.sum_horizontal(PARTS)))


def _part(name: str, rows: pl.DataFrame, amount: pl.Expr) -> pl.DataFrame:
    return rows.select("customer_id", "currency", part=pl.lit(name), amount=amount.cast(pl.Int64))


def _instruments(book: Book, kinds: tuple[str, ...], states: tuple[str, ...]) -> pl.DataFrame:
    return book.instruments.filter(pl.col("kind").is_in(kinds) & pl.col("state").is_in(states))


def _covered(book: Book, items: pl.DataFrame) -> pl.DataFrame:
    """customer_id, currency, covered: open invoices that a draft or a cheque in hand covers, to be counted once."""
    alive = pl.concat(
        [_instruments(book, _DRAFTS, _DRAFT_STATES), _instruments(book, ("cheque",), _CHEQUE_STATES)]
    ).select("instrument_id")
    cover = (
        book.instrument_items.join(alive, on="instrument_id", how="semi")
        .group_by("item_id")
        .agg(cover=pl.col("amount").sum())
    )
    both = items.filter(pl.col("open") > 0).join(cover, on="item_id")
    return both.select("customer_id", "currency", covered=pl.min_horizontal("open", "cover"))


def _beside_limit(book: Book, rows: pl.DataFrame) -> pl.DataFrame:
    known = book.customers.select("customer_id", "entity_id", "credit_limit")
    ours = book.entities.select("entity_id", home="currency")
    both = rows.join(known, on="customer_id", how="left").join(ours, on="entity_id", how="left")
    limit = pl.when(pl.col("currency") == pl.coalesce("home", "currency")).then("credit_limit")
    both = both.with_columns(credit_limit=limit)
    return (
        both.with_columns(
            headroom=pl.col("credit_limit") - pl.col("exposure"),
            over_limit=(pl.col("exposure") > pl.col("credit_limit")).fill_null(False),
        )
        .select("entity_id", "customer_id", "currency", *PARTS, "exposure", "credit_limit", "headroom", "over_limit")
        .sort("entity_id", "customer_id", "currency")
    )
