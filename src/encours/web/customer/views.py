"""The customer's page, the statement as PDF, a note."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.usecases.payment_habit import delays_of
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_customer import show_customer, statement_items
from encours.usecases.write_note import write_note
from encours.web.customer import habit_words
from encours.web.customer.statement import statement_pdf
from encours.web.shell import charts
from encours.web.shell.request import Request


@login_required
def customer(request: Request, customer_id: str) -> HttpResponse:
    """Identity and balance with one of the tabs."""
    page = show_customer(request.viewing, customer_id, request.GET.get("level", ""), request.GET.get("tab", ""))
    if page is None:
        raise Http404
    tabs = (
        ("open", _("Open items")),
        ("history", _("Settled items")),
        ("payments", _("Payments")),
        ("timeline", _("Timeline")),
        ("contacts", _("Contacts and notes")),
    )
    levels = {
        "account": _("Account"),
        "site": _("With its sites"),
        "siren": _("Same SIREN"),
        "group": _("Paying group"),
    }
    shown = [(code, levels[code]) for code in page.levels] if len(page.levels) > 1 else []
    context = {"section": "customers", "page": page, "who": page.identity, "tabs": tabs, "levels": shown}
    if page.habit is not None:
        context |= habit_words.said_of(page.habit)
    return render(request, "customer/customer.html", context)


@login_required
def delays(request: Request, customer_id: str) -> HttpResponse:
    """The picture of delays over time, asked for by the page once it stands."""
    found = delays_of(request.viewing.every_entity(), customer_id)
    if found is None:
        raise Http404
    names = (_("8 payments in 10 until then"), _("a payment"), _("still open, late by now"))
    late = (found.today, found.late)
    drawn = charts.delays(found.paid, found.band, late, names, _("days"), narrow="narrow" in request.GET)
    return render(request, "customer/delays.html", {"svg": drawn})


@login_required
def statement(request: Request, customer_id: str) -> HttpResponse:
    """The account statement of the page's day."""
    viewing = request.viewing
    found = statement_items(viewing, customer_id)
    if found is None:
        raise Http404
    title = _("statement")
    name = f"{title}-{found[0].account}-{viewing.day:%Y-%m-%d}.pdf".replace('"', "").replace("\\", "")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(statement_pdf(*found, viewing.day), content_type="application/pdf", headers=headers)


@login_required
@require_POST
def note(request: Request, customer_id: str) -> HttpResponse:
    """Keeps a note."""
    try:
        kept = write_note(request.viewing, customer_id, request.POST.get("text", ""))
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    if not kept and show_customer(request.viewing, customer_id) is None:
        raise Http404
    if kept:
        messages.success(request, _("Note saved."))
    return HttpResponseRedirect(f"{reverse('customer', args=[customer_id])}?tab=contacts")
