"""All causes of this package, found by being there."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from encours.core.matching.differences import known
from encours.core.matching.differences.cause import Cause
from encours.core.matching.differences.policy import Policy, Rule


@cache
def causes() -> Mapping[str, Cause]:
    """Name -> cause, in alphabetical order."""
    modules = sorted(module.name for module in pkgutil.iter_modules(known.__path__) if not module.name.startswith("_"))
    found: list[Cause] = [import_module(f"{known.__name__}.{name}").CAUSE for name in modules]
    return {cause.name: cause for cause in found}


def shipped() -> dict[str, Rule]:
    """The rules that the causes ship with: believable for a French company, to be looked at by each."""
    return {name: cause.rule for name, cause in causes().items()}


def default_policy() -> Policy:
    """The policy of an entity that has said nothing."""
    return Policy.of(shipped(), {})
