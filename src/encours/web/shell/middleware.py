"""The language of the person, and the scope of the page: which entities, on which day, in which reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from encours.usecases import clock
from encours.usecases.rights import actor_of
from encours.usecases.viewing import READINGS, Viewing

_Answer = Callable[[HttpRequest], HttpResponse]
_PARAMETERS = ("entity", "on", "reading")
_KEY = "page-scope"


class PersonalLanguage:
    """Answers in the language of the signed-in user."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page in the user's language; a visitor's is that of the browser, else French."""
        user = request.user
        if user.is_authenticated and user.language in dict(settings.LANGUAGES):
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        return self.get_response(request)


class PageScope:
    """Sets `request.viewing`: the actor, the entities, the day. `?entity=&on=&reading=` changes it and is kept."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Keeps what the address says about the scope, and answers."""
        if request.method == "GET" and request.user.is_authenticated and _PARAMETERS[1] in request.GET:
            kept = request.session.get(_KEY, {})
            request.session[_KEY] = kept | {name: request.GET[name] for name in _PARAMETERS if name in request.GET}
        elif request.method == "GET" and request.user.is_authenticated and "entity" in request.GET:
            request.session[_KEY] = request.session.get(_KEY, {}) | {"entity": request.GET["entity"]}
        request.viewing = SimpleLazyObject(lambda: _viewing(request))  # type: ignore[attr-defined]  # shell.request
        return self.get_response(request)


def _viewing(request: HttpRequest) -> Viewing:
    actor = actor_of(request.user)
    kept = request.session.get(_KEY, {}) if request.user.is_authenticated else {}
    today = clock.today()
    entity = kept.get("entity", "")
    chosen = (entity,) if actor.sees(entity) else actor.entities
    reading = kept.get("reading", "")
    return Viewing(
        actor=actor,
        entity_ids=chosen,
        today=today,
        past=_past_day(kept.get("on", ""), today),
        reading=reading if reading in READINGS else READINGS[0],
    )


def _past_day(text: str, today: date) -> date | None:
    """A day before today, else none: today and later are simply now."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day < today else None
