"""Document numbers as people mean them: one spelling for matching, identity and search."""

from __future__ import annotations

import re

import polars as pl

_BETWEEN = re.compile(r"[^0-9A-Z]")


def clean(text: pl.Expr) -> pl.Expr:
    """Compatibility forms folded (full-width digits, `№`), upper case."""
    return text.str.normalize("NFKC").str.to_uppercase()


def number_key(number: pl.Expr) -> pl.Expr:
    """The letters and digits of a number: `INV‑12`, `INV 12` and `inv12` are all `INV12`."""
    return clean(number).str.replace_all(r"[^0-9A-Z]+", "")


def bare_signs(text: str) -> str:
    """The letters and digits of one text, upper case: `inv-12` is `INV12`. Nothing is folded: other alphabets go."""
    return _BETWEEN.sub("", text.upper())
