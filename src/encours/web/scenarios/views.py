"""Scenarios looked at on their time line, switched, restored, and chosen for one customer."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.usecases.edit_steps import step_templates
from encours.usecases.manage_scenarios import STATES, choose_scenario, restore_version, switch_scenario
from encours.usecases.show_scenarios import ScenarioPage, ScenarioRow, show_scenario, show_scenarios
from encours.usecases.type_conditions import currency_of
from encours.web.scenarios import conditions, fields, line, tabs, words
from encours.web.scenarios.guard import act, back, chaser
from encours.web.shell.request import Request
from encours.web.today.shown import named


@chaser
def scenarios(request: Request) -> HttpResponse:
    """All scenarios of an entity."""
    page = show_scenarios(request.viewing, request.GET.get("of", ""))
    actor = request.viewing.actor
    context = {
        "section": "scenarios",
        "page": SimpleNamespace(**vars(page) | {"rows": [_shown(row) for row in page.rows]}),
        "states": STATES,
        "can_switch": actor.may("activate_scenario", page.entity_id).ok,
        "can_edit": bool(page.rows) and actor.may("edit_scenario", page.entity_id).ok,
    }
    return render(request, "scenarios/scenarios.html", context)


def _shown(row: ScenarioRow) -> SimpleNamespace:
    return SimpleNamespace(
        **vars(row)
        | {
            "name": named(row.names, row.code),
            "conditions": [words.condition(one) for one in row.segment],
            "caps_say": [words.cap(one) for one in row.scenario.caps],
            "marks": line.drawn(row.scenario).marks,
        }
    )


@chaser
def one(request: Request, code: str) -> HttpResponse:
    """One scenario on its time line; a step opened to be changed; its customers, trials and versions."""
    return page_of(request, request.GET.get("of", ""), code, step=request.GET.get("step", ""))


def page_of(
    request: Request, of: str, code: str, *, step: str = "", refused: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    """The page; `refused`: what was wrong with the form that was sent."""
    page = show_scenario(request.viewing, of, code)
    if page is None:
        raise Http404
    actor = request.viewing.actor
    tab = "steps" if refused and step else request.GET.get("tab", "") or request.POST.get("tab", "")
    tab = tab if tab in tabs.CODES else tabs.CODES[0]
    drawn = line.drawn(page.scenario)
    context = {
        "section": "scenarios",
        "page": page,
        "row": _shown(page.row),
        "tab": tab,
        "tabs": tabs.labels(),
        "line": drawn,
        "states": STATES,
        "can_edit": actor.may("edit_scenario", page.entity_id).ok,
        "can_switch": actor.may("activate_scenario", page.entity_id).ok,
    }
    names = {mark.code: mark.name for mark in (*drawn.marks, *drawn.events)}
    if tab == "steps":
        context |= _opened(request, page, drawn, step, refused)
    else:
        context |= tabs.CONTEXTS[tab](request, page, names, refused)
    return render(request, "scenarios/scenario.html", context, status=status)


def _opened(
    request: Request, page: ScenarioPage, drawn: line.Line, step: str, refused: Sequence[str]
) -> dict[str, Any]:
    """The form of the step that is open, or of a new one."""
    every = (*drawn.marks, *drawn.events)
    mark = next((one for one in every if one.code == step), None)
    if mark is None and step != "new":
        return {"opened": None}
    own = mark.code if mark else ""
    names = {one.code: one.name for one in every}
    faults, above = words.beside(refused, fields.NAMES, names)
    values = fields.values_of(page.scenario.step(own) if own else None, request.POST if refused else None)
    templates = step_templates(request.viewing.actor, page.entity_id)
    follower = next((one for one in drawn.marks if own and one.counts_from == own), None)
    return {
        "opened": mark or SimpleNamespace(code="new", name=_("A new step")),
        "is_new": mark is None,
        "groups": fields.groups(values, faults, drawn.marks, templates, own, currency_of(page.entity_id)),
        "conditions": conditions.lines(request, page.entity_id, "when", values["when"], faults, refused),
        "above": above,
        "why": request.POST.get("why", "") if refused else "",
        "follower": follower,
    }


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
    return act(
        request, back(request, code),
        lambda: switch_scenario(request.viewing.actor, asked.get("of", ""), code, state, asked.get("why", "").strip()),
        says.get(state, ""),
    )  # fmt: skip


@chaser
@require_POST
def restore(request: Request, code: str) -> HttpResponse:
    """An earlier version again."""
    asked = request.POST
    version = asked.get("version", "")
    number = int(version) if version.isdecimal() and len(version) < 9 else 0
    return act(
        request, back(request, code, tab="versions"),
        lambda: restore_version(request.viewing.actor, asked.get("of", ""), code, number),
        _("Version restored as a new one."),
    )  # fmt: skip


@chaser
@require_POST
def choose(request: Request, customer_id: str) -> HttpResponse:
    """A scenario of its own for one customer, or for one of its items."""
    asked = request.POST
    return act(
        request, reverse("customer", args=[customer_id]),
        lambda: choose_scenario(request.viewing.actor, customer_id, asked.get("scenario", ""),
                                asked.get("item") or None, asked.get("why", "").strip()),
        _("It holds from the next plan on."),
    )  # fmt: skip
