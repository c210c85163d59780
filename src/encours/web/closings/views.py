"""The cadrage, the months, one closing; the acts: type a ledger balance, seal a month, open it again."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import to_minor
from encours.usecases.close_period import close_period, reopen_period
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_closing import ClosingPage, list_balances, list_changes, show_closing
from encours.usecases.show_closings import PARTS, list_lines, show_closings
from encours.usecases.tie_ledger import enter_ledger_balance
from encours.web.closings import export
from encours.web.shell import format as form
from encours.web.shell import tables, words
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


@login_required
def closings(request: Request) -> HttpResponse:
    """The cadrage on the page's day, and the months of a single entity."""
    sealing = _month(request.GET.get("seal", ""))
    try:
        page = show_closings(request.viewing, sealing, every_month="all" in request.GET)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    return render(request, "closings/closings.html", {"section": "closings", "page": page})


@login_required
def export_lines(request: Request, kind: str) -> HttpResponse:
    """The lines that explain a gap, all of them, as CSV or XLSX."""
    entity_id, part = request.GET.get("of", ""), request.GET.get("part", "")
    if kind not in tables.KINDS or part not in PARTS:
        raise Http404
    try:
        rows = list_lines(request.viewing, entity_id, part)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    names = {"bank_only": _("bank-only"), "ledger_only": _("ledger-only"), "decided": _("not-booked")}
    return tables.answer(kind, f"{names[part]}-{request.viewing.day:%Y-%m-%d}", export.lines(rows))


@login_required
@require_POST
def enter_balances(request: Request) -> HttpResponse:
    """The ledger's balances of one day, typed in from the ERP's screen."""
    entity_id, on = request.POST.get("of", ""), _day(request.POST.get("on", ""))
    if not request.viewing.actor.sees(entity_id):
        raise Http404
    if not request.viewing.actor.may("enter_ledger_balance", entity_id).ok:
        raise PermissionDenied
    try:
        typed = _typed(request)
        if on is None or on > request.viewing.today:
            messages.error(request, _("Not saved: the day is missing or in the future."))
        elif not typed:
            messages.error(request, _("Not saved: no balance was typed in."))
        else:
            for account, currency, balance in typed:
                enter_ledger_balance(request.viewing.actor, entity_id, account, currency, on, balance)
            messages.success(request, _("Ledger balances of %(day)s saved.") % {"day": form.day(on)})
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except (ValueError, CallError):
        messages.error(request, _("Not saved: an account or an amount cannot be read."))
    return HttpResponseRedirect(_page(request))


@login_required
@require_POST
def seal(request: Request) -> HttpResponse:
    """Seals a month; a refusal leads back to its checks."""
    entity_id, month = request.POST.get("of", ""), _month(request.POST.get("month", ""))
    actor = request.viewing.actor
    try:
        # No month is refused as one that is not over.
        sealed = close_period(actor, entity_id, month or request.viewing.today, request.POST.get("why", "").strip())
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError:
        messages.error(request, _("Not sealed: the checks of the month say why."))
        return HttpResponseRedirect(_page(request, seal=f"{month:%Y-%m}" if month else ""))
    messages.success(request, _("%(month)s is sealed.") % {"month": form.day(sealed.month, "LLLL yyyy").capitalize()})
    return HttpResponseRedirect(reverse("closing", args=[sealed.pk]))


@login_required
def closing(request: Request, closing_id: int) -> HttpResponse:
    """One closing."""
    number = request.GET.get("page", "1")
    place = int(number) if number.isdecimal() and len(number) < 7 else 1
    try:
        page = show_closing(request.viewing, closing_id, request.GET.get("sort", "-total"), place)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        raise Http404 from refused
    context = {"section": "closings", "page": page, "sort": page.sort, "heads": _heads(page)}
    context |= {"previous": page.page - 1, "following": page.page + 1}
    return render(request, "closings/closing.html", context)


@login_required
def export_closing(request: Request, closing_id: int, kind: str) -> HttpResponse:
    """The sealed balances, or what changed since, as CSV or XLSX."""
    part = request.GET.get("part", "balances")
    if kind not in tables.KINDS or part not in ("balances", "changes"):
        raise Http404
    try:
        if part == "changes":
            month, entity_id, changes = list_changes(request.viewing, closing_id)
            name, columns = _("closing-changes"), export.changes(changes)
        else:
            month, entity_id, buckets, rows = list_balances(request.viewing, closing_id)
            name, columns = _("closing"), export.balances(rows, buckets)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        raise Http404 from refused
    safe = "".join(sign for sign in entity_id if sign.isalnum())
    return tables.answer(kind, f"{name}-{safe}-{month:%Y-%m}", columns)


@login_required
@require_POST
def reopen(request: Request, closing_id: int) -> HttpResponse:
    """Opens a sealed month again, for a reason."""
    try:
        reopen_period(request.viewing.actor, closing_id, request.POST.get("why", ""))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError:
        messages.error(request, _("Not reopened: a reason is needed, and the month must be sealed."))
    else:
        messages.success(request, _("The month is open again; its sealed figures stay here."))
    return HttpResponseRedirect(reverse("closing", args=[closing_id]))


def _heads(page: ClosingPage) -> list[tuple[str, str]]:
    """Sort key and label of the amounts of the aged balance."""
    labels = words.buckets() if len(page.buckets) == len(words.buckets()) else page.buckets
    apart = (
        ("credits", _("Credit notes")),
        ("advances", _("Down payments")),
        ("unapplied", _("Unapplied")),
        ("total", _("Total")),
    )
    return [*((key, export.bucket(key, label)) for key, label in zip(page.buckets, labels, strict=True)), *apart]


def _typed(request: Request) -> list[tuple[str, str, int]]:
    """Account, currency, balance of the filled fields `balance-411-EUR`."""
    found = []
    for name, text in request.POST.items():
        parts = str(name).split("-")
        if len(parts) == 3 and parts[0] == "balance" and str(text).strip():
            found.append((parts[1], parts[2], to_minor(str(text).strip(), parts[2])))
    return found


def _page(request: Request, **query: Any) -> str:
    kept = {name: value for name, value in query.items() if value}
    return reverse("closings") + (f"?{urlencode(kept)}" if kept else "")


def _month(text: str) -> date | None:
    """`2026-10` as the first day of that month."""
    return _day(f"{text}-01")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
