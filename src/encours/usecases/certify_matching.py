"""Certificates of an entity: made from what people judged, kept, made anew when the judgements have grown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from django.db import transaction

from encours import __version__
from encours.core.matching.certificate import POOLED, Certificate, budgets, certify, curve
from encours.core.matching.certificate.certify import DEFAULT_CONFIDENCE
from encours.core.matching.model import model_digest
from encours.store import audit, parquet
from encours.store.models import CertificateStratum, MatchCertificate
from encours.usecases import clock
from encours.usecases.automatic_posting import automatic_posting
from encours.usecases.error_budget import error_budget
from encours.usecases.judged_receipts import judged_receipts
from encours.usecases.rights import Actor, require, require_whole
from encours.usecases.standing_promise import FoundDrift, last_drift, newest_certificate, of_row, rows_of

#: A certificate is made anew once the judgements have grown by this share: to look every night until one passes would
#: let chance certify.
GROWTH = 0.1


def certify_matching(
    actor: Actor, entity_ids: Sequence[str] | None = None, *, force: bool = False
) -> list[MatchCertificate]:
    """The newest certificate of each entity, made now where it is due (`force`: in any case).

    Due: there is none for the budget, the limit or the model has changed, it asks to be renewed, an error came up, or
    a tenth more receipts were judged. Raises NotAllowedError.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require_whole(actor, entity_id, "certify_matching")
        require(actor, "certify_matching", entity_id)
    found = []
    for entity_id in wanted:
        with transaction.atomic():
            parquet.lock_entity(entity_id)
            found.append(certify_now(actor, entity_id, force=force))
    return found


def certify_now(actor: Actor, entity_id: str, *, force: bool = False) -> MatchCertificate:
    """The newest certificate of one entity; the caller asked for rights, and holds a transaction and the lock.

    Where the receipts were found to have moved, only what was judged after that counts, and the question stays on each
    new certificate until one holds: the old judgements are of receipts of another kind.
    """
    asked, limit = error_budget(entity_id), automatic_posting(entity_id).limit
    budget, drift = asked.budget, last_drift(entity_id)
    judged = even(judged_receipts(entity_id, None if drift is None else drift.at))
    before = newest_certificate(entity_id, budget)
    made = certify(judged, budget, DEFAULT_CONFIDENCE, limit)
    if before is not None and not force and not _is_due(before, limit, made.row(POOLED)):
        return before
    now = clock.now()
    row = MatchCertificate.objects.create(
        entity_id=entity_id,
        user=actor.user,
        made_at=now,
        made_on=clock.today(),
        target=budget,
        confidence=made.confidence,
        value_cap=limit,
        engine=__version__,
        model=model_digest(),
        pictures=_pictures(judged, limit),
        **_still_asked(drift, made, asked.per_stratum),
    )
    CertificateStratum.objects.bulk_create(rows_of(row, made))
    figures = {line["stratum"]: _told(line) for line in made.rows.iter_rows(named=True)}
    audit.append(
        now,
        actor.name,
        "certify_matching",
        entity_id=entity_id,
        subject=f"certificate:{row.pk}",
        before=None if before is None else {"certificate": before.pk},
        after={"target": budget, "value_cap": limit, "model": row.model, "strata": figures},
    )
    return row


def _still_asked(drift: FoundDrift | None, made: Certificate, per_stratum: bool) -> dict[str, Any]:
    """The question that a drift asks, as a new certificate keeps it; nothing where it was answered or is now."""
    own = made.rows.filter(pl.col("stratum") != POOLED)["certified"].any()
    if drift is None or drift.answered or (own if per_stratum else made.row(POOLED)["certified"]):
        return {}
    return {"asks": drift.asks, "asked_at": drift.at}


def _pictures(judged: pl.DataFrame, limit: int | None) -> dict[str, object]:
    """What a person is shown beside the certificate; nothing posts by it."""
    offered = budgets(judged, DEFAULT_CONFIDENCE, limit).drop("says")
    points = curve(judged, DEFAULT_CONFIDENCE, limit)
    return {"budgets": offered.to_dicts(), "curve": points.filter(pl.col("stratum") == POOLED).to_dicts()}


def even(judged: pl.DataFrame) -> pl.DataFrame:
    """The judgements as a certificate counts them: each once, however likely it was to be made.

    Below the threshold everything is judged, above it only what the audit drew. Weighed by 1/chance, a handful of
    audits would stand for the whole book and nothing could be proven. Counted alike, what posts by itself is the
    smaller part of the sample; since it is wrong less often than the rest, the bound can only come out too high.
    """
    return judged.with_columns(chance=pl.lit(1.0))


def _is_due(before: MatchCertificate, limit: int | None, now: dict[str, object]) -> bool:
    # A certificate made after the question keeps it until it holds: that alone is no reason to look again.
    asked_since = bool(before.asks) and (before.asked_at is None or before.asked_at >= before.made_at)
    if asked_since or before.value_cap != limit or before.model != model_digest():
        return True
    was = of_row(before).row(POOLED)
    grown = int(str(now["judged"])) >= (1 + GROWTH) * was["judged"] and now["judged"] != was["judged"]
    wrong = bool(now["errors"] != was["errors"]) and int(str(now["errors"])) > was["errors"]
    return grown or wrong


def _told(line: dict[str, object]) -> dict[str, object]:
    return {name: line[name] for name in ("certified", "threshold", "judged", "sample", "errors", "bound")}
