"""Everything derived, made anew from the facts: copies, open and unapplied amounts, current versions, positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
from django.db import transaction

from encours.core.base import balance, versions
from encours.core.base.schema import TABLES
from encours.store import audit, bulk, parquet
from encours.store.models import FACTS, AllocationElsewhere
from encours.store.rows import select
from encours.usecases import clock
from encours.usecases.recompute_positions import recompute_entities
from encours.usecases.rights import Actor, require


def rebuild(
    actor: Actor, entity_ids: Sequence[str] | None = None, say: Callable[[str], None] = lambda step: None
) -> dict[str, int]:
    """Compares every projection with the facts and corrects it; how many rows were wrong, by projection.

    A count above zero means that something wrote past the use cases. Raises NotAllowedError.
    """
    wanted = list(actor.entities if entity_ids is None else entity_ids)
    found = {"current versions": 0, "open amounts": 0, "unapplied amounts": 0}
    for entity_id in wanted:
        require(actor, "manage_settings", entity_id)
        say(f"{entity_id}: projections")
        with transaction.atomic():
            parquet.lock_entity(entity_id)
            for name, count in _projections(entity_id).items():
                found[name] += count
            audit.append(clock.now(), actor.name, "rebuild", entity_id=entity_id, after=dict(found))
        say(f"{entity_id}: copies")
        parquet.rebuild(entity_id)
    parquet.rebuild(parquet.NOBODY)
    say("positions")
    found["positions"] = recompute_entities(wanted, clock.today())
    return found


def _projections(entity_id: str) -> dict[str, int]:
    counts = {"current versions": sum(_current(name, entity_id) for name in parquet.COPIED)}
    rows = {}
    for name, columns in (
        ("items", ["id", "item_id", "amount", "open"]),
        ("receipts", ["id", "receipt_id", "amount", "unapplied"]),
        (
            "allocations",
            ["item_id", "credit_item_id", "receipt_id", "kind", "amount", "receipt_amount", "reversed_on"],
        ),
    ):
        rows[name] = select(
            FACTS[name], columns, f"t.is_current AND {_whose(name)}", [entity_id] * _whose(name).count("%s")
        )
    standing = rows["allocations"].lazy()
    opened = balance.with_open(rows["items"].drop("open").lazy(), standing).collect()
    freed = balance.with_unapplied(rows["receipts"].drop("unapplied").lazy(), standing).collect()
    counts["open amounts"] = _corrected("items", rows["items"], opened, "open")
    counts["unapplied amounts"] = _corrected("receipts", rows["receipts"], freed, "unapplied")
    return counts


def _whose(name: str) -> str:
    """SQL: the rows that tell of an entity's own; money of another entity may have settled its items."""
    if name != "allocations":
        return "t.entity_id = %s"
    there = AllocationElsewhere._meta.db_table
    return f"(t.entity_id = %s OR t.allocation_id IN (SELECT allocation_id FROM {there} WHERE other_id = %s))"


def _corrected(name: str, stored: pl.DataFrame, right: pl.DataFrame, projection: str) -> int:
    both = right.select("id", projection).join(stored.select("id", was=projection), on="id")
    wrong = both.filter(pl.col(projection) != pl.col("was")).select("id", projection)
    bulk.update(FACTS[name], wrong)
    return wrong.height


def _current(name: str, entity_id: str) -> int:
    table = TABLES[name]
    columns = [*dict.fromkeys([*table.key, *table.dated_by, "known_on", "voided"]), "id", "is_current"]
    rows = select(FACTS[name], columns, "t.entity_id = %s", [entity_id])
    right = versions.current(table, rows.lazy()).collect()["id"]
    wrong = rows.with_columns(should=pl.col("id").is_in(right.implode())).filter(
        pl.col("should") != pl.col("is_current")
    )
    bulk.update(FACTS[name], wrong.select("id", is_current="should"))
    return wrong.height
