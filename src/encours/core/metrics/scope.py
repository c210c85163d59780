"""What a figure counts: doubtful, retention, drafts, disputed, factored and intercompany in or out, and said."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import polars as pl

from encours.core.base.factoring import sold

if TYPE_CHECKING:
    from encours.core.base.book import Book

_ALIVE = ("accepted", "presented", "discounted")
_WORDS = {
    "en": {
        "doubtful": "doubtful (416)",
        "retention": "retention",
        "drafts": "drafts",
        "disputed": "disputed",
        "factored": "factored",
        "intercompany": "intercompany",
    },
    "fr": {
        "doubtful": "douteux (416)",
        "retention": "retenues de garantie",
        "drafts": "effets",
        "disputed": "litiges",
        "factored": "affacturé",
        "intercompany": "intragroupe",
    },
}


@dataclass(frozen=True)
class Scope:
    """True counts the items, False leaves them out; what is left out stands in a column of its own, `excluded`."""

    doubtful: bool = True
    retention: bool = True
    drafts: bool = True
    disputed: bool = True
    factored: bool = True
    intercompany: bool = True

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names that are not counted, in order."""
        return tuple(field.name for field in fields(self) if not getattr(self, field.name))

    def sentence(self, language: Literal["en", "fr"] = "en") -> str:
        """What is counted, as it is printed beside every figure."""
        words = _WORDS[language]
        inside = [words[field.name] for field in fields(self) if getattr(self, field.name)]
        outside = [words[name] for name in self.left_out]
        counted, without = ("with", "without") if language == "en" else ("avec", "sans")
        parts = [f"{word} {', '.join(names)}" for word, names in ((counted, inside), (without, outside)) if names]
        return "; ".join(parts)


ALL = Scope()
FLAGS = tuple(field.name for field in fields(Scope))


def flags(book: Book) -> pl.DataFrame:
    """item_id and a boolean column for each name of Scope, for the items where at least one is true.

    Takes a read Book. Doubtful: account 416. Retention: kind retention or account 4117. Drafts: account 413 or an
    accepted draft on the item. Disputed: an open dispute. Factored: the last factor event of the item, or of its
    account, assigns it.
    Intercompany: the customer's legal id is one of our entities', or its segment says so.
    """
    account = pl.col("ledger_account").fill_null("")
    rows = book.items.select(
        "item_id",
        doubtful=account.str.starts_with("416"),
        retention=(pl.col("kind") == "retention").fill_null(False) | account.str.starts_with("4117"),
        drafts=account.str.starts_with("413") | _among("item_id", _under_draft(book)),
        disputed=_among("item_id", _disputed(book)),
        factored=_among("item_id", _factored(book)),
        intercompany=_among("customer_id", _our_own(book)),
    )
    return rows.filter(pl.any_horizontal(FLAGS))


def _among(column: str, ids: pl.Series) -> pl.Expr:
    return pl.col(column).is_in(ids.implode()).fill_null(False)


def _under_draft(book: Book) -> pl.Series:
    alive = book.instruments.filter(pl.col("state").is_in(_ALIVE) & pl.col("kind").is_in(["lcr", "bor"]))
    return book.instrument_items.join(alive, on="instrument_id", how="semi")["item_id"]


def _disputed(book: Book) -> pl.Series:
    return book.disputes.filter(pl.col("closed_on").is_null())["item_id"]


def _factored(book: Book) -> pl.Series:
    return sold(book, book.items)["item_id"]


def _our_own(book: Book) -> pl.Series:
    # A SIRET begins with its SIREN: nine digits name the company.
    ours = book.entities["legal_id"].drop_nulls().str.replace_all(r"\s", "").str.slice(0, 9)
    theirs = pl.col("legal_id").str.replace_all(r"\s", "").str.slice(0, 9).is_in(ours.implode()).fill_null(False)
    said = (pl.col("segment").str.to_lowercase() == "intercompany").fill_null(False)
    return book.customers.filter(theirs | said)["customer_id"]
