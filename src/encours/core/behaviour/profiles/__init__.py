"""Named profiles of payers: one file each, found by being here; the first by rank that holds names the payer."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.behaviour.naming import Profile


@cache
def named() -> tuple[Profile, ...]:
    """Every profile of this package by rank."""
    found = [import_module(f"{__name__}.{module.name}").PROFILE for module in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda profile: profile.rank))
