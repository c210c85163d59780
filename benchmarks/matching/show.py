"""The scorer's table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.matching.score import Score

_COLUMNS = (
    ("receipts", "receipts"),
    ("proposed", "proposed"),
    ("right", "right"),
    ("precision", "precision"),
    ("precision_to_the_cent", "to the cent"),
    ("recall", "recall"),
    ("automatic", "auto"),
    ("automatic_rate", "auto rate"),
    ("automatic_precision", "auto prec."),
    ("automatic_rate_by_value", "auto € rate"),
)
_WORDS = 2


def show(score: Score) -> None:
    """Prints rates by group and the calibration."""
    console = Console(width=None if sys.stdout.isatty() else 130)
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("group")
    for _, title in _COLUMNS:
        table.add_column(title, justify="right")
    group = "all"
    for row in score.rates.iter_rows(named=True):
        if row["group"] != group:
            group = row["group"]
            table.add_section()
        name = "all" if group == "all" else f"{group}: {row['value']}"
        table.add_row(name, *(_said(row[column]) for column, _ in _COLUMNS))
    console.print(table)
    console.print(f"duplicates posted automatically: {score.duplicates_automatic} of {score.duplicates}")
    bins = Table(header_style="bold", show_edge=False, pad_edge=False)
    bins.add_column("how far confidence can be trusted")
    for title in ("confidence from", "proposals", "mean confidence", "right"):
        bins.add_column(title, justify="right")
    before = None
    for group, value, above, *found in score.reliability.iter_rows():
        if before is not None and before != (group, value):
            bins.add_section()
        name = "all" if group == "all" else f"{group}: {value}"
        bins.add_row(name if before != (group, value) else "", f"{above:g}", *(_said(figure) for figure in found))
        before = (group, value)
    console.print(bins)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows of words under headers; what stands after the second column is read as figures."""
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for place, title in enumerate(headers):
        table.add_column(title, justify="left" if place < _WORDS else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def _said(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{100 * value:.2f} %"
