"""The fields of the forms: what stands in each, what can be chosen, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from encours.core.dunning.scenario import CHANNELS, DUE, MODES, OLDEST, PREVIOUS, Step
from encours.usecases.edit_steps import ROLES, SENDERS, TypedStep
from encours.usecases.edit_template import TONES
from encours.web.shell import words
from encours.web.today.shown import named

ANCHORS = (DUE, OLDEST, PREVIOUS, "event:issued", "event:promise_broken", "event:direct_debit_rejected", "event:paid")
_TEXTS = ("anchor", "channel", "template", "tone", "mode", "sender", "signatory")
_NUMBERS = ("level", "days", "notice_hours", "minutes", "patience")
_AMOUNTS = ("amount_min", "amount_max")
_LISTS = ("to", "cc")
_FLAGS = ("end_of_month", "formal")
NAMES = (*_TEXTS, *_NUMBERS, *_AMOUNTS, *_LISTS, *_FLAGS, "name", "after", "why")


@dataclass(frozen=True)
class Field:
    """One field: `kind` number, text, choice, several or check; `options`: value, words, whether chosen."""

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


def typed_step(form: QueryDict, language: str) -> TypedStep:
    """A step as the form sends it."""
    found: dict[str, Any] = {name: form.get(name, "") for name in (*_TEXTS, *_NUMBERS, *_AMOUNTS) if name in form}
    if "fields" in form:  # boxes that are not ticked are not sent: the whole form says so
        found |= {name: form.getlist(name) for name in _LISTS} | {name: name in form for name in _FLAGS}
    return TypedStep(found, form.get("name", ""), language if "name" in form else "", form.get("after", ""))


def values_of(step: Step | None, form: QueryDict | None) -> dict[str, Any]:
    """What stands in the fields: as typed where the form was refused, else the step's; a new one begins empty."""
    if form is not None:
        found: dict[str, Any] = {name: form.get(name, "") for name in NAMES}
        return found | {name: form.getlist(name) for name in _LISTS} | {name: name in form for name in _FLAGS}
    if step is None:
        return {"anchor": DUE, "days": "", "level": 1, "channel": "email", "mode": "confirm", "tone": "neutral",
                "sender": "collector", "to": ["accounts_payable"], "cc": [], "notice_hours": 0, "minutes": 2,
                "patience": Step.patience, "template": "reminder_friendly"}  # fmt: skip
    found = {name: getattr(step, name) for name in NAMES if hasattr(step, name)}
    return found | {"name": named(step.names, ""), "signatory": step.signatory or ""}


def groups(values: Mapping[str, Any], faults: Mapping[str, str], marks: Sequence[Any], templates: Sequence[str],
           own: str) -> list[Group]:  # fmt: skip
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
            make.text("amount_min", _("From an amount of")),
            make.text("amount_max", _("Up to")),
            make.number("minutes", _("Minutes it takes")),
            make.number("patience", _("Days that it waits for a person")),
        ]),
        Group(_("Who stands for it"), [
            make.choice("sender", _("Sender"), _worded("contact_role", _with(SENDERS, values.get("sender")))),
            make.number("notice_hours", _("Hours of notice to sales")),
            make.check("formal", _("formal notice")),
            make.choice("signatory", _("Signed by"), [("", _("nobody")), *_worded("contact_role", _with(
                SENDERS, values.get("signatory")))]),
        ]),
    ]  # fmt: skip


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

    def text(self, name: str, label: str, *, wide: bool = False) -> Field:
        return self._of(name, label, "text", wide=wide)

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
