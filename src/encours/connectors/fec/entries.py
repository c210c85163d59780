"""Entries: which lines belong together. EcritureNum may be constant, so an entry is what balances, not a number."""

from __future__ import annotations

import polars as pl

#: Where lines in file order do not balance, they are put together by these keys, one after the other.
_KEYS = (
    ("journal", "number", "date", "piece"),
    ("journal", "number", "date"),
    ("journal", "number"),
)


def with_entries(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `entry` (Int64) and `balanced`: an entry is the smallest run of lines that balances.

    Most files write an entry's lines one after the other under one journal, number and day: there the running sum
    comes back to zero at each entry's end, also where the number never changes. What does not balance so is put
    together by weaker keys; what never does is one entry a (journal, number, day), marked unbalanced.
    """
    changed = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("journal", "number", "date")
    )
    new = changed.fill_null(True)
    marked = lines.with_columns(_new=new, _sum=pl.col("net").cum_sum())
    # Where every run balances, the running sum of the whole file stands at zero before each of them.
    if not marked.select((pl.col("_new") & (pl.col("_sum").shift(1, fill_value=0) != 0)).any()).item() and _closed(
        marked
    ):
        ended = (pl.col("_sum").shift(1) == 0) & (pl.col("net").shift(1) != 0)
        entry = (pl.col("_new") | ended.fill_null(True)).cum_sum().cast(pl.Int64)
        return marked.with_columns(entry=entry, balanced=pl.lit(True)).drop("_new", "_sum")
    runs = lines.with_columns(_run=new.cum_sum())
    runs = runs.with_columns(_sum=pl.col("net").cum_sum().over("_run"), _total=pl.col("net").sum().over("_run"))
    good = pl.col("_total") == 0
    rest = runs.filter(~good).select(lines.columns)
    parts = [_numbered(runs.filter(good), 0).select(*lines.columns, "entry", balanced=pl.lit(True))]
    for keys in ([name for name in names if name in lines.columns] for names in _KEYS):
        rest = _by_keys(rest, keys, parts)
        if not rest.height:
            break
    if rest.height:
        first = _next(parts)
        number = pl.struct("journal", "number", "date").rank("dense").cast(pl.Int64) + first
        parts.append(rest.select(*lines.columns, entry=number, balanced=pl.lit(False)))
    return pl.concat(parts).sort("line")


def _closed(marked: pl.DataFrame) -> bool:
    return not marked.height or marked["_sum"][-1] == 0


def _numbered(runs: pl.DataFrame, first: int) -> pl.DataFrame:
    ended = (pl.col("_sum").shift(1) == 0) & (pl.col("net").shift(1) != 0)
    new = pl.col("_run").ne_missing(pl.col("_run").shift(1)) | ended
    return runs.with_columns(entry=new.fill_null(True).cum_sum().cast(pl.Int64) + first)


def _by_keys(rest: pl.DataFrame, keys: list[str], parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Adds what balances by `keys` to `parts`, and returns what does not."""
    ordered = rest.sort(*keys, "line", maintain_order=True).with_columns(_run=pl.struct(keys).rank("dense"))
    ordered = ordered.with_columns(_sum=pl.col("net").cum_sum().over("_run"), _total=pl.col("net").sum().over("_run"))
    good = ordered.filter(pl.col("_total") == 0)
    if good.height:
        parts.append(_numbered(good, _next(parts)).select(*rest.columns, "entry", balanced=pl.lit(True)))
    return ordered.filter(pl.col("_total") != 0).select(rest.columns)


def _next(parts: list[pl.DataFrame]) -> int:
    return max((int(part["entry"].to_numpy().max()) for part in parts if part.height), default=0)
