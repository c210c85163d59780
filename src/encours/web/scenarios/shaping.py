"""A scenario's name, segment and contact caps: of a copy, or another shape of one; with who would follow it, before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encours.core.base.issue import CallError
from encours.core.dunning.scenario import Scenario
from encours.usecases.rights import NotAllowedError, require
from encours.usecases.shape_scenario import (
    ACT,
    READY,
    Followers,
    Shape,
    copy_scenario,
    preview_followers,
    reshape_scenario,
    source_of,
    sources,
)
from encours.usecases.show_scenarios import show_scenario, show_scenarios
from encours.web.scenarios import caps, conditions, line, words
from encours.web.scenarios.guard import back, chaser
from encours.web.shell.request import Request
from encours.web.today.shown import named


@chaser
def new(request: Request) -> HttpResponse:
    """A new scenario as a copy: its name, its place, whom it is for; previewed, then saved switched off."""
    asked = request.POST or request.GET
    page = show_scenarios(request.viewing, asked.get("of", ""))
    require(request.viewing.actor, ACT, page.entity_id)
    known = sources(page.entity_id)
    key = asked.get("source", "") or (known[-1][0] if known else "")
    try:
        origin = source_of(page.entity_id, key)
    except CallError as unknown:
        raise Http404 from unknown
    begin = _begin(origin, "")

    def save(shape: Shape) -> str:
        made = copy_scenario(request.viewing.actor, page.entity_id, key, shape, asked.get("why", "").strip())
        messages.success(request, _("Kept, switched off. Put it in test to see what it plans."))
        return f"{reverse('scenario', args=[made.code])}?{urlencode({'of': page.entity_id})}"

    groups = [
        (_("Ready-made"), [(one, named(own.names, own.code)) for one, own in known if one.startswith(READY)]),
        (_("Our own"), [(one, named(own.names, own.code)) for one, own in known if not one.startswith(READY)]),
    ]
    more = {"sources": groups, "source": key, "marks": line.drawn(origin).marks, "code": "", "title": _("New scenario")}
    return _form(request, page.entity_id, begin, more, save, "", key)


@chaser
def shape(request: Request, code: str) -> HttpResponse:
    """Another name, place, segment or contact caps of a scenario."""
    asked = request.POST or request.GET
    page = show_scenario(request.viewing, asked.get("of", ""), code)
    if page is None:
        raise Http404
    require(request.viewing.actor, ACT, page.entity_id)
    name = named(page.scenario.names, code)

    def save(typed: Shape) -> str:
        reshape_scenario(request.viewing.actor, page.entity_id, code, typed, asked.get("why", "").strip())
        messages.success(request, _("Changed: it holds from the next plan on."))
        return back(request, code)

    more = {"marks": [], "code": code, "title": name, "sources": []}
    return _form(request, page.entity_id, _begin(page.scenario, name), more, save, code, "")


def _form(
    request: Request, of: str, begin: dict[str, Any], more: dict[str, Any], save: Callable[[Shape], str], code: str,
    source: str,
) -> HttpResponse:  # fmt: skip
    """The form with what was typed, what is wrong with it, and who would follow; saved where it is asked for."""
    faults: Sequence[str] = ()
    followers, typed = None, begin
    if request.method == "POST":
        typed, wanted = _typed(request.POST), _shape(request.POST)
        try:
            if request.POST.get("act") == "save":
                return HttpResponseRedirect(save(wanted))
            followers = preview_followers(request.viewing, of, code, source, wanted)
        except NotAllowedError:
            raise  # forbidden, not wrong
        except CallError as refused:
            faults = refused.faults
    places = [f"segment#{place}" for place in range(1, conditions.MOST + 1)]
    fields = ("name", "priority", "pause_days", "source", *places, *caps.FIELDS)
    beside, above = words.beside(faults, fields, {})
    context = more | {
        "section": "scenarios", "of": of, "typed": typed, "faults": beside, "above": above,
        "lines": conditions.lines(request, of, "segment", typed["conditions"], beside, faults),
        "caps": caps.lines(typed["caps"], beside),
        "followers": followers and _followers(followers, _names(request, of)),
    }  # fmt: skip
    return render(request, "scenarios/shape.html", context, status=422 if faults else 200)


def _followers(found: Followers, names: dict[str, str]) -> SimpleNamespace:
    rows = [SimpleNamespace(**vars(one) | {"now_name": names.get(one.now, one.now)}) for one in found.rows]
    return SimpleNamespace(**vars(found) | {"rows": rows, "more": max(0, found.customers - len(rows))})


def _begin(scenario: Scenario, name: str) -> dict[str, Any]:
    return {"name": name, "priority": scenario.priority, "pause_days": scenario.pause_days, "why": "",
            "conditions": [words.typed(one) for one in scenario.segment], "caps": caps.told(scenario.caps)}  # fmt: skip


def _typed(form: QueryDict) -> dict[str, Any]:
    """What was typed; a line that was left empty stands at the end."""
    return {name: form.get(name, "") for name in ("name", "priority", "pause_days", "why")} | {
        "conditions": conditions.typed(form, "segment"),
        "caps": caps.typed(form),
    }


def _shape(form: QueryDict) -> Shape:
    typed = _typed(form)
    limits = typed["caps"]
    return Shape(typed["name"], (get_language() or "fr")[:2], typed["priority"], typed["pause_days"],
                 tuple(typed["conditions"]), None if limits is None else tuple(limits))  # fmt: skip


def _names(request: Request, of: str) -> dict[str, str]:
    return {row.code: named(row.names, row.code) for row in show_scenarios(request.viewing, of).rows}
