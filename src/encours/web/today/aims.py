"""What the list works for: chosen by the manager, for one entity, from the next plan on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.core.dunning.worth import BEFORE, EURO_DAYS
from encours.usecases.manage_settings import AIM, AIM_ACT, AIM_DAYS, MONTH_END, change_setting, setting
from encours.usecases.rights import NotAllowedError
from encours.usecases.viewing import Viewing
from encours.web.shell.acting import for_who_may
from encours.web.shell.issue_words import said_together
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


def context(viewing: Viewing) -> dict[str, Any]:
    """What the form shows, where one entity is looked at by whoever may choose."""
    if len(viewing.entity_ids) != 1 or not viewing.actor.may(AIM_ACT, viewing.entity_ids[0]).ok:
        return {"aim_of": ""}
    of, now = viewing.entity_ids[0], str(setting(AIM, viewing.entity_ids[0], viewing.today))
    named = now not in (EURO_DAYS, MONTH_END)
    return {
        "aim_of": of,
        "aims": [(EURO_DAYS, _("cash brought forward")), (MONTH_END, _("cash in before the month ends")),
                 (BEFORE, _("cash in before a date"))],
        "aim_now": {"value": BEFORE if named else now, "day": now if named else "",
                    "first": viewing.today + timedelta(days=1), "last": viewing.today + timedelta(days=AIM_DAYS)},
    }  # fmt: skip


@for_who_may("plan_dunning")
@require_POST
def aim(request: Request) -> HttpResponse:
    """Another aim of one entity's list."""
    asked, actor = request.POST, request.viewing.actor
    of, value = asked.get("of", ""), asked.get("value", "")
    if not actor.sees(of):
        raise Http404
    try:
        change_setting(actor, AIM, asked.get("day", "").strip() if value == BEFORE else value, of)
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        messages.error(request, said_together(one.removeprefix(f"{AIM}: ") for one in refused.faults))
    else:
        messages.success(request, _("Changed: it holds from the next plan on."))
    return HttpResponseRedirect(reverse("today"))
