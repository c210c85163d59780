"""Trials of a scenario: asked for, followed while they run, taken along; experiments started and ended."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from encours.core.base.issue import CallError
from encours.usecases.replay_scenario import Asked, ask_replay
from encours.usecases.rights import NotAllowedError
from encours.usecases.run_experiment import end_experiment
from encours.usecases.show_experiments import TypedExperiment, start_hold_out
from encours.usecases.show_replay import ReplayRow, backtest_rows, show_backtest, show_comparison
from encours.web.scenarios.guard import act, back, chaser, number
from encours.web.scenarios.tabs import step_names
from encours.web.scenarios.views import page_of
from encours.web.shell import tables, words
from encours.web.shell.issue_words import said_together
from encours.web.shell.request import Request
from encours.web.shell.tables import Column


@chaser
@require_POST
def replay(request: Request, code: str) -> HttpResponse:
    """Asks for a back-test, or a comparison; the worker does it."""
    asked = request.POST
    tab = "compare" if "against" in asked else "backtest"
    wanted = Asked(code, number(asked.get("months", ""), 0), asked.get("against", ""))
    to = back(request, code, tab=tab)
    if tab == "compare" and not wanted.against:
        messages.error(request, said_together(["choose a scenario, or an earlier version, to compare with"]))
        return HttpResponseRedirect(to)
    try:
        begun = ask_replay(request.viewing.actor, asked.get("of", ""), wanted)
    except NotAllowedError:
        raise  # forbidden, not wrong
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
    else:
        text = _("It is being worked out; you can leave this page.") if begun else _("It is under way already.")
        messages.success(request, text)
    return HttpResponseRedirect(to)


@chaser
@require_GET
def progress(request: Request, code: str) -> HttpResponse:
    """How far it is; once it has ended the page is loaded anew."""
    show = show_comparison if request.GET.get("tab") == "compare" else show_backtest
    found = show(request.viewing, request.GET.get("of", ""), code)
    answer = render(request, "scenarios/progress.html", {"under_way": found.under_way})
    if found.under_way is None:
        answer["HX-Refresh"] = "true"
    return answer


@chaser
@require_GET
def export(request: Request, code: str, kind: str) -> HttpResponse:
    """The list of the back-test as CSV or XLSX."""
    tables.check(kind, request.viewing.actor)
    kept, rows = backtest_rows(request.viewing, request.GET.get("of", ""), code, request.GET.get("part", ""))
    if kept is None or kept.failed:
        raise Http404
    name = f"{_('back-test')}-{code}-{kept.start:%Y-%m-%d}-{kept.end:%Y-%m-%d}"
    return tables.answer(kind, name, _columns(rows, step_names(kept, {})))


def _columns(rows: list[ReplayRow], names: dict[str, str]) -> list[Column]:
    yes = _("yes")
    return [
        Column(_("Day"), [row.on for row in rows], "date"),
        Column(_("Account"), [row.customer_id.partition(":")[2] or row.customer_id for row in rows]),
        Column(_("Customer"), [row.name for row in rows]),
        Column(_("Step"), [names.get(row.step, row.step) for row in rows]),
        Column(_("Channel"), [str(words.word("channel", row.channel)) for row in rows]),
        Column(_("How"), [str(words.word("mode", row.mode)) for row in rows]),
        Column(_("Currency"), [row.currency for row in rows]),
        Column(_("Asked for"), [(row.amount, row.currency) for row in rows], "money"),
        Column(_("Paid two working days before"), [(row.late_paid, row.currency) for row in rows], "money"),
        Column(_("Paid on"), [row.paid_on for row in rows], "date"),
        Column(_("Collision"), [yes if row.collides else "" for row in rows]),
        Column(_("Minutes"), [row.minutes for row in rows]),
        Column(_("Cost"), [(row.cost, "EUR") for row in rows], "money"),
    ]


@chaser
@require_POST
def experiment(request: Request, code: str) -> HttpResponse:
    """Starts a hold-out, or ends the one that runs."""
    asked, actor = request.POST, request.viewing.actor
    of, why = asked.get("of", ""), asked.get("why", "").strip()
    to = back(request, code, tab="experiments")
    if asked.get("act") == "end":
        done = _("Ended: who was left alone is chased from the next plan on.")
        return act(request, to, lambda: end_experiment(actor, of, asked.get("experiment", ""), why), done)
    typed = TypedExperiment(
        share=asked.get("share", ""), amount_max=asked.get("amount_max", ""), days=asked.get("days", ""),
        step=asked.get("step", ""), why=why,
    )  # fmt: skip
    try:
        start_hold_out(actor, of, code, typed)
    except NotAllowedError:
        raise  # forbidden, not wrong
    except CallError as refused:
        return page_of(request, of, code, refused=refused.faults, status=422)
    messages.success(request, _("Started: the next plan draws who is left alone."))
    return HttpResponseRedirect(to)
