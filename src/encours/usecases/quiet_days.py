"""Days that an entity keeps quiet: single ones and spans (a plant's summer closing), as its settings have them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

_MOST, _LONGEST = 60, 92


def fault(value: Any) -> str | None:
    """What is wrong with `dunning.quiet_days`: texts like 2027-08-14, or 2027-08-02/2027-08-20."""
    good = isinstance(value, list) and len(value) <= _MOST and all(isinstance(one, str) for one in value)
    try:
        spans = [_span(one) for one in value] if good else []
    except ValueError:
        good = False
    else:
        good = good and all(0 <= (last - first).days <= _LONGEST for first, last in spans)
    return (
        None if good else "give days as 2027-08-14, or the first and the last day of a closing of three months at most"
    )


def expanded(value: Iterable[str]) -> tuple[str, ...]:
    """Every day of the spans, in order, as the rules of a plan take them."""
    found = set()
    for one in value:
        first, last = _span(one)
        found |= {first + timedelta(days=place) for place in range((last - first).days + 1)}
    return tuple(day.isoformat() for day in sorted(found))


def _span(text: str) -> tuple[date, date]:
    first, _, last = text.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)
