"""The list of advices, one advice, and what is done with it: bring, correct, take, lay aside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, to_minor
from encours.usecases.correct_advice import (
    AdviceHead,
    add_line,
    correct_head,
    correct_line,
    discard_draft,
    drop_line,
    restore_advice,
    take_advice,
)
from encours.usecases.import_advice import dismiss_advice, import_advice
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_advice_pages import AdvicePage, may_see_advices, show_advice, show_advices
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request

_FILES_MAX = 50


def clerk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The pages are for whoever imports files or applies receipts in some entity."""

    @login_required
    @wraps(view)
    def checked(request: Request, *args: object, **kwargs: object) -> HttpResponse:
        if not may_see_advices(request.viewing):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@clerk
def advices(request: Request) -> HttpResponse:
    """What is awaited, with the place where advices are dropped."""
    number = request.GET.get("page", "1")
    page = show_advices(
        request.viewing,
        request.GET.get("tab", ""),
        int(number) if number.isdecimal() and len(number) < 7 else 1,
    )
    labels = {"waiting": _("Awaited"), "came": _("Come"), "aside": _("Laid aside")}
    tabs = [(code, label, page.counts[code]) for code, label in labels.items()]
    several = len(request.viewing.entity_ids) > 1
    return render(request, "advices/advices.html", {"section": "cash", "page": page, "tabs": tabs, "several": several})


@clerk
@require_POST
def receive(request: Request) -> HttpResponse:
    """Reads the files and keeps what they say as drafts: they are checked before anything follows them."""
    entity_id, files = request.POST.get("entity", ""), request.FILES.getlist("files")[:_FILES_MAX]
    kept, faults = [], [] if files else ["no file was given"]
    for file in files:
        try:
            kept.append(import_advice(request.viewing.actor, entity_id, file.name or "advice", file.read(), draft=True))
        except NotAllowedError as refused:
            raise gone_or_forbidden(refused) from refused
        except CallError as refused:
            faults += [f"{file.name}: {fault}" if len(files) > 1 else fault for fault in refused.faults]
    if faults:
        messages.error(request, _("Not read: %(why)s") % {"why": said_together(faults[:3])})
    known = sum(not one.fresh and not one.advice.draft for one in kept)
    if known:
        text = ngettext("%(count)s advice was known already.", "%(count)s advices were known already.", known)
        messages.success(request, text % {"count": known})
    if len(kept) == 1:
        return HttpResponseRedirect(reverse("advice", args=[kept[0].advice.advice_id]))
    return HttpResponseRedirect(reverse("advices"))


@clerk
def advice(request: Request, advice_id: str) -> HttpResponse:
    """One advice: what was read, what each line pays, what came of it."""
    page = _seen(request, advice_id)
    return render(request, "advices/advice.html", {"section": "cash", "page": page, "row": page.row})


@clerk
@require_POST
def head(request: Request, advice_id: str) -> HttpResponse:
    """Total, payer, day and reference as the person says; with `take` the advice is followed from now on."""
    page = _seen(request, advice_id)
    taking = request.POST.get("act") == "take"

    def change() -> str:
        said = _head(request, page)
        if taking:
            take_advice(request.viewing.actor, advice_id, said)
            return _("The advice is followed: its money is looked for among what waits and what comes.")
        correct_head(request.viewing.actor, advice_id, said)
        return _("Saved.")

    return _done(request, advice_id, change)


@clerk
@require_POST
def line(request: Request, advice_id: str) -> HttpResponse:
    """Another item or amount for a line, a line more, a line less."""
    page, act = _seen(request, advice_id), request.POST.get("act", "")
    number = request.POST.get("line", "")

    def change() -> str:
        item, actor = request.POST.get("item", ""), request.viewing.actor
        if act == "add":
            add_line(actor, advice_id, item, _amount(request.POST.get("amount", ""), page.row.currency))
            return _("The line was added.")
        if not number.isdecimal() or len(number) > 9:
            raise CallError(["choose a line"])
        if act == "drop":
            drop_line(actor, advice_id, int(number))
            return _("The line was taken out.")
        correct_line(actor, advice_id, int(number), item, _amount(request.POST.get("amount", ""), page.row.currency))
        return _("The line was corrected.")

    return _done(request, advice_id, change)


@clerk
@require_POST
def state(request: Request, advice_id: str) -> HttpResponse:
    """Laid aside, followed again, or a draft that is forgotten."""
    _seen(request, advice_id)
    act, actor = request.POST.get("act", ""), request.viewing.actor

    def change() -> str:
        if act == "restore":
            restore_advice(actor, advice_id)
            return _("The advice is followed again.")
        if act == "discard":
            discard_draft(actor, advice_id)
            return _("Forgotten: the same file can be brought again.")
        dismiss_advice(actor, advice_id, request.POST.get("why", ""))
        return _("Laid aside: it is followed no more, and reminders of its invoices wait no longer.")

    return _done(request, "" if act == "discard" else advice_id, change)


def _seen(request: Request, advice_id: str) -> AdvicePage:
    page = show_advice(request.viewing, advice_id)
    if page is None:
        raise Http404
    return page


def _done(request: Request, advice_id: str, change: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, change())
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together(refused.faults)})
    return HttpResponseRedirect(reverse("advice", args=[advice_id]) if advice_id else reverse("advices"))


def _head(request: Request, page: AdvicePage) -> AdviceHead:
    day = request.POST.get("paid_on", "")
    try:
        paid_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise CallError([f"{day} is no date"]) from error
    currency = page.row.currency
    return AdviceHead(
        total=_amount(request.POST.get("total", ""), currency),
        fee=_amount(request.POST.get("fee", "") or "0", currency),
        paid_on=paid_on,
        payer_name=request.POST.get("payer", ""),
        reference=request.POST.get("reference", ""),
        form=request.POST.get("form", page.row.form),
    )


def _amount(text: str, currency: str) -> int:
    try:
        return to_minor(text.replace("\u2212", "-").strip(), currency)
    except AmountError as error:
        raise CallError([f"{text or 'nothing'} is not an amount"]) from error
