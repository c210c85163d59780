"""What the steps of scenarios are called in a language, by their code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Q

from encours.store.models import DunningScenario
from encours.usecases.viewing import Viewing


def read_steps(viewing: Viewing) -> Mapping[str, str]:
    """The same in the language of who reads the page."""
    user = viewing.actor.user
    return step_words(viewing.entity_ids, "fr" if user is None else user.language)


def step_words(entity_ids: Iterable[str], language: str) -> Mapping[str, str]:
    """Code of a step -> its name, of whatever scenario of these entities bears it; the active ones lead."""
    mine = DunningScenario.objects.filter(Q(entity_id__in=list(entity_ids)) | Q(entity=None))
    found: dict[str, str] = {}
    for row in mine.order_by("active", "-code"):
        for step in row.data.get("steps", ()):
            names = step.get("names", {})
            if name := names.get(language) or names.get("en"):
                found[step["code"]] = name
    return found
