"""Which invoice or customer of ours an event is about that a factor, an insurer or a platform names in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from encours.core.base.issue import Issues
from encours.core.base.named import NAMED
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES

#: NAMED, with the file that tells it.
NAMED_IN_FILE: dict[str, pl.DataType] = {"file": pl.String(), **NAMED}
#: What is read of the customers (`name_key`: null, no name to compare) and of the items.
CUSTOMERS: dict[str, pl.DataType] = dict.fromkeys(("customer_id", "entity_id", "legal_id", "name_key"), pl.String())
ITEMS: dict[str, pl.DataType] = dict.fromkeys(("item_id", "entity_id", "customer_id", "number"), pl.String())

_IMPORT = "Import the invoices first, or correct the number, and import this file again."
_CHOOSE = "Give the customer's account beside the number, and import this file again."
_CUSTOMER = "Correct the account, or import the customers first, and import this file again."


def known_subjects(
    named: pl.DataFrame, customer_keys: pl.Series, items: pl.DataFrame, customers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(events, issues): the Book's events of `named` (NAMED and `file`) with `file` and `line`, and what is not taken.

    `customer_keys`: the name_key of each row of `named`; `items` and `customers` as ITEMS and CUSTOMERS have them. A
    customer is known by the account, else the register number, else the name, where one of its entity can be meant. An
    invoice is known by its number among those of the customer, or without a known customer where one alone bears it;
    all due dates of a number are meant.
    """
    rows = named.with_columns(name_key=customer_keys, key=number_key(pl.col("number"))).with_row_index("row")
    rows = rows.with_columns(meant=_meant(rows, customers))
    items = items.with_columns(key=number_key(pl.col("number"))).filter(pl.col("key") != "")
    wanted = rows.filter(about="item")
    found = wanted.join(items.select("item_id", "entity_id", "key", owner="customer_id"), on=["entity_id", "key"])
    own = found.filter((pl.col("owner") == pl.col("meant")) | pl.col("meant").is_null())
    alone = own.filter(pl.col("owner").n_unique().over("row") == 1)
    of_items = alone.with_columns(subject=pl.lit("item"), subject_id="item_id")
    told = rows.filter((pl.col("about") == "customer") & pl.col("meant").is_not_null())
    of_customers = told.with_columns(subject=pl.lit("customer"), subject_id="meant")
    columns = ["row", "file", "line", "subject", "subject_id", "kind", "on", "value", "detail"]
    events = pl.concat([of_items.select(columns), of_customers.select(columns)]).sort("row", maintain_order=True)
    # Of two lines that say the same of one subject and day the later one counts.
    events = events.unique(TABLES["events"].key, keep="last", maintain_order=True)
    lost = rows.join(pl.concat([of_items.select("row"), of_customers.select("row")]), on="row", how="anti")
    why = (
        pl.when(about="customer").then(pl.lit("customer"))
        .when(pl.col("row").is_in(own["row"].implode())).then(pl.lit("several"))
        .when(pl.col("row").is_in(found["row"].implode())).then(pl.lit("other"))
        .otherwise(pl.lit("item"))
    )  # fmt: skip
    return events.drop("row"), _said(lost.with_columns(why=why))


def _meant(rows: pl.DataFrame, customers: pl.DataFrame) -> pl.Series:
    """The customer that each row names; null where it names none, none of ours, or several."""
    whose = customers.select("entity_id", "legal_id", "name_key", of="customer_id")
    ways = [rows.select("row", of="customer_id").join(whose.select("of"), on="of")]
    for key in ("legal_id", "name_key"):
        named = rows.select("row", "entity_id", key).drop_nulls(key)
        pairs = named.join(whose.select("entity_id", key, "of"), on=["entity_id", key]).select("row", "of").unique()
        ways.append(pairs.filter(pl.len().over("row") == 1))
    first = pl.concat([way.select("row", "of") for way in ways]).unique("row", keep="first", maintain_order=True)
    return rows.select("row").join(first, on="row", how="left", maintain_order="left")["of"]


def _said(lost: pl.DataFrame) -> pl.DataFrame:
    issues = Issues()
    for row in lost.iter_rows(named=True):
        issues.file, at = row["file"], row["line"]
        number, who = repr(str(row["number"])[:60]), repr(_named(row)[:60])
        if row["why"] == "customer":
            said = f"customer {who} is none of ours, or several"
            issues.add("event_customer_unknown", said, line=at, action=_CUSTOMER, table="events")
        elif row["why"] == "several":
            said = f"invoice {number} is of several customers"
            issues.add("event_invoice_ambiguous", said, line=at, action=_CHOOSE, table="events")
        elif row["why"] == "other":
            said = f"invoice {number} is not of the customer that the line names"
            issues.add("event_invoice_of_another", said, line=at, action=_CHOOSE, table="events")
        else:
            issues.add(
                "event_invoice_unknown", f"invoice {number} is none of ours", line=at, action=_IMPORT, table="events"
            )
    return issues.frame()


def _named(row: Mapping[str, Any]) -> str:
    """The customer as the line names it."""
    account = str(row["customer_id"] or "").removeprefix(f"{row['entity_id']}:")
    return str(row["legal_id"] or row["customer_name"] or account)
