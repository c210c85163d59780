"""The families of hypotheses: one file each, found by being here; a family is a name, a sentence and a search."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from encours.core.matching.certificate.history import BY_FILE
from encours.core.matching.family import Family


@cache
def families() -> tuple[Family, ...]:
    """Every family of this package by tier and name; its place is its code."""
    found = [
        import_module(f"{__name__}.{module.name}").FAMILY
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda family: (family.tier, family.name)))


def strata() -> dict[str, str]:
    """Rule of a decision -> its stratum; rules that are no family (a returned payment) have none."""
    return {family.name: family.stratum for family in families()}


def tested_strata() -> dict[str, str]:
    """Rule of a decision -> the stratum whose running test its posts answer to: batches and advices have one, too."""
    return strata() | dict.fromkeys(("advice", "batch"), BY_FILE)
