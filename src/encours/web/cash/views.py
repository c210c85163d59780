"""The queue and the desk: each answer brings the next receipt, so that the hands stay on the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import exponent
from encours.usecases.accept_match import accept_matches, reject_match
from encours.usecases.aside_likely import RULES, likely_reason, set_aside
from encours.usecases.book_advance import book_advance
from encours.usecases.mark_not_customer import mark_not_customer
from encours.usecases.propose_matches import propose_viewed
from encours.usecases.rights import NotAllowedError
from encours.usecases.settle_receipt import currencies_of, offer_differences, settle_receipt
from encours.usecases.show_advice_pages import advice_of_receipt
from encours.usecases.show_cash import PAGE_ROWS, Queue, show_queue
from encours.usecases.show_desk import Desk, find_for_desk, show_desk
from encours.usecases.show_match_rate import show_match_rate
from encours.usecases.show_unapplied import show_unapplied
from encours.usecases.take_receipt import TakenError, release_receipt, take_receipt
from encours.usecases.undo_match import undo_match
from encours.web.cash import words
from encours.web.cash.choice import Choice, read_choice
from encours.web.shell import paying_words
from encours.web.shell.acting import for_who_may
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request

#: The desk is for whoever may apply receipts in some entity.
clerk = for_who_may("accept_match")


@clerk
def cash(request: Request) -> HttpResponse:
    """The queue with the chosen receipt beside it; htmx asks for the receipt alone."""
    picked = request.GET.get("receipt", "")
    tab = request.GET.get("tab", "")
    if request.htmx and request.htmx.target == "desk":
        return _desk(request, _seen(request, picked), tab)
    queue = show_queue(request.viewing, tab, _page(request))
    first = next((row.receipt_id for row in queue.rows), "")
    chosen = picked or first
    desk = show_desk(request.viewing, chosen, queue.is_ready(chosen)) if chosen else None
    if picked and desk is None:
        raise Http404
    context = {"section": "cash", "queue": queue, "tabs": _tabs(queue), "picked": bool(picked)}
    return render(request, "cash/cash.html", context | _desk_context(request, desk, queue.tab))


@login_required
def figures(request: Request) -> HttpResponse:
    """How old the money is that is not applied, and how much of what comes in is matched."""
    unapplied, rate = show_unapplied(request.viewing), show_match_rate(request.viewing)
    french = (get_language() or "fr").startswith("fr")
    context = {
        "section": "cash",
        "unapplied": unapplied,
        "rate": rate,
        "buckets": words.age_buckets(unapplied.limits),
        "several": len(request.viewing.entity_ids) > 1,
        "unapplied_says": unapplied.definition_fr if french else unapplied.definition_en,
        "rate_says": rate.definition_fr if french else rate.definition_en,
    }
    return render(request, "cash/figures.html", context)


@clerk
def items(request: Request, receipt_id: str) -> HttpResponse:
    """Rows of open items that fit the text, to be put beneath those on the desk."""
    desk = _seen(request, receipt_id)
    found = find_for_desk(request.viewing, receipt_id, request.GET.get("q", "").strip())
    return render(request, "cash/items.html", {"desk": desk, "found": found})


@clerk
@require_POST
def confirm(request: Request) -> HttpResponse:
    """Confirms a group of certain proposals, those that the page showed."""
    wanted = [int(number) for number in request.POST.getlist("proposal") if number.isdecimal() and len(number) < 16]
    done, faults = accept_matches(request.viewing.actor, wanted)
    if done:
        text = ngettext("%(count)d receipt applied.", "%(count)d receipts applied.", len(done)) % {"count": len(done)}
        messages.success(request, text)
    if faults:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together(faults[:3])})
    return HttpResponseRedirect(reverse("cash"))


@clerk
@require_POST
def propose(request: Request) -> HttpResponse:
    """Looks for matches among what waits, in the chosen entities."""
    try:
        proposed = propose_viewed(request.viewing)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    found = proposed.auto + proposed.review
    messages.success(
        request, ngettext("%(count)d proposal found.", "%(count)d proposals found.", found) % {"count": found}
    )
    return HttpResponseRedirect(reverse("cash"))


@clerk
@require_POST
def hold(request: Request, receipt_id: str) -> HttpResponse:
    """Takes the receipt for this clerk, and gives back the one that was left; said again by the page every minute.

    The answer says who else holds it. `working`: the clerk has begun something; before that it is a look.
    """
    if left := request.POST.get("left", ""):
        release_receipt(request.viewing.actor, left)
    try:
        take_receipt(request.viewing.actor, receipt_id, working="working" in request.POST)
    except TakenError as taken:
        return render(request, "cash/held.html", {"hold": taken.hold})
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    return HttpResponse("")


@clerk
@require_POST
def release(request: Request, receipt_id: str) -> HttpResponse:
    """Gives the receipt back: the page was left."""
    release_receipt(request.viewing.actor, receipt_id)
    return HttpResponse(status=204)


@clerk
@require_POST
def gap(request: Request, receipt_id: str) -> HttpResponse:
    """What may be said of the difference of the chosen items and the money."""
    desk = _seen(request, receipt_id)
    try:
        choice = _choice(request, desk)
        found = offer_differences(request.viewing, receipt_id, choice.settled, choice.proposal_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        return render(request, "cash/gap.html", {"faults": said_together(refused.faults)})
    return render(request, "cash/gap.html", {"found": found, "chosen": choice.difference})


@clerk
@require_POST
def apply(request: Request, receipt_id: str) -> HttpResponse:
    """Posts what the form says, the proposal or the clerk's own choice."""
    desk = _seen(request, receipt_id)

    def settle() -> tuple[str, int | None]:
        choice = _choice(request, desk)
        done = settle_receipt(
            request.viewing, receipt_id, choice.settled, choice.difference, choice.proposal_id
        ).decision
        if done is None:
            return _("Signed: a second signature is needed."), None
        return _("Applied: %(who)s") % {"who": desk.payer_name or _("Unnamed payer")}, done.pk

    return _act(request, receipt_id, settle)


