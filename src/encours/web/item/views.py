"""The item's page and its papers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from encours.usecases.show_item import read_document, show_item


@login_required
def item(request: HttpRequest, item_id: str) -> HttpResponse:
    """The life of an item."""
    page = show_item(request.viewing, item_id)  # type: ignore[attr-defined]
    if page is None:
        raise Http404
    return render(request, "item/item.html", {"section": "customers", "item": page})


@login_required
def document(request: HttpRequest, document_id: str) -> HttpResponse:
    """A document as a download; never shown inside our own origin."""
    found = read_document(request.viewing, document_id)  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    answer = HttpResponse(found[1], content_type="application/octet-stream")
    name = found[0].replace('"', "").replace("\\", "")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
