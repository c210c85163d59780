"""Receipts as a past day shows them, out of the store's Parquet copies: what was free, and the newest of any kind."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from encours.core.base.schema import TABLES, accounted_on_expr, known_on_expr
from encours.store import parquet
from encours.usecases.past_positions import in_portfolio, past_standing, read_past
from encours.usecases.viewing import Viewing

_VERSION = ("posted_on", "known_on", "voided")
_SAID = ("payer_name", "remittance", "payer_account", "customer_id")
#: Newest versions looked at first; several days of a large book.
_FIRST_LOOK = 4_096


def free_receipts(viewing: Viewing) -> pl.DataFrame:
    """receipt_id, entity, customer, currency, booked_on, kind, amount, unapplied: what stood free on the day.

    Without the kind `out`, newest first, as far as the actor may see.
    """
    free = past_standing(viewing).receipts.filter(pl.col("kind") != "out")
    mine = in_portfolio(viewing)
    return _newest_first(free if mine is None else free.filter(mine))


def past_page(viewing: Viewing, columns: Sequence[str], every: bool, text: str, start: int, count: int) -> pl.DataFrame:
    """Rows of `columns`, newest first: of `every` receipt of the day, or of those with money unapplied."""
    free = free_receipts(viewing)
    needed = [name for name in columns if name != "unapplied"]
    rows = _newest(viewing, needed, text, start + count) if every else _of(viewing, needed, text, free, start + count)
    unapplied = past_standing(viewing).receipts.select("receipt_id", "unapplied")
    joined = rows.join(unapplied, on="receipt_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("unapplied").fill_null(0)).select(columns).slice(start, count)


def _of(viewing: Viewing, columns: list[str], text: str, free: pl.DataFrame, upto: int) -> pl.DataFrame:
    """The first of the free receipts whose text matches, whole."""
    ids = (free if text else free.head(upto))["receipt_id"]
    return _resolved(viewing, columns, text, ids).head(upto)


def _newest(viewing: Viewing, columns: list[str], text: str, upto: int) -> pl.DataFrame:
    """The newest receipts of the day. Only as many versions are sorted out as it takes to be sure of them."""
    table = TABLES["receipts"]
    on = accounted_on_expr(table) if viewing.reading == "booked" else known_on_expr(table)
    seen = parquet.scan("receipts", viewing.entity_ids).filter(on.is_null() | (on <= viewing.day))
    mine = in_portfolio(viewing)
    seen = seen.filter(_says(text)) if text else seen
    seen = (seen if mine is None else seen.filter(mine)).select("receipt_id", "booked_on")
    look = max(_FIRST_LOOK, 4 * upto)
    while True:
        top = seen.top_k(look, by="booked_on").collect()
        rows = _resolved(viewing, columns, text, top["receipt_id"].unique())
        if top.height == look:
            # Others of the last day looked at may be left out, and a corrected date may lie further back.
            rows = rows.filter(pl.col("booked_on") > top["booked_on"].min())
        if top.height < look or rows.height >= upto:
            return rows.head(upto)
        look *= 4


def _resolved(viewing: Viewing, columns: list[str], text: str, ids: pl.Series) -> pl.DataFrame:
    wanted = list(dict.fromkeys([*columns, "booked_on", *_SAID, *_VERSION]))
    among = pl.col("receipt_id").is_in(ids.implode())
    rows = read_past("receipts", viewing, lambda part: part.filter(among).select(wanted)).collect()
    mine = in_portfolio(viewing)
    rows = rows if mine is None else rows.filter(mine)
    return _newest_first(rows.filter(_says(text)) if text else rows)


def _newest_first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("booked_on", "receipt_id", descending=[True, False])


def _says(text: str) -> pl.Expr:
    told = pl.concat_str("payer_name", "remittance", separator=" ", ignore_nulls=True).str.to_lowercase()
    return told.str.contains(text.lower(), literal=True) | (pl.col("payer_account") == text).fill_null(False)
