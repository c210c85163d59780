"""Scenarios looked at, changed step by step, switched, and chosen for one customer."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.dunning.scenario import CHANNELS, MODES
from encours.usecases.edit_template import TONES, list_templates
from encours.usecases.manage_scenarios import (
    STATES,
    change_step,
    choose_scenario,
    drop_step,
    restore_version,
    switch_scenario,
)
from encours.usecases.show_scenarios import ScenarioRow, show_scenario, show_scenarios
from encours.web.scenarios import words
from encours.web.shell.acting import attempt, for_who_may
from encours.web.shell.request import Request
from encours.web.today.shown import named

_ICONS = {"email": "mail", "call": "phone", "voice": "phone", "letter": "letter", "registered_letter": "letter"}
TABS = ("steps", "members", "versions")


#: Scenarios are for whoever chases in some entity.
chaser = for_who_may("plan_dunning")


@chaser
def scenarios(request: Request) -> HttpResponse:
    """All scenarios of an entity."""
    page = show_scenarios(request.viewing, request.GET.get("of", ""))
    context = {
        "section": "scenarios",
        "page": SimpleNamespace(**vars(page) | {"rows": [_shown(row) for row in page.rows]}),
        "states": STATES,
        "can_switch": request.viewing.actor.may("activate_scenario", page.entity_id).ok,
    }
    return render(request, "scenarios/scenarios.html", context)


def _shown(row: ScenarioRow) -> SimpleNamespace:
    return SimpleNamespace(
        **vars(row)
        | {
            "name": named(row.names, row.code),
            "conditions": [words.condition(one) for one in row.segment],
            "marks": [_mark(step) for step in row.steps],
        }
    )


def _mark(step: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **vars(step)
        | {
            "name": named(step.names, step.code),
            "icon": _ICONS.get(step.channel, "mail"),
            "short": words.short(step),
            "when_says": words.when(step),
            "if_says": [words.condition(one) for one in step.when],
            "aside": step.event is not None or step.level == 0,
        }
    )


@chaser
def one(request: Request, code: str) -> HttpResponse:
    """One scenario on its time line; a step opened to be changed; its customers; its versions."""
    page = show_scenario(request.viewing, request.GET.get("of", ""), code)
    if page is None:
        raise Http404
    actor = request.viewing.actor
    tab = request.GET.get("tab", "")
    marks = [_mark(step) for step in page.scenario.steps]
    opened = next((mark for mark in marks if mark.code == request.GET.get("step")), None)
    steps = {mark.code: mark.name for mark in marks}
    context = {
        "section": "scenarios",
        "page": page,
        "row": _shown(page.row),
        "tab": tab if tab in TABS else TABS[0],
        "tabs": list(zip(TABS, (_("Steps"), _("Who is in it"), _("Versions")), strict=True)),
        "marks": marks,
        "ladder": [mark for mark in marks if not mark.aside],
        "beside": [mark for mark in marks if mark.aside],
        "opened": opened,
        "members": [SimpleNamespace(**vars(member) | {"step_name": steps.get(member.step, member.step)})
                    for member in page.members],
        "states": STATES,
        "can_edit": actor.may("edit_scenario", page.entity_id).ok,
        "can_switch": actor.may("activate_scenario", page.entity_id).ok,
        "channels": CHANNELS,
        "modes": MODES,
        "tones": TONES,
        "templates": sorted({one.code for one in list_templates(actor, page.entity_id)}) if opened else [],
    }  # fmt: skip
    return render(request, "scenarios/scenario.html", context)


def _act(request: Request, back: str, do: Callable[[], object], done: str) -> HttpResponse:
    attempt(request, do, done)
    return HttpResponseRedirect(back)


def _back(request: Request, code: str, **more: str) -> str:
    return f"{reverse('scenario', args=[code])}?{urlencode({'of': request.POST.get('of', ''), **more})}"


@chaser
@require_POST
def switch(request: Request, code: str) -> HttpResponse:
    """Switches a scenario off, into test, or on."""
    asked = request.POST
    state = asked.get("state", "")
    says = {
        "off": _("Switched off."),
        "test": _("In test: nothing of it leaves."),
        "on": _("Active: what it plans may leave."),
    }
    return _act(
        request, _back(request, code),
        lambda: switch_scenario(request.viewing.actor, asked.get("of", ""), code, state, asked.get("why", "").strip()),
        says.get(state, ""),
    )  # fmt: skip


@chaser
@require_POST
def step(request: Request, code: str) -> HttpResponse:
    """Changes one step, or drops it; the scenario has a new version then."""
    asked, actor = request.POST, request.viewing.actor
    of, which, why = asked.get("of", ""), asked.get("step", ""), asked.get("why", "").strip()
    if asked.get("act") == "drop":
        return _act(request, _back(request, code), lambda: drop_step(actor, of, code, which, why), _("Step taken out."))
    return _act(
        request, _back(request, code, step=which), lambda: change_step(actor, of, code, which, _changes(asked), why),
        _("Step changed: it holds from the next plan on."),
    )  # fmt: skip


def _changes(asked: Any) -> dict[str, Any]:
    """The fields of the form as a step has them. Raises CallError naming every one that is no number."""
    changes: dict[str, Any] = {
        name: asked.get(name) for name in ("channel", "template", "tone", "mode") if name in asked
    }
    faults = []
    for name in ("days", "minutes", "notice_hours"):
        text = asked.get(name, "").replace("\u2212", "-").strip()
        if text.lstrip("-").isdecimal():
            changes[name] = int(text)
        elif name in asked:
            faults.append(f"{name}: {text or 'nothing'} is not a whole number")
    for name in ("amount_min", "amount_max"):
        text = asked.get(name, "").replace("\u202f", "").replace(" ", "").replace(",", ".").strip()
        if name in asked:
            changes[name] = text or None
    for name in ("to", "cc"):
        if name in asked:
            changes[name] = [part.strip() for part in asked[name].split(",") if part.strip()]
    if faults:
        raise CallError(faults)
    return changes


@chaser
@require_POST
def restore(request: Request, code: str) -> HttpResponse:
    """An earlier version again."""
    asked = request.POST
    version = asked.get("version", "")
    number = int(version) if version.isdecimal() and len(version) < 9 else 0
    return _act(
        request, _back(request, code, tab="versions"),
        lambda: restore_version(request.viewing.actor, asked.get("of", ""), code, number),
        _("Version restored as a new one."),
    )  # fmt: skip


@chaser
@require_POST
def choose(request: Request, customer_id: str) -> HttpResponse:
    """A scenario of its own for one customer, or for one of its items."""
    asked = request.POST
    return _act(
        request, reverse("customer", args=[customer_id]),
        lambda: choose_scenario(request.viewing.actor, customer_id, asked.get("scenario", ""),
                                asked.get("item") or None, asked.get("why", "").strip()),
        _("It holds from the next plan on."),
    )  # fmt: skip
