"""Items of several sources that are the same invoice: same entity, customer, number and side.

A ledger knows what was posted and settled, a list of open items or an e-invoice knows when it is due. The best source
of an invoice leads: its row and its id stay, the others fill what it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.core.base.issue import Issues
from encours.core.base.numbers import number_key
from encours.core.base.schema import TABLES

#: Beside the Book's columns: `rank` (Int64, the lowest leads: stored, ledger, invoice, list) and `states_due`
#: (Boolean: the source says the due date, it was not computed from terms), `is_open` (Boolean: not settled yet).
EXTRA = {"rank": pl.Int64(), "states_due": pl.Boolean(), "is_open": pl.Boolean()}

#: Ranks up to this one come from a ledger, or from a whole book.
LEDGER_RANK = 1

#: What a leading row takes from the others where it is null.
FILLED = (
    "discount_on",
    "discount_amount",
    "payment_method",
    "payment_reference",
    "order_ref",
    "purchase_order",
    "delivery_ref",
    "label",
    "ledger_account",
)
_KEY = ["entity_id", "customer_id", "number_key", "side"]


@dataclass(frozen=True)
class Unified:
    """`items`: the leading rows, filled. `renames`: from_id, to_id, settled (the lead is a ledger's: it knows itself
    what was paid). `issues`: pairs that could not be told apart.
    """

    items: pl.DataFrame
    renames: pl.DataFrame
    issues: pl.DataFrame


def unify_items(items: pl.DataFrame) -> Unified:
    """One row an invoice. Takes the Book's columns and EXTRA, one row an id."""
    rows = items.with_columns(number_key=number_key(pl.col("number")), side=pl.col("amount") >= 0).with_columns(
        best=pl.col("rank").min().over("entity_id", "customer_id", "number_key", "side")
    )
    lead = (pl.col("rank") == pl.col("best")) | (pl.col("number_key") == "")
    leads, others = rows.filter(lead), rows.filter(~lead)
    if not others.height:
        return Unified(TABLES["items"].conform(items), _no_renames(), Issues().frame())
    pairs, issues = _pairs(leads, others)
    filled = _filled(leads, others.join(pairs, left_on="item_id", right_on="from_id"))
    alone = others.filter(~pl.col("item_id").is_in(pairs["from_id"].implode()))
    kept = pl.concat([filled, alone.select(filled.columns)])
    order = items.select("item_id").join(kept, on="item_id", how="inner", maintain_order="left")
    known = leads.select("item_id", settled=pl.col("ledger_account").is_not_null())
    renames = pairs.join(known, left_on="to_id", right_on="item_id", maintain_order="left")
    return Unified(TABLES["items"].conform(order.select(TABLES["items"].schema.keys())), renames, issues)


def not_in_ledger(items: pl.DataFrame, covered: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Ids of list and invoice lines that a ledger of their days does not have, and an issue for each.

    The ledger is the truth: it is complete for the days it covers. Such a line is money on account that the list
    shows like a credit note, or a document that was never posted; counting it would count it twice or too early.
    `items` has EXTRA; `covered`: entity_id, from_on, to_on.
    """
    told = items.filter(pl.col("rank") > LEDGER_RANK).join(covered, on="entity_id")
    alone = told.filter(pl.col("issued_on").is_between("from_on", "to_on")).sort("item_id")
    issues = Issues()
    for row in alone.iter_rows(named=True):
        issues.add(
            "not_in_ledger",
            f"{row['number']} is not a line of the ledger of these days: it is left out",
            severity="warning" if row["amount"] > 0 else "info",
            action="Check whether it is posted, and under which number.",
            table="items",
            key=row["item_id"],
        )
    return alone["item_id"], issues.frame()


def _pairs(leads: pl.DataFrame, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """from_id, to_id: by the number where one lead bears it, else by the amount, else nothing and an issue.

    An invoice that a ledger moved from 411 to 413 or 416 stands there under one number and amount: a list means the
    line that is still open, an invoice the first one.
    """
    count = leads.with_columns(leaders=pl.len().over(_KEY))
    single = count.filter(pl.col("leaders") == 1).select(*_KEY, to_id="item_id")
    several = count.filter(pl.col("leaders") > 1)
    by_number = others.join(single, on=_KEY).select(from_id="item_id", to_id="to_id")
    # Equal parts of one number are told apart by their order: the n-th due of a list is the n-th of the ledger.
    nth = [*_KEY, "amount", "nth"]
    meant = several.sort("is_open", "issued_on", "due_on", "item_id", descending=[True, False, False, False])
    lines = others.join(several.select(_KEY).unique(), on=_KEY, how="semi").sort("due_on", "item_id")
    by_amount = (
        lines.with_columns(nth=pl.int_range(pl.len()).over(*_KEY, "amount", "rank"))
        .join(
            meant.with_columns(nth=pl.int_range(pl.len()).over(*_KEY, "amount")).select(*nth, to_id="item_id"), on=nth
        )
        .select("to_id", from_id="item_id")
        .select("from_id", "to_id")
    )
    found = pl.concat([by_number, by_amount])
    unsure = others.join(several.select(_KEY).unique(), on=_KEY, how="semi").filter(
        ~pl.col("item_id").is_in(found["from_id"].implode())
    )
    issues = Issues()
    for row in unsure.sort("item_id").iter_rows(named=True):
        issues.add(
            "item_pair_ambiguous",
            f"number {row['number']} stands several times in the ledger: this line may be one of them",
            severity="warning",
            action="Give the amount or the due date of each in both files; until then it counts on its own.",
            table="items",
            key=row["item_id"],
        )
    return found, issues.frame()


def _filled(leads: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Leads with the due date that another source states, and with what they leave empty."""
    stated = others.filter("states_due").group_by("to_id").agg(stated_due=pl.col("due_on").min())
    known = (
        others.sort("rank", "item_id")
        .group_by("to_id", maintain_order=True)
        .agg(pl.col(name).drop_nulls().first().alias(f"{name}_other") for name in FILLED)
    )
    joined = leads.join(stated, left_on="item_id", right_on="to_id", how="left", maintain_order="left").join(
        known, left_on="item_id", right_on="to_id", how="left", maintain_order="left"
    )
    due = pl.when(~pl.col("states_due")).then(pl.coalesce("stated_due", "due_on")).otherwise("due_on")
    # A due date before the invoice's own day is somebody's slip; the ledger's computed one is kept then.
    dated = joined.with_columns(due_on=pl.when(due >= pl.col("issued_on")).then(due).otherwise("due_on"))
    return dated.with_columns(pl.coalesce(name, f"{name}_other").alias(name) for name in FILLED).select(leads.columns)


def rename_items(frame: pl.DataFrame, renames: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """The frame with the ids in `columns` replaced by those they were paired with."""
    if not renames.height:
        return frame
    new = dict(renames.select("from_id", "to_id").iter_rows())
    present = [name for name in columns if name in frame.columns]
    return frame.with_columns(pl.col(name).replace(new) for name in present)


def _no_renames() -> pl.DataFrame:
    return pl.DataFrame(schema={"from_id": pl.String, "to_id": pl.String, "settled": pl.Boolean})
