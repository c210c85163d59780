"""The fields of the forms: what stands in each, what can be chosen, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encours.core.dunning.quiet import DAY
from encours.core.dunning.scenario import CHANNELS, DUE, MODES, OLDEST, PREVIOUS, Step, Window
from encours.usecases.edit_steps import ROLES, SENDERS, SIGNATORIES, TypedStep
from encours.usecases.edit_template import TONES
from encours.web.scenarios import conditions
from encours.web.scenarios import words as said
from encours.web.shell import format as form
from encours.web.shell import words
from encours.web.today.shown import named

ANCHORS = (DUE, OLDEST, PREVIOUS, "event:issued", "event:promise_broken", "event:direct_debit_rejected", "event:paid")
_TEXTS = ("anchor", "channel", "template", "tone", "mode", "sender", "signatory")
_NUMBERS = ("level", "days", "notice_hours", "minutes", "patience")
_AMOUNTS = ("amount_min", "amount_max")
_LISTS = ("to", "cc")
_FLAGS = ("end_of_month", "formal")
#: What a form names otherwise than a step does: its window.
_WINDOW = ("own_window", "weekdays", "hours")
OWN = "own"
#: Lines for spans of hours, and the most that a form may send.
_SPANS, _SPANS_MOST = 3, 12
_SHOWN = (*_TEXTS, *_NUMBERS, *_AMOUNTS, *_LISTS, *_FLAGS, "name", "after", "why")
NAMES = (*_SHOWN, *_WINDOW, *(f"when#{at}" for at in range(1, conditions.MOST + 1)))


@dataclass(frozen=True)
class Field:
    """One field: `kind` number, text, choice, several, check or spans; `options`: value, words, chosen."""

    name: str
    label: str
    kind: str
    value: Any = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    fault: str = ""
    help: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Group:
    """Fields that belong together."""

    label: str
    fields: list[Field]
    own: str = ""


def typed_step(sent: QueryDict, language: str) -> TypedStep:
    """A step as the form sends it."""
    found: dict[str, Any] = {name: sent.get(name, "") for name in (*_TEXTS, *_NUMBERS, *_AMOUNTS) if name in sent}
    if "fields" in sent:  # boxes that are not ticked are not sent: the whole form says so
        found |= {name: sent.getlist(name) for name in _LISTS} | {name: name in sent for name in _FLAGS}
        found |= {"when": conditions.typed(sent, "when"), "window": _window_typed(sent)}
    return TypedStep(found, sent.get("name", ""), language if "name" in sent else "", sent.get("after", ""))


def _window_typed(sent: QueryDict) -> dict[str, Any] | None:
    if sent.get("own_window") != OWN:
        return None
    return {"weekdays": sent.getlist("weekdays"), "hours": _spans(sent)}


def _spans(sent: QueryDict) -> list[tuple[str, str]]:
    return list(zip(sent.getlist("hours_from"), sent.getlist("hours_until"), strict=False))[:_SPANS_MOST]


def values_of(step: Step | None, sent: QueryDict | None) -> dict[str, Any]:
    """What stands in the fields: as typed where the form was refused, else the step's; a new one begins empty."""
    if sent is not None:
        found: dict[str, Any] = {name: sent.get(name, "") for name in (*_SHOWN, "own_window")}
        found |= {"weekdays": sent.getlist("weekdays"), "hours": _spans(sent), "when": conditions.typed(sent, "when")}
        return found | {name: sent.getlist(name) for name in _LISTS} | {name: name in sent for name in _FLAGS}
    if step is None:
        return {"anchor": DUE, "days": "", "level": 1, "channel": "email", "mode": "confirm", "tone": "neutral",
                "sender": "collector", "to": ["accounts_payable"], "cc": [], "notice_hours": 0, "minutes": 2,
                "patience": Step.patience, "template": "reminder_friendly", "when": [], **_window_of(None)}  # fmt: skip
    found = {name: getattr(step, name) for name in _SHOWN if hasattr(step, name)}
    found |= {name: amount_text(getattr(step, name)) for name in _AMOUNTS}
    return found | _window_of(step.window) | {
        "name": named(step.names, ""), "signatory": step.signatory or "",
        "when": [said.typed(one) for one in step.when],
    }  # fmt: skip


def _window_of(window: Window | None) -> dict[str, Any]:
    """A window as fields; those that are not used stand ready with the usual days."""
    shown = window or DAY
    return {"own_window": OWN if window else "", "weekdays": [str(day) for day in shown.weekdays],
            "hours": list(shown.hours if window is None else window.hours)}  # fmt: skip


def amount_text(value: Decimal | None) -> str:
    """An amount as it is typed: in whole units and cents, with the reader's decimal sign."""
    return "" if value is None else f"{value:f}".replace(".", form.symbols(get_language() or "fr")[0])


