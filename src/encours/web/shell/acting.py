"""Who may open a page, and an act whose outcome is told on the page that follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from encours.core.base.issue import CallError
from encours.usecases.rights import NotAllowedError
from encours.web.shell.issue_words import said
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


def for_who_may(act: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page for whoever may do this in some entity; to others it is forbidden."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def checked(request: Request, *args: object, **kwargs: object) -> HttpResponse:
            if not request.viewing.actor.may(act, None).ok:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return guard


def attempt(request: Request, act: Callable[[], object], told: str) -> None:
    """Does it and tells so, or tells every fault of the call. Raises Http404 or PermissionDenied where refused."""
    try:
        act()
    except NotAllowedError as refused:
        raise gone_or_forbidden(refused) from refused
    except CallError as refused:
        for fault in refused.faults:
            messages.error(request, said(fault))
    else:
        messages.success(request, told)
