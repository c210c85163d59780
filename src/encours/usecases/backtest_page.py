"""A replay of matching as one page to look at: no script, nothing from any other host."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import polars as pl

from encours.core.matching.backtest import AGREES, BANDS, DIFFERS, NOT_LETTERED, SAME_LETTER
from encours.usecases.backtest_matching import DEFINITIONS, Backtested
from encours.usecases.page_parts import count, definitions, document, money, share, table

_SHOWN, _LABELS = 60, 9
#: What the bars are made of, from the ground up: name, colour, which receipts.
_PARTS = (
    ("posted by itself, as lettered", "auto"),
    ("proposed, as lettered", "same"),
    ("proposed, otherwise than lettered", "differs"),
    ("proposed, not lettered yet", "open"),
    ("nothing proposed", "none"),
)
_STRATA = {
    "quoted_exactly": "quoted exactly",
    "other_reference": "other reference",
    "amount_only": "amount only",
    "outside": "returned payments",
    "nothing_proposed": "nothing proposed",
}
_WIDTH, _HEIGHT, _FOOT, _LEFT = 760, 220, 24, 40


def page(tested: Backtested) -> str:
    """The whole page as HTML: a picture by month, figures by month and stratum, what a person should judge."""
    figures = tested.result.figures
    head = ("receipts", "lettered", "proposed", "automatic", "agreement", "automatic agreement", "differ")
    parts = [
        f"<h1>Would Encours have matched as the book's own letters do?</h1><p>{escape(_sentence(tested))}</p>",
        _picture(tested.result.decisions),
        "<h2>By month</h2>",
        table(("month", *head), (_figures(row, row["value"]) for row in _group(figures, "month"))),
        "<h2>By what the proposal knows</h2>",
        table(
            ("stratum", *head),
            (_figures(row, _STRATA[row["value"]]) for row in _group(figures, "stratum", tuple(_STRATA))),
        ),
        "<h2>By value</h2>",
        table(("amount", *head), (_figures(row, row["value"]) for row in _group(figures, "value", BANDS))),
        _disagreements(tested.result.disagreements),
        definitions(DEFINITIONS),
    ]
    return document(f"Matching replayed, {tested.start} to {tested.end}", parts)


def _sentence(tested: Backtested) -> str:
    found = tested.all
    if not found:
        return f"No receipts came from {tested.start} to {tested.end}."
    said = (
        f"{tested.start} to {tested.end}: {count(found['receipts'])} receipts, each decided on what was known "
        f"on its day. {share(found['proposed_rate'])} had a proposal, {share(found['automatic_rate'])} would have "
        f"been posted without a person. "
    )
    if found["agreement"] is None:
        return said + "The book holds no letters for them yet, so nothing can be compared."
    return said + (
        f"Where the book has letters, {share(found['agreement'])} of the proposals say the same, and "
        f"{share(found['automatic_agreement'])} of what would have been posted ({count(found['automatic_differ'])} "
        f"to judge)."
    )


def _picture(decisions: pl.DataFrame) -> str:
    """Bars by month, as SVG; each part says its count when pointed at."""
    if decisions.is_empty():
        return ""
    alike = pl.col("verdict").is_in([AGREES, SAME_LETTER])
    kind = (
        pl.when(alike & (pl.col("decision") == "auto"))
        .then(pl.lit("auto"))
        .when(alike)
        .then(pl.lit("same"))
        .when(pl.col("verdict") == DIFFERS)
        .then(pl.lit("differs"))
        .when(pl.col("verdict") == NOT_LETTERED)
        .then(pl.lit("open"))
        .otherwise(pl.lit("none"))
    )
    counted = decisions.group_by("month", kind.alias("kind")).len()
    counts = {(month, name): number for month, name, number in counted.iter_rows()}
    months = decisions["month"].unique().sort().to_list()
    most = max(sum(counts.get((month, name), 0) for _, name in _PARTS) for month in months)
    step = (_WIDTH - _LEFT) / len(months)
    every = -(-len(months) // _LABELS)
    bars = [
        _bar(month, _LEFT + step * place, step, counts, most)
        + _label(month, _LEFT + step * (place + 0.5), place % every)
        for place, month in enumerate(months)
    ]
    key = "".join(f'<span><i class="{name}"></i>{words}</span>' for words, name in _PARTS)
    axis = f'<text x="{_LEFT - 6}" y="12" text-anchor="end">{count(most)}</text>'
    drawn = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-label="Receipts by month and outcome">'
    return f'<div class="key">{key}</div>{drawn}{axis}{"".join(bars)}</svg>'


def _bar(month: str, left: float, step: float, counts: dict[tuple[str, str], int], most: int) -> str:
    ground, drawn = float(_HEIGHT), []
    for words, name in _PARTS:
        number = counts.get((month, name), 0)
        height = (_HEIGHT - 4) * number / most
        ground -= height
        if number:
            drawn.append(
                f'<rect class="{name}" x="{left + step * 0.15:.1f}" y="{ground:.1f}" width="{step * 0.7:.1f}" '
                f'height="{height:.1f}"><title>{month}: {count(number)} {words}</title></rect>'
            )
    return "".join(drawn)


def _label(month: str, middle: float, skipped: int) -> str:
    if skipped:
        return ""
    return f'<text x="{middle:.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{month[5:]}/{month[2:4]}</text>'


def _group(figures: pl.DataFrame, name: str, order: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of a group, in `order` where there is one."""
    rows = figures.filter(group=name).to_dicts()
    return sorted(rows, key=lambda row: order.index(row["value"])) if order else rows


def _figures(row: dict[str, Any], name: str) -> tuple[str, ...]:
    counts = (count(row[column]) for column in ("receipts", "lettered"))
    shares = (share(row[column]) for column in ("proposed_rate", "automatic_rate", "agreement", "automatic_agreement"))
    return (name, *counts, *shares, count(row["differ"]))


def _disagreements(rows: pl.DataFrame) -> str:
    title = f"<h2>What a person should judge ({count(rows.height)})</h2>"
    if rows.is_empty():
        return title + "<p>No proposal says another thing than the letters.</p>"
    more = f" The first {_SHOWN} are shown." if rows.height > _SHOWN else ""
    note = f"<p>All of them are in disagreements.csv, with a column to write the judgement in.{more}</p>"
    head = ("day", "amount", "decision", "proposed", "lettered", "text", "why")
    lines = (
        (
            row["day"].isoformat(),
            money(row["amount"], row["currency"]),
            row["decision"],
            row["proposed"] or "",
            row["lettered"] or "",
            row["remittance"] or "",
            row["reason"] or "",
        )
        for row in rows.head(_SHOWN).iter_rows(named=True)
    )
    return title + note + table(head, lines, words_from=2)
