"""Collection effectiveness: which share of what could be collected in a period was."""

from __future__ import annotations


def collection_effectiveness(opening: float, sales: float, closing: float, closing_current: float) -> float | None:
    """CEI: (opening + sales − closing) over (opening + sales − closing not due). None without."""
    collectable = opening + sales - closing_current
    return (opening + sales - closing) / collectable if collectable > 0 else None
