"""Undoing an accepted match: its allocations are reversed by a new version; nothing is removed."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import Decision
from encours.usecases import posting
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, require


def undo_match(actor: Actor, decision_id: int, why: str = "") -> Decision:
    """Takes an acceptance back: items are open again, the receipt's money is free again. Twice is once.

    The receipt is not proposed for the same items again.
    Raises NotAllowedError; CallError for a decision that is no acceptance, or of
    a payment that has come back since.
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
    if returned := posting.returned_since([decision]):
        raise CallError(
            [f"receipt {decision.subject_id} came back with {returned[decision.subject_id]}: undo that first"]
        )
    undos, merged = posting.take_back(actor, [decision], "undo_match", why)
    return undos[0], merged
