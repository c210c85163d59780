"""Item numbers and payers' texts as keys that compare: upper case, separators ignored, whole words only."""

from __future__ import annotations

import polars as pl

#: Stands between two fields of a receipt, so that no number is read across them.
FIELD_BREAK = "¦"
#: A number may be written in so many pieces (`F 2024-03/000 12` has five).
PIECES_MAX = 6
#: Shorter keys turn up in any text (a day, a quantity): they are read, but nothing is posted on them.
STRONG_CHARACTERS = 4


def clean(text: pl.Expr) -> pl.Expr:
    """Compatibility forms folded (full-width digits, `№`), upper case."""
    return text.str.normalize("NFKC").str.to_uppercase()


def number_key(number: pl.Expr) -> pl.Expr:
    """The letters and digits of a number: `INV‑12`, `INV 12` and `inv12` are all `INV12`."""
    return clean(number).str.replace_all(r"[^0-9A-Z]+", "")


def is_weak(key: pl.Expr) -> pl.Expr:
    """Whether a key says little: fewer than four characters, or four digits that may be a year."""
    year = key.str.contains(r"^(19|20)\d\d$")
    return (key.str.len_bytes() < STRONG_CHARACTERS) | year


def quotes(texts: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """Where known keys stand in texts, whole words only: `INV-123` never hits `INV12`, `1045` never `45`.

    `texts`: row, text. `keys`: the known keys. Returns row, key, crossed, one line for each place; a key inside a
    longer one that was found is dropped, `crossed` says that two keys share words and neither holds the other.
    Rows of the result are unordered.
    """
    known = keys.drop_nulls().unique()
    known = known.filter(known.str.contains(r"\d"))
    words = (
        texts.select("row", word=clean(pl.col("text")).str.extract_all(rf"[0-9A-Z]+|{FIELD_BREAK}"))
        .explode("word", empty_as_null=False)
        .with_columns(at=pl.int_range(pl.len(), dtype=pl.UInt32))
    )
    if not known.len() or not words.height:
        return pl.DataFrame(schema={"row": texts.schema["row"], "key": pl.String(), "crossed": pl.Boolean()})
    return _outermost(pl.concat(_hits(words, known)))


def _hits(words: pl.DataFrame, known: pl.Series) -> list[pl.DataFrame]:
    """row, key, at, end of every run of words that spells a known key, by number of words."""
    lookup = known.rename("key").to_frame()
    longest = max(len(key) for key in known)
    runs = words.rename({"word": "key"})
    hits = []
    for pieces in range(1, PIECES_MAX + 1):
        if pieces > 1:
            follows = pl.col("row") == words["row"].shift(1 - pieces)
            longer = pl.when(follows).then(pl.col("key") + words["word"].shift(1 - pieces))
            runs = runs.with_columns(key=longer)
        fitting = runs.filter(pl.col("key").str.len_bytes() <= longest)
        hits.append(fitting.join(lookup, on="key", how="semi").with_columns(end=pl.col("at") + pieces))
    return hits


def _outermost(hits: pl.DataFrame) -> pl.DataFrame:
    """Hits that lie in no longer hit; `crossed` where they share words with another."""
    ordered = hits.sort("row", "at", "end", descending=[False, False, True])
    reach = pl.col("end").cum_max().shift(1).over("row")
    outer = ordered.filter((pl.col("end") > reach).fill_null(True))
    before = (pl.col("at") < pl.col("end").shift(1)).over("row").fill_null(False)
    after = (pl.col("end") > pl.col("at").shift(-1)).over("row").fill_null(False)
    return outer.select("row", "key", crossed=before | after)
