"""What is decided about one customer: its scenario, what is wanted with it, the links to its statement."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.usecases.manage_scenarios import choose_scenario
from encours.usecases.mark_action import STRATEGIES, set_strategy
from encours.usecases.publish_statement import publish_statement, revoke_statement
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_relation import Followed, Relation
from encours.web.shell import words
from encours.web.shell.acting import attempt
from encours.web.shell.forms import form_key, read_day
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request
from encours.web.today.shown import named


def relation_context(relation: Relation) -> dict[str, object]:
    """The part of the page in words."""
    return {
        "relation": relation,
        "key": form_key(),
        "strategies": [(code, words.word("strategy", code)) for code in STRATEGIES],
    } | followed_context(relation.followed)


def followed_context(followed: Followed) -> dict[str, object]:
    """Scenarios that can be chosen, and the names of those that hold."""
    said = {code: named(names, code) for code, names in followed.names.items()}
    return {
        "followed": followed,
        "scenario_choices": list(said.items()),
        "planned_name": said.get(followed.planned, followed.planned),
        "above_name": said.get(followed.above, followed.above),
    }


@login_required
@require_POST
def follow(request: Request, customer_id: str) -> HttpResponse:
    """The scenario that a customer follows; "" by its conditions again."""
    code, why = request.POST.get("scenario", ""), request.POST.get("why", "").strip()
    return _chasing(
        request, customer_id, lambda: choose_scenario(request.viewing.actor, customer_id, code, why=why),
        _("It holds from the next plan on."),
    )  # fmt: skip


@login_required
@require_POST
def strategy(request: Request, customer_id: str) -> HttpResponse:
    """What is wanted with a customer, by whom, and when to ask again."""
    form = request.POST
    owner = form.get("owner", "")

    def act() -> None:
        review = read_day(form.get("review_on", ""))
        number = int(owner) if owner.isdecimal() and len(owner) < 10 else None
        set_strategy(request.viewing.actor, customer_id, form.get("strategy", ""), number, review)

    return _chasing(request, customer_id, act, _("It holds from the next plan on."))


@login_required
@require_POST
def publish(request: Request, customer_id: str) -> HttpResponse:
    """A signed link to today's statement."""
    language = request.POST.get("language", "")[:8]
    return _chasing(
        request, customer_id, lambda: publish_statement(request.viewing.actor, customer_id, language),
        _("The link is made: copy it into a message of yours."),
    )  # fmt: skip


@login_required
@require_POST
def revoke(request: Request, token: str) -> HttpResponse:
    """The link is dead at once."""
    try:
        customer_id = revoke_statement(request.viewing.actor, token)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    messages.success(request, _("The link is dead."))
    return HttpResponseRedirect(f"{reverse('customer', args=[customer_id])}?tab=chasing")


def _chasing(request: Request, customer_id: str, act: Callable[[], object], told: str) -> HttpResponse:
    attempt(request, act, told)
    return HttpResponseRedirect(f"{reverse('customer', args=[customer_id])}?tab=chasing")
