"""Steps added, changed, moved and taken out; what is wrong with one is said beside its field."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.edit_steps import add_step, change_step, drop_step
from encours.usecases.rights import NotAllowedError
from encours.web.scenarios.fields import typed_step
from encours.web.scenarios.guard import act, back, chaser
from encours.web.scenarios.views import page_of
from encours.web.shell.request import Request

NEW = "new"


@chaser
@require_POST
def step(request: Request, code: str) -> HttpResponse:
    """Adds a step, changes one, or takes it out; the scenario has a new version then."""
    asked, actor = request.POST, request.viewing.actor
    of, which, why = asked.get("of", ""), asked.get("step", ""), asked.get("why", "").strip()
    if asked.get("act") == "drop":
        return act(request, back(request, code), lambda: drop_step(actor, of, code, which, why), _("Step taken out."))
    typed = typed_step(asked, (get_language() or "fr")[:2])
    try:
        if which == NEW:
            which = add_step(actor, of, code, typed, why)
            done = _("Step added: it holds from the next plan on.")
        else:
            change_step(actor, of, code, which, typed, why)
            done = _("Step changed: it holds from the next plan on.")
    except NotAllowedError:
        raise  # forbidden, not wrong
    except CallError as refused:
        return page_of(request, of, code, step=which, refused=refused.faults, status=422)
    messages.success(request, done)
    return HttpResponseRedirect(back(request, code, step=which))
