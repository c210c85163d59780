"""The whole run: every rule in turn, receipts that compete for an item, the decision, and money asserted on leaving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES
from encours.core.matching.case import Case, make_case
from encours.core.matching.rule import HEAD_SCHEMA, LINE_SCHEMA
from encours.core.matching.rules import rules

#: Columns of `decisions`: one row for each receipt with money unapplied on the day.
DECISION_SCHEMA: dict[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "decision": pl.String(),
    "customer_id": pl.String(),
    "confidence": pl.Float64(),
    "rule": pl.String(),
    "alternatives": pl.Int64(),
    "reason": pl.String(),
}
DEFAULT_MAX_ERROR_RATE = 0.001


@dataclass(frozen=True)
class Proposals:
    """New `allocations` (the Book's columns), `decisions` (DECISION_SCHEMA), and counts by decision."""

    allocations: pl.DataFrame
    decisions: pl.DataFrame
    summary: Mapping[str, object]


def propose(book: Book, as_of: date, max_error_rate: float = DEFAULT_MAX_ERROR_RATE) -> Proposals:
    """What each receipt with unapplied money pays, as known at the end of `as_of`.

    `book` holds all versions. A receipt is decided on what was known on its own day; what fits only on `as_of` is at
    most `review`. Nothing posts by itself that is expected to be wrong more often than `max_error_rate`. Raises
    CallError for a rate outside 0..1.
    """
    if not 0 <= max_error_rate <= 1:
        raise CallError([f"max_error_rate is {max_error_rate}; it is a share between 0 and 1"])
    case = make_case(book, as_of)
    heads, lines = _ask_rules(case)
    heads, lines = _settle_contests(case, heads, lines)
    decisions = _decisions(case, heads, lines, max_error_rate)
    allocations = _allocations(case, heads, lines)
    _assert_money(case, allocations, decisions)
    return Proposals(allocations, decisions, _summary(case, decisions, as_of, max_error_rate))


def _ask_rules(case: Case) -> tuple[pl.DataFrame, pl.DataFrame]:
    undecided = case.receipts.select("row")
    heads = [pl.DataFrame(schema={**HEAD_SCHEMA, "rule": pl.String()})]
    lines = [pl.DataFrame(schema=LINE_SCHEMA)]
    for rule in rules():
        found = rule.find(case, undecided)
        heads.append(found.heads.cast(dict(HEAD_SCHEMA)).with_columns(rule=pl.lit(rule.name)))  # type: ignore[arg-type]  # a dict of types is what cast takes
        lines.append(found.lines.cast(dict(LINE_SCHEMA)))  # type: ignore[arg-type]  # the same
        undecided = undecided.join(found.heads, on="row", how="anti", maintain_order="left")
    return pl.concat(heads).sort("row"), pl.concat(lines).sort("row", "item_id")


def _settle_contests(case: Case, heads: pl.DataFrame, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """An item that several receipts want posts for none but the one booked alone before all others.

    The rows are in order of day and id, so the lowest row is the first. A receipt that is not first on each of its
    items keeps its place in the review list but loses its lines: accepting both would pay the item twice.
    """
    wanted = lines.filter(pl.col("item_id").is_duplicated())
    by_day = wanted.join(case.receipts.select("row", "day", "receipt_id"), on="row", maintain_order="left")
    ranked = by_day.with_columns(
        rivals=(pl.len() - 1).over("item_id"),
        first=(pl.col("row") == pl.col("row").min()).over("item_id"),
        tied=((pl.col("day") == pl.col("day").min()).sum() > 1).over("item_id"),
        rival=pl.col("receipt_id").sort_by("row").first().over("item_id"),
    )
    standing = ranked.group_by("row").agg(
        first=pl.col("first").all(),
        beaten=(~pl.col("first") | pl.col("tied")).any(),
        rivals=pl.col("rivals").sum().cast(pl.Int64),
        rival=pl.col("rival").filter(~pl.col("first")).first(),
    )
    joined = heads.join(standing, on="row", how="left", maintain_order="left")
    contested = pl.when(pl.col("rival").is_not_null()).then(
        pl.format("{}; but receipt {} wants the same item", pl.col("reason"), pl.col("rival"))
    )
    tied = pl.when(pl.col("beaten")).then(
        pl.format("{}; but another receipt of the same day wants the same item", pl.col("reason"))
    )
    judged = joined.with_columns(
        may_post=pl.col("may_post") & ~pl.col("beaten").fill_null(False),
        alternatives=pl.col("alternatives") + pl.col("rivals").fill_null(0),
        reason=pl.coalesce(contested, tied, "reason"),
    )
    kept = lines.join(standing.filter(~pl.col("first")), on="row", how="anti", maintain_order="left")
    return judged.drop("first", "beaten", "rivals", "rival"), kept


def _decisions(case: Case, heads: pl.DataFrame, lines: pl.DataFrame, max_error_rate: float) -> pl.DataFrame:
    certain = pl.col("may_post") & (1 - pl.col("confidence") <= max_error_rate + 1e-12)
    payer = lines.join(
        case.quoted.select("row", "item_id", "customer_id", "group_id"), on=["row", "item_id"]
    ).group_by("row").agg(
        proposed=pl.when(pl.col("customer_id").n_unique() == 1)
        .then(pl.col("customer_id").first())
        .when(pl.col("group_id").n_unique() == 1)
        .then(pl.col("group_id").first())
    )  # fmt: skip
    joined = (
        case.receipts.join(heads, on="row", how="left", maintain_order="left")
        .join(payer, on="row", how="left", maintain_order="left")
        .join(_unmatched(case), on="row", how="left", maintain_order="left")
    )
    decision = pl.when(pl.col("rule").is_null()).then(pl.lit("none")).when(certain).then(pl.lit("auto"))
    return joined.select(
        "receipt_id",
        decision=decision.otherwise(pl.lit("review")),
        customer_id=pl.coalesce("customer_id", "proposed"),
        confidence=pl.col("confidence").fill_null(0.0),
        rule=pl.coalesce("rule", "none_rule"),
        alternatives=pl.col("alternatives").fill_null(0),
        reason=pl.coalesce("reason", "none_reason"),
    ).cast(DECISION_SCHEMA)  # type: ignore[arg-type]  # a dict of types is what cast takes


def _unmatched(case: Case) -> pl.DataFrame:
    """row, none_rule, none_reason: why nothing is proposed, for every receipt."""
    quotes_any = case.receipts["row"].is_in(case.quoted["row"].unique().implode())
    quotes_foreign = case.receipts["row"].is_in(case.foreign["row"].implode())
    opens = case.quoted.filter(pl.col("open") != 0)["row"].unique().implode()
    quotes_open = case.receipts["row"].is_in(opens)
    is_return, went_out = pl.col("kind") == "return", (pl.col("kind") == "out") & (pl.col("amount") < 0)
    why = [
        (is_return, "returned_payment", "a returned payment reverses what it paid; it settles nothing"),
        (pl.lit(quotes_open), "amount_differs", "items are quoted, but their open amounts do not make the receipt"),
        (pl.lit(quotes_any), "settled_already", "every quoted item is settled: this may be a second payment"),
        (pl.lit(quotes_foreign), "other_currency", "the quoted item is in another currency"),
        (went_out, "money_out", "the money went out and quotes no item: it is not from a customer"),
        (pl.col("text").is_null(), "no_text", "the receipt has no text"),
    ]
    rule, reason = pl.lit("no_reference"), pl.lit("no number of an item stands in the text")
    for holds, name, sentence in reversed(why):
        rule = pl.when(holds).then(pl.lit(name)).otherwise(rule)
        reason = pl.when(holds).then(pl.lit(sentence)).otherwise(reason)
    return case.receipts.select("row", none_rule=rule, none_reason=reason)


def _allocations(case: Case, heads: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The proposed rows of the Book's `allocations`, dated when both the money and the item were there."""
    dated = case.quoted.select("row", "item_id", "dated_on")
    joined = (
        lines.join(heads.select("row", "rule"), on="row", maintain_order="left")
        .join(case.receipts.select("row", "receipt_id", "day"), on="row", maintain_order="left")
        .join(dated, on=["row", "item_id"], maintain_order="left")
    )
    rows = joined.select(
        "receipt_id",
        "item_id",
        "amount",
        allocation_id=pl.format("match:{}:{}", "receipt_id", "item_id"),
        kind=pl.lit("cash"),
        allocated_on=pl.max_horizontal("day", "dated_on"),
        source=pl.format("match:{}", "rule"),
    )
    return TABLES["allocations"].conform(rows)


def _assert_money(case: Case, allocations: pl.DataFrame, decisions: pl.DataFrame) -> None:
    """Stops the run where a proposal would pay an item or use a receipt twice: a fault of a rule, never of data."""
    opens = case.quoted.select("item_id", "open").unique()
    by_item = allocations.group_by("item_id").agg(pl.col("amount").sum()).join(opens, on="item_id", how="left")
    over = by_item.filter((pl.col("amount") * pl.col("open").sign() > pl.col("open").abs()).fill_null(True))
    used = allocations.group_by("receipt_id").agg(pl.col("amount").sum())
    by_receipt = used.join(case.receipts.select("receipt_id", "unapplied"), on="receipt_id", how="left")
    wrong = by_receipt.filter(
        (pl.col("amount") * pl.col("unapplied").sign() > pl.col("unapplied").abs()).fill_null(True)
    )
    bare = decisions.filter(pl.col("decision") == "auto").join(allocations, on="receipt_id", how="anti")
    faults = [
        *(f"item {item} would be paid beyond its open amount" for item in over["item_id"]),
        *(f"receipt {receipt} would be used beyond its money" for receipt in wrong["receipt_id"]),
        *(f"receipt {receipt} is decided without an allocation" for receipt in bare["receipt_id"]),
    ]
    if faults or decisions.height != case.receipts.height:
        raise AssertionError("; ".join(faults[:20]) or "a receipt has no decision")


def _summary(case: Case, decisions: pl.DataFrame, as_of: date, max_error_rate: float) -> dict[str, object]:
    joined = decisions.join(case.receipts.select("receipt_id", "currency", "unapplied"), on="receipt_id")
    counts = dict(decisions["decision"].value_counts().iter_rows())
    amounts: dict[str, dict[str, int]] = {}
    totals = joined.group_by("currency", "decision").agg(pl.col("unapplied").sum()).sort("currency", "decision")
    for currency, decision, amount in totals.iter_rows():
        amounts.setdefault(currency, {})[decision] = amount
    by_rule = decisions.group_by("rule", "decision").len().sort("rule", "decision")
    return {
        "as_of": as_of.isoformat(),
        "max_error_rate": max_error_rate,
        "receipts": decisions.height,
        **{name: counts.get(name, 0) for name in ("auto", "review", "none")},
        "auto_share": round(counts.get("auto", 0) / decisions.height, 4) if decisions.height else None,
        "amount_minor_by_currency": amounts,
        "rules": [{"rule": rule, "decision": decision, "receipts": n} for rule, decision, n in by_rule.iter_rows()],
    }
