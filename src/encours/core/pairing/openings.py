"""Two years of a ledger: opening lines are tied to last year's open lines, so that nothing stands twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from encours.core.base import balance
from encours.core.base.issue import ISSUE_SCHEMA, concat_issues
from encours.core.base.money import money_text
from encours.core.base.schema import TABLES
from encours.core.base.spread import spread

#: What stays of an opening once its year was joined bears one of these: it is not joined a second time.
_GAP, _KEPT = ":opening-gap-", ":opening"
_STANDS = ["customer_id", "ledger_account", "currency"]


@dataclass(frozen=True)
class Years:
    """Items, receipts and allocations of all years as one, and what was said about the openings."""

    items: pl.DataFrame
    receipts: pl.DataFrame
    allocations: pl.DataFrame
    issues: pl.DataFrame


def join_years(items: pl.DataFrame, receipts: pl.DataFrame, allocations: pl.DataFrame) -> Years:
    """Ties the openings (kind `opening`) of each year to what was open the day before, entity by entity.

    An opening line that is one of last year's open lines gives way to it; the rest of a customer's opening gives way
    to the rest of their open lines, and what differs stays as an opening item of that amount with an issue. Balances
    per customer and account stay exactly what the ledger says at both closings. A year whose predecessor is not
    loaded keeps its openings. Joining twice changes nothing, also where a year is loaded again. Pure; the order of
    the files does not matter.
    """
    openings = items.filter((pl.col("kind") == "opening") & ~_settled_before())
    state = Years(items, receipts, allocations, concat_issues([]))
    days = openings.select("entity_id", day="posted_on").drop_nulls().unique().sort("day", "entity_id")
    for entity, day in days.iter_rows():
        state = _join_one(state, entity, day)
    return state


def _settled_before() -> pl.Expr:
    """Whether an opening is what an earlier joining left."""
    return pl.col("item_id").str.contains(_GAP, literal=True) | pl.col("item_id").str.ends_with(_KEPT)


def _join_one(state: Years, entity: str, day: date) -> Years:
    mine = pl.col("entity_id") == entity
    before = (pl.coalesce("posted_on", "issued_on") < day) & mine
    past_items = state.items.filter(before & pl.col("ledger_account").is_not_null())
    posted = pl.coalesce("posted_on", "booked_on") < day
    past_receipts = state.receipts.filter(mine & posted & pl.col("ledger_account").is_not_null())
    if not past_items.height and not past_receipts.height:
        return state
    openings = mine & (pl.col("kind") == "opening") & (pl.col("posted_on") == day)
    opened = state.items.filter(openings & ~_settled_before())
    # The year was loaded again: what an earlier joining left is found anew.
    state = replace(state, items=state.items.filter(~(openings & _settled_before())))
    carried = _carried(past_items, past_receipts, state.allocations, day)
    ties, rest_open, rest_carried = _tied(opened, carried)
    aggregated = _aggregated(rest_open, rest_carried, entity, day)
    return _replaced(state, opened, ties, aggregated, day)


def _carried(items: pl.DataFrame, receipts: pl.DataFrame, allocations: pl.DataFrame, day: date) -> pl.DataFrame:
    """What was open the evening before: id, side (item or receipt), amount (as owed), number, due_on."""
    until = allocations.filter(pl.col("allocated_on") < day).lazy()
    open_items = (
        balance.with_open(items.lazy(), until)
        .filter(pl.col("open") != 0)
        .select(*_STANDS, "number", "due_on", id="item_id", side=pl.lit("item"), amount="open")
    )
    free = balance.with_unapplied(receipts.lazy(), until).filter(pl.col("unapplied") != 0).select(
        *_STANDS, number=pl.lit(None, dtype=pl.String), due_on="booked_on", id="receipt_id", side=pl.lit("receipt"),
        amount=-pl.col("unapplied"),
    )  # fmt: skip
    return pl.concat([open_items, free]).sort("due_on", "id").collect()


def _tied(opened: pl.DataFrame, carried: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(ties: opening_id, id, side, amount; openings left; carried left): equal amounts of one customer and account.

    The number of the piece first, then in the order of their dates.
    """
    ties = []
    for keys in ([*_STANDS, "amount", "number"], [*_STANDS, "amount"]):
        nth = pl.int_range(pl.len()).over(keys)
        left = opened.sort("issued_on", "item_id").with_columns(_nth=nth)
        met = left.join(carried.with_columns(_nth=nth), on=[*keys, "_nth"], nulls_equal=False)
        tie = met.select("amount", "side", "id", opening_id="item_id")
        ties.append(tie)
        opened = opened.join(tie, left_on="item_id", right_on="opening_id", how="anti")
        carried = carried.join(tie, on="id", how="anti")
    return pl.concat(ties), opened, carried


@dataclass(frozen=True)
class _Aggregate:
    """Openings that give way to details (opening_id → stand), the details, and the gaps that stay."""

    openings: pl.DataFrame
    details: pl.DataFrame
    gaps: pl.DataFrame


