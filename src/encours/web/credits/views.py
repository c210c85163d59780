"""The pairs of credit note and invoice, their confirmation, and taking one back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.credit_pairs import find_credit_pairs
from encours.usecases.rights import NotAllowedError
from encours.usecases.set_credit import latest_set, set_credits
from encours.usecases.undo_match import undo_match
from encours.web.shell.acting import for_who_may
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request

#: Between the ids of a pair in the form; no id has it.
_BETWEEN = "\t"
#: For whoever may apply receipts in some entity.
clerk = for_who_may("accept_match")


@clerk
def pairs(request: Request) -> HttpResponse:
    """What may be confirmed, the largest first, and what was set lately."""
    found, more = find_credit_pairs(request.viewing)
    shown = [(pair, f"{pair.note_id}{_BETWEEN}{pair.item_id}") for pair in found]
    context = {"section": "cash", "pairs": shown, "more": more, "latest": latest_set(request.viewing)}
    return render(request, "credits/credits.html", context)


@clerk
@require_POST
def confirm(request: Request) -> HttpResponse:
    """Sets the chosen credit notes against their invoices."""
    chosen = [tuple(value.split(_BETWEEN)) for value in request.POST.getlist("pair")]
    wanted = [(pair[0], pair[1]) for pair in chosen if len(pair) == 2]
    if not wanted:
        messages.error(request, _("Choose at least one pair."))
        return redirect("credits")
    try:
        done, faults = set_credits(request.viewing.actor, wanted)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    if done:
        text = ngettext("%(number)s credit note is set.", "%(number)s credit notes are set.", len(done))
        messages.success(request, text % {"number": len(done)})
    if faults:
        messages.error(request, said_together(faults))
    return redirect("credits")


@clerk
@require_POST
def undo(request: Request, decision_id: int) -> HttpResponse:
    """Takes a credit note off its invoice again."""
    try:
        undo_match(request.viewing.actor, decision_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
    else:
        messages.success(request, _("Undone."))
    return redirect("credits")
