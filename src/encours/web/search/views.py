"""What fits a text; a single hit is opened at once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from encours.usecases.show_search import show_search
from encours.web.shell.request import Request


@login_required
def search(request: Request) -> HttpResponse:
    """Customers, items and receipts that fit `q`."""
    found = show_search(request.viewing, request.GET.get("q", ""))
    if found.only:
        return redirect(*found.only)
    return render(request, "search/search.html", {"found": found, "search_text": found.text})
