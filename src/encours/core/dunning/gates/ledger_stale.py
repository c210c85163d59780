"""The ledger is out of date: what was lettered, credited or disputed since is not known, so nobody is reminded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.freshness import silent

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "ledger_stale", 115, "import_ledger"
OF_MONEY = True
SENTENCE = "The ledger is known up to {last_on} only: it may be settled since."


def hold_actions(facts: Facts, actions: pl.DataFrame) -> pl.DataFrame:
    """All that an entity would send whose ledger has been silent for longer than usual and one working day more."""
    return actions.select("action_id", "entity_id").join(silent(facts, "ledger"), on="entity_id")
