"""What leaves: looked at, approved one by one or together, recalled, and what became of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.act_on_message import act_on_message, offered
from encours.usecases.look_at_letter import kept_file
from encours.usecases.manage_settings import change_setting, setting
from encours.usecases.rights import NotAllowedError
from encours.usecases.send_planned import send_planned
from encours.usecases.show_outbox import TABS, show_bulk, show_message, show_outbox
from encours.web.outbox import words
from encours.web.shell.acting import for_who_may
from encours.web.shell.files import as_file
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request
from encours.web.today.shown import named

_ICONS = {"letter": "letter", "registered_letter": "letter", "call": "phone", "voice": "phone"}


#: The outbox is for whoever chases in some entity.
chaser = for_who_may("plan_dunning")


@chaser
def outbox(request: Request) -> HttpResponse:
    """One tab of the outbox."""
    asked = request.GET
    number = asked.get("page", "1")
    page = show_outbox(
        request.viewing, asked.get("tab", ""), gate=asked.get("gate", "")[:48], text=asked.get("q", "").strip()[:80],
        page=int(number) if number.isdecimal() and len(number) < 6 else 1,
    )  # fmt: skip
    viewing = request.viewing
    test = [one for one in viewing.entity_ids if setting("mail.test_mode", one, viewing.today)]
    context = {
        "section": "outbox",
        "page": SimpleNamespace(**vars(page) | {
            "rows": [_shown(row) for row in page.rows],
            "held": [SimpleNamespace(**vars(row) | words.freed(row.task, row)) for row in page.held],
            "withheld": [
                SimpleNamespace(**vars(row) | {
                    "step_name": named(page.step_names.get((row.entity_id, row.scenario, row.step), {}), row.step),
                    "channel_icon": _ICONS.get(row.channel, "mail"),
                })
                for row in page.withheld
            ],
            "gates": [SimpleNamespace(**vars(gate) | {"frees": words.task(gate.task)}) for gate in page.gates],
        }),
        "tabs": [(code, label, page.counts.get(code, 0)) for code, label in zip(TABS, words.tabs(), strict=True)],
        "test_entities": [(one, page.entity_names.get(one, one)) for one in test],
        "can_lift": bool(test) and all(viewing.actor.may("lift_test_mode", one).ok for one in test),
        "can_send": viewing.actor.may("approve_message", None).ok
        and any(row.number and not row.formal and not row.testing for row in page.rows),
        "previous": page.page - 1,
        "following": page.page + 1,
    }  # fmt: skip
    return render(request, "outbox/outbox.html", context)


def _shown(row: Any) -> SimpleNamespace:
    more = {
        "step_name": named(row.step_names, words.purpose(row.step)),
        "channel_icon": _ICONS.get(row.channel, "mail"),
    }
    return SimpleNamespace(**vars(row) | more)


@chaser
@require_POST
def send(request: Request) -> HttpResponse:
    """Shows what approving the chosen ones would send; said again, sends them."""
    numbers = [int(one) for one in request.POST.getlist("number") if one.isdecimal() and len(one) < 16]
    if not numbers:
        messages.error(request, _("Choose at least one message."))
        return HttpResponseRedirect(reverse("outbox"))
    if request.POST.get("step") != "send":
        bulk = show_bulk(request.viewing, numbers)
        shown = SimpleNamespace(**vars(bulk) | {
            "rows": [_shown(row) for row in bulk.rows], "largest": [_shown(row) for row in bulk.largest]})  # fmt: skip
        return render(request, "outbox/bulk.html", {"section": "outbox", "bulk": shown})
    try:
        done = send_planned(request.viewing.actor, numbers)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("outbox"))
    if done.approved:
        text = ngettext("%(count)d message leaves in ten minutes.", "%(count)d messages leave in ten minutes.",
                        done.approved)  # fmt: skip
        messages.success(request, text % {"count": done.approved})
    if done.second:
        messages.success(request, _("A second signature is needed for %(count)d.") % {"count": done.second})
    if done.faults:
        messages.error(request, _("Not done: %(why)s") % {"why": said_together([why for _who, why in done.faults[:3]])})
    return HttpResponseRedirect(f"{reverse('outbox')}?tab=leaving")


@chaser
def message(request: Request, message_id: UUID) -> HttpResponse:
    """One message with its words and what became of it."""
    page = show_message(request.viewing, str(message_id))
    if page is None:
        raise Http404
    acts = [(code, words.act(code)) for code in offered(request.viewing.actor, page.entity_id, page.row.state,
                                                        answered=page.row.answered)]  # fmt: skip
    pdf = next((reverse("outbox_file", args=[message_id, number]) for number, _name, kind in page.files
                if kind == "application/pdf"), "")  # fmt: skip
    shown = SimpleNamespace(**vars(page) | {"row": _shown(page.row), "pdf": pdf})
    tab = {"to_confirm": "confirm", "queued": "leaving", "sending": "leaving", "failed": "failed",
           "bounced": "failed", "uncertain": "uncertain"}.get(page.row.state, "sent")  # fmt: skip
    return render(request, "outbox/message.html", {"section": "outbox", "page": shown, "acts": acts, "tab": tab})


@chaser
def file(request: Request, message_id: UUID, file_number: int) -> HttpResponse:
    """A file of a message, as it left or will leave."""
    try:
        found = kept_file(request.viewing, str(message_id), file_number)
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("outbox_message", args=[message_id]))
    if found is None:
        raise Http404
    return as_file(found.name, found.content_type, found.content)


@chaser
@require_POST
def act(request: Request, message_id: UUID) -> HttpResponse:
    """Approves, recalls, discards, settles or marks one message."""
    what = request.POST.get("act", "")
    try:
        act_on_message(request.viewing.actor, message_id, what)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("outbox_message", args=[message_id]))
    messages.success(request, words.done(what))
    back = reverse("outbox_message", args=[message_id])
    return HttpResponseRedirect(back if what != "recall" else f"{reverse('outbox')}?tab=confirm")


@chaser
@require_POST
def test_mode(request: Request) -> HttpResponse:
    """Lifts an entity's test mode, or sets it again: from then on what is approved leaves."""
    entity_id, value = request.POST.get("of", ""), request.POST.get("on") == "1"
    actor = request.viewing.actor
    if not actor.sees(entity_id):
        raise Http404
    try:
        change_setting(actor, "mail.test_mode", value, entity_id)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    text = _("Nothing leaves any more.") if value else _("Test mode is lifted: what is approved leaves.")
    messages.success(request, text)
    return HttpResponseRedirect(reverse("outbox"))
