"""The customer's page, the statement as PDF, a note."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.opt_outs import CHANNELS
from encours.usecases.customer_timeline import KINDS
from encours.usecases.letter_files import statement_of
from encours.usecases.manage_contacts import (
    ROLES,
    ContactForm,
    add_contact,
    change_contact,
    customer_of_contact,
    remove_contact,
)
from encours.usecases.payment_habit import delays_of
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_customer import show_customer
from encours.usecases.show_relation import show_relation
from encours.usecases.write_note import write_note
from encours.web.customer import habit_words
from encours.web.customer.acts import relation_context
from encours.web.shell import charts, words
from encours.web.shell.acting import attempt
from encours.web.shell.forms import form_key
from encours.web.shell.request import Request


@login_required
def customer(request: Request, customer_id: str) -> HttpResponse:
    """Identity and balance with one of the tabs."""
    query = request.GET
    page = show_customer(
        request.viewing, customer_id, query.get("level", ""), query.get("tab", ""), query.get("kind", "")
    )
    if page is None:
        raise Http404
    tabs = (
        ("open", _("Open items")),
        ("history", _("Settled items")),
        ("payments", _("Payments")),
        ("timeline", _("Timeline")),
        ("chasing", _("Chasing")),
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
    if page.tab == "timeline":
        context |= {"kinds": _kinds(), "key": form_key()}
    elif page.tab == "chasing":
        context |= relation_context(show_relation(request.viewing, page.identity.entity_id, customer_id))
    elif page.tab == "contacts":
        roles = [(code, words.word("contact", code)) for code in ROLES]
        refusals = [(code, words.word("opt_out", code)) for code in CHANNELS]
        context |= {"contact_roles": roles, "known_roles": ROLES, "opt_outs": refusals}
    if page.habit is not None:
        context |= habit_words.said_of(page.habit)
    return render(request, "customer/customer.html", context)


def _kinds() -> list[tuple[str, str]]:
    """What the timeline may be narrowed to."""
    titles = {
        "contacts": _("Contacts and messages"),
        "promises": _("Promises"),
        "disputes": _("Disputes"),
        "holds": _("Holds"),
        "comments": _("Comments and notes"),
        "money": _("Invoices and payments"),
    }
    return [(code, titles[code]) for code in KINDS]


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
    found = statement_of(viewing, customer_id, get_language() or "")
    if found is None:
        raise Http404
    account, pdf = found
    title = _("statement")
    name = f"{title}-{account}-{viewing.day:%Y-%m-%d}.pdf".replace('"', "").replace("\\", "")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


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


@login_required
@require_POST
def contact_add(request: Request, customer_id: str) -> HttpResponse:
    """Adds a contact."""
    form = _contact(request.POST)
    return _contacts(request, customer_id, lambda: add_contact(request.viewing.actor, customer_id, form))


@login_required
@require_POST
def contact_change(request: Request, contact_id: str) -> HttpResponse:
    """Changes a contact."""
    form, customer_id = _contact(request.POST), customer_of_contact(request.viewing.actor, contact_id)
    return _contacts(request, customer_id, lambda: change_contact(request.viewing.actor, contact_id, form))


@login_required
@require_POST
def contact_remove(request: Request, contact_id: str) -> HttpResponse:
    """Takes a contact out of the book."""
    customer_id = customer_of_contact(request.viewing.actor, contact_id)
    return _contacts(request, customer_id, lambda: remove_contact(request.viewing.actor, contact_id))


def _contact(form: QueryDict) -> ContactForm:
    told = {name: form.get(name, "") for name in ("role", "name", "email", "phone", "address", "language")}
    return ContactForm(**told, opt_out=tuple(form.getlist("opt_out")))


def _contacts(request: Request, customer_id: str, act: Callable[[], object]) -> HttpResponse:
    if not customer_id or show_customer(request.viewing, customer_id) is None:
        raise Http404
    attempt(request, act, _("Contact saved."))
    return HttpResponseRedirect(f"{reverse('customer', args=[customer_id])}?tab=contacts")
