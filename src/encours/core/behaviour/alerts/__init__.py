"""Alerts on payers: one file each, found by being here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.behaviour.alert import Alert


@cache
def alerts() -> tuple[Alert, ...]:
    """Every alert of this package by rank."""
    found = [import_module(f"{__name__}.{module.name}").ALERT for module in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda alert: alert.rank))
