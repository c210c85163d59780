"""Judging what the engine and the ERP's letters say differently of a receipt; it counts as a person's judgement."""

from __future__ import annotations

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import MatchDisagreement
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = "judge_match"
VERDICTS = tuple(MatchDisagreement.Verdict.values)


def judge_disagreement(actor: Actor, disagreement_id: int, verdict: str, note: str = "") -> MatchDisagreement:
    """Keeps what a person says: ours is right, the letter is, neither is, or nobody can tell. Twice is once.

    The certificate counts the first three, under the confidence that the engine had before it knew the letter. An empty
    verdict takes the judgement back. Nothing is posted or reversed: a letter found wrong is corrected in the ERP.
    Raises NotAllowedError (also for a job: a machine does not judge itself), CallError for another word on what is
    judged, and for a disagreement that is none any more.
    """
    row = actor.scope(MatchDisagreement).filter(pk=disagreement_id).first()
    if row is None:
        raise NotAllowedError(ACT, None, "not_visible")
    entity_id = str(row.entity_id)
    require(actor, ACT, entity_id)
    if actor.user is None:
        raise NotAllowedError(ACT, entity_id, "no_role")
    if verdict and verdict not in VERDICTS:
        raise CallError([f"{verdict} is no judgement; choose one of {', '.join(VERDICTS)}"])
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        row.refresh_from_db()
        if row.verdict == verdict:
            return row
        if row.verdict and verdict:
            raise CallError(["this was judged otherwise already: take that back first"])
        if row.gone:
            raise CallError(["the letters of this receipt have changed since: there is nothing to judge any more"])
        before = row.verdict
        row.verdict, row.note = verdict, note.strip()
        row.judged_by, row.judged_at = (actor.user, clock.now()) if verdict else (None, None)
        row.save(update_fields=["verdict", "note", "judged_by", "judged_at"])
        audit.append(
            clock.now(),
            actor.name,
            "judge_disagreement",
            entity_id=entity_id,
            subject=row.receipt_id,
            before={"disagreement": row.pk, "verdict": before},
            after={"verdict": verdict, "stratum": row.stratum, "confidence": row.confidence},
            why=row.note,
        )
    return row
