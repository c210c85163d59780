"""The item's page and its papers."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from encours.usecases.show_item import document_path, show_item
from encours.web.shell.request import Request


@login_required
def item(request: Request, item_id: str) -> HttpResponse:
    """The life of an item."""
    page = show_item(request.viewing, item_id)
    if page is None:
        raise Http404
    return render(request, "item/item.html", {"section": "customers", "item": page})


@login_required
def document(request: Request, document_id: str) -> HttpResponseBase:
    """A document as a download; never shown inside our own origin."""
    found = document_path(request.viewing, document_id)
    if found is None:
        raise Http404
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / found[0]).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=found[1], content_type="application/octet-stream")
