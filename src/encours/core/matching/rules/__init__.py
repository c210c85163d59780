"""The matching rules: one file each, found by being here; a rule is a name, a sentence and a function."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.matching.rule import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of this package, in the order in which they are asked."""
    found = [
        import_module(f"{__name__}.{module.name}").RULE
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda rule: (rule.order, rule.name)))
