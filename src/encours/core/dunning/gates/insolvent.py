"""Insolvency: what was owed before the judgment is declared, never demanded (C. com. L622-7, L622-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "insolvent", 25, "declare_claim"
SENTENCE = "Insolvency opened on {on}: what was owed before is declared, not demanded."


def hold(facts: Facts) -> pl.DataFrame:
    """Items issued on the day of the judgment or before; what is supplied since is asked for as usual."""
    opened = last_events(facts.book, "customer", ["insolvency:opened"], ["insolvency:closed", "insolvency:annulled"])
    rows = facts.items.join(opened.select("on", customer_id="subject_id"), on="customer_id")
    rows = rows.filter(pl.col("issued_on") <= pl.col("on"))
    return rows.select("item_id", "on")
