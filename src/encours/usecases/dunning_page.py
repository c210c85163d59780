"""A replay of dunning as one page to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

import polars as pl

from encours.usecases.backtest_dunning import DEFINITIONS, DunningTested
from encours.usecases.page_parts import count, definitions, document, money, share, table

_PARTS = (("asked for", "auto", "asked"), ("held by a gate", "differs", "held"), ("waiting", "open", "waiting"))
_WIDTH, _HEIGHT, _LEFT, _FOOT, _LABELS, _SHOWN = 760, 220, 56, 24, 9, 60


def page(tested: DunningTested) -> str:
    """The whole page as HTML: the days, the steps, what was held and why, who had paid."""
    parts = [f"<h1>Who would have received what?</h1><p>{escape(_sentence(tested))}</p>"]
    for code in tested.result.daily["currency"].unique().sort():
        days = tested.result.daily.filter(pl.col("currency") == code)
        parts += [f"<h2>Late money in {escape(code)}, day by day</h2>", _key(), _picture(days, code)]
    parts += [
        "<h2>What would have left</h2>",
        _steps(tested),
        "<h2>What was held, and what frees it</h2>",
        _gates(tested),
        _wrong(tested),
        definitions(DEFINITIONS),
    ]
    return document(f"Dunning replayed, {tested.start} to {tested.end}", parts)


def _sentence(tested: DunningTested) -> str:
    found = tested.result.figures()
    days = tested.result.daily["day"].n_unique()
    held = ", ".join(f"{share(part)} of it in {code}" for code, part in tested.share("held").items())
    return (
        f"{tested.start} to {tested.end}, {count(days)} working days, each on what was known then: "
        f"{count(int(found['actions']))} messages and tasks to {count(int(found['customers']))} customers, "
        f"{count(int(found['automatic']))} of them without a person; {count(int(found['minutes']))} minutes, "
        f"{found['cost']:,.2f} of outside costs. {count(int(found['to_who_had_paid']))} to people who had paid two "
        f"working days before, {count(int(found['collisions']))} collisions. "
        f"Of the late money gates held, on average: {held or 'nothing'}."
    )


def _key() -> str:
    parts = "".join(f'<span><i class="{style}"></i>{words}</span>' for words, style, _ in _PARTS)
    return f'<div class="key">{parts}</div>'


def _picture(days: pl.DataFrame, code: str) -> str:
    """A bar a week, the mean of its days, as SVG; each part says its amount when pointed at."""
    weeks = days.sort("day").group_by_dynamic("day", every="1w").agg(pl.col("asked", "held", "waiting").mean())
    most = max(1.0, float(weeks.select(pl.sum_horizontal("asked", "held", "waiting").max()).item() or 0))
    step = (_WIDTH - _LEFT) / max(1, weeks.height)
    every = -(-weeks.height // _LABELS)
    drawn = []
    for place, row in enumerate(weeks.iter_rows(named=True)):
        ground, left = float(_HEIGHT), _LEFT + step * place
        for words, style, column in _PARTS:
            height = (_HEIGHT - 4) * row[column] / most
            ground -= height
            if height > 0:
                said = f"{row['day']}: {money(round(row[column]), code)} {words}"
                drawn.append(
                    f'<rect class="{style}" x="{left + step * 0.1:.1f}" y="{ground:.1f}" width="{step * 0.8:.1f}" '
                    f'height="{height:.1f}"><title>{escape(said)}</title></rect>'
                )
        drawn.append(_label(row["day"], left + step / 2) if place % every == 0 else "")
    axis = f'<text x="{_LEFT - 6}" y="12" text-anchor="end">{_short(most)}</text>'
    svg = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-label="Late money by week in {escape(code)}">'
    return f"{svg}{axis}{''.join(drawn)}</svg>"


def _label(day: date, middle: float) -> str:
    return f'<text x="{middle:.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{day:%d/%m/%y}</text>'


def _short(minor: float) -> str:
    """An axis label: thousands or millions of the currency."""
    whole = minor / 100
    return f"{whole / 1e6:.1f} M" if whole >= 1e6 else f"{whole / 1e3:.0f} k"


def _steps(tested: DunningTested) -> str:
    head = (
        "scenario and step", "messages", "customers", "asked for", "who had paid", "partly paid", "collisions",
        "minutes", "cost",
    )  # fmt: skip
    rows = [
        (
            f"{row['scenario']}: {row['step']} ({row['channel']}, {row['mode']})".replace("_", " "),
            count(row["messages"]), count(row["customers"]), money(row["amount"], row["currency"]),
            count(row["paid"]), count(row["part_paid"]), count(row["collisions"]), count(row["minutes"]),
            f"{row['cost'] / 100:,.2f}",
        )
        for row in tested.steps.iter_rows(named=True)
    ]  # fmt: skip
    return table(head, rows) if rows else "<p>Nothing would have left.</p>"


def _gates(tested: DunningTested) -> str:
    head = ("gate", "items", "stretches", "days held, median", "longest", "on an average day", "freed by")
    rows = [
        (
            row["reason"].replace("_", " "), count(row["items"]), count(row["spells"]), f"{row['days_median']:.0f}",
            count(row["days_most"]), money(row["on_a_day"], row["currency"]),
            (row["task"] or "time").replace("_", " "),
        )
        for row in tested.gates.iter_rows(named=True)
    ]  # fmt: skip
    return table(head, rows, words_from=6) if rows else "<p>Nothing was held.</p>"


def _wrong(tested: DunningTested) -> str:
    rows = tested.wrong
    title = f"<h2>Asked of people who had paid ({count(rows.height)})</h2>"
    if rows.is_empty():
        return title + "<p>No line of any message had been paid two working days before it would have left.</p>"
    more = f" The first {_SHOWN} are shown." if rows.height > _SHOWN else ""
    head = ("day", "customer", "item", "asked for", "paid before", "paid on", "step")
    lines: list[Sequence[str]] = [
        (
            row["on"].isoformat(), row["customer_id"], row["item_id"], money(row["amount"], row["currency"]),
            money(row["paid"], row["currency"]), row["paid_on"].isoformat(), row["step"].replace("_", " "),
        )
        for row in rows.head(_SHOWN).iter_rows(named=True)
    ]  # fmt: skip
    return title + f"<p>All of them are in the table `wrong`.{more}</p>" + table(head, lines, words_from=6)
