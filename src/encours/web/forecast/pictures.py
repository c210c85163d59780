"""The pictures of the forecast: weeks with their range, the steps from a former one, what was said beside what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from encours.core.base.money import EXPONENTS
from encours.usecases.date_trust import Band
from encours.usecases.show_forecast import ForecastPage, Week
from encours.usecases.try_scenario import Tried
from encours.web.shell import charts, words
from encours.web.shell import format as form

_WIDE, _NARROW, _HIGH = 1040, 320, 220
_SOURCES = ("open_items", "orders", "expected_invoices")
_COLOURS = ("var(--age-0)", "var(--age-credit)", "var(--rule-strong)")


def _size(narrow: bool, height: int = _HIGH) -> dict[str, Any]:
    return {"width": _NARROW if narrow else _WIDE, "height": height}


def _x(narrow: bool) -> dict[str, Any]:
    axis = {"format": "%d %b", "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8 if narrow else 4}
    return {"field": "start", "type": "ordinal", "timeUnit": "yearmonthdate", "title": None, "axis": axis}


def _y(*names: str) -> dict[str, Any]:
    axis = {"labelExpr": charts.SHORT, "tickCount": 5}
    return {"field": names[0], "type": "quantitative", "title": None, "axis": axis}


def _scale(currency: str) -> int:
    return int(10 ** EXPONENTS.get(currency, 2))


def _said(week: Week, currency: str) -> str:
    """A week in one sentence: what a reader of the picture hears."""
    parts = {"open_items": week.open_items.mean, "orders": week.orders, "expected_invoices": week.expected_invoices}
    shares = ", ".join(
        f"{words.word('forecast_source', name)} {form.money(amount, currency, cents=False)}"
        for name, amount in parts.items()
        if amount
    )
    told = {
        "start": form.day(week.start),
        "mean": form.money(week.total.mean, currency, cents=False),
        "low": form.money(week.total.p10, currency, cents=False),
        "high": form.money(week.total.p90, currency, cents=False),
        "currency": currency,
        "shares": shares,
    }
    return _("Week of %(start)s: %(mean)s %(currency)s expected, between %(low)s and %(high)s (%(shares)s)") % told


def weeks(page: ForecastPage, narrow: bool) -> SafeString | None:
    """The fan: bars of what is expected by source, the range of the whole around its median."""
    if page.head is None or len(page.weeks) < 2:
        return None
    currency, scale = page.head.currency, _scale(page.head.currency)
    names = [str(words.word("forecast_source", source)) for source in _SOURCES]
    bars, band = [], []
    for week in page.weeks:
        said, start = _said(week, currency), week.start.isoformat()
        for place, (name, source) in enumerate(zip(names, _SOURCES, strict=True)):
            amount = week.open_items.mean if source == "open_items" else getattr(week, source)
            bars.append({"start": start, "name": name, "place": place, "value": amount / scale, "said": said})
        t = week.total
        band.append(
            {"start": start, "low": t.p10 / scale, "high": t.p90 / scale, "median": t.p50 / scale, "said": said}
        )
    paired = zip(names, _SOURCES, strict=True)
    shown = [name for name, source in paired if any(_amount(week, source) for week in page.weeks)]
    colours = [colour for name, colour in zip(names, _COLOURS, strict=True) if name in shown]
    color = {"field": "name", "type": "nominal", "sort": shown, "scale": {"domain": shown, "range": colours}}
    stacked = {
        "data": {"values": [bar for bar in bars if bar["name"] in shown]},
        "mark": {"type": "bar", "width": {"band": 0.62}},
        "encoding": {"x": _x(narrow), "y": _y("value"), "color": color, "order": {"field": "place"}}
        | {"description": {"field": "said"}},
    }
    return charts.draw({"layer": [stacked, *_fan(band, narrow)]} | _size(narrow), narrow)


def _amount(week: Week, source: str) -> int:
    return week.open_items.mean if source == "open_items" else int(getattr(week, source))


def _fan(band: list[dict[str, Any]], narrow: bool) -> list[dict[str, Any]]:
    """The range as a band with its median; each week's range can be pointed at."""
    x, data = _x(narrow), {"values": band}
    area = {"type": "area", "color": "var(--accent)", "opacity": 0.16, "interpolate": "monotone"}
    ends = {"type": "rule", "color": "var(--accent)", "strokeWidth": 1.5}
    middle = {"type": "line", "color": "var(--accent)", "strokeWidth": 2, "interpolate": "monotone"}
    dot = {"type": "point", "filled": True, "size": 40, "color": "var(--accent)"}
    told = {"description": {"field": "said"}}
    return [
        {"data": data, "mark": area, "encoding": {"x": x, "y": _y("low"), "y2": {"field": "high"}}},
        {"data": data, "mark": ends, "encoding": {"x": x, "y": _y("low"), "y2": {"field": "high"}} | told},
        {"data": data, "mark": middle, "encoding": {"x": x, "y": _y("median")}},
        {"data": data, "mark": dot, "encoding": {"x": x, "y": _y("median")} | told},
    ]


