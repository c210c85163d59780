"""The page of figures, and its charts that come after it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from encours.usecases.show_overview import ageing_trend, dso_trend, show_overview
from encours.web.shell import charts
from encours.web.shell.request import Request


@login_required
def overview(request: Request) -> HttpResponse:
    """What is owed, in one currency at a time."""
    page = show_overview(request.viewing, request.GET.get("currency", ""))
    return render(request, "overview/overview.html", {"section": "overview", "page": page})


@login_required
def chart(request: Request, kind: str) -> HttpResponse:
    """One chart as SVG, asked for by the page once it stands."""
    viewing, currency, narrow = request.viewing, request.GET.get("currency", "EUR"), "narrow" in request.GET
    if kind == "dso":
        drawn = charts.line(dso_trend(viewing, currency), _("days"), narrow=narrow)
    elif kind == "ageing":
        names = (_("Not due"), _("Overdue"))
        drawn = charts.stacked_months(ageing_trend(viewing, currency), names, currency, narrow=narrow)
    else:
        raise Http404
    return render(request, "overview/chart.html", {"svg": drawn, "kind": kind})
