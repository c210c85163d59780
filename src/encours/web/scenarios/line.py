"""The time line: every step at its place, true to scale where there is room, with what one must see at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from encours.core.dunning.scenario import Scenario
from encours.core.dunning.timeline import Mark, time_line
from encours.web.scenarios import words
from encours.web.today.shown import named

ICONS = {"email": "mail", "call": "phone", "voice": "phone", "sms": "phone", "letter": "letter",
         "registered_letter": "letter", "portal": "entity", "order_hold": "tasks"}  # fmt: skip
_WIDE, _HIGH, _AXIS, _PAD = 1160, 56, 22, 24


@dataclass(frozen=True)
class Line:
    """The steps of the line in order, with the place of the due date among them; those that an event calls for."""

    marks: list[Any]
    events: list[Any]
    scale: SafeString


def drawn(scenario: Scenario) -> Line:
    """A scenario's time line."""
    found = time_line(scenario)
    marks = [mark_of(one.step, one) for one in found if one.day is not None]
    due = next((place for place, mark in enumerate(marks) if mark.day >= 0), len(marks))
    for place, mark in enumerate(marks):
        mark.first_after = place == due
    return Line(marks, [mark_of(one.step, one) for one in found if one.day is None], _scale(marks))


def mark_of(step: Any, mark: Mark | None = None) -> SimpleNamespace:
    """A step with its words."""
    return SimpleNamespace(
        **vars(step)
        | {
            "name": named(step.names, step.code),
            "icon": ICONS.get(step.channel, "mail"),
            "short": words.short(step, mark.day if mark else None),
            "when_says": words.when(step),
            "if_says": [words.condition(one) for one in step.when],
            "day": mark.day if mark else None,
            "counts_from": mark.after if mark else None,
            "passed_over": step.passed_over,
            "aside": step.event is not None or step.level == 0,
            "first_after": False,
        }
    )


def _scale(marks: Sequence[Any]) -> SafeString:
    """The axis in days with a leader from each step's day down to its card; cards are of one width."""
    if not marks:
        return SafeString("")
    days = [0, *(mark.day for mark in marks)]
    low, high = min(days), max(max(days), min(days) + 1)

    def at(day: int) -> float:
        return float(round(_PAD + (day - low) / (high - low) * (_WIDE - 2 * _PAD), 1))

    column = _WIDE / len(marks)
    leaders = format_html_join(
        "", '<path class="leader" d="M{} {}V{}L{} {}"/>',
        ((at(mark.day), _AXIS, _AXIS + 10, round((place + 0.5) * column, 1), _HIGH)
         for place, mark in enumerate(marks)),
    )  # fmt: skip
    dots = format_html_join(
        "", '<circle class="dot {} {}" cx="{}" cy="{}" r="5"/>',
        ((mark.mode, mark.tone, at(mark.day), _AXIS) for mark in marks),
    )  # fmt: skip
    stride = next(one for one in (5, 10, 15, 30, 60, 120, 4000) if (high - low) / one <= 12)
    ticks = format_html_join(
        "", '<text class="tick" x="{}" y="10">{}</text>',
        ((at(day), words.at_day(day)) for day in range(-(-low // stride) * stride, high + 1, stride) if day),
    )  # fmt: skip
    return format_html(
        '<svg class="scale" viewBox="0 0 {} {}" aria-hidden="true"><path class="axis" d="M0 {}H{}"/>{}'
        '<path class="due" d="M{} 14V30"/><text class="due-says" x="{}" y="10">{}</text>{}{}</svg>',
        _WIDE, _HIGH, _AXIS, _WIDE, leaders, at(0), at(0), _("Due date"), ticks, dots,
    )  # fmt: skip
