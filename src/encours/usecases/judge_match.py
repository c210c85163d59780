"""Judging an automatic post that the audit drew: right, or wrong and thereby undone."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Decision, MatchAudit
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.undo_match import undo_match
from encours.usecases.watch_promise import switch_failed_off


def judge_match(actor: Actor, audit_id: int, right: bool, note: str = "") -> MatchAudit:
    """Keeps what a person says of a drawn post, and looks at the running test at once. Twice is once.

    A wrong one is undone first: killed in between, the post is undone and the judgement is asked for again. Raises
    NotAllowedError (also for a job: a machine does not audit itself), CallError for another word on what is judged.
    """
    row = actor.scope(MatchAudit).filter(pk=audit_id).select_related("decision").first()
    if row is None:
        raise NotAllowedError("judge_match", None, "not_visible")
    entity_id = str(row.entity_id)
    require(actor, "judge_match", entity_id)
    if actor.user is None:
        raise NotAllowedError("judge_match", entity_id, "no_role")
    if row.right is None and not right and not hasattr(row.decision, "undone_by"):
        require(actor, "undo_match", entity_id, row.decision.amount)
        undo_match(actor, row.decision.pk, note or "found wrong by the audit")
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        row.refresh_from_db()
        if row.right is not None:
            if row.right == right:
                return row
            raise CallError(["this post was judged otherwise already"])
        if right and Decision.objects.filter(undoes_id=row.decision_id).exists():
            raise CallError(["this post was undone since: it cannot be judged right"])
        row.right, row.judged_by, row.judged_at, row.note = right, actor.user, clock.now(), note.strip()
        row.save(update_fields=["right", "judged_by", "judged_at", "note"])
        audit.append(
            row.judged_at,
            actor.name,
            "judge_match",
            entity_id=entity_id,
            subject=row.receipt_id,
            before={"decision": row.decision.pk, "audit": row.pk},
            after={"right": right, "stratum": row.stratum, "chance": row.chance},
            why=row.note,
        )
        switch_failed_off(actor, entity_id)
    return row
