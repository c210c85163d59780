"""What a check rule is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.issue import ISSUE_SCHEMA, Severity, no_issues

if TYPE_CHECKING:
    from encours.core.base.book import Book

#: A rule takes the Book with all its versions and the Book as it stands now, and returns issues.
Rule = Callable[["Book", "Book"], pl.DataFrame]

RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Marks a function as a check rule; its docstring's first line is the sentence people read."""
    RULES.append(function)
    return function


def found(
    rows: pl.DataFrame,
    table: str,
    key: pl.Expr | str,
    code: str,
    message: pl.Expr | str,
    action: str,
    severity: Severity = "error",
) -> pl.DataFrame:
    """One issue for each row. `message` is a text, or an expression over the row."""
    if not rows.height:
        return no_issues()
    text = pl.lit(message) if isinstance(message, str) else message
    return rows.select(
        file=pl.lit(None, dtype=pl.String),
        line=pl.lit(None, dtype=pl.Int64),
        code=pl.lit(code),
        severity=pl.lit(severity),
        message=text.cast(pl.String),
        action=pl.lit(action),
        table=pl.lit(table),
        key=(pl.col(key) if isinstance(key, str) else key).cast(pl.String),
    ).select(list(ISSUE_SCHEMA))
