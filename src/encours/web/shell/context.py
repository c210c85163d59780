"""What the frame of every page needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

import encours
from encours.usecases.show_shell import show_shell
from encours.web.shell.nav import entries_for, grouped, on_phone


def shell(request: HttpRequest) -> dict[str, Any]:
    """Sidebar, entity switch and as-of control; nothing is asked of the database before a template wants it."""
    viewing = getattr(request, "viewing", None)
    if viewing is None or not request.user.is_authenticated:
        return {"viewing": None, "version": encours.__version__}
    return {
        "viewing": viewing,
        "nav": SimpleLazyObject(lambda: entries_for(viewing.actor)),
        "nav_groups": SimpleLazyObject(lambda: grouped(entries_for(viewing.actor))),
        "nav_phone": SimpleLazyObject(lambda: on_phone(entries_for(viewing.actor))),
        "frame": SimpleLazyObject(lambda: show_shell(viewing)),
        "version": encours.__version__,
    }
