"""Sentences of a frame: a text with {named} columns, one sentence a row."""

from __future__ import annotations

import string

import polars as pl

from encours.core.base.money import money_text


def sentence(text: str, frame: pl.DataFrame, currency: str = "currency") -> pl.Expr:
    """`text` with its {named} columns filled in; `{name:money}` prints minor units of the row's currency.

    A null is printed as "?": a sentence is never lost for want of a figure.
    """
    parts: list[pl.Expr] = []
    for literal, name, form, _ in string.Formatter().parse(text):
        if literal:
            parts.append(pl.lit(literal))
        if name is None:
            continue
        if name not in frame.columns:
            parts.append(pl.lit("?"))
        elif form == "money":
            parts.append(money_text(pl.col(name), pl.col(currency)).fill_null("?"))
        else:
            parts.append(_text(frame.schema[name], name))
    return pl.concat_str(parts) if parts else pl.lit("")


def _text(dtype: pl.DataType, name: str) -> pl.Expr:
    shown = pl.col(name).round(1) if dtype.is_float() else pl.col(name)
    return shown.cast(pl.String).fill_null("?")
