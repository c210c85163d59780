"""Undoing an accepted match: its allocations are reversed by a new version; nothing is removed."""

from __future__ import annotations

import polars as pl
from django.db import transaction

from encours.core.base.issue import CallError, no_issues
from encours.core.base.schema import TABLES
from encours.store import audit, frames, parquet
from encours.store.models import Decision, Proposal
from encours.usecases import clock, merge
from encours.usecases.merge.apply import Merged
from encours.usecases.merge.diff import Difference
from encours.usecases.recompute_positions import recompute_positions
from encours.usecases.rights import Actor, NotAllowedError, require


def undo_match(actor: Actor, decision_id: int, why: str = "") -> Decision:
    """Takes an acceptance back: items are open again, the receipt's money is free again. Twice is once.

    Raises NotAllowedError; CallError for a decision that is no acceptance.
    """
    with transaction.atomic():
        undo, merged = _undo(actor, decision_id, why)
    if merged is not None:
        merged.extend_copies()
    return undo


def _undo(actor: Actor, decision_id: int, why: str) -> tuple[Decision, Merged | None]:
    decision = actor.scope(Decision).filter(pk=decision_id).first()
    if decision is None:
        raise NotAllowedError("undo_match", None, "not_visible")
    if decision.act != "accept_match" or decision.proposal is None:
        raise CallError([f"decision {decision_id} accepted nothing"])
    require(actor, "undo_match", decision.entity_id, decision.amount)
    parquet.lock_entity(decision.entity_id)
    before = Decision.objects.filter(undoes=decision).first()
    if before is not None:
        return before, None
    merged = merge.apply(_reversals(decision), merge.Origin(), clock.now())
    recompute_positions(merged.customers, clock.today())
    Proposal.objects.filter(pk=decision.proposal.pk).update(state=Proposal.State.UNDONE, first_signed_by=None)
    undo = Decision.objects.create(
        entity_id=decision.entity_id,
        user=actor.user,
        act="undo_match",
        proposal=decision.proposal,
        subject_id=decision.subject_id,
        amount=decision.amount,
        why=why,
        decided_at=clock.now(),
        undoes=decision,
    )
    audit.append(
        clock.now(),
        actor.name,
        "undo_match",
        entity_id=decision.entity_id,
        subject=decision.subject_id,
        before={"decision": decision.pk},
        after={"decision": undo.pk, "allocations": merged.rows["allocations"]["allocation_id"].to_list()},
        why=why,
    )
    return undo, merged


def _reversals(decision: Decision) -> merge.Plan:
    assert decision.proposal is not None
    count = decision.proposal.lines.count()
    ids = [f"{decision.entity_id}:encours-{decision.proposal.pk}-{number}" for number in range(1, count + 1)]
    columns = [*TABLES["allocations"].schema, "entity_id", "id"]
    standing = frames.versions("allocations", pl.Series(ids, dtype=pl.String), columns, current=True)
    standing = standing.filter(pl.col("reversed_on").is_null())
    today = pl.lit(clock.today())
    rows = standing.drop("id").with_columns(reversed_on=today, known_on=today, is_current=pl.lit(True))
    difference = Difference(rows, standing["id"], no_issues(), 0, 0, rows.height)
    return merge.Plan(TABLES["entities"].empty(), {"allocations": difference}, no_issues())
