"""Why a proposal is made, in the words of the trade: what supports it, then what speaks against it."""

from __future__ import annotations

import polars as pl

from encours.core.base.money import money_text
from encours.core.matching.families import families
from encours.core.matching.proof import EXCHANGEABLE, IS_AMOUNT, OTHER_CUSTOMER, PAYERS, SAME_ITEMS, SUPPOSED, WEAK

#: Who the payer is taken to be, surest first: feature and words.
_PAYER = (
    ("stands_on", "the receipt stands on the customer's account"),
    ("account_own", "the bank account is the customer's"),
    ("account_learned", "the bank account paid for this customer before"),
    ("name_exact", "the payer's name is the customer's"),
    ("name_learned", "this payer's name paid for this customer before"),
    ("customer_number", "the text names the customer's number"),
    ("account_shared", "the bank account pays for several customers, this one among them"),
    ("name_like", "the payer's name resembles the customer's"),
)
#: The features that the sentences speak of.
SPOKEN_OF = (
    *(feature for feature, _ in _PAYER), "items", "by_number", "by_other", "by_list", "by_tail", "by_slip", "unquoted",
    "ways", "rivals", "late", "dead", "elsewhere", "quoted_unpaid", "namesakes", "partly", "twin",
)  # fmt: skip

#: What is less probable than this, seen alone, is no next best that anybody would look at.
LEAST_TOLD = 0.05
#: What each family proposes, as the next best is told.
_NEXT = {
    "quoted_exact": "what is quoted",
    "quoted_credit": "what is quoted less credit notes",
    "quoted_discount": "what is quoted less a discount",
    "quoted_rounding": "what is quoted but for a rounding",
    "quoted_charge": "what is quoted less a bank charge",
    "quoted_some": "some of what is quoted",
    "quoted_more": "more than is quoted",
    "quoted_part": "a part of what is quoted",
    "quoted_over": "what is quoted and a rest",
    "one": "one item of this amount",
    "one_discount": "one item less its discount",
    "one_rounding": "one item but for a rounding",
    "one_charge": "one item less a bank charge",
    "balance": "the whole balance",
    "due_until": "all until one day",
    "month": "one month",
    "run": "items that follow each other",
    "two": "two that sum to it",
    "three": "three that sum to it",
    "any_set": "a set that sums to it",
}


def reasons(proposed: pl.DataFrame) -> pl.Series:
    """A sentence for each proposal.

    `proposed`: family (place), the features by name, gap (in minor units), currency, weak (bits of `proof`), crossed,
    contested (id of a receipt that wants the same item, else null), reopened_by (id of the return that opened an item
    again, else null), twin_of; second (how sure the best that pays something else is, seen alone), second_place (its
    family's place, −1: none) and second_items (0: the same items).
    """
    parts = [
        part.with_columns(what=_what(families()[int(part["family_place"][0])].name))
        for part in proposed.with_row_index("place").partition_by("family_place", maintain_order=True)
    ]
    if not parts:
        return pl.Series("reason", [], dtype=pl.String)
    said = pl.concat_str(["what", _payer()], separator="; ", ignore_nulls=True)
    against = pl.concat_str(
        [pl.when(holds).then(sentence) for holds, sentence in _doubts()], separator="; ", ignore_nulls=True
    )
    whole = pl.when(against != "").then(pl.concat_str([said, against], separator="; but ")).otherwise(said)
    whole = pl.concat_str([whole, _next_best()], separator="; ", ignore_nulls=True)
    return pl.concat(parts).select("place", reason=whole).sort("place")["reason"]


def _what(name: str) -> pl.Expr:
    """What is paid and how it is known: the figures of one family."""
    items = _counted("items", "item")
    ways = [_counted(feature, "", f" {words}") for feature, words in (
        ("by_number", "by number"), ("by_other", "by an order or delivery"), ("by_list", "in a list"),
        ("by_tail", "by the last digits"), ("by_slip", "with a slip"), ("unquoted", "not quoted"),
    )]  # fmt: skip
    how = pl.concat_str(
        [pl.when(pl.col(feature) > 0).then(way) for feature, way in zip(
            ("by_number", "by_other", "by_list", "by_tail", "by_slip", "unquoted"), ways, strict=True)],
        separator=", ", ignore_nulls=True,
    )  # fmt: skip
    quoted = pl.format("{} quoted ({})", items, how)
    gap = money_text(pl.col("gap").abs(), pl.col("currency"))
    sentences = {
        "quoted_exact": pl.format("{}, open amounts sum exactly to the receipt", quoted),
        "quoted_credit": pl.format("{}, credit notes taken off: exactly the receipt", quoted),
        "quoted_discount": pl.format("{}, less a discount of {}: exactly the receipt", quoted, gap),
        "quoted_rounding": pl.format("{}, the receipt differs by a rounding of {}", quoted, gap),
        "quoted_charge": pl.format("{}, {} less came: a bank charge", quoted, gap),
        "quoted_some": pl.format("more is quoted, {} of it sum exactly to the receipt", items),
        "quoted_more": pl.format("{}: together exactly the receipt", quoted),
        "quoted_part": pl.format("{}, less came than is open: a part payment", quoted),
        "quoted_over": pl.format("{}, more came than is open: {} stay on the receipt", quoted, gap),
        "one": pl.lit("one open item has exactly this amount"),
        "one_discount": pl.format("one open item less its discount of {} has exactly this amount", gap),
        "one_rounding": pl.format("one open item has this amount but for a rounding of {}", gap),
        "one_charge": pl.format("one open item has this amount and a bank charge of {}", gap),
        "balance": pl.format("{}: the whole balance, or all that was due", items),
        "due_until": pl.format("{}: all that was due or invoiced until one day", items),
        "month": pl.format("{}: the invoices of one month", items),
        "run": pl.format("{} that follow each other sum exactly to the receipt", items),
        "any_set": pl.format("{} sum exactly to the receipt", items),
    }
    return sentences.get(name, pl.format("{} sum exactly to the receipt", items))


