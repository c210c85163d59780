"""The words around the text, in a language that was added: every English one beside its translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from encours.core.base.issue import CallError
from encours.core.dunning.fields import Fault
from encours.store.models import Entity
from encours.usecases.added_languages import is_added
from encours.usecases.edit_template import language_faults
from encours.usecases.frame_words import english, frame_of, needed, save_frame
from encours.usecases.rights import NotAllowedError
from encours.web.scenarios.guard import chaser
from encours.web.shell import format as form
from encours.web.shell.issue_words import said
from encours.web.shell.refusals import gone_or_forbidden
from encours.web.shell.request import Request

_LONG = 70


@dataclass(frozen=True)
class Line:
    """One of the words: its English, what is said instead, and what is wrong with that."""

    key: str
    english: str
    value: str
    fault: str

    @property
    def id(self) -> str:
        """Its name in the page."""
        return self.key.replace(".", "-")

    @property
    def long(self) -> bool:
        """Whether it needs more than a line."""
        return len(self.english) > _LONG


@chaser
def words(request: Request) -> HttpResponse:
    """The form; what is sent is kept where nothing is wrong with it, translated in part or whole."""
    asked = request.POST or request.GET
    of, language = asked.get("of", ""), asked.get("language", "").strip().lower()[:8]
    entities = request.viewing.rows(Entity).order_by("name").values_list("entity_id", flat=True)
    of = of or next(iter(entities), "")
    if of not in entities or language_faults(language) or not is_added(language):
        raise Http404
    typed, faults = frame_of(of, language), dict[str, str]()
    if request.method == "POST":
        typed = {key: request.POST.get(key, "") for key in english()}
        try:
            save_frame(request.viewing.actor, of, language, typed)
        except NotAllowedError as refused:
            raise gone_or_forbidden(refused) from refused
        except CallError as refused:
            faults = _beside(refused.faults)
        else:
            messages.success(request, _("Saved: it holds from the next message on."))
            return HttpResponseRedirect(f"{reverse('wording_words')}?{urlencode({'of': of, 'language': language})}")
    soon = needed("email")
    rest = [key for key in english() if key not in soon]
    context = {
        "section": "wording", "of": of, "language": language, "speaks": form.language(language), "wrong": len(faults),
        "can_edit": request.viewing.actor.may("edit_template", of).ok,
        "groups": [
            (_("In every message and letter"), _lines(soon, typed, faults), _missing(soon, typed)),
            (_("In letters and statements of account"), _lines(rest, typed, faults), _missing(rest, typed)),
        ],
    }  # fmt: skip
    return render(request, "wording/words.html", context, status=422 if faults else 200)


def _lines(keys: Sequence[str], typed: Mapping[str, str], faults: Mapping[str, str]) -> list[Line]:
    return [Line(key, english()[key], typed.get(key, ""), faults.get(key, "")) for key in keys]


def _missing(keys: Sequence[str], typed: Mapping[str, str]) -> int:
    return sum(1 for key in keys if not typed.get(key, "").strip())


def _beside(faults: Sequence[str]) -> dict[str, str]:
    """The faults by the word that they stand beside; the first letter large, as each stands alone."""
    found: dict[str, str] = {}
    for fault in faults:
        key = fault.field if isinstance(fault, Fault) else ""
        text = said(str(fault)).partition(f"{key}")[2].lstrip(" :\u00a0\u202f") if key else said(fault)
        found.setdefault(key, text[:1].upper() + text[1:])
    return found
