"""Codes for customers, entities and currencies; customers that belong together stand side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from encours.core.base.book import Book

#: Roles that make one family: the head office pays for its sites, the parent for its subsidiaries. Risk groups and
#: buying groups are too wide: their members do not pay each other's invoices as a habit.
_FAMILY_ROLES = ("payer", "legal_parent", "invoice_to", "site")
#: A larger family is a chain of shops or a mistake of the master data: its members are looked at one by one.
_FAMILY_MAX = 200


@dataclass(frozen=True)
class Scope:
    """The codes, and who is behind them.

    `customers`: customer (code, dense, in order of family), customer_id, entity, name, kind, payer_id (who pays for the
    customer), group (code of that), family_first, family_last (codes of the customers from and to which the family
    reaches, the last not counted).
    """

    customers: pl.DataFrame
    entities: tuple[str, ...]
    currencies: tuple[str, ...]

    def entity_code(self, column: pl.Expr) -> pl.Expr:
        """The place of an entity's id."""
        return _code(column, self.entities)

    def currency_code(self, column: pl.Expr) -> pl.Expr:
        """The place of a currency."""
        return _code(column, self.currencies)


def _code(column: pl.Expr, words: tuple[str, ...]) -> pl.Expr:
    return column.replace_strict({word: place for place, word in enumerate(words)}, default=-1, return_dtype=pl.Int32)


def make_scope(known: Book) -> Scope:
    """The codes of a book as known on a day. Customers that only items or receipts name are there, too."""
    named = known.customers.select("customer_id", "entity_id", "name", "kind")
    seen = pl.concat(
        [
            known.items.select("customer_id", "entity_id"),
            known.receipts.filter(pl.col("customer_id").is_not_null()).select("customer_id", "entity_id"),
        ]
    ).unique("customer_id", keep="any")
    stray = seen.join(named, on="customer_id", how="anti").with_columns(
        name=pl.lit(None, dtype=pl.String), kind=pl.lit("business")
    )
    owner = seen.rename({"entity_id": "seen"})
    everyone = (
        pl.concat([named, stray.select(named.columns)])
        .join(owner, on="customer_id", how="left")
        .with_columns(entity_id=pl.coalesce("entity_id", "seen"))
        .drop("seen")
    )
    entities = _words([everyone["entity_id"], known.receipts["entity_id"], known.items["entity_id"]])
    currencies = _words([known.receipts["currency"], known.items["currency"]])
    return Scope(_ordered(everyone, known, entities), entities, currencies)


def _words(columns: Iterable[pl.Series]) -> tuple[str, ...]:
    return tuple(pl.concat([column.drop_nulls().unique() for column in columns]).unique().sort().to_list())


def _ordered(everyone: pl.DataFrame, known: Book, entities: tuple[str, ...]) -> pl.DataFrame:
    groups = known.paying_groups()
    family = _families(known)
    joined = (
        everyone.join(groups, on="customer_id", how="left")
        .join(family, on="customer_id", how="left")
        .with_columns(
            entity=_code(pl.col("entity_id"), entities),
            group_id=pl.coalesce("group_id", "customer_id"),
            family_id=pl.coalesce("family_id", "customer_id"),
        )
        .with_columns(size=pl.len().over("entity", "family_id"))
        .with_columns(family_id=pl.when(pl.col("size") > _FAMILY_MAX).then("customer_id").otherwise("family_id"))
        .sort("entity", "family_id", "customer_id")
        .with_row_index("customer")
    )
    return joined.select(
        pl.col("customer").cast(pl.Int32),
        "customer_id",
        "entity",
        "name",
        "kind",
        payer_id="group_id",
        group=pl.col("group_id").rank("dense").cast(pl.Int32),
        family_first=pl.col("customer").min().over("entity", "family_id").cast(pl.Int32),
        family_last=(pl.col("customer").max() + 1).over("entity", "family_id").cast(pl.Int32),
    )


def _families(known: Book) -> pl.DataFrame:
    """customer_id, family_id: the connected parts of the links, each named by its least id."""
    links = known.customer_links.filter(pl.col("role").is_in(_FAMILY_ROLES))
    head: dict[str, str] = {}

    def find(one: str) -> str:
        while head.get(one, one) != one:
            head[one] = head.get(head[one], head[one])
            one = head[one]
        return one

    for one, other in links.select("customer_id", "other_id").iter_rows():
        first, second = sorted((find(one), find(other)))
        head[second] = first
        head.setdefault(first, first)
    members = list(head)
    return pl.DataFrame(
        {"customer_id": members, "family_id": [find(member) for member in members]},
        schema={"customer_id": pl.String, "family_id": pl.String},
    )
