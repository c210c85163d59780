"""Incoming rows of one table against the versions the store has: new, same or changed. Pure: frames in, frames out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.issue import ISSUE_SCHEMA, no_issues
from encours.core.base.schema import Table, accounted_on_expr, known_on_expr

#: Columns of a stored version beside the Book's: its number, whether it is the current one, whether a file said it.
STORED = ("id", "entity_id", "import_id", "is_current")


@dataclass(frozen=True)
class Difference:
    """What merging does to a table: `rows` to insert (with `is_current`), `retired` numbers of rows no longer current.

    `new`, `same` and `changed` count incoming rows; `refused` those that another entity owns.
    """

    rows: pl.DataFrame
    retired: pl.Series
    issues: pl.DataFrame
    new: int
    same: int
    changed: int
    refused: int = 0


@dataclass(frozen=True)
class Knowing:
    """When facts became known: `on` this import's day; facts dated before `live_from` are history.

    History was not watched as it happened, so that it counts as known since its own accounting date; what came late
    once Encours was in use became known on the day it came.
    """

    on: date
    live_from: date | None


def difference(table: Table, incoming: pl.DataFrame, stored: pl.DataFrame, knowing: Knowing) -> Difference:
    """Compares rows by the table's key with what sources said before; decisions of persons are no source.

    `incoming` has the Book's columns and entity_id; `stored` the same and STORED: all versions of its keys, in order.
    """
    key = list(table.key)
    twice = incoming.select(key).is_duplicated().any()
    rows = incoming.unique(maintain_order=True) if twice else incoming
    same = incoming.height - rows.height
    if not stored.height:
        fresh = _dated(table, rows, knowing)
        return Difference(_with_current(table, fresh), _nothing(), no_issues(), rows.height, same, 0)
    owners = stored.select(*key, owner="entity_id").unique(key, keep="last")
    rows = rows.join(owners, on=key, how="left", nulls_equal=True, maintain_order="left")
    foreign = rows.filter(pl.col("owner") != pl.col("entity_id"))
    rows = rows.filter(pl.col("owner").is_null() | (pl.col("owner") == pl.col("entity_id")))
    known_before = rows["owner"].is_not_null()
    rows = rows.drop("owner")
    unseen, seen = rows.filter(~known_before), rows.filter(known_before)
    repeated = _is_repeated(table, seen, stored.filter(pl.col("import_id").is_not_null()))
    changed = seen.filter(~repeated)
    same += int(repeated.sum())
    fresh = pl.concat([_dated(table, unseen, knowing), _later(table, changed, stored, knowing.on)])
    rows, retired = _currents(table, fresh, stored)
    issues = pl.concat([_refusals(table, foreign), _changes(table, changed)])
    return Difference(rows, retired, issues, unseen.height, same, changed.height, foreign.height)


def _nothing() -> pl.Series:
    return pl.Series("id", [], dtype=pl.Int64)


def _content(table: Table) -> list[str]:
    return [name for name in table.schema if name not in table.key and name != "known_on"]


def _is_repeated(table: Table, rows: pl.DataFrame, said: pl.DataFrame) -> pl.Series:
    """Whether each row only repeats what a source said: the same version, or the last word where it bears no day."""
    key, content = list(table.key), _content(table)
    count = pl.len().over(key)
    numbered = rows.with_row_index("_n").with_columns(_versions=count)
    last = said.unique(key, keep="last", maintain_order=True).select(*key, *content)
    undated = numbered.filter((pl.col("_versions") == 1) & pl.col("known_on").is_null())
    dated = numbered.filter((pl.col("_versions") > 1) | pl.col("known_on").is_not_null())
    on = [*key, *content]
    found = pl.concat(
        [
            undated.join(last, on=on, how="semi", nulls_equal=True)["_n"],
            dated.join(said, on=[*on, "known_on"], how="semi", nulls_equal=True)["_n"],
        ]
    )
    return numbered["_n"].is_in(found.implode())


def _dated(table: Table, rows: pl.DataFrame, knowing: Knowing) -> pl.DataFrame:
    """Facts that came late once Encours was in use became known on the day they came; so does an event to come."""
    dated = accounted_on_expr(table)
    if table.name == "events":  # a deadline is told ahead of its day, and holds from then on
        ahead = pl.col("known_on").is_null() & (dated > knowing.on)
        rows = rows.with_columns(known_on=pl.when(ahead).then(pl.lit(knowing.on)).otherwise("known_on"))
    if knowing.live_from is None or not table.dated_by:
        return rows
    late = pl.col("known_on").is_null() & (dated >= knowing.live_from) & (dated < knowing.on)
    return rows.with_columns(known_on=pl.when(late).then(pl.lit(knowing.on)).otherwise("known_on"))


def _later(table: Table, changed: pl.DataFrame, stored: pl.DataFrame, on: date) -> pl.DataFrame:
    """A changed fact is a version known from today, never before the versions it follows."""
    key = list(table.key)
    latest = stored.group_by(key).agg(_latest=known_on_expr(table).max())
    joined = changed.join(latest, on=key, how="left", nulls_equal=True, maintain_order="left")
    known = pl.coalesce("known_on", pl.max_horizontal(pl.lit(on), "_latest"))
    return joined.with_columns(known_on=known).drop("_latest")


def _with_current(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose ids the store does not have: the last version of each is current, unless it is voided."""
    key = list(table.key)
    standing = ~pl.col("voided").fill_null(False)
    if rows.select(key).is_duplicated().any():
        order = rows.with_row_index("_n").sort(known_on_expr(table), nulls_last=False, maintain_order=True)
        last = order.unique(key, keep="last")["_n"]
        rows = rows.with_row_index("_n").with_columns(_last=pl.col("_n").is_in(last.implode())).drop("_n")
        return rows.with_columns(is_current=pl.col("_last") & standing).drop("_last")
    return rows.with_columns(is_current=standing)


