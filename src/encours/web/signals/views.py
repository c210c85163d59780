"""The lists of signals, and the same as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from encours.usecases.show_signals import VIEWS, SignalFilter, SignalRow, list_signals, show_signals
from encours.web.shell import tables, words
from encours.web.shell.issue_words import said
from encours.web.shell.request import Request


def _wanted(query: QueryDict) -> SignalFilter:
    view, page = query.get("view", ""), query.get("page", "1")
    return SignalFilter(
        view=view if view in VIEWS else VIEWS[0],
        text=query.get("q", "").strip(),
        kind=query.get("kind", ""),
        state=query.get("state", ""),
        sort=query.get("sort", ""),
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


@login_required
def signals(request: Request) -> HttpResponse:
    """Who changed, whom to leave alone, who is beyond the own habit."""
    page = show_signals(request.viewing, _wanted(request.GET))
    titles = {"changed": _("Who changed"), "alone": _("Whom to leave alone"), "passed": _("Beyond their own habit")}
    context = {
        "section": "signals",
        "page": page,
        "wanted": page.wanted,
        "sort": page.wanted.by,
        "views": [(code, titles[code], page.counts[code]) for code in VIEWS],
        "title": titles[page.wanted.view],
        "kinds": [(code, words.word("signal", code)) for code in page.kinds],
        "states": [("", _("All that stand")), ("new", _("New this week")), ("gone", _("Gone this week"))],
        "filtered": bool(page.wanted.text or page.wanted.kind or page.wanted.state),
        "several": len(page.entity_names) > 1,
        "previous": page.wanted.page - 1,
        "following": page.wanted.page + 1,
    }
    return render(request, "signals/signals.html", context)


@login_required
def export(request: Request, kind: str) -> HttpResponse:
    """The whole filtered list as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    wanted = _wanted(request.GET)
    rows = list_signals(viewing, wanted)
    own = {"changed": _changed, "alone": _alone, "passed": _passed}[wanted.view](rows)
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Account"), [row.customer_id.removeprefix(f"{row.entity_id}:") for row in rows]),
        tables.Column(_("Customer"), [row.name for row in rows]),
        tables.Column(_("Profile"), [words.word("profile", row.profile) for row in rows]),
        tables.Column(_("Currency"), [row.currency or "" for row in rows]),
        *own,
    ]
    name = {"changed": _("signals"), "alone": _("leave-alone"), "passed": _("beyond-habit")}[wanted.view]
    return tables.answer(kind, f"{name}-{viewing.today:%Y-%m-%d}", columns)


def _money(label: str, rows: list[SignalRow]) -> tables.Column:
    return tables.Column(label, [(row.amount, row.currency or "EUR") for row in rows], "money")


def _chances(rows: list[SignalRow]) -> tables.Column:
    return tables.Column(_("Probability in %"), [_percent(row.chance) for row in rows], "number")


def _percent(chance: float | None) -> float | None:
    return None if chance is None else 100 * chance


def _changed(rows: list[SignalRow]) -> list[tables.Column]:
    return [
        tables.Column(_("Signal"), [words.word("signal", row.kind) for row in rows]),
        tables.Column(_("Raised"), [row.raised_on for row in rows], "date"),
        tables.Column(_("Since"), [row.since_on for row in rows], "date"),
        tables.Column(_("Gone"), [row.gone_on for row in rows], "date"),
        _chances(rows),
        _money(_("Late money"), rows),
        tables.Column(_("Why"), [said(row.sentence) for row in rows]),
    ]


def _alone(rows: list[SignalRow]) -> list[tables.Column]:
    return [
        tables.Column(_("Leave alone until"), [row.until_on for row in rows], "date"),
        tables.Column(_("Items"), [row.items for row in rows], "number"),
        _money(_("Late money"), rows),
        tables.Column(_("Nine in ten by day"), [row.own_p90 for row in rows], "number"),
        tables.Column(_("Payments known"), [row.payments for row in rows], "number"),
        tables.Column(_("Cost a year"), [(row.cost, row.cost_currency or "EUR") for row in rows], "money"),
        tables.Column(_("Currency of the cost"), [row.cost_currency or "" for row in rows]),
        tables.Column(_("Why"), [said(row.sentence) for row in rows]),
    ]


def _passed(rows: list[SignalRow]) -> list[tables.Column]:
    return [
        tables.Column(_("Items"), [row.items for row in rows], "number"),
        _money(_("Beyond the habit"), rows),
        tables.Column(_("Days late, at most"), [row.days_late for row in rows], "number"),
        tables.Column(_("Nine in ten by day"), [row.own_p90 for row in rows], "number"),
        _chances(rows),
    ]
