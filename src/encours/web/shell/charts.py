"""Pictures as SVG in the page: a Vega-Lite dict in, drawn once for its content; colours are the page's own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from encours.core.base.money import EXPONENTS
from encours.web.shell import format as form

_WIDTH, _WIDTH_NARROW, _HEIGHT = 440, 260, 150
_KEPT_SECONDS = 7 * 86_400
_BARS = {"type": "bar", "width": {"band": 0.7}}
# 500 k, 1,5 M and a plain 0.
SHORT = "datum.value ? replace(format(datum.value, '~s'), regexp('([kMG])$'), '\u202f$1') : '0'"
# Marks take the page's colours, so that light and dark need one picture only.
_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "domain": False,
        "tickSize": 0,
        "gridColor": "var(--rule)",
        "labelFontSize": 11,
        "labelPadding": 6,
    },
    "axisX": {"grid": False},
    "legend": {
        "labelColor": "currentColor",
        "labelFontSize": 11,
        "orient": "top",
        "title": None,
        "symbolType": "square",
    },
}


def line(points: Sequence[tuple[date, float]], unit: str, *, narrow: bool = False) -> SafeString | None:
    """A line over days, `narrow` for a phone; None where there are not two points to join."""
    if len(points) < 2:
        return None
    values = [
        {"day": day.isoformat(), "value": round(value, 1), "said": f"{form.day(day)}: {form.number(value, 1)} {unit}"}
        for day, value in points
    ]
    ticks = 4 if narrow else 6
    x = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %y", "tickCount": ticks}}
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "nice": True},
        "axis": {"tickCount": 4},
    }
    stroke = {"mark": {"type": "line", "color": "var(--accent)", "strokeWidth": 2}, "encoding": {"x": x, "y": y}}
    dots = {
        "mark": {
            "type": "point",
            "filled": True,
            "size": 48,
            "color": "var(--accent)",
            "opacity": 0 if len(points) > 40 else 1,
        },
        "encoding": {"x": x, "y": y, "description": {"field": "said"}},
    }
    return draw({"data": {"values": values}, "layer": [stroke, dots]}, narrow)


def stacked_months(
    points: Sequence[tuple[date, int, int]], names: tuple[str, str], currency: str, *, narrow: bool = False
) -> SafeString | None:
    """Two amounts on top of each other at each month's last day, `narrow` for a phone; None without two months."""
    ends = {(day.year, day.month): (day, first, second) for day, first, second in points}
    if len(ends) < 2:
        return None
    values, unit = [], 10 ** EXPONENTS.get(currency, 2)
    for day, *amounts in ends.values():
        for place, (name, amount) in enumerate(zip(names, amounts, strict=True)):
            said = f"{form.day(day)}: {name} {form.money(amount, currency, cents=False)} {currency}"
            values.append(
                {"month": f"{day:%Y-%m}-01", "name": name, "place": place, "value": amount / unit, "said": said}
            )
    encoding = {
        "x": {
            "field": "month",
            "type": "ordinal",
            "timeUnit": "yearmonth",
            "title": None,
            "axis": {"format": "%b %y", "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8},
        },
        "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"labelExpr": SHORT, "tickCount": 4}},
        "color": {
            "field": "name",
            "type": "nominal",
            "sort": list(names),
            "scale": {"domain": list(names), "range": ["var(--age-0)", "var(--age-2)"]},
        },
        "order": {"field": "place"},
        "description": {"field": "said"},
    }
    return draw({"data": {"values": values}, "mark": _BARS, "encoding": encoding}, narrow)


def trade_off(
    points: Sequence[tuple[float, float, float]], budget: float, names: tuple[str, str, str], *, narrow: bool = False
) -> SafeString | None:
    """Errors in a thousand over the share that posts: those found, at most, and the budget; None without two points.

    `points`: coverage, precision found, precision at least, as shares. The scale is that of square roots: one error in
    a thousand and ten in a hundred both have their place.
    """
    if len(points) < 2:
        return None
    values = []
    for coverage, precision, low in points:
        for name, share in zip(names, (1 - precision, 1 - low), strict=False):
            said = f"{form.percent(coverage)}: {name} {form.number(1_000 * share, 2)} / {form.number(1_000)}"
            values.append({"x": coverage, "y": 1_000 * share, "name": name, "said": said})
    colours = {"domain": list(names), "range": ["var(--accent)", "var(--age-2)", "var(--wrong)"]}
    y_axis = {"tickCount": 5, "values": [0, 1, 5, 20, 100, 500]}
    y = {"field": "y", "type": "quantitative", "title": None, "scale": {"type": "sqrt"}, "axis": y_axis}
    x: dict[str, Any] = {"field": "x", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 5}}
    x["scale"] = {"domain": [0, 1]}
    legend = {"symbolType": "stroke", "symbolStrokeWidth": 2, "columnPadding": 20}
    color = {"field": "name", "type": "nominal", "sort": list(names), "scale": colours, "legend": legend}
    encoding = {"x": x, "y": y, "color": color}
    lines = {"mark": {"type": "line", "strokeWidth": 2, "interpolate": "step-after"}, "encoding": encoding}
    seen = encoding | {"description": {"field": "said"}}
    dots = {"mark": {"type": "point", "filled": True, "size": 36}, "encoding": seen}
    promised = {
        "data": {"values": [{"y": 1_000 * budget, "name": names[2]}]},
        "mark": {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.5},
        "encoding": {"y": y, "color": color},
    }
    return draw({"data": {"values": values}, "layer": [lines, dots, promised]}, narrow)


