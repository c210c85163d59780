"""The page of the forecast, its pictures that come after it, one customer's part, and what would happen if."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from encours.core.base.issue import CallError
from encours.usecases.forecast_head import Wanted
from encours.usecases.show_forecast import PARTS, show_customer_forecast, show_forecast
from encours.usecases.try_scenario import Supposed, rules, try_scenario
from encours.web.forecast import pictures
from encours.web.shell.issue_words import said_together
from encours.web.shell.request import Request


def wanted_of(query: QueryDict) -> Wanted:
    """What the address asks for; nonsense is the default."""
    page, place, part = query.get("page", ""), query.get("ahead", ""), query.get("part", "")
    return Wanted(
        entity_id=query.get("of", ""),
        currency=query.get("currency", ""),
        part=part if part in PARTS else PARTS[0],
        text=query.get("q", "").strip(),
        sort=query.get("sort", "-soon"),
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
        place=int(place) if place.isdecimal() and len(place) < 3 else 1,
    )


@login_required
def forecast(request: Request) -> HttpResponse:
    """One entity's forecast in one currency, a part of it at a time."""
    wanted = wanted_of(request.GET)
    page = show_forecast(request.viewing, wanted)
    parts = (
        ("weeks", _("Weeks and days")),
        ("customers", _("From whom")),
        ("changes", _("What changed")),
        ("scenarios", _("What if")),
        ("accuracy", _("How right it was")),
    )
    context = {"section": "forecast", "page": page, "wanted": wanted, "parts": parts, "sort": wanted.sort}
    context |= {"previous": page.page - 1, "following": page.page + 1}
    context |= {"rules": rules(), "supposed": supposed_of(request.GET)}
    return render(request, "forecast/forecast.html", context)


@login_required
def chart(request: Request, kind: str) -> HttpResponse:
    """One picture as SVG, asked for by the page once it stands."""
    if kind not in pictures.DRAWN:
        raise Http404
    wanted, part = wanted_of(request.GET), "accuracy" if kind == "reliability" else kind
    page = show_forecast(request.viewing, Wanted(wanted.entity_id, wanted.currency, part, place=wanted.place))
    drawn = None
    if page.head is not None:
        drawn = pictures.DRAWN[kind](page, "narrow" in request.GET)
    return render(request, "forecast/chart.html", {"svg": drawn})


@login_required
def customer(request: Request, customer_id: str) -> HttpResponse:
    """One customer's part: its weeks and its items, each with its day and range."""
    found = show_customer_forecast(request.viewing, customer_id, request.GET.get("currency", ""))
    if found is None:
        raise Http404
    weeks = list(zip(found.starts, found.row.weeks, strict=False))
    return render(request, "forecast/customer.html", {"section": "forecast", "page": found, "weeks": weeks})


def supposed_of(query: QueryDict) -> Supposed:
    """What the address supposes; without days fifteen."""
    days = query.get("days", "")
    return Supposed(
        rule=query.get("rule", ""),
        customer_id=query.get("customer", ""),
        days=int(days) if days.isdecimal() and len(days) < 5 else 15,
    )


@login_required
def scenario(request: Request) -> HttpResponse:
    """The forecast as it would be, beside the one that stands; a fragment of the page."""
    supposed = supposed_of(request.GET)
    try:
        found = try_scenario(request.viewing, wanted_of(request.GET), supposed)
    except CallError as refused:
        return render(request, "forecast/scenario.html", {"refused": said_together(refused.faults)})
    drawn = {narrow: pictures.compared(found, narrow) for narrow in (False, True)}
    pictured = {"wide": drawn[False], "narrow": drawn[True], "query": request.GET.urlencode()}
    return render(request, "forecast/scenario.html", {"found": found} | pictured)
