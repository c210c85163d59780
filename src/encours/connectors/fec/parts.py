"""Receivable lines cut into parts of one class each: what of a line is money, what a charge, what an invoice."""

from __future__ import annotations

import polars as pl

from encours.connectors.fec.classes import BY_NAME, RULE, RULES
from encours.core.base.spread import spread

_RANK = {rule.name: rank for rank, rule in enumerate(RULES)}
#: Lines are filled with money first: the deductions of an entry fall on its last lines.
_LAYOUT = {name: (0 if name == "money" else 1 if not BY_NAME[name].whole else 2) for name in _RANK}
_GAINS = ("difference", "exchange")
_KEY = pl.col("entry") * 2 + (pl.col("side") > 0).cast(pl.Int64)
PART_COLUMNS = ("line", "entry", "rule", "amount", "bank_line", "gain")


def parts_of(lines: pl.DataFrame) -> pl.DataFrame:
    """line, entry, rule, amount (cents, debit positive), bank_line, gain: every receivable line, wholly.

    Takes lines with entry, receivable, rule and opening, of entries that touch the receivables. Σ amount of the parts
    of a line is its debit less its credit; `bank_line` is the line of the money that a `money` part came from. Rows
    with `gain` come in pairs that cancel out: money kept beyond the claim (758, 766) and the claim it makes.
    """
    claims = lines.filter(pl.col("receivable") & (pl.col("net") != 0)).with_columns(pl.col("rule").cast(pl.String))
    opened = claims.filter("opening").select("line", "entry", rule=pl.lit("opening"), amount="net")
    live = claims.filter(~pl.col("opening")).with_columns(
        side=pl.col("net").sign().cast(pl.Int8), own="rule", worth=pl.col("net").abs()
    )
    counter = _counterparts(lines, live)
    classed = _classed(live, counter).select("line", "entry", "side", "rule", "worth")
    gains = _gains(live, counter)
    cut = pl.concat([classed.with_columns(gain=pl.lit(False)), gains]).with_row_index("part")
    banked = _banked(cut, lines)
    signed = banked.select(
        "line", "entry", "rule", amount=pl.col("worth") * pl.col("side"), bank_line="bank_line", gain="gain"
    )
    none = opened.with_columns(bank_line=pl.lit(None, dtype=pl.Int64), gain=pl.lit(False))
    return pl.concat([signed, none]).select(PART_COLUMNS).sort("line", maintain_order=True)


