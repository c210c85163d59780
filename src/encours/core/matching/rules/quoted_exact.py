"""The text quotes one or more invoice numbers whose open amounts sum exactly to the receipt."""

from __future__ import annotations

import polars as pl

from encours.core.matching.case import Case
from encours.core.matching.rule import Doubt, Found, Rule, doubts_text

#: Share of proofs by number and amount expected to be wrong, until judged receipts of the book say better: a chance
#: hit needs the same number in the text and the same cents. Rules of this family made 0 to 1 error in 10,000 on the
#: synthetic history that benchmarks/matching/exact.py replays.
ERROR_RATE = 0.0001
#: The same with a doubt: a person looks.
DOUBTFUL_ERROR_RATE = 0.05

#: Flags over the quoted lines of one receipt; any of them leaves the posting to a person.
DOUBTS = (
    Doubt("not_known_then", "not all of it was known and open when the money was booked", pl.col("late").any()),
    Doubt("namesakes", "several items bear a quoted number", (pl.col("namesakes") > 1).any()),
    Doubt("weak", "the quoted numbers are too short to prove anything", pl.col("weak").all()),
    Doubt("crossed", "two numbers share words of the text", pl.col("crossed").any()),
    Doubt("payers", "the items belong to customers that do not pay for each other", pl.col("group_id").n_unique() > 1),
    Doubt("other_customer", "the receipt stands on another customer's account", pl.col("elsewhere").any()),
    Doubt("partly_applied", "part of the receipt is applied already", pl.col("partly_applied").any()),
    Doubt("settled_too", "a quoted item is settled already: this may be a second payment", pl.col("dead").any()),
    Doubt("is_amount", "a quoted number may be the amount itself", pl.col("is_amount").any()),
)


def quoted_lines(case: Case, rows: pl.DataFrame) -> pl.DataFrame:
    """The quoted items of the undecided rows with the flags that doubts read."""
    receipts = case.receipts.join(rows, on="row", how="semi").filter(pl.col("kind") != "return")
    columns = receipts.select(
        "row", "unapplied", amount="amount", standing_on="group_id", receipt_customer="customer_id"
    )
    lines = case.quoted.join(columns, on="row")
    digits = pl.col("amount").abs().cast(pl.String)
    return lines.with_columns(
        dead=pl.col("open") == 0,
        late=pl.col("open_then").is_null() | (pl.col("open_then") != pl.col("open")),
        elsewhere=pl.col("receipt_customer").is_not_null()
        & (pl.coalesce("standing_on", "receipt_customer") != pl.col("group_id")),
        partly_applied=pl.col("unapplied") != pl.col("amount"),
        # `1045,00` in the text reads as 1045 and as 104500.
        is_amount=(pl.col("key") == digits) | (pl.col("key") + "00" == digits),
    )


def _find(case: Case, rows: pl.DataFrame) -> Found:
    lines = quoted_lines(case, rows)
    alive = lines.filter(~pl.col("dead"))
    sums = lines.group_by("row", maintain_order=True).agg(
        pl.col("open").sum().alias("quoted_sum"),
        (~pl.col("dead")).sum().alias("quoted_items"),
        pl.col("unapplied").first(),
        *(doubt.holds.alias(doubt.code) for doubt in DOUBTS),
    )
    exact = sums.filter((pl.col("quoted_sum") == pl.col("unapplied")) & (pl.col("quoted_items") > 0))
    clear = ~pl.any_horizontal(doubt.code for doubt in DOUBTS)
    said = pl.format("{} quoted, open amounts sum exactly to the receipt", _counted(pl.col("quoted_items")))
    heads = exact.select(
        "row",
        may_post=clear,
        confidence=pl.when(clear).then(1 - ERROR_RATE).otherwise(1 - DOUBTFUL_ERROR_RATE),
        alternatives=pl.lit(0, dtype=pl.Int64),
        reason=pl.when(clear).then(said).otherwise(pl.concat_str([said, doubts_text(DOUBTS)], separator="; but ")),
    )
    chosen = alive.join(heads, on="row", how="semi", maintain_order="left")
    return Found(heads, chosen.select("row", "item_id", amount="open"))


def _counted(count: pl.Expr) -> pl.Expr:
    return pl.when(count == 1).then(pl.lit("1 invoice number")).otherwise(pl.format("{} invoice numbers", count))


RULE = Rule(
    name="quoted_exact",
    order=10,
    sentence="The payer quotes invoice numbers whose open amounts sum exactly to what was received.",
    find=_find,
)