def groups(values: Mapping[str, Any], faults: Mapping[str, str], marks: Sequence[Any], templates: Sequence[str],
           own: str, currency: str) -> list[Group]:  # fmt: skip
    """The form of a step. `marks`: the steps of the line; `own`: the code of the one that is edited."""
    make = _Maker(values, faults)
    rungs = [(mark.code, mark.name) for mark in marks if not mark.aside and mark.code != own]
    place = _place(marks, own)
    return [
        Group(_("When"), [
            make.text("name", _("Name"), wide=True),
            make.choice("anchor", _("Counts from"), _worded("anchor", ANCHORS)),
            make.number("days", _("Days"), _("before it with a minus")),
            make.choice("after", _("After the step"), rungs, place),
            make.number("level", _("Level"), _("0 does not chase; from 1 on, each firmer than the one before")),
            make.check("end_of_month", _("at the end of that month")),
        ]),
        Group(_("What leaves"), [
            make.choice("channel", _("Channel"), _worded("channel", CHANNELS)),
            make.choice("mode", _("How"), _worded("mode", MODES)),
            make.choice("template", _("Template"), _worded("template", _with(templates, values.get("template")))),
            make.choice("tone", _("Tone"), _worded("tone", TONES)),
            make.several("to", _("To"), _worded("contact_role", _with(ROLES, *values.get("to", ())))),
            make.several("cc", _("Copy"), _worded("contact_role", _with(ROLES, *values.get("cc", ())))),
        ]),
        Group(_("Within which limits"), [
            make.text("amount_min", _("From an amount of"), says=currency),
            make.text("amount_max", _("Up to an amount of"), says=currency),
            make.number("minutes", _("Minutes it takes")),
            make.number("patience", _("Days that it waits for a person")),
        ]),
        Group(_("Only where: all of these hold"), [], "when"),
        Group(_("When it may leave"), [
            make.choice("own_window", _("Hours"), [("", _("the usual ones: Monday to Friday, 8:00 to 19:00")),
                                                   (OWN, _("its own"))]),
            make.several("weekdays", _("Days of the week"), [(str(day), weekday(day)) for day in range(1, 8)]),
            make.spans("hours", _("Between these hours"),
                       _("with no hours, from 8:00 to 19:00; never on a public holiday")),
        ], "window"),
        Group(_("Who stands for it"), [
            make.choice("sender", _("Sender"), _worded("contact_role", _with(SENDERS, values.get("sender")))),
            make.number("notice_hours", _("Hours of notice to sales")),
            make.check("formal", _("formal notice")),
            make.choice("signatory", _("Signed by"), [("", _("nobody")), *_worded("contact_role", _with(
                SIGNATORIES, values.get("signatory")))]),
        ]),
    ]  # fmt: skip


def weekday(day: int) -> str:
    """A day of the week by its number, 1 Monday."""
    return form.day(date(2026, 1, 4 + day), "EEEE")  # 5 January 2026 is a Monday


def _place(marks: Sequence[Any], own: str) -> str:
    """The rung before the edited one; of a new one, the last."""
    rungs = [mark.code for mark in marks if not mark.aside]
    if own in rungs:
        at = rungs.index(own)
        return rungs[at - 1] if at else ""
    return rungs[-1] if rungs else ""


def _worded(kind: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, str(words.word(kind, code))) for code in codes]


def _with(codes: Iterable[str], *more: Any) -> list[str]:
    return [one for one in dict.fromkeys((*codes, *more)) if one]


class _Maker:
    """Fields out of what stands in them and what is wrong with them."""

    def __init__(self, values: Mapping[str, Any], faults: Mapping[str, str]) -> None:
        self.values, self.faults = values, faults

    def _of(self, name: str, label: str, kind: str, **more: Any) -> Field:
        value = self.values.get(name, "")
        return Field(name, label, kind, "" if value is None else value, fault=self.faults.get(name, ""), **more)

    def text(self, name: str, label: str, *, wide: bool = False, says: str = "") -> Field:
        return self._of(name, label, "text", wide=wide, help=says)

    def number(self, name: str, label: str, says: str = "") -> Field:
        return self._of(name, label, "number", help=says)

    def check(self, name: str, label: str) -> Field:
        return self._of(name, label, "check")

    def choice(self, name: str, label: str, options: Sequence[tuple[str, str]], otherwise: str = "") -> Field:
        chosen = self.values.get(name) or otherwise
        return self._of(name, label, "choice", options=[(code, says, code == chosen) for code, says in options])

    def several(self, name: str, label: str, options: Sequence[tuple[str, str]]) -> Field:
        chosen = self.values.get(name, ())
        told = [(code, says, code in chosen) for code, says in options]
        return self._of(name, label, "several", options=told, wide=True)

    def spans(self, name: str, label: str, says: str) -> Field:
        given = list(self.values.get(name, ()))
        spans = given + [("", "")] * max(1, _SPANS - len(given))
        told = [(begin, end, False) for begin, end in spans]
        return self._of(name, label, "spans", options=told, help=says, wide=True)
