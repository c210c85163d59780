"""Checking a Book: every rule is a small function in a module of this folder, found by its decorator."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.check.rule import RULES, Rule
from encours.core.base.issue import concat_issues

if TYPE_CHECKING:
    from encours.core.base.book import Book


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of this folder, in the order of their modules and lines."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return tuple(RULES)


def check_book(book: Book) -> pl.DataFrame:
    """The issues of all rules on the Book, versions included; an empty frame means nothing is wrong."""
    now = book.current()
    return concat_issues(rule(book, now) for rule in rules())
