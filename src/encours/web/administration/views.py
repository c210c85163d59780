"""Settings: what stands, and the audited acts that change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import to_minor
from encours.usecases.change_letter_settings import change_letter_settings
from encours.usecases.manage_delegations import Terms, end_delegation, grant_delegation
from encours.usecases.manage_portfolios import delete_portfolio, save_portfolio
from encours.usecases.manage_settings import change_setting
from encours.usecases.manage_users import Grant, create_user, grant_role, revoke_role, set_active
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_settings import may_see_settings, show_settings
from encours.web.administration import letters, mail, rules
from encours.web.shell import words
from encours.web.shell.issue_words import said, said_together
from encours.web.shell.request import Request


@login_required
def settings(request: Request) -> HttpResponse:
    """One part of the settings."""
    viewing = request.viewing
    if not may_see_settings(viewing):
        raise PermissionDenied
    page = show_settings(viewing, request.GET.get("part", ""), request.GET.get("of", ""))
    parts = {
        "entities": _("Entities"),
        "users": _("Users and roles"),
        "delegations": _("Delegations"),
        "portfolios": _("Portfolios"),
        "rules": _("Terms and rules"),
        "letters": _("Letters and payment"),
        "mail": _("E-mail"),
        "rates": _("Rates"),
    }
    context = {
        "section": "settings",
        "page": page,
        "parts": [(code, parts[code]) for code in page.parts],
        "role_words": words.words("role").items(),
        "act_words": [(code, words.word("act", code)) for code in page.amount_acts],
        "rules": [rules.shown(row) for row in page.settings] if page.part == "rules" else [],
        "letters": letters.shown(page.settings) if page.part == "letters" and page.settings else None,
        "mail": mail.shown(page.settings) if page.part == "mail" and page.settings else None,
    }
    return render(request, "administration/settings.html", context)


def _act(request: Request, part: str, act: Callable[[Any], Any], done: str) -> HttpResponse:
    """Does one act; a refusal is said on the page it came from."""
    try:
        act(request.viewing.actor)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
    except ValueError as fault:
        messages.error(request, _("This is not a number or a date: %(fault)s") % {"fault": said(str(fault))})
    else:
        messages.success(request, done)
    of = request.POST.get("of", "")
    return HttpResponseRedirect(f"{reverse('settings')}?part={part}" + (f"&of={of}" if of.isalnum() else ""))


@login_required
@require_POST
def add_user(request: Request) -> HttpResponse:
    """A new user with a first role."""
    form = request.POST

    def act(actor: Any) -> None:
        user = create_user(
            actor,
            form.get("email", ""),
            form.get("password", ""),
            name=form.get("name", ""),
            language=form.get("language", "fr"),
        )
        if form.get("entity") and form.get("kind"):
            grant_role(actor, user.pk, Grant(form["entity"], form["kind"], _number(form.get("portfolio"))))

    return _act(request, "users", act, _("User added."))


@login_required
@require_POST
def set_user_active(request: Request, user_id: int) -> HttpResponse:
    """Lets a user sign in, or no longer."""
    active = request.POST.get("active") == "1"
    done = _("The user may sign in again.") if active else _("The user can no longer sign in.")
    return _act(request, "users", lambda actor: set_active(actor, user_id, active), done)


@login_required
@require_POST
def add_role(request: Request) -> HttpResponse:
    """A role in an entity."""
    form = request.POST

    def act(actor: Any) -> None:
        grant = Grant(form.get("entity", ""), form.get("kind", ""), _number(form.get("portfolio")))
        grant_role(actor, _number(form.get("user")) or 0, grant)

    return _act(request, "users", act, _("Role given."))


@login_required
@require_POST
def drop_role(request: Request, role_id: int) -> HttpResponse:
    """Takes a role away."""
    return _act(request, "users", lambda actor: revoke_role(actor, role_id), _("Role taken away."))


@login_required
@require_POST
def add_delegation(request: Request) -> HttpResponse:
    """Who may do an act up to which amount."""
    form = request.POST

    def act(actor: Any) -> None:
        entity_id, currency = form.get("entity", ""), form.get("currency", "EUR")
        limits = [to_minor(form[name], currency) if form.get(name) else None for name in ("amount_max", "second_from")]
        terms = Terms(
            entity_id,
            form.get("act", ""),
            role_kind="" if form.get("user") else form.get("role", ""),
            user_id=_number(form.get("user")),
            amount_max=limits[0],
            second_signature_from=limits[1],
            second_role_kind=form.get("second_role", ""),
        )
        grant_delegation(actor, terms)

    return _act(request, "delegations", act, _("Delegation given."))


@login_required
@require_POST
def drop_delegation(request: Request, delegation_id: int) -> HttpResponse:
    """Ends a delegation."""
    return _act(request, "delegations", lambda actor: end_delegation(actor, delegation_id), _("Delegation ended."))


@login_required
@require_POST
def add_portfolio(request: Request) -> HttpResponse:
    """A portfolio by its collector's or its sales owner's name."""
    form = request.POST

    def act(actor: Any) -> None:
        collector, owner = form.get("collector", ""), form.get("sales_owner", "")
        save_portfolio(actor, form.get("entity", ""), form.get("name", ""), collector, sales_owner=owner)

    return _act(request, "portfolios", act, _("Portfolio saved."))


@login_required
@require_POST
def drop_portfolio(request: Request, portfolio_id: int) -> HttpResponse:
    """Removes a portfolio that limits nobody."""
    return _act(request, "portfolios", lambda actor: delete_portfolio(actor, portfolio_id), _("Portfolio deleted."))


@login_required
@require_POST
def change_rule(request: Request) -> HttpResponse:
    """A declared setting of one entity, from a day on."""
    form = request.POST

    def act(actor: Any) -> None:
        key, start = form.get("key", ""), form.get("from_on")
        value = rules.parsed(key, form.get("value", ""), form.get("day", ""))
        change_setting(actor, key, value, form.get("of") or None, date.fromisoformat(start) if start else None)

    return _act(request, "rules", act, _("Setting changed."))


@login_required
@require_POST
def change_letters(request: Request) -> HttpResponse:
    """Who writes, who signs, where to pay: one of the two forms of an entity."""
    form = request.POST

    def act(actor: Any) -> None:
        change_letter_settings(actor, form.get("of", ""), letters.typed(form))

    return _act(request, "letters", act, _("Settings of letters changed."))


@login_required
@require_POST
def change_mail(request: Request) -> HttpResponse:
    """Who writes e-mails, through which server, where undelivered ones come back."""
    form = request.POST

    def act(actor: Any) -> None:
        change_letter_settings(actor, form.get("of", ""), mail.typed(form))

    return _act(request, "mail", act, _("Settings of mail changed."))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 18 else None
