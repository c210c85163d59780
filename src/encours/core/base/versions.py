"""Reading a table on a past day: as known that day, as booked on it, and now. Works on lazy frames."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.schema import Table, accounted_on_expr, known_on_expr

_LINE = "_line"


def current(table: Table, rows: pl.LazyFrame, plain: bool = False) -> pl.LazyFrame:
    """One row an id: its last version, voided ids dropped. `plain`: all rows are that already, see `is_plain`."""
    if plain:
        return rows
    if not table.versioned:
        return rows.unique(table.key, keep="last", maintain_order=True)
    return _last_version(table, rows)


def as_known(table: Table, rows: pl.LazyFrame, day: date, plain: bool = False) -> pl.LazyFrame:
    """The table as it was known at the end of `day` (tel que connu ce jour-là).

    Per id the last row with known_on <= day, voided ids dropped, what happened later blanked. `plain`: see `is_plain`.
    """
    if not table.versioned:
        return current(table, rows, plain)
    known = known_on_expr(table)
    told = rows.filter(known.is_null() | (known <= day))
    return _blank_later(table, told if plain else _last_version(table, told), day)


def as_booked(table: Table, rows: pl.LazyFrame, day: date, plain: bool = False) -> pl.LazyFrame:
    """The table by accounting date (à date comptable): dated <= day, whenever it became known."""
    latest = current(table, rows, plain)
    if not table.versioned:
        return latest
    accounted = accounted_on_expr(table)
    return _blank_later(table, latest.filter(accounted.is_null() | (accounted <= day)), day)


def acting(allocations: pl.DataFrame, item_ids: pl.Series, receipt_ids: pl.Series | None) -> pl.DataFrame:
    """The allocations that act on a past day: those whose item, credit note and receipt are all there that day.

    A letter bears the date of its payment and may come before its invoice is posted: until both are in the books the
    money stands unapplied, or it would vanish from the balance of that day. `receipt_ids` None: a book without
    receipts cannot say when they came. Without an item the money settled what another entity is owed: it is gone.
    """
    if allocations.is_empty():  # or millions of ids would be laid out to look up none
        return allocations
    there = pl.col("item_id").is_null() | pl.col("item_id").is_in(item_ids.implode())
    if allocations["credit_item_id"].null_count() < allocations.height:
        there &= pl.col("credit_item_id").is_null() | pl.col("credit_item_id").is_in(item_ids.implode())
    if receipt_ids is not None:
        there &= pl.col("receipt_id").is_null() | pl.col("receipt_id").is_in(receipt_ids.implode())
    return allocations.filter(there)


def is_plain(table: Table, rows: pl.DataFrame) -> bool:
    """Whether each row is its id's only version and none is voided. A no may be false, where two ids have one hash."""
    if not table.versioned:
        return False
    revised = rows["known_on"].null_count() < rows.height or rows["voided"].any()
    if revised:
        return False
    ids = pl.struct(table.key).hash() if len(table.key) > 1 else pl.col(table.key[0]).hash()
    return bool(rows.select(ids.n_unique() == pl.len()).item())


def is_past(table: Table, rows: pl.DataFrame, day: date) -> bool:
    """Whether all rows were known by the end of a day and nothing in them happened later."""
    bare = [
        pl.col(dated).is_null() & pl.col(name).is_not_null() for dated, names in table.later.items() for name in names
    ]
    found = rows.select(
        last=pl.max_horizontal(known_on_expr(table).max(), *(pl.col(dated).max() for dated in table.later)),
        undated=pl.any_horizontal(bare).any() if bare else pl.lit(False),
    )
    last, undated = found.row(0)
    return (last is None or last <= day) and not undated


def _last_version(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    # In file order, as a plain table lies: or the rows of a past day would lie otherwise once a fact is told twice.
    lines = rows.with_row_index(_LINE)
    told = lines.select(*table.key, _LINE, "voided", known=known_on_expr(table))
    # A stable sort keeps file order among versions known the same day: the later line is the later word.
    ordered = told.sort("known", nulls_last=False, maintain_order=True)
    latest = ordered.unique(table.key, keep="last").filter(~pl.col("voided").fill_null(False))
    return lines.join(latest, on=_LINE, how="semi", maintain_order="left").drop(_LINE)


def _blank_later(table: Table, rows: pl.LazyFrame, day: date) -> pl.LazyFrame:
    blanked = [
        pl.when(pl.col(dated) <= day).then(pl.col(name)).alias(name)
        for dated, names in table.later.items()
        for name in (dated, *names)
    ]
    return rows.with_columns(blanked) if blanked else rows
