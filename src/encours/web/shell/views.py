"""Help and error pages."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from encours.web.shell.nav import entries_for
from encours.web.shell.request import Request

_NO_FRAME = "shell/error_plain.html"


@login_required
def shortcuts(request: Request) -> HttpResponse:
    """The keyboard, on one page."""
    return render(request, "shell/shortcuts.html", {"entries": entries_for(request.viewing.actor)})


def _error(request: Request, status: int, title: str, text: str) -> HttpResponse:
    # A page that failed may not have got as far as its user: then it stands without the frame.
    framed = getattr(request, "viewing", None) is not None and request.user.is_authenticated
    template = "shell/error.html" if framed and status != 500 else _NO_FRAME
    return render(request, template, {"status": status, "title": title, "text": text}, status=status)


def bad_request(request: Request, exception: Any = None) -> HttpResponse:
    """400: the address or the form makes no sense."""
    return _error(request, 400, _("This request makes no sense"), _("Go back and try again."))


def forbidden(request: Request, exception: Any = None) -> HttpResponse:
    """403: no permission, and who can give it."""
    text = _("Your role does not include this. An administrator of the entity can give it to you.")
    return _error(request, 403, _("You may not do this"), text)


def not_found(request: Request, exception: Any = None) -> HttpResponse:
    """404: nothing there, or nothing that this person may see: both look the same."""
    text = _("There is nothing at this address, or it belongs to an entity that you do not see.")
    return _error(request, 404, _("Not found"), text)


def server_error(request: Request) -> HttpResponse:
    """500: our fault."""
    text = _("Nothing was changed. The error stands in the server's log.")
    return _error(request, 500, _("Something went wrong on our side"), text)
