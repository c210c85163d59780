"""What-if rules: one file each, found by being here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.forecast.scenario import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of this package by rank and name."""
    found = [import_module(f"{__name__}.{module.name}").RULE for module in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda rule: (rule.rank, rule.name)))
