"""The worklist: each act is done in its row, and the next row comes by itself."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.look_at_letter import planned_letter
from encours.usecases.manage_settings import read_all_at_once
from encours.usecases.plan_dunning import plan_dunning
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_action import ActionPage, show_action
from encours.usecases.show_chasing_figures import PERIODS, show_chasing_figures
from encours.usecases.show_today import TABS, TodayFilter, show_today
from encours.web.shell.acting import for_who_may
from encours.web.shell.files import as_file
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request
from encours.web.today import acts, aims
from encours.web.today.shown import Shown, named

#: The worklist is for whoever chases in some entity.
collector = for_who_may("plan_dunning")


@collector
def today(request: Request) -> HttpResponse:
    """The worklist of the day."""
    with read_all_at_once(request.viewing.entity_ids):
        page = show_today(request.viewing, _wanted(request))
        aim = aims.context(request.viewing)
    context = (
        _page(page)
        | {
            "section": "today",
            "tabs": [(code, label) for code, label in _tabs().items()],
            "filtered": bool(page.wanted.who or page.wanted.channel or page.wanted.text),
            "previous": page.wanted.page - 1,
            "following": page.wanted.page + 1,
            "several": len(request.viewing.entity_ids) > 1,
            "fresh_anyway": True,
        }
        | aim
    )
    return render(request, "today/today.html", context)


def _page(page: Any) -> dict[str, Any]:
    shown = SimpleNamespace(**vars(page) | {"rows": [Shown(row) for row in page.rows], "is_planned": page.is_planned})
    return {"page": shown, "counts": list(page.counts.items())}


def _tabs() -> dict[str, str]:
    names = (_("To do"), _("By itself"), _("Later"), _("Done today"))
    return dict(zip(TABS, names, strict=True))


def _wanted(request: Request) -> TodayFilter:
    asked = request.GET
    number = asked.get("page", "1")
    return TodayFilter(
        tab=asked.get("tab", "todo"), who=asked.get("who", ""), channel=asked.get("channel", ""),
        text=asked.get("q", "").strip()[:80], page=int(number) if number.isdecimal() and len(number) < 6 else 1,
    )  # fmt: skip


@collector
def action(request: Request, number: int) -> HttpResponse:
    """A row opened in its place; without htmx, alone on a page."""
    page = show_action(request.viewing, number)
    if page is None:
        raise Http404
    if "closed" in request.GET:
        return render(request, "today/row.html", {"row": Shown(page.row), "current": True})
    return _opened(request, page, request.GET.get("do", ""))


def _opened(
    request: Request, page: ActionPage, do: str, fault: str = "", said: dict[str, str] | None = None, done: str = ""
) -> HttpResponse:
    can = acts.offered(request.viewing.actor, page)
    do = do if do in {code for code, _label, _key in can} else ("" if do != "send" else "call")
    context = {
        "page": SimpleNamespace(**vars(page) | {
            "row": Shown(page.row),
            "before": [SimpleNamespace(**vars(one) | {"step_name": named(one.names, "")}) for one in page.before],
        }),
        "row": Shown(page.row), "opened": True, "current": True, "do": do, "acts": can, "fault": fault, "done": done,
        "said": said or {}, "key": uuid.uuid4().hex, "snoozes": _snoozes(page.today),
        "in_a_week": (page.today + timedelta(days=7)).isoformat(), "section": "today",
    }  # fmt: skip
    if do == "call":
        context |= acts.call_context(request, page)
    elif do in ("follow", "strategy"):
        context |= acts.choice_context(page)
    elif do == "copies":
        context |= acts.copies_context(page)
    elif do == "send":
        context |= acts.send_context(request, page)
    return render(request, "today/row.html" if request.htmx else "today/alone.html", context)


def _snoozes(day: date) -> list[tuple[date, str]]:
    monday = day + timedelta(days=7 - day.weekday())
    return [
        (day + timedelta(days=1), _("Until tomorrow")),
        (day + timedelta(days=3), _("For three days")),
        (monday, _("Until Monday")),
        (day + timedelta(days=14), _("For two weeks")),
    ]


@collector
def letter(request: Request, number: int) -> HttpResponse:
    """The PDF of a planned letter, as it would be printed now."""
    try:
        found = planned_letter(request.viewing.actor, number)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("today_action", args=[number]))
    if found is None:
        raise Http404
    name, pdf = found
    return as_file(name, "application/pdf", pdf)


@collector
@require_POST
def act(request: Request, number: int) -> HttpResponse:
    """Does what the form says; the answer is the row as it stands then, or what was wrong."""
    page = show_action(request.viewing, number)
    if page is None:
        raise Http404
    what = request.POST.get("act", "")
    if what == "look":  # the message again, as it was chosen
        return _opened(request, page, "send")
    try:
        done = acts.perform(request, page, what)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        said = {name: request.POST.get(name, "") for name in ("outcome", "on", "amount", "detail", "reference")}
        if request.htmx:
            return _opened(request, page, acts.FORM_OF.get(what, what), said_together(refused.faults), said)
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("today"))
    if not request.htmx:
        messages.success(request, f"{done.says}: {page.row.name}")
        return HttpResponseRedirect(reverse("today"))
    if not done.closes:
        again = show_action(request.viewing, number)
        return _opened(request, again or page, "", done=done.says)
    counted = show_today(request.viewing, TodayFilter())
    context = _page(counted) | {"row": Shown(page.row), "says": done.says, "undo": done.undo}
    return render(request, "today/done.html", context)


@collector
@require_POST
def plan(request: Request) -> HttpResponse:
    """Plans the day anew in the chosen entities, where the person may."""
    actor = request.viewing.actor
    wanted = [one for one in request.viewing.entity_ids if actor.may("plan_dunning", one).ok]
    try:
        done = plan_dunning(actor, wanted)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    count = sum(one.actions for one in done)
    text = ngettext("%(count)d action planned.", "%(count)d actions planned.", count) % {"count": count}
    messages.success(request, text)
    return HttpResponseRedirect(reverse("today"))


@collector
def figures(request: Request) -> HttpResponse:
    """What each collector and the team promised, collected, held and moved."""
    days = request.GET.get("days", "")
    page = show_chasing_figures(request.viewing, int(days) if days.isdecimal() and int(days) in PERIODS else PERIODS[0])
    measured = [(named(one.names, ""), one) for one in page.effect.measured]
    shown = {"section": "today", "page": page, "periods": sorted(PERIODS), "measured": measured}
    return render(request, "today/figures.html", shown)