@clerk
@require_POST
def advance(request: Request, receipt_id: str) -> HttpResponse:
    """What is left of the receipt stands on a customer's account."""
    desk = _seen(request, receipt_id)
    account = request.POST.get("customer", "").strip()
    holder = account if ":" in account else f"{desk.entity_id}:{account}"

    def book() -> tuple[str, int | None]:
        return _("Booked as an advance."), book_advance(request.viewing.actor, receipt_id, holder).pk

    return _act(request, receipt_id, book)


@clerk
@require_POST
def aside(request: Request, receipt_id: str) -> HttpResponse:
    """The receipt is no customer's."""
    _seen(request, receipt_id)
    reason = request.POST.get("reason", "")

    def mark() -> tuple[str, int | None]:
        return _("Set aside: not from a customer."), mark_not_customer(request.viewing.actor, receipt_id, reason).pk

    return _act(request, receipt_id, mark)


@clerk
@require_POST
def aside_all(request: Request) -> HttpResponse:
    """The receipts that the page showed as probably no customer's, all at once."""
    wanted = request.POST.getlist("receipt")[:PAGE_ROWS]
    try:
        done, faults = set_aside(request.viewing, wanted, request.POST.get("rule", ""))
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    if done:
        count = len(done)
        text = ngettext("%(count)d receipt set aside.", "%(count)d receipts set aside.", count) % {"count": count}
        messages.success(request, text)
    if faults:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together(faults[:3])})
    return HttpResponseRedirect(f"{reverse('cash')}?tab=none")


@clerk
@require_POST
def refuse(request: Request, receipt_id: str) -> HttpResponse:
    """Lays the proposal aside for good: the receipt is not proposed for the same items again."""
    number = request.POST.get("proposal", "")
    if not number.isdecimal() or len(number) > 15:
        raise Http404

    def reject() -> tuple[str, int | None]:
        reject_match(request.viewing.actor, int(number))
        return _("Proposal refused."), None

    return _act(request, receipt_id, reject)


