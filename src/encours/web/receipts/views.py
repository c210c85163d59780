"""The list of receipts, one receipt, and the two acts on it: accept a proposal, undo it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.accept_match import accept_match
from encours.usecases.propose_matches import propose_viewed
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_advice_pages import advice_of_receipt
from encours.usecases.show_receipts import receipt_of_proposal, show_receipt, show_receipt_row, show_receipts
from encours.usecases.undo_match import undo_match
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


@login_required
def receipts(request: Request) -> HttpResponse:
    """Lines with their state and what is proposed."""
    number = request.GET.get("page", "1")
    page = show_receipts(
        request.viewing,
        request.GET.get("state", ""),
        request.GET.get("q", "").strip(),
        int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    states = (("unapplied", _("To apply")), ("proposed", _("With a proposal")), ("all", _("All")))
    context = {
        "section": "receipts",
        "page": page,
        "states": states,
        "previous": page.page - 1,
        "following": page.page + 1,
    }
    return render(request, "receipts/receipts.html", context)


@login_required
def receipt(request: Request, receipt_id: str) -> HttpResponse:
    """One receipt."""
    page = show_receipt(request.viewing, receipt_id)
    if page is None:
        raise Http404
    told = advice_of_receipt(request.viewing, receipt_id)
    return render(
        request, "receipts/receipt.html", {"section": "receipts", "page": page, "row": page.row, "advice": told}
    )


@login_required
@require_POST
def propose(request: Request) -> HttpResponse:
    """Looks for exact matches among what waits, in the chosen entities."""
    try:
        proposed = propose_viewed(request.viewing)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    found = proposed.auto + proposed.review
    text = ngettext("%(count)d proposal found.", "%(count)d proposals found.", found) % {"count": found}
    messages.success(request, text)
    return HttpResponseRedirect(f"{reverse('receipts')}?state=proposed")


@login_required
@require_POST
def accept(request: Request, proposal_id: int) -> HttpResponse:
    """Applies a proposal; the answer is the line as it now stands and a toast with Undo."""
    try:
        accepted = accept_match(request.viewing.actor, proposal_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        return _refused(request, refused)
    if accepted.decision is None:
        receipt_id = receipt_of_proposal(request.viewing, proposal_id)
        return _answer(request, receipt_id or "", _("Signed: a second signature is needed."), None)
    return _answer(request, accepted.decision.subject_id, _("Match accepted."), accepted.decision.pk)


@login_required
@require_POST
def undo(request: Request, decision_id: int) -> HttpResponse:
    """Takes an accepted match back."""
    try:
        decision = undo_match(request.viewing.actor, decision_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        return _refused(request, refused)
    return _answer(request, decision.subject_id, _("Match undone."), None)


def _answer(request: Request, receipt_id: str, text: str, undo_id: int | None) -> HttpResponse:
    if not request.htmx:
        messages.success(request, text)
        return HttpResponseRedirect(reverse("receipt", args=[receipt_id]))
    row = show_receipt_row(request.viewing, receipt_id)
    context = {"row": row, "toast": text, "toast_undo": undo_id}
    return render(request, "receipts/answer.html", context)


def _refused(request: Request, refused: CallError) -> HttpResponse:
    text = _("Not done: %(why)s") % {"why": said_together(refused.faults)}
    if not request.htmx:
        messages.error(request, text)
        return HttpResponseRedirect(reverse("receipts"))
    answer = render(request, "receipts/answer.html", {"row": None, "toast": text, "toast_wrong": True})
    answer["HX-Reswap"] = "none"
    return answer
