"""What the facts add up to, for the rows a merge touches: open and unapplied amounts, and the customers concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from encours.core.base import balance
from encours.core.base.invariants import assert_projected
from encours.core.base.issue import Issues
from encours.core.base.numbers import number_key
from encours.store import frames
from encours.store.models import FACTS
from encours.usecases.merge.diff import Difference

_STANDING = ("item_id", "credit_item_id", "receipt_id", "kind", "amount", "receipt_amount", "reversed_on")


@dataclass(frozen=True)
class Touched:
    """Projections to write: frames (item_id or receipt_id, projection) for new rows, (id, projection) for stored ones.

    `customers` are the ids whose positions change.
    """

    open_of_new: pl.DataFrame
    open_of_stored: pl.DataFrame
    unapplied_of_new: pl.DataFrame
    unapplied_of_stored: pl.DataFrame
    customers: pl.Series
    issues: pl.DataFrame


def project(tables: Mapping[str, Difference]) -> Touched:
    """Works out every projection that the differences change, by core's own functions, reading only those ids."""
    allocations = tables.get("allocations")
    gone = _gone(allocations)
    touching = pl.concat([_standing_rows(allocations), gone.select(_STANDING)])
    items = _touched("items", tables, [touching["item_id"], touching["credit_item_id"]])
    receipts = _touched("receipts", tables, [touching["receipt_id"]])
    standing = _standing(allocations, gone["id"], items["item_id"], receipts["receipt_id"])
    opened = balance.with_open(items.lazy(), standing.lazy()).collect()
    freed = balance.with_unapplied(receipts.lazy(), standing.lazy()).collect()
    assert_projected(opened, freed, standing)
    customers = [opened["customer_id"], freed["customer_id"]]
    customers += [part.rows["customer_id"] for name, part in tables.items() if name in ("customers", "orders")]
    # What an update takes away from a customer changes that customer's position too.
    customers += [_left("items", tables), _left("receipts", tables)]
    return Touched(
        opened.filter(pl.col("id").is_null()).select("item_id", "open"),
        _moved(opened, "open"),
        freed.filter(pl.col("id").is_null()).select("receipt_id", "unapplied"),
        _moved(freed, "unapplied"),
        pl.concat(customers).drop_nulls().unique(),
        _over(opened, freed),
    )


def _standing_rows(part: Difference | None) -> pl.DataFrame:
    if part is None:
        return pl.DataFrame(schema=frames.fact_schema("allocations")).select(_STANDING)
    return part.rows.filter("is_current").select(_STANDING)


def _gone(part: Difference | None) -> pl.DataFrame:
    columns = ["id", *_STANDING]
    if part is None or not part.retired.len():
        return pl.DataFrame(schema=frames.fact_schema("allocations")).select(columns)
    return frames.by_number("allocations", part.retired, columns)


def _touched(name: str, tables: Mapping[str, Difference], named: list[pl.Series]) -> pl.DataFrame:
    """Current items (or receipts) that the merge brings or whose settlements it changes; `id` null for new ones."""
    key, projection = ("item_id", "open") if name == "items" else ("receipt_id", "unapplied")
    columns = ["id", key, "customer_id", "amount", projection]
    part = tables.get(name)
    schema = frames.fact_schema(name)
    new = pl.DataFrame(schema={column: schema[column] for column in columns})
    if part is not None:
        new = (
            part.rows.filter("is_current")
            .select(id=pl.lit(None, dtype=pl.Int64), **{key: key}, customer_id="customer_id", amount="amount")
            .with_columns(pl.lit(None, dtype=pl.Int64).alias(projection))
            .select(columns)
        )
    ids = pl.concat(named).drop_nulls().unique()
    ids = ids.filter(~ids.is_in(new[key].implode()))
    if not ids.len() or not FACTS[name]._default_manager.exists():
        return new
    stored = frames.versions(name, ids, columns, current=True)
    if part is not None:
        stored = stored.filter(~pl.col("id").is_in(part.retired.implode()))
    return pl.concat([new, stored])


def _standing(part: Difference | None, gone: pl.Series, item_ids: pl.Series, receipt_ids: pl.Series) -> pl.DataFrame:
    """Every current allocation on the touched items and receipts, as it will stand after the merge."""
    new = _standing_rows(part)
    if not FACTS["allocations"]._default_manager.exists():
        return new
    columns = ["id", *_STANDING]
    stored = pl.concat(
        [
            frames.versions("allocations", item_ids, columns, current=True, by="item_id"),
            frames.versions("allocations", item_ids, columns, current=True, by="credit_item_id"),
            frames.versions("allocations", receipt_ids, columns, current=True, by="receipt_id"),
        ]
    ).unique("id")
    return pl.concat([new, stored.filter(~pl.col("id").is_in(gone.implode())).select(_STANDING)])


def _moved(rows: pl.DataFrame, projection: str) -> pl.DataFrame:
    # with_open puts its result where the stored projection stood: compare by reading the stored one anew is not
    # worth a query, an update to the same value does no harm.
    return rows.filter(pl.col("id").is_not_null()).select("id", projection)


def _left(name: str, tables: Mapping[str, Difference]) -> pl.Series:
    part = tables.get(name)
    if part is None or not part.retired.len():
        return pl.Series("customer_id", [], dtype=pl.String)
    return frames.by_number(name, part.retired, ["customer_id"])["customer_id"]


def _over(opened: pl.DataFrame, freed: pl.DataFrame) -> pl.DataFrame:
    """Settled by more than there was: said, never hidden. Facts stay facts."""
    issues = Issues()
    for name, key, rest, rows in (("items", "item_id", "open", opened), ("receipts", "receipt_id", "unapplied", freed)):
        over = rows.filter((pl.col(rest).sign() * pl.col("amount").sign() < 0) & (pl.col("amount") != 0))
        for found in over[key].head(1_000).to_list():
            text = "more is allocated than there is"
            issues.add("over_allocated", text, severity="warning", action="Look at its letters.", table=name, key=found)
    return issues.frame()


def with_number_key(items: pl.DataFrame) -> pl.DataFrame:
    """Items with what people type to find their number."""
    return items.with_columns(number_key=number_key(pl.col("number")).str.slice(0, 190))
