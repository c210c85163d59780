"""The item's page and its papers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.usecases.manage_scenarios import choose_scenario
from encours.usecases.show_item import read_document, show_item
from encours.usecases.show_relation import followed_by
from encours.web.customer.acts import followed_context
from encours.web.shell.acting import attempt
from encours.web.shell.request import Request


@login_required
def item(request: Request, item_id: str) -> HttpResponse:
    """The life of an item."""
    page = show_item(request.viewing, item_id)
    if page is None:
        raise Http404
    context: dict[str, object] = {"section": "customers", "item": page}
    if page.open > 0 and not request.viewing.is_past:
        viewing = request.viewing.every_entity()
        context |= followed_context(followed_by(viewing, page.entity_id, page.customer_id, item_id))
    return render(request, "item/item.html", context)


@login_required
@require_POST
def follow(request: Request, item_id: str) -> HttpResponse:
    """The scenario that one item follows; "" as its customer again."""
    page = show_item(request.viewing, item_id)
    if page is None:
        raise Http404
    actor, code = request.viewing.actor, request.POST.get("scenario", "")
    why = request.POST.get("why", "").strip()
    attempt(
        request, lambda: choose_scenario(actor, page.customer_id, code, item_id, why),
        _("It holds from the next plan on."),
    )  # fmt: skip
    return HttpResponseRedirect(reverse("item", args=[item_id]))


@login_required
def document(request: Request, document_id: str) -> HttpResponse:
    """A document as a download; never shown inside our own origin."""
    found = read_document(request.viewing, document_id)
    if found is None:
        raise Http404
    answer = HttpResponse(found[1], content_type="application/octet-stream")
    name = found[0].replace('"', "").replace("\\", "")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
