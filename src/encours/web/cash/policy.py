"""The policy for differences as a form: what each cause may book, on which account, and who looks at it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, parse_decimal, to_minor
from encours.core.matching.differences.causes import shipped
from encours.core.matching.differences.policy import Rule
from encours.usecases.difference_policy import change_difference_policy
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_difference_policy import show_difference_policy
from encours.web.cash.views import clerk
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


@clerk
def policy(request: Request) -> HttpResponse:
    """The policy of one entity."""
    wanted = request.GET.get("of", "") or next(iter(request.viewing.entity_ids), "")
    try:
        page = show_difference_policy(request.viewing, wanted)
    except NotAllowedError as refused:
        raise Http404 from refused
    return render(request, "cash/policy.html", {"section": "cash", "page": page})


@clerk
@require_POST
def save(request: Request) -> HttpResponse:
    """Keeps what differs from the shipped rules, from a day on."""
    entity_id = request.POST.get("of", "")
    try:
        page = show_difference_policy(request.viewing, entity_id)
        said = read_policy(request.POST, page.currency)
        change_difference_policy(request.viewing.actor, entity_id, said, _day(request.POST.get("from_on", "")))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, _("Not saved: %(why)s") % {"why": said_together(refused.faults)})
    else:
        messages.success(request, _("The policy is saved."))
    return HttpResponseRedirect(f"{reverse('cash_policy')}?{urlencode({'of': entity_id})}")


def read_policy(form: QueryDict, currency: str) -> dict[str, dict[str, Any]]:
    """Cause -> the fields that differ from its shipped rule. Raises CallError naming each field that is no figure."""
    said: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    for name, ships in shipped().items():
        if f"{name}:account" not in form:
            continue
        values = _values(form, name, currency, faults)
        changed = {key: value for key, value in values.items() if value != _shipped(ships, key)}
        if changed:
            said[name] = changed
    if faults:
        raise CallError(faults)
    return said


def _values(form: QueryDict, name: str, currency: str, faults: list[str]) -> dict[str, Any]:
    limit, percent, days = (form.get(f"{name}:{field}", "").strip() for field in ("limit", "percent", "days"))
    values: dict[str, Any] = {
        "account": form.get(f"{name}:account", "").strip(),
        "gain_account": form.get(f"{name}:gain_account", "").strip(),
        "owner": form.get(f"{name}:owner", ""),
        "allowed": f"{name}:allowed" in form,
    }
    try:
        values["limit"] = to_minor(limit, currency) if limit else None
        values["percent"] = _plain(parse_decimal(percent)) if percent else None
        values["days"] = int(days) if days else None
    except (AmountError, ValueError):
        faults.append("limits and days are whole numbers, zero or more")
    return values


def _shipped(rule: Rule, key: str) -> Any:
    value = getattr(rule, key)
    return _plain(value) if isinstance(value, Decimal) else value


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
