"""The file's own figures: what an accountant checks a FEC by."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from encours.connectors.fec.layout import Layout, Repaired
from encours.core.base.money import to_decimal

_SEPARATORS = {"\t": "tab", "|": "pipe", ";": "semicolon", ",": "comma"}


def facts_of(lines: pl.DataFrame, rejected: int, fixed: Repaired, layout: Layout, currency: str) -> dict[str, object]:
    """Lines, totals, entries by journal and number, customer and supplier lines, lettered groups, encoding, period."""
    new = pl.col("entry").ne_missing(pl.col("entry").shift(1))
    starts = lines.lazy().filter(new).group_by("journal").agg(pl.col("number").n_unique()).collect()
    loose = lines.select("journal", "number", "balanced").filter(~pl.col("balanced")).unique()
    thin = (
        lines.select("journal", "number", "net") if loose.height else lines.select("journal", "number", "net").clear()
    )
    sums = thin.join(loose, on=["journal", "number"], how="semi", nulls_equal=True)
    unbalanced = sums.group_by("journal", "number").agg(pl.col("net").sum()).filter(pl.col("net") != 0)
    customers = lines.select("account", "aux", "letter", "debit", "credit", "net").filter(
        pl.col("account").str.starts_with("411")
    )
    lettered = customers.filter(pl.col("letter").is_not_null())
    groups = lettered.group_by("account", "aux", "letter").agg(pl.col("net").sum())
    suppliers = lines.select("account", "letter").filter(pl.col("account").str.starts_with("401"))
    share = round(lettered.height / customers.height, 4) if customers.height else 0.0
    first, last = lines["date"].min(), lines["date"].max()
    return {
        "lines": lines.height + rejected,
        "rejected": rejected,
        "columns": layout.columns,
        "debit": _amount(lines["debit"].sum(), currency),
        "credit": _amount(lines["credit"].sum(), currency),
        "entries": starts["number"].sum(),
        "unbalanced_entries": unbalanced.height,
        "entries_found": lines["entry"].max() or 0,
        "lines_411": customers.height,
        "lettered_411": lettered.height,
        "lettered_share_411": share,
        "letter_groups_411": groups.height,
        "balanced_groups_411": groups.filter(pl.col("net") == 0).height,
        "debit_411": _amount(customers["debit"].sum(), currency),
        "credit_411": _amount(customers["credit"].sum(), currency),
        "lines_401": suppliers.height,
        "lettered_401": suppliers["letter"].drop_nulls().len(),
        "lines_with_datelet": _filled(lines, "letter_date"),
        "encoding": fixed.encoding,
        "separator": _SEPARATORS[layout.separator],
        "embedded_cr": fixed.embedded_cr,
        "from": str(first) if first is not None else None,
        "to": str(last) if last is not None else None,
        "due_dates": "due" in layout.names,
    }


def _filled(lines: pl.DataFrame, name: str) -> int:
    if name not in lines.columns:
        return 0
    return int((lines[name].drop_nulls().str.strip_chars() != "").sum())


def _amount(minor: float | Decimal | None, currency: str) -> str:
    return str(to_decimal(int(minor or 0), currency))