@clerk
@require_POST
def undo(request: Request, decision_id: int) -> HttpResponse:
    """Takes a decision back and puts its receipt on the desk again."""
    try:
        decision = undo_match(request.viewing.actor, decision_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        return _refused(request, refused)
    if not request.htmx:
        messages.success(request, _("Undone."))
        return HttpResponseRedirect(f"{reverse('cash')}?{urlencode({'receipt': decision.subject_id})}")
    queue = show_queue(request.viewing, "check", _page(request))
    desk = show_desk(request.viewing, decision.subject_id)
    context = {"queue": queue, "tabs": _tabs(queue), "toast": _("Undone.")}
    return render(request, "cash/answer.html", _desk_context(request, desk, "check") | context)


def _act(request: Request, receipt_id: str, act: Callable[[], tuple[str, int | None]]) -> HttpResponse:
    """Does it, and answers with the next receipt of the queue; `act` gives the toast and what Undo would undo."""
    tab = request.POST.get("tab", "")
    try:
        text, undo_id = act()
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        return _refused(request, refused)
    if not request.htmx:
        messages.success(request, text)
        return HttpResponseRedirect(f"{reverse('cash')}?{urlencode({'tab': tab})}")
    queue = show_queue(request.viewing, tab, _page(request))
    desk = _following(request, queue, receipt_id)
    context = {"queue": queue, "tabs": _tabs(queue), "toast": text, "toast_undo": undo_id}
    return render(request, "cash/answer.html", _desk_context(request, desk, tab) | context)


def _following(request: Request, queue: Queue, receipt_id: str) -> Desk | None:
    """The receipt that stood beneath this one, as the page says; else the first one left."""
    rows = [row.receipt_id for row in queue.rows if row.receipt_id != receipt_id]
    wanted = request.POST.get("next", "")
    following = wanted if wanted in rows else next(iter(rows), None)
    return show_desk(request.viewing, following, queue.is_ready(following)) if following else None


def _desk(request: Request, desk: Desk | None, tab: str) -> HttpResponse:
    return render(request, "cash/answer.html", _desk_context(request, desk, tab))


def _desk_context(request: Request, desk: Desk | None, tab: str) -> dict[str, object]:
    decimals = exponent(desk.currency) if desk else 2
    told = advice_of_receipt(request.viewing, desk.receipt_id) if desk else None
    likely = likely_reason(desk.none_rule, "".join(segment.text for segment in desk.text)) if desk else None
    return {
        "desk": desk,
        "tab": tab,
        "decimals": decimals,
        "aside_reasons": [(code, word, code == likely) for code, word in words.aside_reasons()],
        "aside_rules": list(RULES),
        "advice": told,
        "habit": paying_words.evidence(desk.habit) if desk else [],
    }


def _choice(request: Request, desk: Desk) -> Choice:
    known = currencies_of(request.viewing, request.POST.getlist("item"))
    return read_choice(request.POST, known, desk.currency)


def _seen(request: Request, receipt_id: str) -> Desk:
    desk = show_desk(request.viewing, receipt_id)
    if desk is None:
        raise Http404
    return desk


def _tabs(queue: Queue) -> list[tuple[str, str, int]]:
    labels = {"check": _("To check"), "none": _("Without a match"), "done": _("Applied")}
    return [(code, labels[code], queue.counts[code]) for code in labels]


def _page(request: Request) -> int:
    number = request.GET.get("page") or request.POST.get("page") or "1"
    return int(number) if number.isdecimal() and len(number) < 7 else 1


def _refused(request: Request, refused: CallError) -> HttpResponse:
    text = _("Not done: %(why)s") % {"why": said_together(refused.faults)}
    if not request.htmx:
        messages.error(request, text)
        return HttpResponseRedirect(reverse("cash"))
    answer = render(request, "cash/toast.html", {"toast": text, "toast_wrong": True})
    answer["HX-Reswap"] = "none"
    return answer
