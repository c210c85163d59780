"""Names that resemble a customer's: shared words, beginnings and ends of words, weighed by how rare they are."""

from __future__ import annotations

import polars as pl

from encours.core.base.threads import side_by_side
from encours.core.matching.names import LEGAL_FORMS, folded, name_words

#: A name nominates at most so many customers, each with at least this likeness (thousandths).
_NOMINEES, _LEAST = 3, 300
#: Pieces that more customers share say little and would cost much.
_SHARERS_MAX = 300
_PIECE = 4
#: Texts that are read at once.
_SHARE = 50_000
#: More than there are codes of customers.
_CODES = 1 << 31


def resembling(names: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """code, customer, likeness (0..1000): for each of `names` (code, entity, key) the nearest of `people` (customer,
    entity, key).

    Likeness is the share of the name's weight that the customer's name holds, too, dampened where the customer's has
    much more. A piece is a word, its first four or its last four letters: cut names, abbreviations, one wrong letter
    and turned words keep most of theirs.
    """
    theirs = _weighed(_pieces(people, "customer"), people)
    weights = theirs.select("entity", "piece", "weight").unique()
    asked = _pieces(names, "code").join(weights, on=["entity", "piece"], how="left")
    # A piece that nobody has weighs as much as one that a single customer has.
    rare = weights.group_by("entity").agg(rarest=pl.col("weight").max())
    asked = asked.join(rare, on="entity", how="left").with_columns(
        pl.coalesce("weight", "rarest", pl.lit(1.0)).alias("weight")
    )
    whole = asked.group_by("code").agg(asked=pl.col("weight").sum())
    held = theirs.group_by("customer").agg(held=pl.col("weight").sum())
    bearers = theirs.lazy().filter(pl.col("sharers") <= _SHARERS_MAX).select("entity", "piece", "customer")
    shared = (  # as a plan: the millions of pairs are made without their pieces
        asked.lazy()
        .join(bearers, on=["entity", "piece"])
        .group_by(both=pl.col("code").cast(pl.Int64) * _CODES + pl.col("customer"))  # one number is sooner found
        .agg(pl.col("code", "customer").first(), shared=pl.col("weight").sum())
        .collect()
        .join(whole, on="code")
        .join(held, on="customer")
    )
    part = pl.col("shared") / pl.col("asked")
    likeness = (1000 * part * (pl.col("shared") / pl.col("held")).clip(0, 1).pow(0.25)).round(0)
    scored = shared.with_columns(likeness=likeness.cast(pl.Int32)).filter(pl.col("likeness") >= _LEAST)
    best = (
        scored.sort("code", "likeness", "customer", descending=[False, True, False])
        .group_by("code", maintain_order=True)
        .head(_NOMINEES)
    )
    return best.select("code", "customer", "likeness")


def said_in(texts: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """code, customer, likeness: customers all but all of whose words stand in a text (code, entity, text).

    In shares: where a bank tells neither name nor account, all the words of all texts at once would take gigabytes.
    """
    held = people.with_columns(word=pl.col("key").str.split(" ")).explode("word", empty_as_null=False)
    held = held.with_columns(sharers=pl.len().over("entity", "word"), all=pl.len().over("entity"))
    held = held.with_columns(weight=(1 + pl.col("all") / pl.col("sharers")).log())
    full = held.group_by("customer").agg(held=pl.col("weight").sum())
    telling = held.filter((pl.col("sharers") <= _SHARERS_MAX) & (pl.col("word").str.len_bytes() >= 3))
    words = telling.select("entity", "word").unique(maintain_order=True).with_row_index("at")
    bearers = telling.join(words, on=["entity", "word"]).select("at", "customer", "weight").join(full, on="customer")
    shares = [texts.slice(begin, _SHARE) for begin in range(0, texts.height, _SHARE)] or [texts]
    return pl.concat(side_by_side(lambda share: _said(share, words, bearers), shares))


def _said(texts: pl.DataFrame, words: pl.DataFrame, bearers: pl.DataFrame) -> pl.DataFrame:
    """The same for some texts. `words`: entity, word, at (its number); `bearers`: at, customer, weight of the word, and
    `held` of all of the customer's."""
    said = texts.lazy().select("code", "entity", word=folded(pl.col("text")).str.split(" ")).explode("word")
    known = said.join(words.lazy(), on=["entity", "word"]).unique(["code", "at"], maintain_order=True).collect()
    found = _without_forms(known, texts).select("code", "at").join(bearers, on="at", maintain_order="left")
    shared = (
        found.group_by("code", "customer")
        .agg(shared=pl.col("weight").sum(), held=pl.col("held").first())
        .with_columns(likeness=(1000 * pl.col("shared") / pl.col("held")).cast(pl.Int32))
        .filter(pl.col("likeness") >= 800)
    )
    best = (
        shared.sort("code", "shared", "customer", descending=[False, True, False])
        .group_by("code", maintain_order=True)
        .head(_NOMINEES)
    )
    return best.select("code", "customer", "likeness")


def _without_forms(found: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """A legal form names a customer only where a text says nothing else, as in `name_words`."""
    form = pl.col("word").is_in(LEGAL_FORMS)
    by_form = found.filter(form)
    if not by_form.height:
        return found
    asked = texts.filter(pl.col("code").is_in(by_form["code"].unique().implode()))
    said = asked.select("code", word=name_words(pl.col("text"))).explode("word", empty_as_null=False)
    return pl.concat([found.filter(~form), by_form.join(said.unique(), on=["code", "word"], how="semi")])


def _pieces(frame: pl.DataFrame, owner: str) -> pl.DataFrame:
    """owner, entity, piece: each piece of each name once."""
    words = frame.select(owner, "entity", word=pl.col("key").str.split(" ")).explode("word", empty_as_null=False)
    long = words.filter(pl.col("word").str.len_bytes() > _PIECE)
    parts = [
        words.select(owner, "entity", piece=pl.format("={}", "word")),
        words.filter(pl.col("word").str.len_bytes() >= _PIECE).select(
            owner, "entity", piece=pl.format("^{}", pl.col("word").str.head(_PIECE))
        ),
        long.select(owner, "entity", piece=pl.format("{}$", pl.col("word").str.tail(_PIECE))),
    ]
    return pl.concat(parts).unique()


def _weighed(pieces: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The pieces with `sharers` (customers of the entity that have it) and `weight` (the rarer, the more)."""
    everyone = people.group_by("entity").agg(everyone=pl.len())
    counted = pieces.with_columns(sharers=pl.len().over("entity", "piece")).join(everyone, on="entity")
    return counted.with_columns(weight=(1 + pl.col("everyone") / pl.col("sharers")).log())