def changes(page: ForecastPage, narrow: bool) -> SafeString | None:
    """The bridge as steps: where the former forecast stood, what moved it, where it stands."""
    if page.head is None or page.bridge is None:
        return None
    currency, scale, bridge = page.head.currency, _scale(page.head.currency), page.bridge
    steps = [(_("Forecast of %(day)s") % {"day": form.day(bridge.before_on)}, 0, bridge.before, "end")]
    level = bridge.before
    for cause in bridge.causes:
        name = str(words.word("forecast_cause", cause.cause))
        steps.append((name, level, level + cause.amount, "more" if cause.amount > 0 else "less"))
        level += cause.amount
    steps.append((_("Today"), 0, bridge.now, "end"))
    values: list[dict[str, Any]] = [
        {
            "name": name,
            "place": place,
            "from": low / scale,
            "to": high / scale,
            "kind": kind,
            "said": f"{name}: {form.money(high - low, currency, cents=False)} {currency}",
        }
        for place, (name, low, high, kind) in enumerate(steps)
    ]
    colours = {"domain": ["end", "more", "less"], "range": ["var(--age-0)", "var(--accent)", "var(--age-2)"]}
    floor = min(min(value["from"], value["to"]) for value in values[1:-1]) if len(values) > 2 else 0
    y_scale = {"zero": floor < 0.5 * bridge.before / scale}
    x = {"field": "to", "type": "quantitative", "title": None, "axis": {"labelExpr": charts.SHORT, "tickCount": 4}}
    # Texts are wider in the browser than where the picture is drawn: names get their room.
    room = {"minExtent": 150 if narrow else 210, "labelLimit": 190 if narrow else 280}
    y = {"field": "name", "type": "nominal", "sort": {"field": "place"}, "title": None, "axis": room}
    encoding = {
        "y": y,
        "x": x | {"scale": y_scale},
        "x2": {"field": "from"},
        "color": {"field": "kind", "type": "nominal", "scale": colours, "legend": None},
        "description": {"field": "said"},
    }
    spec = {"data": {"values": values}, "mark": {"type": "bar", "height": {"band": 0.6}}, "encoding": encoding}
    width = {"width": 150 if narrow else 820, "height": 26 * len(values)}
    return charts.draw(spec | width, narrow)


def accuracy(page: ForecastPage, narrow: bool) -> SafeString | None:
    """What was said of each passed week beside what came."""
    if page.head is None or len(page.judged) < 2:
        return None
    currency, scale = page.head.currency, _scale(page.head.currency)
    band = []
    for row in reversed(page.judged):
        told = {
            "start": form.day(row.start),
            "came": form.money(row.came, currency, cents=False),
            "low": form.money(row.said.p10, currency, cents=False),
            "high": form.money(row.said.p90, currency, cents=False),
            "currency": currency,
        }
        said = _("Week of %(start)s: %(came)s %(currency)s came, forecast between %(low)s and %(high)s") % told
        figures = {"low": row.said.p10, "high": row.said.p90, "median": row.said.p50, "came": row.came}
        band.append({"start": row.start.isoformat(), "said": said} | {k: v / scale for k, v in figures.items()})
    bars = {
        "data": {"values": band},
        "mark": {"type": "bar", "width": {"band": 0.5}, "color": "var(--age-0)"},
        "encoding": {"x": _x(narrow), "y": _y("came"), "description": {"field": "said"}},
    }
    return charts.draw({"layer": [bars, *_fan(band, narrow)]} | _size(narrow, 180), narrow)


def compared(tried: Tried, narrow: bool) -> SafeString | None:
    """The forecast under the scenario, its range around it, beside the bars of the one that stands."""
    currency, scale = tried.head.currency, _scale(tried.head.currency)
    bars, band = [], []
    for before, after in zip(tried.base, tried.supposed, strict=True):
        said, start = _said(after, currency), after.start.isoformat()
        bars.append({"start": start, "value": before.total.mean / scale, "said": _said(before, currency)})
        t = after.total
        band.append(
            {"start": start, "low": t.p10 / scale, "high": t.p90 / scale, "median": t.p50 / scale, "said": said}
        )
    base = {
        "data": {"values": bars},
        "mark": {"type": "bar", "width": {"band": 0.62}, "color": "var(--age-0)"},
        "encoding": {"x": _x(narrow), "y": _y("value"), "description": {"field": "said"}},
    }
    return charts.draw({"layer": [base, *_fan(band, narrow)]} | _size(narrow), narrow)


def reliability(page: ForecastPage, narrow: bool) -> SafeString | None:
    """What was said of payments being late beside what came: on the diagonal the words are true; large dots weigh
    more."""
    bands = page.trust.bands if page.trust else []
    if len(bands) < 2:
        return None
    values = [
        {"said_share": band.said, "came": band.happened, "count": band.count, "said": _band_said(band)}
        for band in bands
    ]
    axis = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
    scale = {"domain": [0, 1], "nice": False}
    x = {"field": "said_share", "type": "quantitative", "scale": scale, "title": _("late, as was said"), "axis": axis}
    y = {"field": "came", "type": "quantitative", "scale": scale, "title": _("late, as it came"), "axis": axis}
    size = {"field": "count", "type": "quantitative", "legend": None, "scale": {"range": [30, 420]}}
    dots = {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "color": "var(--accent)", "opacity": 0.85},
        "encoding": {"x": x, "y": y, "size": size, "description": {"field": "said"}},
    }
    true = {
        "data": {"values": [{"said_share": 0, "came": 0}, {"said_share": 1, "came": 1}]},
        "mark": {"type": "line", "color": "var(--ink-3)", "strokeDash": [4, 4], "strokeWidth": 1.5},
        "encoding": {"x": x, "y": y},
    }
    return charts.draw({"layer": [true, dots]} | _size(narrow, 240), narrow)


def _band_said(band: Band) -> str:
    told = {
        "said": form.percent(band.said, 0),
        "came": form.percent(band.happened, 0),
        "count": form.number(band.count),
    }
    return _("Of %(count)s items with a said chance of %(said)s of being late, %(came)s were late") % told


#: Kind of picture -> how it is drawn.
DRAWN: Mapping[str, Callable[[ForecastPage, bool], SafeString | None]] = {
    "weeks": weeks,
    "changes": changes,
    "accuracy": accuracy,
    "reliability": reliability,
}
