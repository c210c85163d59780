"""Entries that left here and came back with the ledger: they acknowledge what was decided and are no second fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from encours.connectors.fec.classes import Chart
from encours.core.base.issue import Issues
from encours.core.entries.ids import PATTERN

#: Ids found in the file -> for those that left here, what they book: account and auxiliary -> Σ debit − credit.
Recognise = Callable[[list[str]], Mapping[str, Mapping[tuple[str, str], int]]]


@dataclass(frozen=True)
class Parted:
    """`lines` without our own; `own`: ours that came back as they left; `ids` of these; what to say of the others."""

    lines: pl.DataFrame
    own: pl.DataFrame
    ids: tuple[str, ...]
    issues: pl.DataFrame


def part_own(lines: pl.DataFrame, recognise: Recognise | None, chart: Chart, file: str) -> Parted:
    """Sets our own entries apart. An entry that came back otherwise than it left stays: there the ERP's word counts.

    `lines` have entry, receivable, net, account, aux, letter, and as far as the file has them piece and label.
    """
    none = Parted(lines, lines.clear(), (), Issues(file).frame())
    texts = [name for name in ("piece", "label") if name in lines.columns]
    if recognise is None or not texts:
        return none
    marked = lines.select("line", "entry", "receivable", "net", "account", "aux", id=_id(texts))
    marked = marked.filter(pl.col("id").is_not_null())
    if not marked.height:
        return none
    known = recognise(marked["id"].unique().sort().to_list())
    came = _sums(marked.filter("receivable"))
    same = [one for one in known if came.get(one, {}) == _claims(known[one], chart)]
    issues = Issues(file)
    for one in sorted(set(known) - set(same)):
        issues.add(
            "own_entry_changed",
            f"entry {one} came back otherwise than it left",
            severity="warning",
            line=int(marked.filter(pl.col("id") == one)["line"][0]),
            action="Look at it in the ERP: what stands there counts.",
        )
    gone = _whole(lines, marked.filter(pl.col("id").is_in(same)))
    own = lines.filter(pl.col("line").is_in(gone.implode()))
    rest = lines.filter(~pl.col("line").is_in(gone.implode()))
    return Parted(_without_lonely_letters(rest, own), own, tuple(sorted(same)), issues.frame())


def _id(texts: Sequence[str]) -> pl.Expr:
    return pl.coalesce(pl.col(name).str.extract(f"({PATTERN})") for name in texts)


def _sums(claims: pl.DataFrame) -> dict[str, dict[tuple[str, str], int]]:
    rows = claims.group_by("id", "account", pl.col("aux").fill_null("")).agg(pl.col("net").sum())
    found: dict[str, dict[tuple[str, str], int]] = {}
    for one, account, aux, net in rows.filter(pl.col("net") != 0).iter_rows():
        found.setdefault(one, {})[account, aux] = net
    return found


def _claims(expected: Mapping[tuple[str, str], int], chart: Chart) -> dict[tuple[str, str], int]:
    return {key: net for key, net in expected.items() if net and chart.is_receivable(key[0])}


def _whole(lines: pl.DataFrame, ours: pl.DataFrame) -> pl.Series:
    """Lines of ours, and what stands beside them in entries that are ours wholly: an ERP may word a bank line anew."""
    touched = lines.select("line", "entry", "receivable").join(ours.select("entry").unique(), on="entry", how="semi")
    mine = pl.col("line").is_in(ours["line"].implode())
    foreign = touched.filter("receivable").group_by("entry").agg(rest=(~mine).sum())
    mixed = foreign.filter(pl.col("rest") > 0)["entry"].implode()
    return touched.filter(mine | ~pl.col("entry").is_in(mixed))["line"]


def _without_lonely_letters(rest: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """A letter whose other side was ours says nothing more; where both sides are left, it still does."""
    key = ["account", "aux", "letter"]
    borne = own.filter(pl.col("receivable") & pl.col("letter").is_not_null()).select(key).unique()
    if not borne.height:
        return rest
    left = rest.select(*key, "net", "receivable").filter("receivable")
    sides = left.join(borne, on=key, how="semi", nulls_equal=True).group_by(key).agg(
        alone=pl.col("net").sign().n_unique() == 1
    )  # fmt: skip
    lonely = sides.filter("alone").select(*key, _lonely=pl.lit(value=True))
    joined = rest.join(lonely, on=key, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(letter=pl.when(pl.col("_lonely").is_null()).then("letter")).drop("_lonely")
