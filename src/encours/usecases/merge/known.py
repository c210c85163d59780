"""A list that does not say something does not deny it: what a file leaves empty stays as the book knows it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from encours.core.base.schema import Table
from encours.usecases.read_files import FileRead

#: Tables of master data, which each file tells a part of.
TOLD_IN_PART = ("customers", "contacts")
#: A connector whose rows are whole: what is empty there is meant to be.
_WHOLE = "book_folder"
#: The kind of a customer of whom nothing says it.
_KIND = "business"
#: What is not of a row itself: whose it is, when it became known, whether it is gone.
_NO_WORD = ("entity_id", "known_on", "voided")


def tells_whole(files: Sequence[FileRead]) -> bool:
    """Whether these files say all there is of their rows: then an empty cell wipes what was known."""
    return any(file.connector == _WHOLE for file in files)


def tells_kind(files: Sequence[FileRead]) -> bool:
    """Whether a list among the files has a column for what kind of customer each is."""
    return any("customer_kind" in str(file.facts.get("mapping", "")) for file in files)


def keep_known(table: Table, rows: pl.DataFrame, stored: pl.DataFrame, told_kind: bool) -> pl.DataFrame:
    """Incoming rows of one of TOLD_IN_PART with what they leave empty: as the last file said it where they add
    nothing to that, else as it stands now.

    `rows` and `stored` as `difference` takes them. A customer whose name is his account has none, and one whose kind no
    list says keeps the kind he has. Rows that bear the day on which they were known are versions of their own.
    """
    if not rows.height or not stored.height:
        return rows
    key, content = list(table.key), [name for name in table.schema if name not in (*table.key, *_NO_WORD)]
    empty = rows.with_columns(**_unsaid(table, told_kind))
    beside = empty.select(*key, "entity_id", "known_on", *content)
    for mark, part in (
        ("said", stored.filter(pl.col("import_id").is_not_null())),
        ("now", stored.filter("is_current")),
    ):
        last = part.unique([*key, "entity_id"], keep="last", maintain_order=True)
        named = last.select(*key, "entity_id", *(pl.col(name).alias(f"{name}:{mark}") for name in content))
        beside = beside.join(named, on=[*key, "entity_id"], how="left", maintain_order="left")
    adds = pl.any_horizontal(
        pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"{name}:said")) for name in content
    )
    own = rows.select(pl.col(name).alias(f"{name}:own") for name in content)
    found = pl.concat([beside.with_columns(_adds=adds), own], how="horizontal")
    known = found.select(
        pl.when(pl.col("known_on").is_not_null()).then(f"{name}:own")
        .when("_adds").then(pl.coalesce(name, _standing(name), f"{name}:own"))
        .otherwise(pl.coalesce(f"{name}:said", f"{name}:own"))
        .alias(name)
        for name in content
    )  # fmt: skip
    return rows.with_columns(known.get_columns())


def _unsaid(table: Table, told_kind: bool) -> dict[str, pl.Expr]:
    """Columns that are never empty, empty where nothing was said: a name that is only the account, a default kind."""
    if table.name != "customers":
        return {}
    account = pl.col("customer_id").str.strip_prefix(pl.format("{}:", "entity_id"))
    named = ~pl.col("name").is_in([""]) & (pl.col("name") != account) & (pl.col("name") != pl.col("customer_id"))
    kind = pl.col("kind") if told_kind else pl.when(pl.col("kind") != _KIND).then("kind")
    return {"name": pl.when(named).then("name"), "kind": kind}


def _standing(name: str) -> pl.Expr:
    """What stands now; that letters came back is said of the address that stood then, and of no other."""
    now = pl.col(f"{name}:now")
    if name != "bounced_on":
        return now
    return pl.when(pl.coalesce("email", "email:now").eq_missing(pl.col("email:now"))).then(now)
