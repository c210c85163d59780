"""Money that came to one entity and settles what another is owed: whose locks and rights it takes, what both keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from django.db.models import QuerySet

from encours.core.matching.elsewhere import QUOTED_ITEM, RULES, Sought
from encours.core.matching.propose import Proposals, look_elsewhere
from encours.store import frames, parquet
from encours.store.models import (
    Allocation,
    AllocationElsewhere,
    Entity,
    Item,
    MatchElsewhere,
    Proposal,
)
from encours.usecases import clock
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, Permission, require


def look_elsewhere_for(found: Proposals, entity_id: str) -> Proposals:
    """The proposals of an entity, with those for what other entities of the installation are owed."""
    return look_elsewhere(found, _quoted_items(found.sought, entity_id))


def _quoted_items(sought: Sought | None, entity_id: str) -> pl.DataFrame:
    """The items of all entities that bear a number which the sought receipts quote: columns of QUOTED_ITEM."""
    nothing = pl.DataFrame(schema=QUOTED_ITEM)
    if sought is None or not sought.receipts.height or not Entity.objects.exclude(pk=entity_id).exists():
        return nothing
    columns = [*(name for name in QUOTED_ITEM if name != "dated_on"), "issued_on", "posted_on"]
    rows = frames.versions("items", sought.keys["number_key"], columns, current=True, by="number_key")
    return rows.with_columns(dated_on=pl.coalesce("posted_on", "issued_on")).select(list(QUOTED_ITEM))


def keep_elsewhere(proposals: Iterable[Proposal], found: Proposals) -> None:
    """Keeps of new proposals whose items they settle."""
    MatchElsewhere.objects.bulk_create(
        MatchElsewhere(proposal=row, entity_id=row.entity_id, other_id=found.elsewhere[row.receipt_id].entity_id)
        for row in proposals
        if row.rule in RULES and row.receipt_id in found.elsewhere
    )


def keep_by_hand(proposal: Proposal, items: Iterable[Item]) -> None:
    """Keeps of a match that a person made whose items it settles, beside those of its own entity."""
    for other in sorted({str(item.entity_id) for item in items} - {str(proposal.entity_id)}):
        MatchElsewhere.objects.create(proposal=proposal, entity_id=proposal.entity_id, other_id=other)


def reasons_at_home(found: Proposals) -> pl.DataFrame:
    """Of receipts whose items are another entity's: the decisions that say why nothing was found at home.

    Who has no rights in the other entity reads these.
    """
    told = found.decisions.filter(pl.col("rule").is_in(RULES))["receipt_id"].to_list()
    home = {one: found.elsewhere[one] for one in told if one in found.elsewhere}
    rows = found.decisions.filter(pl.col("receipt_id").is_in(list(home)))
    return rows.with_columns(
        customer_id=pl.lit(None, dtype=pl.String),
        decision=pl.lit("none"),
        confidence=pl.lit(0.0),
        alternatives=pl.lit(0, dtype=pl.Int64),
        **{
            name: pl.col("receipt_id").replace_strict(
                {one: getattr(at, name) for one, at in home.items()}, return_dtype=pl.String
            )
            for name in ("rule", "reason")
        },
    )


def others_of(proposal: Proposal) -> list[str]:
    """The entities, beside its own, whose items a proposal settles."""
    return list(MatchElsewhere.objects.filter(proposal=proposal).values_list("other_id", flat=True))


def lock_all(proposal: Proposal) -> None:
    """The locks of all entities whose facts a proposal changes, always in one order: two never wait for each other."""
    for entity_id in sorted({str(proposal.entity_id), *others_of(proposal)}):
        parquet.lock_entity(entity_id)


def require_there(actor: Actor, act: str, proposal: Proposal, amount: int | None) -> list[Permission]:
    """The permissions for an act in the other entities. Raises NotAllowedError."""
    return [require(actor, act, other, amount) for other in others_of(proposal)]


def require_second_there(actor: Actor, act: str, proposal: Proposal, amount: int) -> None:
    """Raises NotAllowedError where the actor may not sign as the second person in the other entities."""
    for other in others_of(proposal):
        second = actor.may_sign_second(act, other, amount, proposal.first_signed_by_id)
        if not second.ok:
            raise NotAllowedError(act, other, second.why)


def keep_allocations(rows: pl.DataFrame, items: Mapping[str, Mapping[str, Any]]) -> None:
    """Keeps which of new allocations (allocation_id, entity_id, item_id) settle another entity's items."""
    made = [
        AllocationElsewhere(allocation_id=allocation_id, entity_id=entity_id, other_id=items[item_id]["entity_id"])
        for allocation_id, entity_id, item_id in rows.select("allocation_id", "entity_id", "item_id").iter_rows()
        if item_id in items and items[item_id]["entity_id"] != entity_id
    ]
    if made:
        AllocationElsewhere.objects.bulk_create(made, ignore_conflicts=True)


def stamp_others(merged: Merged, proposals: Sequence[Proposal]) -> Merged:
    """Marks the change in the other entities, too: what was worked out of their facts before no longer holds.

    The caller holds their locks (`lock_all`).
    """
    if not proposals:
        return merged
    first = min(row.pk for row in proposals)  # a run's posts are thousands, and none of them is between entities
    rows = MatchElsewhere.objects.filter(proposal_id__gte=first).values_list("proposal_id", "other_id")
    numbers = {row.pk for row in proposals}
    others = sorted({other for number, other in rows if number in numbers})
    return replace(merged, stamps=(*merged.stamps, *(parquet.stamp(other, clock.now()) for other in others)))


def pending_there(entity_id: str) -> QuerySet[Allocation]:
    """The allocations of others that settle this entity's items and that its own ledger has not booked."""
    rows = AllocationElsewhere.objects.filter(other_id=entity_id, booked_there_by=None)
    return Allocation.objects.filter(
        allocation_id__in=rows.values("allocation_id"), is_current=True, reversed_on__isnull=True
    )
