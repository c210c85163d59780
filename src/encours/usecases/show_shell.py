"""The frame of every page: the entities to switch between, and how fresh the book is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Max

from encours.store.models import Entity, Import
from encours.usecases.viewing import Viewing

#: Working people import daily; after a long weekend a book is still fresh, after this many days it is not.
STALE_DAYS = 5


@dataclass(frozen=True)
class EntityChoice:
    """An entity of the switch."""

    entity_id: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Frame:
    """What stands around a page."""

    entities: list[EntityChoice]
    chosen: EntityChoice | None  # none: all of them
    last_import_on: date | None
    stale_days: int | None  # days since the last import, where that is long


def show_shell(viewing: Viewing) -> Frame:
    """The entities the actor sees, which one is chosen, and the day of the last import into the chosen ones."""
    names = viewing.actor.scope(Entity).order_by("name").values_list("entity_id", "name")
    single = viewing.entity_ids[0] if len(viewing.entity_ids) == 1 and len(viewing.actor.entities) > 1 else None
    choices = [EntityChoice(entity_id, name, entity_id == single) for entity_id, name in names]
    done = Import.objects.filter(state=Import.State.DONE, entity_id__in=viewing.entity_ids)
    last = done.aggregate(last=Max("known_on"))["last"]
    age = (viewing.today - last).days if last else None
    stale = age if age is not None and age > STALE_DAYS else None
    return Frame(choices, next((choice for choice in choices if choice.chosen), None), last, stale)