def _next_best() -> pl.Expr:
    """What the receipt pays if not what is proposed, where anything else is worth a word."""
    count = pl.col("second_items")
    items = pl.when(count == 0).then(pl.lit("the same items")).otherwise(_counted("second_items", "item"))
    names = pl.Series([_NEXT[family.name] for family in families()], dtype=pl.String)
    what = pl.col("second_place").replace_strict(range(len(names)), names, default=None, return_dtype=pl.String)
    sure = (pl.col("second") * 100).floor().cast(pl.Int64).clip(0, 99)
    figure = pl.concat_str([pl.lit("0."), sure.cast(pl.String).str.zfill(2)])
    return pl.when(pl.col("second") >= LEAST_TOLD).then(
        pl.format("the next best: {}, {}, confidence {}", what, items, figure)
    )


def _counted(column: str, noun: str, rest: str = "") -> pl.Expr:
    number = pl.col(column).cast(pl.Int64).cast(pl.String)
    if not noun:
        return pl.format(f"{{}}{rest}", number)
    return pl.when(pl.col(column) == 1).then(pl.lit(f"1 {noun}")).otherwise(pl.format(f"{{}} {noun}s", number))


def _payer() -> pl.Expr:
    found = pl.lit(None, dtype=pl.String)
    for feature, words in reversed(_PAYER):
        found = pl.when(pl.col(feature) > 0).then(pl.lit(words)).otherwise(found)
    return found


def _doubts() -> list[tuple[pl.Expr, pl.Expr]]:
    """What speaks against a proposal."""

    def has(bit: int) -> pl.Expr:
        return pl.col("weak") & bit != 0

    return [
        (pl.col("contested").is_not_null(), pl.format("receipt {} wants the same item", "contested")),
        (
            pl.col("reopened_by").is_not_null(),
            pl.format("it is open again only with the returned payment {}: accept that first", "reopened_by"),
        ),
        (pl.col("ways") > 1, pl.format("{} sets of items fit alike", pl.col("ways").cast(pl.Int64))),
        ((pl.col("rivals") > 0) & ~has(SAME_ITEMS), pl.lit("another set of items fits, too")),
        (
            (pl.col("rivals") > 0) & has(SAME_ITEMS) & (pl.col("gap") > 0),
            pl.lit("the difference may have another cause"),
        ),
        (has(EXCHANGEABLE), pl.lit("another open item of the same amount could be meant instead")),
        (has(SUPPOSED), pl.lit("what stays open may be a bank charge")),
        (pl.col("late") > 0, pl.lit("not all of it was known and open when the money was booked")),
        (pl.col("dead") > 0, pl.lit("a quoted item is settled already: this may be a second payment")),
        (pl.col("elsewhere") > 0, pl.lit("items of other customers are quoted, too")),
        (pl.col("quoted_unpaid") > 0, pl.lit("more is quoted than is paid")),
        (pl.col("namesakes") > 1, pl.lit("several items bear a quoted number")),
        (has(WEAK) & (pl.col("by_number") > 0), pl.lit("the quoted numbers are too short to prove anything")),
        (has(IS_AMOUNT) & (pl.col("by_number") > 0), pl.lit("a quoted number may be the amount itself")),
        (has(PAYERS), pl.lit("the items belong to customers that do not pay for each other")),
        (has(OTHER_CUSTOMER), pl.lit("the receipt stands on another customer's account")),
        (pl.col("crossed"), pl.lit("two numbers share words of the text")),
        (pl.col("partly") > 0, pl.lit("part of the receipt is applied already")),
        (
            pl.col("twin") == 2,  # two: same text; one: same amount only
            pl.format("receipt {} of the same payer has the same amount and text", pl.col("twin_of").fill_null("?")),
        ),
    ]
