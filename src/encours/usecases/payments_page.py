"""A replay of payment dates as one page to look at."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import polars as pl

from encours.core.behaviour.replay import FORECASTERS
from encours.usecases.backtest_payments import DEFINITIONS, PaymentsTested, less
from encours.usecases.page_parts import count, definitions, document, share, table

_NAMES = {"model": "Encours", "own_median": "own median", "due_date": "due date"}
_CLASSES = {"model": "auto", "own_median": "same", "due_date": "open"}
_WIDTH, _HEIGHT, _LEFT, _FOOT, _LABELS = 760, 220, 40, 24, 9
_SQUARE, _EDGE = 300, 44


def page(tested: PaymentsTested) -> str:
    """The whole page as HTML: the error by month, the figures beside the naive forecasts, reliability."""
    figures = tested.result.figures
    head = (
        "",
        "forecasts",
        "mean error, days",
        "within 3",
        "within 7",
        "pinball",
        "in the range",
        "before",
        "after",
        "late, told apart",
    )
    whole = (figures.filter(pl.col("month").is_null())).to_dicts()
    months = figures.filter(pl.col("month").is_not_null()).sort("month", maintain_order=True).to_dicts()
    parts = [
        f"<h1>Would Encours have foreseen when the money came?</h1><p>{escape(_sentence(tested))}</p>",
        _key(),
        _errors(months),
        "<h2>All forecasts</h2>",
        table(head, [(_NAMES[row["forecaster"]], *_cells(row)) for row in whole]),
        "<h2>By month</h2>",
        table(
            ("month", *head[1:]),
            [(f"{row['month']:%Y-%m} {_NAMES[row['forecaster']]}", *_cells(row)) for row in months],
        ),
        "<h2>When it said “late with 30 %”, were three in ten late?</h2>",
        _reliability(tested.reliability),
        definitions(DEFINITIONS),
    ]
    return document(f"Payment dates replayed, {tested.start} to {tested.end}", parts)


def _sentence(tested: PaymentsTested) -> str:
    ours, own, due = (tested.all(name) for name in FORECASTERS)
    return (
        f"{tested.start} to {tested.end}, once a week: {count(int(ours['forecasts']))} forecasts of open items, "
        f"each on what was known on its day. They were {ours['mae']:.1f} days off on average, "
        f"{_than(ours['mae'], own['mae'])} than the payers' own medians ({own['mae']:.1f}) and "
        f"{_than(ours['mae'], due['mae'])} than the due dates ({due['mae']:.1f}). "
        f"{share(ours['coverage'])} came inside the range."
    )


def _than(ours: float, theirs: float) -> str:
    gain = less(ours, theirs)
    if gain is None:
        return "no better"
    return f"{100 * abs(gain):.0f} % {'less' if gain >= 0 else 'more'}"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        count(int(row["forecasts"])),
        f"{row['mae']:.2f}",
        share(row["within_3"]),
        share(row["within_7"]),
        f"{row['pinball']:.2f}",
        share(row["coverage"]),
        share(row["below"]),
        share(row["above"]),
        f"{row['auc_late']:.2f}",
    )


def _key() -> str:
    parts = "".join(f'<span><i class="{_CLASSES[name]}"></i>{_NAMES[name]}</span>' for name in FORECASTERS)
    return f'<div class="key">{parts}</div>'


def _errors(rows: Sequence[dict[str, Any]]) -> str:
    """Three bars a month: the mean error of each forecaster, in days."""
    months = sorted({row["month"] for row in rows})
    if not months:
        return ""
    most = max(row["mae"] for row in rows) or 1.0
    step, bars = (_WIDTH - _LEFT) / len(months), []
    every = -(-len(months) // _LABELS)
    for row in rows:
        place, side = months.index(row["month"]), FORECASTERS.index(row["forecaster"])
        height = (_HEIGHT - 4) * row["mae"] / most
        left = _LEFT + step * (place + 0.1 + 0.27 * side)
        bars.append(
            f'<rect class="{_CLASSES[row["forecaster"]]}" x="{left:.1f}" y="{_HEIGHT - height:.1f}" '
            f'width="{step * 0.25:.1f}" height="{height:.1f}"><title>{row["month"]:%Y-%m}, '
            f"{_NAMES[row['forecaster']]}: {row['mae']:.1f} days off</title></rect>"
        )
    labels = [
        f'<text x="{_LEFT + step * (place + 0.5):.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{month:%m/%y}</text>'
        for place, month in enumerate(months)
        if place % every == 0
    ]
    drawn = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-label="Mean error in days, by month">'
    axis = f'<text x="0" y="14">{most:.1f} d</text>'
    return f"{drawn}{axis}{''.join(bars)}{''.join(labels)}</svg>"


def _reliability(rows: pl.DataFrame) -> str:
    """What was said against what came; on the diagonal the words are true. Circles grow with the number of items."""
    if rows.is_empty():
        return "<p>No item was forecast before it was late.</p>"
    inner, most = _SQUARE - _EDGE, max(1, int(rows["count"].to_numpy().max()))
    dots = []
    for row in rows.iter_rows(named=True):
        across, up = _EDGE + inner * row["said"], inner * (1 - row["happened"])
        size = 3 + 9 * (row["count"] / most) ** 0.5
        words = f"said {share(row['said'])}, came {share(row['happened'])}, {count(row['count'])} items"
        dots.append(
            f'<circle class="auto" cx="{across:.1f}" cy="{up:.1f}" r="{size:.1f}"><title>{words}</title></circle>'
        )
    lines = (
        f'<line x1="{_EDGE}" y1="{inner}" x2="{_SQUARE}" y2="0" stroke="var(--soft)" stroke-dasharray="4 4"/>'
        f'<line x1="{_EDGE}" y1="{inner}" x2="{_SQUARE}" y2="{inner}" stroke="var(--rule)"/>'
        f'<line x1="{_EDGE}" y1="0" x2="{_EDGE}" y2="{inner}" stroke="var(--rule)"/>'
    )
    axes = (
        f'<text x="{_SQUARE}" y="{inner + 18}" text-anchor="end" style="font-size:12px">said</text>'
        f'<text x="{_EDGE - 6}" y="12" text-anchor="end" style="font-size:12px">came</text>'
    )
    return (
        f'<svg viewBox="0 0 {_SQUARE + 12} {_SQUARE - 16}" style="max-width:420px" role="img" '
        f'aria-label="Chance of being late: what was said beside what came">{lines}{"".join(dots)}{axes}</svg>'
    )
