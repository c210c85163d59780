"""A replay of matching as one page to look at: no script, nothing from any other host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import polars as pl

from encours.core.base.money import exponent, is_currency
from encours.core.matching.backtest import AGREES, BANDS, DIFFERS, NOT_LETTERED, SAME_LETTER
from encours.usecases.backtest_matching import DEFINITIONS, Backtested

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
_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--rule:#d9dee5;--ground:#fff;
--auto:#1f6f8b;--same:#7fb3c8;--differs:#c0392b;--open:#b9c2cc;--none:#e7ebf0}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--rule:#333d4a;--ground:#161b22;
--auto:#58a6c4;--same:#2f6478;--differs:#e5695b;--open:#4a5563;--none:#2a313b}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:24px auto;padding:0 16px;
max-width:960px;font-variant-numeric:tabular-nums}
h1{font-size:20px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px}p{color:var(--soft);margin:4px 0 12px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:0 8px;height:32px;text-align:right;
border-bottom:1px solid var(--rule);white-space:nowrap}th:first-child,td:first-child,.words{text-align:left}
td.words{white-space:normal}td:nth-last-child(-n+2).words{min-width:200px}th{color:var(--soft);font-weight:600}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px}
@media(max-width:500px){svg text{font-size:22px}}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--soft);margin:8px 0}
.key i{display:inline-block;width:10px;height:10px;margin-right:6px}
.auto{fill:var(--auto);background:var(--auto)}.same{fill:var(--same);background:var(--same)}
.differs{fill:var(--differs);background:var(--differs)}.open{fill:var(--open);background:var(--open)}
.none{fill:var(--none);background:var(--none)}dt{font-weight:600}dd{margin:0 0 6px;color:var(--soft)}
"""


def page(tested: Backtested) -> str:
    """The whole page as HTML: a picture by month, figures by month and stratum, what a person should judge."""
    figures = tested.result.figures
    head = ("receipts", "lettered", "proposed", "automatic", "agreement", "automatic agreement", "differ")
    parts = [
        f"<h1>Would Encours have matched as the book's own letters do?</h1><p>{escape(_sentence(tested))}</p>",
        _picture(tested.result.decisions),
        "<h2>By month</h2>",
        _table(("month", *head), (_figures(row, row["value"]) for row in _group(figures, "month"))),
        "<h2>By what the proposal knows</h2>",
        _table(
            ("stratum", *head),
            (_figures(row, _STRATA[row["value"]]) for row in _group(figures, "stratum", tuple(_STRATA))),
        ),
        "<h2>By value</h2>",
        _table(("amount", *head), (_figures(row, row["value"]) for row in _group(figures, "value", BANDS))),
        _disagreements(tested.result.disagreements),
        "<h2>What the words mean</h2><dl>",
        *(f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(text)}</dd>" for name, text in DEFINITIONS.items()),
        "</dl>",
    ]
    title = f"Matching replayed, {tested.start} to {tested.end}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _sentence(tested: Backtested) -> str:
    found = tested.all
    if not found:
        return f"No receipts came from {tested.start} to {tested.end}."
    said = (
        f"{tested.start} to {tested.end}: {_count(found['receipts'])} receipts, each decided on what was known "
        f"on its day. {_share(found['proposed_rate'])} had a proposal, {_share(found['automatic_rate'])} would have "
        f"been posted without a person. "
    )
    if found["agreement"] is None:
        return said + "The book holds no letters for them yet, so nothing can be compared."
    return said + (
        f"Where the book has letters, {_share(found['agreement'])} of the proposals say the same, and "
        f"{_share(found['automatic_agreement'])} of what would have been posted ({_count(found['automatic_differ'])} "
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
    axis = f'<text x="{_LEFT - 6}" y="12" text-anchor="end">{_count(most)}</text>'
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
                f'height="{height:.1f}"><title>{month}: {_count(number)} {words}</title></rect>'
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
    counts = (_count(row[column]) for column in ("receipts", "lettered"))
    shares = (_share(row[column]) for column in ("proposed_rate", "automatic_rate", "agreement", "automatic_agreement"))
    return (name, *counts, *shares, _count(row["differ"]))


def _disagreements(rows: pl.DataFrame) -> str:
    title = f"<h2>What a person should judge ({_count(rows.height)})</h2>"
    if rows.is_empty():
        return title + "<p>No proposal says another thing than the letters.</p>"
    more = f" The first {_SHOWN} are shown." if rows.height > _SHOWN else ""
    note = f"<p>All of them are in disagreements.csv, with a column to write the judgement in.{more}</p>"
    head = ("day", "amount", "decision", "proposed", "lettered", "text", "why")
    lines = (
        (
            row["day"].isoformat(),
            _money(row["amount"], row["currency"]),
            row["decision"],
            row["proposed"] or "",
            row["lettered"] or "",
            row["remittance"] or "",
            row["reason"] or "",
        )
        for row in rows.head(_SHOWN).iter_rows(named=True)
    )
    return title + note + _table(head, lines, words_from=2)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words_from: int | None = None) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        words = words_from if words_from is not None else len(row)
        return "".join(
            f"<{tag} class=words>{escape(text)}</{tag}>" if place >= words else f"<{tag}>{escape(text)}</{tag}>"
            for place, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells(head, "th")}</tr></thead><tbody>{body}</tbody></table></div>'


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _money(minor: int, currency: str) -> str:
    places = exponent(currency) if is_currency(currency) else 2
    return f"{minor / 10**places:,.{places}f} {currency}".replace(",", " ")
