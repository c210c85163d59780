"""The exports of an entity, one batch, the rules; the acts: make batches, recall one, say how an account is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from urllib.parse import urlencode

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
from encours.core.entries import Bank
from encours.usecases.entry_files import KINDS
from encours.usecases.entry_rules import change_bank, change_entry_rules
from encours.usecases.export_entries import export_entries, read_batch, recall_entries
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_exports import show_batch, show_entry_rules, show_exports
from encours.web.exports import form, words
from encours.web.shell.issue_words import said, said_together
from encours.web.shell.request import Request


def exporter(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What one may not see does not exist; what one sees and may not do is forbidden."""

    @login_required
    @wraps(view)
    def guarded(request: Request, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotAllowedError as refused:
            if refused.why == "not_visible":
                raise Http404 from refused
            raise PermissionDenied(refused.why) from refused

    return guarded


@exporter
def exports(request: Request) -> HttpResponse:
    """What waits and what left."""
    page = show_exports(request.viewing)
    return render(request, "exports/exports.html", {"section": "exports", "page": page, "modes": words.modes()})


@exporter
def batch(request: Request, batch_id: int) -> HttpResponse:
    """One batch, line by line."""
    page = show_batch(request.viewing, batch_id)
    return render(request, "exports/batch.html", {"section": "exports", "page": page, "row": page.row})


@exporter
def file(request: Request, batch_id: int, kind: str) -> HttpResponse:
    """One of the batch's files, as it left."""
    if kind not in KINDS:
        raise Http404
    try:
        name, content = read_batch(request.viewing.actor, batch_id, kind)
    except NotAllowedError:
        raise
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("exports_batch", args=[batch_id]))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=KINDS[kind][1], headers=headers)


@exporter
@require_POST
def make(request: Request) -> HttpResponse:
    """Makes the batches of what waits."""
    entity_id = request.POST.get("of", "")
    made = export_entries(request.viewing.actor, entity_id, request.POST.get("bank") or None)
    if not made:
        messages.error(request, _("Nothing waits that could leave."))
    else:
        text = ngettext(
            "%(count)d batch made: fetch its file.", "%(count)d batches made: fetch their files.", len(made)
        )
        messages.success(request, text % {"count": len(made)})
    return _back("#batches" if made else "", entity=entity_id)


@exporter
@require_POST
def recall(request: Request, batch_id: int) -> HttpResponse:
    """Takes a batch back."""
    try:
        recalled = recall_entries(request.viewing.actor, batch_id)
    except NotAllowedError:
        raise
    except CallError as refused:
        messages.error(request, _("Not recalled: %(why)s") % {"why": said_together(refused.faults)})
        return HttpResponseRedirect(reverse("exports_batch", args=[batch_id]))
    text = _("Batch %(number)d is recalled: what it held waits again. Do not book its file.")
    messages.success(request, text % {"number": recalled.number})
    return _back("", entity=recalled.entity_id)


@exporter
@require_POST
def bank(request: Request) -> HttpResponse:
    """Says how a bank account is kept."""
    sent = request.POST
    entity_id = sent.get("of", "")
    told = Bank(sent.get("mode", ""), sent.get("ledger_account", "").strip(), sent.get("journal", "").strip())
    try:
        change_bank(request.viewing.actor, entity_id, sent.get("account", ""), told, _day(sent.get("from_on", "")))
    except NotAllowedError:
        raise
    except CallError as refused:
        messages.error(request, _("Not saved: %(why)s") % {"why": said_together(refused.faults)})
    else:
        messages.success(request, _("The bank account is set."))
    return _back("#banks", entity=entity_id)


@exporter
def rules(request: Request) -> HttpResponse:
    """The accounts, journals and taxes of an entity."""
    wanted = request.GET.get("of", "") or next(iter(request.viewing.entity_ids), "")
    page = show_entry_rules(request.viewing, wanted)
    return render(request, "exports/rules.html", {"section": "exports", "page": page, "parts": form.parts(page.rules)})


@exporter
@require_POST
def save_rules(request: Request) -> HttpResponse:
    """Changes the rules from a day on."""
    entity_id = request.POST.get("of", "")
    try:
        changes = form.read(request.POST)
        change_entry_rules(request.viewing.actor, entity_id, changes, _day(request.POST.get("from_on", "")))
    except NotAllowedError:
        raise
    except CallError as refused:
        messages.error(request, _("Not saved: %(why)s") % {"why": said_together(refused.faults)})
    except ValueError as fault:
        messages.error(request, _("Not saved: %(why)s") % {"why": said(str(fault))})
    else:
        messages.success(request, _("The rules are saved."))
    return HttpResponseRedirect(f"{reverse('exports_rules')}?{urlencode({'of': entity_id})}")


def _back(mark: str, **query: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('exports')}?{urlencode(query)}{mark}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