def _aggregated(opened: pl.DataFrame, carried: pl.DataFrame, entity: str, day: date) -> _Aggregate:
    """What is left is compared as sums per customer and account, then per account for a pooled opening."""
    pooled = (
        opened.filter(pl.col("customer_id") == pl.concat_str(pl.lit(f"{entity}:"), "ledger_account"))
        .select("ledger_account", "currency", pool="customer_id")
        .unique()
    )
    own = opened.select(_STANDS).unique()
    details = carried.join(pooled, on=["ledger_account", "currency"], how="left")
    alone = details.join(own, on=_STANDS, how="anti").select("id")
    # Last year's customers without an opening of their own were carried over in the pooled line of their account.
    in_pool = pl.col("pool").is_not_null() & pl.col("id").is_in(alone["id"].implode())
    details = details.with_columns(stand=pl.when(in_pool).then("pool").otherwise("customer_id")).drop("pool")
    openings = opened.with_columns(stand="customer_id")
    keys = ["stand", "ledger_account", "currency"]
    said = openings.group_by(keys).agg(opening=pl.col("amount").sum())
    had = details.group_by(keys).agg(carried=pl.col("amount").sum(), n=pl.len())
    both = said.join(had, on=keys, how="full", coalesce=True)
    both = both.with_columns(gap=pl.col("opening").fill_null(0) - pl.col("carried").fill_null(0))
    # An opening without any open line last year stays as it is: there is nothing to replace it with.
    kept = both.filter(pl.col("n").is_null()).select(keys)
    gaps = (
        both.filter(pl.col("gap") != 0)
        .with_columns(whole=pl.col("n").is_null())
        .select(*keys, "gap", "opening", "carried", "whole")
    )
    return _Aggregate(openings.join(kept, on=keys, how="anti"), details, gaps)


def _replaced(state: Years, opened: pl.DataFrame, ties: pl.DataFrame, found: _Aggregate, day: date) -> Years:
    gap_items = _gap_items(opened, found, day)
    gone = pl.concat([ties["opening_id"], found.openings["item_id"]]).implode()
    items = pl.concat([state.items.filter(~pl.col("item_id").is_in(gone)), gap_items])
    allocations = _retied(_without_old_pieces(state.allocations, found), ties)
    allocations = _respread(allocations, found, gap_items)
    left = items.filter(pl.col("item_id").is_in(opened["item_id"].implode()))["item_id"]
    names = dict(zip(left.to_list(), (left + _KEPT).to_list(), strict=True))
    return Years(
        items.with_columns(pl.col("item_id").replace(names)),
        state.receipts,
        allocations.with_columns(pl.col("item_id").replace(names), pl.col("credit_item_id").replace(names)),
        concat_issues([state.issues, _said(found, day)]),
    )


def _without_old_pieces(allocations: pl.DataFrame, found: _Aggregate) -> pl.DataFrame:
    """Without the pieces that an earlier joining made of allocations which now come again whole."""
    ids = found.openings["item_id"].implode()
    again = allocations.filter(pl.col("item_id").is_in(ids) | pl.col("credit_item_id").is_in(ids))["allocation_id"]
    pieces = pl.col("allocation_id").str.replace(r"/\d+$", "")
    old = (
        (pieces != pl.col("allocation_id"))
        & pieces.is_in(again.implode())
        & (pl.col("allocation_id").is_in(again.implode()).not_())
    )
    return allocations.filter(~old)


def _gap_items(opened: pl.DataFrame, found: _Aggregate, day: date) -> pl.DataFrame:
    gaps = found.gaps.filter(~pl.col("whole"))
    entity = opened["entity_id"][0]
    key = pl.concat_str(
        pl.lit(f"{entity}{_GAP}{day:%Y%m%d}-"),
        pl.col("stand").str.strip_prefix(f"{entity}:"),
        pl.lit("-"),
        "ledger_account",
    )
    rows = gaps.select(
        "ledger_account", "currency", item_id=key, entity_id=pl.lit(entity), customer_id="stand",
        number=pl.lit(f"AN {day.year}"), kind=pl.lit("opening"), issued_on=pl.lit(day), due_on=pl.lit(day),
        amount="gap", label=pl.lit("opening without detail"), posted_on=pl.lit(day),
    )  # fmt: skip
    return TABLES["items"].conform(rows)