def _currents(table: Table, fresh: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Which version of each key is current now: (fresh rows with is_current, numbers of stored rows retired)."""
    columns = [*table.schema, "entity_id"] if "entity_id" not in table.schema else list(table.schema)
    if not fresh.height:
        return fresh.select(*columns, is_current=pl.lit(True)), _nothing()
    # Only ids that have a new version can change their current one: the same book again lies in memory but once.
    touched = stored.join(fresh.select(table.key).unique(), on=list(table.key), how="semi", nulls_equal=True)
    old = touched.select(*columns, "id", was="is_current")
    new = fresh.select(*columns, id=pl.lit(None, dtype=pl.Int64), was=pl.lit(False))
    both = _with_current(table, pl.concat([old, new]))
    rows = both.filter(pl.col("id").is_null()).select(*columns, "is_current")
    retired = both.filter(pl.col("id").is_not_null() & pl.col("was") & ~pl.col("is_current"))["id"]
    return rows, retired


def _refusals(table: Table, foreign: pl.DataFrame) -> pl.DataFrame:
    return _issues(
        table,
        foreign,
        "id_of_another_entity",
        "error",
        "this id already belongs to another entity",
        "Check for which entity the file was imported.",
    )


def _changes(table: Table, changed: pl.DataFrame) -> pl.DataFrame:
    message = "the source now says something else; the former version is kept in the history"
    return _issues(table, changed, "fact_changed", "info", message, None)


def _issues(
    table: Table, rows: pl.DataFrame, code: str, severity: str, message: str, action: str | None
) -> pl.DataFrame:
    if not rows.height:
        return no_issues()
    key = pl.concat_str([pl.col(name).cast(pl.String) for name in table.key], separator="|", ignore_nulls=True)
    return rows.select(
        file=pl.lit(None, dtype=pl.String),
        line=pl.lit(None, dtype=pl.Int64),
        code=pl.lit(code),
        severity=pl.lit(severity),
        message=pl.lit(message),
        action=pl.lit(action, dtype=pl.String),
        table=pl.lit(table.name),
        key=key,
    ).select(list(ISSUE_SCHEMA))
