"""Several files about one company: each customer and each invoice once, with what any of the files knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from encours.connectors.base.contract import Reading
from encours.core.base import balance
from encours.core.base.issue import concat_issues
from encours.core.base.schema import TABLES
from encours.core.identity.customers import same_customers
from encours.core.identity.items import EXTRA, not_in_ledger, rename_items, unify_items

#: Whose row leads where several files tell of an invoice: a book, then the ledger, then the invoice itself, then lists.
RANKS = {"book_folder": 0, "fec": 1, "einvoice": 2}
_LIST_RANK = 3
#: Settlements that a list of open items states without detail: a ledger knows better.
STATED_OPEN = "open_amount"
_DATED = (("items", "issued_on"), ("receipts", "booked_on"))
_NAMING = ("item_id", "credit_item_id", "subject_id")


def fill_customers(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row a customer (and version): the fullest file's row, its empty columns filled from the others.

    A list without names calls its customers by their accounts: any file that names them knows better.
    """
    table = TABLES["customers"]
    account = pl.col("customer_id").str.strip_prefix(pl.format("{}:", "entity_id"))
    named = pl.col("name").ne_missing(account) & pl.col("name").ne_missing(pl.col("customer_id"))
    rows = pl.concat(list(frames)).with_columns(name=pl.when(named).then("name"), _called="name")
    columns = [name for name in table.schema if name not in table.key]
    known = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int64) for name in columns)
    ordered = rows.with_columns(_known=known).sort("_known", descending=True, maintain_order=True)
    key = [*table.key, "known_on"]
    filled = ordered.group_by(key, maintain_order=True).agg(
        pl.col(name).drop_nulls().first() for name in (*columns, "_called") if name != "known_on"
    )
    return table.conform(filled.with_columns(name=pl.coalesce("name", "_called")))


def known_customers(readings: Sequence[tuple[str, Reading]]) -> list[Reading]:
    """The readings with e-invoice buyers under the customer id that another file gives the same company.

    An invoice names its buyer by SIREN or VAT id, a ledger by its account: without this each would stand twice.
    """
    own = [reading for connector, reading in readings if connector != "einvoice"]
    foreign = [reading for connector, reading in readings if connector == "einvoice"]
    known, theirs = _rows(own, "customers"), _rows(own, "items")
    guests = _rows(foreign, "customers").join(known, on="customer_id", how="anti")
    if not guests.height or not known.height:
        return [reading for _, reading in readings]
    renames = same_customers(known, guests, theirs, _rows(foreign, "items"))
    names = dict(renames.iter_rows())
    return [
        _renamed(reading, names) if connector == "einvoice" and names else reading for connector, reading in readings
    ]


def _rows(readings: Sequence[Reading], name: str) -> pl.DataFrame:
    table = TABLES[name]
    frames = [table.conform(reading.tables[name]) for reading in readings if name in reading.tables]
    return pl.concat([table.empty(), *frames])


def _renamed(reading: Reading, names: Mapping[str, str]) -> Reading:
    tables = {
        name: frame.with_columns(pl.col("customer_id").replace(names)) if "customer_id" in frame.columns else frame
        for name, frame in reading.tables.items()
    }
    return replace(reading, tables=tables)


def unify_tables(
    tables: Mapping[str, pl.DataFrame], readings: Sequence[tuple[str, Reading]]
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """The tables with each invoice once, and the issues. `readings` are (connector's name, reading)."""
    items = tables.get("items")
    if items is None or not items.height:
        return dict(tables), unify_items(_ranked(TABLES["items"].empty(), readings)).issues
    unified = unify_items(_ranked(items, readings, tables.get("allocations")))
    renamed = {name: rename_items(frame, unified.renames, _NAMING) for name, frame in tables.items()}
    renamed["items"] = unified.items
    renamed["allocations"] = _without_stated(tables, unified.renames, renamed)
    alone, said = not_in_ledger(_ranked(unified.items, readings), ledger_days(readings))
    return without_items(renamed, alone), concat_issues([unified.issues, said])


def ledger_days(readings: Sequence[tuple[str, Reading]]) -> pl.DataFrame:
    """entity_id, from_on, to_on: the days that ledgers tell of."""
    days = [
        pl.concat(
            [
                reading.tables[name].select(on=pl.coalesce("posted_on", dated))
                for name, dated in _DATED
                if name in reading.tables
            ]
        ).select(entity_id=pl.lit(reading.entity_id), from_on=pl.col("on").min(), to_on=pl.col("on").max())
        for connector, reading in readings
        if connector == "fec" and any(name in reading.tables for name, _ in _DATED)
    ]
    empty = pl.DataFrame(schema={"entity_id": pl.String, "from_on": pl.Date, "to_on": pl.Date})
    return pl.concat([empty, *days]).group_by("entity_id").agg(pl.col("from_on").min(), pl.col("to_on").max())


def without_items(tables: Mapping[str, pl.DataFrame], ids: pl.Series) -> dict[str, pl.DataFrame]:
    """The tables without some items and what names them."""
    if not ids.len():
        return dict(tables)
    kept = {}
    for name, frame in tables.items():
        naming = [column for column in _NAMING if column in frame.columns]
        if not naming:
            kept[name] = frame
            continue
        gone = pl.any_horizontal(pl.col(column).is_in(ids.implode()).fill_null(False) for column in naming)
        kept[name] = frame.filter(~gone)
    return kept


def told_by(readings: Sequence[tuple[str, Reading]]) -> pl.DataFrame:
    """item_id, rank, states_due: the best source that tells of each item."""
    told = [
        reading.tables["items"].select(
            "item_id",
            rank=pl.lit(rank_of(connector), dtype=pl.Int64),
            states_due=pl.lit(connector != "fec" or bool(reading.facts.get("due_dates"))),
        )
        for connector, reading in readings
        if "items" in reading.tables
    ]
    return pl.concat([no_told(), *told]).sort("rank").unique("item_id", keep="first")


def rank_of(connector: str) -> int:
    """Whose row leads, the lowest first."""
    return RANKS.get(connector, _LIST_RANK)


def no_told() -> pl.DataFrame:
    """Of no item is anything told."""
    return pl.DataFrame(schema={"item_id": pl.String(), "rank": EXTRA["rank"], "states_due": EXTRA["states_due"]})


def _ranked(
    items: pl.DataFrame, readings: Sequence[tuple[str, Reading]], allocations: pl.DataFrame | None = None
) -> pl.DataFrame:
    settled = TABLES["allocations"].empty() if allocations is None else TABLES["allocations"].conform(allocations)
    opened = balance.with_open(items.lazy(), settled.lazy()).select("item_id", is_open=pl.col("open") != 0).collect()
    # An id that no file tells is one that joining two years of a ledger gave: the ledger's own.
    told = items.join(told_by(readings), on="item_id", how="left", maintain_order="left")
    return told.with_columns(pl.col("rank").fill_null(RANKS["fec"])).join(
        opened.unique("item_id"), on="item_id", how="left", maintain_order="left"
    )


def _without_stated(
    tables: Mapping[str, pl.DataFrame], renames: pl.DataFrame, renamed: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """Allocations without the stated settlements of items whose ledger details them."""
    before = tables.get("allocations", TABLES["allocations"].empty())
    detailed = renames.filter("settled")["from_id"].implode()
    stated = (before["source"] == STATED_OPEN) & before["item_id"].is_in(detailed)
    after = renamed.get("allocations", before)
    return after.filter(~stated)
