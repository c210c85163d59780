"""My customers: the list, one of them, and what may be answered there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.answer_notice import answer_notice, decide_objection
from encours.usecases.hold_dunning import ask_hold, decide_hold, hold_dunning, lift_hold
from encours.usecases.log_contact import Logged, log_contact
from encours.usecases.show_my_customers import (
    VIEWS,
    customer_of_hold,
    customer_of_notice,
    show_my_customer,
    show_my_customers,
)
from encours.usecases.write_comment import write_comment
from encours.web.shell import words
from encours.web.shell.acting import attempt
from encours.web.shell.forms import form_key, read_amount, read_day
from encours.web.shell.request import Request


@login_required
def mine(request: Request) -> HttpResponse:
    """The customers, those first of whom something is asked."""
    query = request.GET
    number = query.get("page", "1")
    page = show_my_customers(
        request.viewing,
        query.get("view", ""),
        query.get("q", ""),
        int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    titles = {"asked": _("Waiting for my answer"), "overdue": _("Overdue"), "all": _("All")}
    context = {
        "section": "my_customers",
        "page": page,
        "views": [(code, titles[code], page.counts[code]) for code in VIEWS],
        "several": len(request.viewing.entity_ids) > 1,
        "previous": page.page - 1,
        "following": page.page + 1,
    }
    return render(request, "sales/mine.html", context)


@login_required
def one(request: Request, customer_id: str) -> HttpResponse:
    """One customer with what is asked, and the answers that may be given."""
    page = show_my_customer(request.viewing, customer_id)
    if page is None:
        raise Http404
    context = {
        "section": "my_customers",
        "page": page,
        "key": form_key(),
        "outcomes": [(code, words.word("outcome", code), _asks(code)) for code in page.outcomes],
        "dispute_reasons": list(words.words("dispute_reason").items()),
        "hold_reasons": [(code, words.word("hold_reason", code)) for code in page.hold_reasons],
        "in_a_week": request.viewing.today + timedelta(days=7),
    }
    return render(request, "sales/one.html", context)


def _asks(outcome: str) -> str:
    """The fields that an answer asks for, as the form shows them."""
    if outcome in ("promise", "payment_announced"):
        return "on amount reference" if outcome == "payment_announced" else "on amount"
    return {"dispute": "reason amount", "awaiting_approval": "on"}.get(outcome, "")


@login_required
@require_POST
def log(request: Request, customer_id: str) -> HttpResponse:
    """What the customer said."""
    form = request.POST

    def act() -> None:
        page = show_my_customer(request.viewing, customer_id)
        currency = page.currency if page is not None else "EUR"
        outcome = form.get("outcome", "")
        disputed = outcome == "dispute"
        said_of = Logged(
            customer_id,
            outcome,
            form.get("key", "") or form_key(),
            channel=form.get("channel", "call"),
            on=read_day(form.get("on", "")),
            amount=read_amount(form.get("amount", ""), currency),
            reference=form.get("reference", ""),
            reason=form.get("reason", "") if disputed else "",
            items=tuple(form.getlist("item")),
            detail=form.get("detail", ""),
        )
        log_contact(request.viewing.actor, said_of)

    return _done(request, customer_id, act, _("Answer logged."))


@login_required
@require_POST
def hold(request: Request, customer_id: str) -> HttpResponse:
    """Holds the reminders, or asks for it."""
    form = request.POST

    def act() -> None:
        actor, until = request.viewing.actor, read_day(form.get("until_on", ""))
        if until is None:
            raise CallError(["say the day"])
        item_id = form.get("item", "") or None
        page = show_my_customer(request.viewing, customer_id)
        do = hold_dunning if page is not None and page.may_hold else ask_hold
        do(actor, customer_id, form.get("reason", ""), until, item_id=item_id, why=form.get("why", ""))

    return _done(request, customer_id, act, _("Noted: reminders wait once it is granted."))


@login_required
@require_POST
def comment(request: Request, customer_id: str) -> HttpResponse:
    """Says something to colleagues."""
    form = request.POST

    def act() -> None:
        key = form.get("key", "") or form_key()
        write_comment(request.viewing.actor, "customer", customer_id, form.get("text", ""), key=key)

    return _done(request, customer_id, act, _("Comment saved."), form.get("back", ""))


@login_required
@require_POST
def notice(request: Request, notice_id: int) -> HttpResponse:
    """Lets a step go, or objects."""
    form = request.POST

    def act() -> None:
        until = read_day(form.get("until_on", ""))
        objects = form.get("answer", "") == "objects"
        answer_notice(request.viewing.actor, notice_id, objects, reason=form.get("reason", ""), until_on=until)

    return _done(request, customer_of_notice(request.viewing, notice_id), act, _("Answer noted."))


@login_required
@require_POST
def objection(request: Request, notice_id: int) -> HttpResponse:
    """Upholds or overrules an objection."""
    form = request.POST

    def act() -> None:
        upheld, until = form.get("decision", "") == "upheld", read_day(form.get("until_on", ""))
        decide_objection(request.viewing.actor, notice_id, upheld, until_on=until, why=form.get("why", ""))

    return _done(request, customer_of_notice(request.viewing, notice_id), act, _("Decision noted."))


@login_required
@require_POST
def decide(request: Request, hold_id: int) -> HttpResponse:
    """Grants or refuses a hold that was asked for."""
    form = request.POST

    def act() -> None:
        granted = form.get("decision", "") == "granted"
        decide_hold(request.viewing.actor, hold_id, granted, form.get("answer", ""))

    return _done(request, customer_of_hold(request.viewing, hold_id), act, _("Decision noted."))


@login_required
@require_POST
def lift(request: Request, hold_id: int) -> HttpResponse:
    """Ends a hold, or takes back what was asked for."""

    def act() -> None:
        lift_hold(request.viewing.actor, hold_id)

    return _done(request, customer_of_hold(request.viewing, hold_id), act, _("Reminders go on."))


def _done(request: Request, customer_id: str, act: Callable[[], None], told: str, back: str = "") -> HttpResponse:
    if not customer_id or show_my_customer(request.viewing, customer_id) is None:
        raise Http404
    attempt(request, act, told)
    if back == "timeline":
        return HttpResponseRedirect(f"{reverse('customer', args=[customer_id])}?tab=timeline")
    return HttpResponseRedirect(reverse("my_customer", args=[customer_id]))
