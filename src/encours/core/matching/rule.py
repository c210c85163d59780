"""What a matching rule is, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from encours.core.matching.case import Case

#: Columns of `Found.lines`: which receipt (its row in the case) settles which item, with how much (item's currency).
LINE_SCHEMA: dict[str, pl.DataType] = {"row": pl.UInt32(), "item_id": pl.String(), "amount": pl.Int64()}
#: Columns of `Found.heads`: one line a receipt. `may_post` is false where a doubt keeps it for a person's eye.
HEAD_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "may_post": pl.Boolean(),
    "confidence": pl.Float64(),
    "alternatives": pl.Int64(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Found:
    """What one rule found: a head a receipt and the lines it proposes."""

    heads: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True)
class Rule:
    """One way of recognising what a receipt pays.

    `order`: rules are asked from low to high, the first that finds something for a receipt speaks for it.
    `sentence` is what a credit controller reads. `find` takes the case and the rows still undecided.
    """

    name: str
    order: int
    sentence: str
    find: Callable[[Case, pl.DataFrame], Found]


@dataclass(frozen=True)
class Doubt:
    """What keeps a proposal from posting by itself: a flag of the quoted lines and its sentence."""

    code: str
    sentence: str
    holds: pl.Expr


def doubts_text(doubts: tuple[Doubt, ...]) -> pl.Expr:
    """The sentences of the doubts that hold, joined; empty where none does. Takes columns named by code."""
    said = [pl.when(pl.col(doubt.code)).then(pl.lit(doubt.sentence)) for doubt in doubts]
    return pl.concat_str(said, separator="; ", ignore_nulls=True)
