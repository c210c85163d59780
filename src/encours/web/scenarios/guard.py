"""Who may open the scenarios, and what an act answers: back to its page with what was done or why it was not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from encours.usecases.rights import NotAllowedError
from encours.web.shell.acting import attempt, for_who_may
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request


def chaser(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Scenarios are for whoever chases in some entity. What one may not see does not exist."""

    @for_who_may("plan_dunning")
    @wraps(view)
    def checked(request: Request, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotAllowedError as refused:
            raise gone_or_forbidden(refused) from refused

    return checked


def act(request: Request, back: str, do: Callable[[], object], done: str) -> HttpResponse:
    """Does it and says so, or why not."""
    attempt(request, do, done)
    return HttpResponseRedirect(back)


def back(request: Request, code: str, **more: str) -> str:
    """The scenario's page, of the entity of the form."""
    return f"{reverse('scenario', args=[code])}?{urlencode({'of': request.POST.get('of', ''), **more})}"


def number(text: str, otherwise: int = 1) -> int:
    """A small number of an address; nonsense is the default."""
    return int(text) if text.isdecimal() and len(text) < 7 else otherwise
