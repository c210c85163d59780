"""The sidebar, found: a screen is a folder with `urls.py`; its `NAV` entry puts it into the sidebar."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

import encours.web

if TYPE_CHECKING:
    from encours.usecases.rights import Actor


@dataclass(frozen=True)
class NavEntry:
    """A line of the sidebar, for whoever may do one of `acts` in some entity; `key` follows `g` on the keyboard.

    `whole`: the screen is about entities as a whole, and for those alone who see one without a portfolio's limits.
    `group`: a key of GROUPS, under whose heading it stands. `phone`: its claim to a place in a phone's bottom bar, the
    smallest first; what finds no place there stands behind More.
    """

    label: str | Promise
    url_name: str
    icon: str
    order: int
    key: str
    acts: tuple[str, ...] = ("see",)
    whole: bool = False
    group: str = ""
    phone: int = 99


#: Headings of the sidebar, in its order; entries without one come first.
GROUPS: dict[str, str | Promise] = {
    "": "",
    "chasing": gettext_lazy("Chasing"),
    "cash": gettext_lazy("Money in"),
    "data": gettext_lazy("Data and settings"),
}
#: Places in a phone's bottom bar, beside More.
_PLACES = 4


@lru_cache(maxsize=1)
def screens() -> tuple[ModuleType, ...]:
    """The `urls` module of every screen, in the order of their names."""
    found = []
    for module in pkgutil.iter_modules(encours.web.__path__):
        name = f"encours.web.{module.name}"
        if module.ispkg and importlib.util.find_spec(f"{name}.urls"):
            found.append(importlib.import_module(f"{name}.urls"))
    return tuple(found)


@lru_cache(maxsize=1)
def entries() -> tuple[NavEntry, ...]:
    """All sidebar entries, by their order."""
    found = [screen.NAV for screen in screens() if hasattr(screen, "NAV")]
    return tuple(sorted(found, key=lambda entry: entry.order))


def entries_for(actor: Actor) -> list[NavEntry]:
    """The entries that this person may open."""
    sees_whole = bool(set(actor.entities) - set(actor.portfolios))
    return [
        entry
        for entry in entries()
        if any(actor.may(act, None).ok for act in entry.acts) and (sees_whole or not entry.whole)
    ]


def grouped(found: Sequence[NavEntry]) -> list[tuple[str | Promise, list[NavEntry]]]:
    """Entries under their headings; headings without one are left out."""
    parts = [(label, [entry for entry in found if entry.group == code]) for code, label in GROUPS.items()]
    return [(label, rows) for label, rows in parts if rows]


def on_phone(found: Sequence[NavEntry]) -> list[NavEntry]:
    """The entries of the bottom bar, by their claim to it."""
    return sorted(found, key=lambda entry: (entry.phone, entry.order))[:_PLACES]


def home_of(actor: Actor) -> str:
    """The name of the page that a person's day begins with: a collector's is the worklist."""
    chases = any("collector" in kinds for kinds in actor.roles.values())
    known = {entry.url_name for entry in entries_for(actor)}
    return "today" if chases and "today" in known else "overview"
