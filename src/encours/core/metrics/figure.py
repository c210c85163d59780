"""A figure or the reason why there is none: never 0 for unknown, never silently partial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.core.metrics.scope import ALL, Scope


@dataclass(frozen=True)
class Figure:
    """A measure on a day. `value` None: not computable, and `reason` says why. `unit` is days, ratio, or a currency."""

    name: str
    value: float | None
    unit: str
    as_of: date
    reason: str | None = None
    scope: Scope = ALL

    @property
    def computable(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    def record(self) -> dict[str, object]:
        """The figure as JSON: its value with what it counts, or the reason why it has none."""
        found: dict[str, object] = {"value": self.value, "unit": self.unit, "scope": self.scope.sentence()}
        if self.value is None:
            found["not_computable"] = self.reason
        return found


def computed(name: str, value: float, unit: str, as_of: date, scope: Scope = ALL) -> Figure:
    """A figure that could be computed."""
    return Figure(name, value, unit, as_of, scope=scope)


def not_computable(name: str, unit: str, as_of: date, reason: str, scope: Scope = ALL) -> Figure:
    """A figure that could not, and why."""
    return Figure(name, None, unit, as_of, reason, scope)
