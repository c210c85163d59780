"""Item numbers and payers' texts as keys that compare: upper case, separators ignored, whole words only."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from encours.core.base.numbers import clean

#: Stands between two fields of a receipt, so that no number is read across them.
FIELD_BREAK = "¦"
#: A number may be written in so many pieces (`F 2024-03/000 12` has five).
PIECES_MAX = 6
#: Shorter keys turn up in any text (a day, a quantity): they are read, but nothing is posted on them.
STRONG_CHARACTERS = 4


def is_weak(key: pl.Expr) -> pl.Expr:
    """Whether a key says little: fewer than four characters, or four digits that may be a year."""
    year = key.str.contains(r"^(19|20)\d\d$")
    return (key.str.len_bytes() < STRONG_CHARACTERS) | year


@dataclass(frozen=True)
class Lookup:
    """The known keys, and every beginning of one: a run of words that begins no key need not be followed."""

    keys: pl.DataFrame
    beginnings: pl.DataFrame
    longest: int


def lookup(keys: pl.Series) -> Lookup:
    """The lookup of known keys; keys without a digit are words, not numbers, and are left out."""
    known = keys.drop_nulls().unique().rename("key")
    known = known.filter(known.str.contains(r"\d"))
    longest = int(known.str.len_bytes().max() or 0) if known.len() else 0  # type: ignore[arg-type]  # lengths are integers
    starts = [known.str.head(size).unique() for size in range(1, longest)]
    beginnings = pl.concat(starts).unique() if starts else known.head(0)
    return Lookup(known.to_frame(), beginnings.rename("key").to_frame(), longest)


def quotes(texts: pl.DataFrame, known: Lookup) -> pl.DataFrame:
    """Where known keys stand in texts, whole words only: `INV-123` never hits `INV12`, `1045` never `45`.

    `texts`: row, text. Returns row, key, crossed, one line for each place; a key inside a longer one that was found is
    dropped, `crossed` says that two keys share words and neither holds the other. Rows of the result are unordered.
    """
    words = (
        texts.select("row", word=clean(pl.col("text")).str.extract_all(rf"[0-9A-Z]+|{FIELD_BREAK}"))
        .explode("word", empty_as_null=False)
        .with_columns(at=pl.int_range(pl.len()))
    )
    if not known.longest or not words.height:
        return pl.DataFrame(schema={"row": texts.schema["row"], "key": pl.String(), "crossed": pl.Boolean()})
    return _outermost(pl.concat(_hits(words, known)))


def _hits(words: pl.DataFrame, known: Lookup) -> list[pl.DataFrame]:
    """row, key, at, end of every run of words that spells a known key, by number of words."""
    runs = words.rename({"word": "key"})
    hits = []
    for pieces in range(1, PIECES_MAX + 1):
        hits.append(runs.join(known.keys, on="key", how="semi").with_columns(end=pl.col("at") + pieces))
        begun = runs.join(known.beginnings, on="key", how="semi")
        follower = words.select("row", "word", at=pl.col("at") - pieces)
        if not begun.height:
            break
        runs = begun.join(follower, on=["row", "at"]).select("row", "at", key=pl.col("key") + pl.col("word"))
    return [hit.select("row", "key", "at", "end") for hit in hits]


def _outermost(hits: pl.DataFrame) -> pl.DataFrame:
    """Hits that lie in no longer hit; `crossed` where they share words with another.

    Places count through all texts, so that a hit of one text never reaches into the next.
    """
    ordered = hits.sort("at", "end", descending=[False, True])
    outer = ordered.filter((pl.col("end") > pl.col("end").cum_max().shift(1)).fill_null(True))
    before = (pl.col("at") < pl.col("end").shift(1)).fill_null(False)
    after = (pl.col("end") > pl.col("at").shift(-1)).fill_null(False)
    return outer.select("row", "key", crossed=before | after)
