"""The item's page and its papers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render

from encours.usecases.show_item import read_document, show_item
from encours.web.shell.request import Request


@login_required
def item(request: Request, item_id: str) -> HttpResponse:
    """The life of an item."""
    page = show_item(request.viewing, item_id)
    if page is None:
        raise Http404
    return render(request, "item/item.html", {"section": "customers", "item": page})


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