def delays(
    paid: Sequence[tuple[date, int]],
    band: Sequence[tuple[date, float, float, float]],
    late: tuple[date, Sequence[int]],
    names: tuple[str, str, str],
    unit: str,
    *,
    narrow: bool = False,
) -> SafeString | None:
    """Days between due date and payment, each payment a dot; None without two days of payment.

    `band`: day, P10, median, P90 of the payments before it. `late`: today, and by how many days items still open are
    late. `names`: of the band, of a payment, of an item still open.
    """
    if len({day for day, _ in paid}) < 2:
        return None
    today, still = late
    # One payment in fifty may lie outside: a few freaks would press all others onto one line.
    ordered, freaks = sorted(delay for _, delay in paid), max(1, len(paid) // 50)
    highest = max([*ordered[:-freaks], *(row[3] for row in band), 5])
    top = 1.15 * max(highest, min(max(still, default=0), 2 * highest))
    bottom = 1.15 * min([*ordered[freaks:], *(row[1] for row in band), 0])
    told = [(day, delay, names[1], form.day(day)) for day, delay in sorted(set(paid))]
    told += [(today, days, names[2], names[2]) for days in sorted(set(still))]
    dots = [
        {"day": f"{day}", "delay": max(bottom, min(delay, top)), "name": name, "said": f"{said}: {delay} {unit}"}
        for day, delay, name, said in told
    ]
    spans = [
        {"day": f"{day}", "low": low, "middle": middle, "high": min(high, top), "name": names[0]}
        for day, low, middle, high in band
    ]
    x = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%b %y", "tickCount": 4 if narrow else 6},
    }
    scale = {"domain": [bottom, top], "nice": False}
    y = {"field": "delay", "type": "quantitative", "title": None, "scale": scale, "axis": {"tickCount": 5}}
    colours = {"domain": list(names), "range": ["var(--age-0)", "var(--accent)", "var(--age-4)"]}
    color: dict[str, Any] = {"field": "name", "type": "nominal", "sort": list(names), "scale": colours, "legend": None}
    edges = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    area = {"mark": {"type": "area", "opacity": 0.45, "interpolate": "step-after"}, "encoding": {"x": x, **edges}}
    area["encoding"]["color"] = color
    middle = {
        "mark": {"type": "line", "color": "var(--accent)", "strokeWidth": 1.5, "interpolate": "step-after"},
        "encoding": {"x": x, "y": {**y, "field": "middle"}},
    }
    due = {
        "data": {"values": [{"delay": 0}]},
        "mark": {"type": "rule", "strokeDash": [4, 4], "color": "var(--ink-3)"},
        "encoding": {"y": y},
    }
    seen = {"x": x, "y": y, "color": color, "description": {"field": "said"}}
    marks = {"data": {"values": dots}, "mark": {"type": "point", "filled": True, "size": 30}, "encoding": seen}
    wide = {} if narrow else {"width": 640}
    return draw({"data": {"values": spans}, "layer": [area, middle, due, marks], **wide}, narrow)


def draw(spec: dict[str, Any], narrow: bool) -> SafeString:
    """A Vega-Lite spec as SVG in the page's colours; its own width and height win. Drawn once for its content."""
    language = get_language() or "fr"
    whole = {"width": _WIDTH_NARROW if narrow else _WIDTH, "height": _HEIGHT, "config": _CONFIG, **spec}
    key = f"chart:{language}:{hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()}"
    svg: str | None = cache.get(key)
    if svg is None:
        import vl_convert  # 100 ms to load: only where a chart is drawn

        where: dict[str, Any] = {"format_locale": "fr-FR", "time_format_locale": "fr-FR"} if language == "fr" else {}
        svg = _tidy(vl_convert.vegalite_to_svg(whole, **where))
        cache.set(key, svg, _KEPT_SECONDS)
    return mark_safe(svg)  # drawn by us out of escaped texts


def _tidy(svg: str) -> str:
    # The page's policy takes no inline style; the size is the page's business, the viewBox keeps the shape.
    svg = re.sub(r'\sstyle="[^"]*"', "", svg)
    return re.sub(r'(<svg[^>]*?)\swidth="[\d.]+"\sheight="[\d.]+"', r"\1", svg, count=1)
