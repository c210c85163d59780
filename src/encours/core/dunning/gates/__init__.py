"""The firewall before sending: one rule a file, found by being here. None may be missing from a list.

A module has CODE (snake_case, stable), SENTENCE (with {named} columns of what it gives; `{amount:money}` prints minor
units), TASK (the code of what frees the item, or None) and one or both of

- `hold(facts) -> item_id, amount?, until_on?, …`: items that are not asked for; amount: minor units held (null: all).
- `hold_actions(facts, actions) -> action_id, until_on?, …`: messages that may not leave as they are planned; all
  that they ask for is held.

OF_THE_REST (default false): such a rule is asked after the others, one after the other, and sees as `open` what they
leave, and as `owed` what was open before. WAITS (default false): what it holds need not be planned anew, it leaves on
another day as it is. OF_MONEY (default false): it says that money has come or comes, so that what becomes of the item
shows whether it was right. RANK (default 50) says which sentence is shown where several rules hold one
item: the lowest.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import polars as pl

from encours.core.dunning.facts import Facts


@dataclass(frozen=True)
class Gate:
    """One rule of the firewall."""

    code: str
    sentence: str
    task: str | None
    rank: int
    hold: Callable[[Facts], pl.DataFrame] | None
    hold_actions: Callable[[Facts, pl.DataFrame], pl.DataFrame] | None
    of_the_rest: bool = False
    waits: bool = False
    of_money: bool = False


@cache
def gates() -> tuple[Gate, ...]:
    """Every rule of this package by rank and code."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        rule = import_module(f"{__name__}.{module.name}")
        found.append(
            Gate(
                rule.CODE, rule.SENTENCE, rule.TASK, getattr(rule, "RANK", 50), getattr(rule, "hold", None),
                getattr(rule, "hold_actions", None), getattr(rule, "OF_THE_REST", False), getattr(rule, "WAITS", False),
                getattr(rule, "OF_MONEY", False),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda rule: (rule.rank, rule.code)))
