"""The rules by which events move an expected payment: one file each, found by being here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.behaviour.shift import Shift


@cache
def shifts() -> tuple[Shift, ...]:
    """Every rule of this package by rank and name."""
    found = [import_module(f"{__name__}.{module.name}").SHIFT for module in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda shift: (shift.rank, shift.name)))
