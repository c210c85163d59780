"""Filters that a user keeps under a name: personal, so no right beyond one's own."""

from __future__ import annotations

from encours.store.models import SavedView
from encours.usecases.viewing import Viewing


def keep_view(viewing: Viewing, screen: str, name: str, query: str) -> None:
    """Keeps a screen's filters; the same name again replaces them."""
    SavedView.objects.update_or_create(user=viewing.actor.user, screen=screen, name=name, defaults={"query": query})


def drop_view(viewing: Viewing, view_id: int) -> bool:
    """Drops one of the actor's own views; False where it is none of theirs."""
    deleted, _ = SavedView.objects.filter(user=viewing.actor.user, pk=view_id).delete()
    return bool(deleted)