def _counterparts(lines: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """entry, side, rule, worth: what stands against the lines of a side, one row a class."""
    others = lines.filter(~pl.col("receivable") & ~pl.col("opening")).select("entry", "rule", "net")
    losses = others.filter(pl.col("rule").is_in(["loss", "discount"])).unique("entry", keep="first")
    taxed = others.join(losses.select("entry", host="rule"), on="entry", how="left") if losses.height else others
    host = pl.col("host") if losses.height else pl.lit(None, dtype=pl.String)
    rule = pl.when(pl.col("rule") == "vat").then(host.fill_null("sale").cast(RULE)).otherwise("rule")
    sums = taxed.with_columns(rule=rule).group_by("entry", "rule").agg(pl.col("net").sum()).filter(pl.col("net") != 0)
    sums = sums.with_columns(pl.col("rule").cast(pl.String))
    mirrored = live.filter(pl.col("side").min().over("entry") != pl.col("side").max().over("entry"))
    own = mirrored.group_by("entry", "side", rule="own").agg(net=pl.col("net").sum()).select("entry", "rule", "net")
    both = pl.concat([sums, own])
    return both.select(
        "entry",
        "rule",
        side=-pl.col("net").sign().cast(pl.Int8),
        worth=pl.col("net").abs(),
        rank=pl.col("rule").replace_strict(_RANK, return_dtype=pl.Int8),
    )


def _classed(live: pl.DataFrame, counter: pl.DataFrame) -> pl.DataFrame:
    """The lines, cut where several classes stand against their side."""
    keyed = live.with_columns(_key=_KEY)
    facing = counter.with_columns(_key=_KEY).filter(pl.col("_key").is_in(keyed["_key"].unique().implode()))
    several = facing["_key"].is_duplicated()
    simple = keyed.drop("rule").join(facing.filter(~several).select("_key", "rule"), on="_key").drop("_key")
    facing = _filled(keyed, facing.filter(several))
    one = ~pl.col("_key").is_duplicated()
    alone = facing.filter(one).select("_key", "rule")
    if alone.height:
        simple = pl.concat([simple, keyed.drop("rule").join(alone, on="_key").drop("_key").select(simple.columns)])
    facing = facing.filter(~one).drop("_key")
    if not facing.height and simple.height == live.height:
        return simple
    mixed = _cut(live.join(facing.select("entry", "side").unique(), on=["entry", "side"], how="semi"), facing)
    done = pl.concat([simple.select("line"), mixed.select("line")]).unique()
    faced = live.join(done, on="line", how="anti").with_columns(rule=pl.lit("other"))
    columns = ["line", "entry", "side", "rule", "worth"]
    return pl.concat([simple.select(columns), mixed.select(columns), faced.select(columns)])


def _filled(keyed: pl.DataFrame, facing: pl.DataFrame) -> pl.DataFrame:
    """The classes of sides that several stand against, each with what it takes (`used`) of the side's total."""
    totals = keyed.join(facing.select("_key").unique(), on="_key", how="semi").group_by("_key")
    facing = facing.join(totals.agg(total=pl.col("worth").sum()), on="_key").sort("_key", "rank")
    facing = facing.with_columns(before=pl.col("worth").cum_sum().over("_key") - pl.col("worth"))
    facing = facing.with_columns(used=pl.min_horizontal("worth", pl.col("total") - pl.col("before")))
    return _one_claim(facing.filter(pl.col("used") > 0))


def _one_claim(facing: pl.DataFrame) -> pl.DataFrame:
    """A debit is one claim whatever stands against it: a deposit invoice (4191 and VAT) is not two invoices."""
    claims = (pl.col("side") == 1) & (pl.col("rule") != "money")
    several = facing.filter(claims & (claims.sum().over("_key") > 1))
    if not several.height:
        return facing
    main = (
        pl.when((pl.col("rule") == "sale").any()).then(pl.lit("sale")).otherwise(pl.col("rule").sort_by("used").last())
    )
    merged = several.group_by("_key", "entry", "side").agg(
        main.alias("rule"), pl.col("worth").sum(), pl.col("rank").min(), pl.col("total").first(),
        pl.col("before").min(), pl.col("used").sum(),
    )  # fmt: skip
    kept = facing.join(several.select("entry", "side", "rule"), on=["entry", "side", "rule"], how="anti")
    return pl.concat([kept, merged.select(kept.columns)])


def _cut(live: pl.DataFrame, facing: pl.DataFrame) -> pl.DataFrame:
    layout = pl.col("rule").replace_strict(_LAYOUT, return_dtype=pl.Int8)
    classes = facing.sort("entry", "side", layout, "rank")
    pieces = spread(
        live.sort("line").select("entry", "side", id="line", amount="worth"),
        classes.select("entry", "side", id="rule", amount="used"),
        ["entry", "side"],
    ).select("entry", "side", line="left_id", rule="right_id", worth="amount")
    # What no class covers (an entry that does not balance) stays a part of its own.
    covered = pieces.group_by("line").agg(covered=pl.col("worth").sum())
    rest = (
        live.join(covered, on="line", how="left")
        .with_columns(worth=pl.col("worth") - pl.col("covered").fill_null(0), rule=pl.lit("other"))
        .filter(pl.col("worth") > 0)
    )
    columns = ["line", "entry", "side", "rule", "worth"]
    return pl.concat([pieces.select(columns), rest.select(columns)])


def _gains(live: pl.DataFrame, counter: pl.DataFrame) -> pl.DataFrame:
    """Money beyond the claim that the company kept: a claim of that amount, and the money that settles it."""
    kept = counter.filter(pl.col("rule").is_in(_GAINS) & (pl.col("side") == 1))
    live = live.filter(pl.col("entry").is_in(kept["entry"].unique().implode()))
    sides = live.group_by("entry").agg(pl.col("side").max(), line=pl.col("line").first())
    credit_only = sides.filter(pl.col("side") == -1).select("entry", "line")
    paid = counter.filter((pl.col("rule") == "money") & (pl.col("side") == -1)).select("entry", money="worth")
    owed = live.filter(pl.col("side") == -1).group_by("entry").agg(owed=pl.col("worth").sum())
    rows = kept.join(credit_only, on="entry").join(paid, on="entry").join(owed, on="entry")
    rows = rows.unique("entry").with_columns(worth=pl.min_horizontal("worth", pl.col("money") - pl.col("owed")))
    rows = rows.filter(pl.col("worth") > 0)
    claim = rows.select("line", "entry", side=pl.lit(1, dtype=pl.Int8), rule="rule", worth="worth", gain=pl.lit(True))
    return pl.concat([claim, claim.with_columns(side=pl.lit(-1, dtype=pl.Int8), rule=pl.lit("money"))])


def _banked(cut: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Money parts with the bank line they came from; a part that two bank lines share is cut again."""
    money = cut.filter(pl.col("rule") == "money")
    others = cut.filter(pl.col("rule") != "money").with_columns(bank_line=pl.lit(None, dtype=pl.Int64))
    bank = (
        lines.filter(~pl.col("receivable") & (pl.col("rule") == "money") & (pl.col("net") != 0))
        .filter(pl.col("entry").is_in(money["entry"].unique().implode()))
        .select("entry", bank_line="line", side=-pl.col("net").sign().cast(pl.Int8), bank_worth=pl.col("net").abs())
    )
    several = pl.len().over("entry", "side") > 1
    alone, many = bank.filter(~several), bank.filter(several)
    simple = money.join(alone.select("entry", "side", "bank_line"), on=["entry", "side"])
    if not many.height and simple.height == money.height:
        return pl.concat([others, simple.select(others.columns)])
    shared = money.join(many.select("entry", "side").unique(), on=["entry", "side"], how="semi")
    pieces = _over_banks(shared, many)
    parts = [others, simple.select(others.columns), pieces.select(others.columns)]
    found = pl.concat([part.select("part") for part in parts[1:]]).unique()
    parts.append(money.join(found, on="part", how="anti").with_columns(bank_line=pl.lit(None, dtype=pl.Int64)))
    return pl.concat([part.select(others.columns) for part in parts])


def _over_banks(shared: pl.DataFrame, banks: pl.DataFrame) -> pl.DataFrame:
    """Equal amounts first (a slip that lists cheque by cheque), the rest in the order of the lines."""
    keys = ["entry", "side"]
    nth = pl.int_range(pl.len()).over(*keys, "worth")
    left = shared.with_columns(nth=nth)
    right = banks.rename({"bank_worth": "worth"}).with_columns(nth=nth)
    equal = left.join(right, on=[*keys, "worth", "nth"]).drop("nth")
    left_rest = shared.join(equal, on="part", how="anti")
    right_rest = banks.join(equal, on="bank_line", how="anti")
    pieces = spread(
        left_rest.select(*keys, id="part", amount="worth"),
        right_rest.select(*keys, id="bank_line", amount="bank_worth"),
        keys,
    ).select(part="left_id", bank_line="right_id", worth="amount")
    return pl.concat([equal, left_rest.drop("worth").join(pieces, on="part").select(equal.columns)])