def _retied(allocations: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Allocations of an opening that is one of last year's lines name that line."""
    if not ties.height:
        return allocations
    names = allocations.columns
    to_item = ties.filter(pl.col("side") == "item")
    renamed = dict(zip(to_item["opening_id"].to_list(), to_item["id"].to_list(), strict=True))
    to_receipt = ties.filter(pl.col("side") == "receipt").select(credit_item_id="opening_id", _receipt="id")
    rows = allocations.with_columns(pl.col("item_id").replace(renamed), pl.col("credit_item_id").replace(renamed)).join(
        to_receipt, on="credit_item_id", how="left", maintain_order="left"
    )
    # A credit that was an unapplied receipt is that receipt's cash.
    paid = pl.col("_receipt").is_not_null()
    rows = rows.with_columns(
        receipt_id=pl.coalesce("_receipt", "receipt_id"),
        kind=pl.when(paid).then(pl.lit("cash")).otherwise("kind"),
        credit_item_id=pl.when(~paid).then("credit_item_id"),
    ).select(names)
    refunded = ties.filter(pl.col("side") == "receipt")["opening_id"].implode()
    # Money given back on an unapplied receipt stays unapplied itself: both together are nothing.
    return rows.filter(~pl.col("item_id").is_in(refunded))


def _respread(allocations: pl.DataFrame, found: _Aggregate, gap_items: pl.DataFrame) -> pl.DataFrame:
    """Allocations of aggregated openings fall on their details, oldest first; what finds none falls away."""
    if not found.openings.height:
        return allocations
    keys = ["stand", "ledger_account", "currency"]
    stand = pl.concat_str(*keys, separator="|")
    ids = found.openings.select(item_id="item_id", group=stand)
    pool = pl.concat(
        [
            found.details.select("side", "id", "amount", group=stand),
            gap_items.select(
                side=pl.lit("item"),
                id="item_id",
                amount="amount",
                group=pl.concat_str("customer_id", "ledger_account", "currency", separator="|"),
            ),
        ]
    )
    on_item = allocations.join(ids, on="item_id", maintain_order="left")
    on_credit = allocations.join(ids.rename({"item_id": "credit_item_id"}), on="credit_item_id", maintain_order="left")
    touched = pl.concat([on_item["allocation_id"], on_credit["allocation_id"]]).implode()
    rest = allocations.filter(~pl.col("allocation_id").is_in(touched))
    # Two openings set against each other are no longer there, and their details stand as they stood.
    within = on_item.join(on_credit, on="allocation_id", how="semi")["allocation_id"].implode()
    on_item, on_credit = (rows.filter(~pl.col("allocation_id").is_in(within)) for rows in (on_item, on_credit))
    owed = pool.filter((pl.col("amount") > 0) & (pl.col("side") == "item"))
    credited = pool.filter(pl.col("amount") < 0)
    paid = _onto(on_item.filter(pl.col("amount") > 0), owed, "item_id", allocations.columns)
    given = _onto_credits(on_credit, credited, allocations.columns)
    refunds = _onto(
        on_item.filter(pl.col("amount") < 0), credited.filter(pl.col("side") == "item"), "item_id", allocations.columns
    )
    return pl.concat([rest, paid, given, refunds])


def _onto(rows: pl.DataFrame, pool: pl.DataFrame, column: str, names: list[str]) -> pl.DataFrame:
    ordered = rows.sort("group", "allocated_on", "allocation_id")
    met = spread(
        ordered.select("group", id="allocation_id", amount=pl.col("amount").abs()),
        pool.select("group", "id", amount=pl.col("amount").abs()),
        ["group"],
    )
    pieces = met.join(
        ordered.drop("group"), left_on="left_id", right_on="allocation_id", suffix="_whole", maintain_order="left"
    )
    nth = pl.int_range(pl.len()).over("left_id")
    piece_id = pl.when(nth == 0).then("left_id").otherwise(pl.concat_str("left_id", pl.lit("/"), nth + 1))
    signed = pl.col("amount") * pl.col("amount_whole").sign()
    return pieces.with_columns(pl.col("right_id").alias(column), allocation_id=piece_id, amount=signed).select(names)


def _onto_credits(rows: pl.DataFrame, pool: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    pieces = _onto(rows, pool, "credit_item_id", names)
    receipts = pool.filter(pl.col("side") == "receipt")["id"].implode()
    money = pl.col("credit_item_id").is_in(receipts)
    return pieces.with_columns(
        receipt_id=pl.when(money).then("credit_item_id").otherwise("receipt_id"),
        kind=pl.when(money).then(pl.lit("cash")).otherwise("kind"),
        credit_item_id=pl.when(~money).then("credit_item_id"),
    )


def _said(found: _Aggregate, day: date) -> pl.DataFrame:
    gaps = found.gaps.sort("stand", "ledger_account")
    message = pl.format(
        "{} on account {}: the opening of {} is {}, last year left {}; {} stays as opening without detail",
        "stand", "ledger_account", pl.lit(str(day)),
        *(money_text(pl.col(name).fill_null(0), pl.col("currency")) for name in ("opening", "carried", "gap")),
    )  # fmt: skip
    return gaps.select(
        file=pl.lit(None, dtype=pl.String),
        line=pl.lit(None, dtype=pl.Int64),
        code=pl.lit("opening_gap"),
        severity=pl.lit("warning"),
        message=message,
        action=pl.lit("Compare last year's final ledger with this year's opening entry."),
        table=pl.lit("customers"),
        key="stand",
    ).select(list(ISSUE_SCHEMA))
