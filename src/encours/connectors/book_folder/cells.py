"""Text cells to the Book's types: ISO dates, integer minor units, true and false; never inferred."""

from __future__ import annotations

import polars as pl

from encours.core.base.schema import Table

#: Polars type -> how people are told to write it.
_WRITTEN = {
    pl.Date(): "a date like 2026-03-31",
    pl.Int64(): "a whole number (amounts in minor units, 12.50 EUR is 1250)",
    pl.Float64(): "a number with a point",
    pl.Boolean(): "true or false",
    pl.String(): "a text",
}


def written_as(dtype: pl.DataType) -> str:
    """How a cell of this type is written, for messages."""
    return _WRITTEN[dtype]


def typed(name: str, have: pl.DataType, want: pl.DataType) -> pl.Expr | None:
    """The column as the wanted type, null where a cell is not one; None where the whole column cannot be."""
    column = pl.col(name)
    if have == want or have == pl.Null():
        return column.cast(want)
    if have == pl.String():
        return _from_text(column, want)
    if isinstance(have, pl.Categorical | pl.Enum):
        return _from_text(column.cast(pl.String), want)
    if want == pl.Date() and isinstance(have, pl.Datetime):
        midnight = column.dt.truncate("1d") == column
        return pl.when(midnight).then(column.dt.date())
    if want in (pl.Int64(), pl.Float64()) and have.is_numeric():
        number = column.cast(want, strict=False)
        return pl.when(number.cast(have, strict=False) == column).then(number)
    return None


def _from_text(text: pl.Expr, want: pl.DataType) -> pl.Expr:
    if want == pl.String():
        return text
    clean = text.str.strip_chars()
    if want == pl.Date():
        iso = pl.when(clean.str.len_bytes() == 10).then(clean)
        return iso.str.to_date("%Y-%m-%d", strict=False)
    if want == pl.Boolean():
        words = {"true": True, "1": True, "false": False, "0": False}
        return clean.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    return clean.cast(want, strict=False)


def must_hold(table: Table) -> tuple[str, ...]:
    """The columns without which a line says nothing: keys, and every required amount, date and currency.

    A required text that is empty (a customer without a name) loads, and `Book.check` reports it.
    """
    return tuple(
        column.name
        for column in table.columns
        if not column.nullable and (column.dtype != pl.String() or column.name in (*table.key, "currency"))
    )
