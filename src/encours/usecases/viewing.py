"""What a page is looked at with: whose rights, which entities, which day, in which reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from encours.usecases.rights import Actor

#: As known that day (tel que connu ce jour-là), by accounting date (à date comptable).
READINGS = ("known", "booked")


@dataclass(frozen=True)
class Viewing:
    """The scope of a page. `past` is None on today's pages; rights are always today's."""

    actor: Actor
    entity_ids: tuple[str, ...]
    today: date
    past: date | None = None
    reading: str = READINGS[0]

    @property
    def day(self) -> date:
        """The day that the page shows, at its end."""
        return self.past or self.today

    @property
    def is_past(self) -> bool:
        """Whether a past day is shown."""
        return self.past is not None

    def rows(self, model: Any) -> Any:
        """The rows of a model that may be seen, in the chosen entities."""
        return self.actor.scope(model, self.entity_ids)

    def facts(self, model: Any) -> Any:
        """The current facts of a model that may be seen, in the chosen entities."""
        return self.rows(model).filter(is_current=True)

    def every_entity(self) -> Viewing:
        """The same viewing over all entities that may be seen: an address names its entity itself."""
        return replace(self, entity_ids=self.actor.entities)

    def limited(self) -> bool:
        """Whether a portfolio narrows what is seen in one of the entities."""
        return bool(set(self.entity_ids) & set(self.actor.portfolios))

    def of(self, entity_ids: Iterable[str]) -> Viewing:
        """The same viewing over some of its entities."""
        return replace(self, entity_ids=tuple(e for e in self.entity_ids if e in set(entity_ids)))
