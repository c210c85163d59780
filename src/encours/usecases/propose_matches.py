"""Proposes what each receipt with money left may settle, by core's rules, and keeps the proposals for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.matching import Proposals, propose
from encours.store import bulk, frames
from encours.store.models import Proposal, ProposalLine, Run
from encours.usecases import clock
from encours.usecases.rights import Actor, require

_REASON_MAX = 2_000


@dataclass(frozen=True)
class Proposed:
    """Receipts looked at, and how many are proposed (auto: certain enough to post, review: to look at)."""

    receipts: int
    auto: int
    review: int


def propose_matches(actor: Actor, entity_ids: Sequence[str] | None = None, day: date | None = None) -> Proposed:
    """Fresh proposals for the entities; those that say the same as before stay, with who signed them.

    Raises NotAllowedError where the actor may not accept matches.
    """
    counts = [0, 0, 0]
    for entity_id in actor.entities if entity_ids is None else entity_ids:
        require(actor, "accept_match", entity_id)
        found = _propose_entity(actor, entity_id, day or clock.today())
        decided = dict(found.decisions["decision"].value_counts().iter_rows())
        for n, value in enumerate((found.decisions.height, decided.get("auto", 0), decided.get("review", 0))):
            counts[n] += value
    return Proposed(*counts)


def _propose_entity(actor: Actor, entity_id: str, day: date) -> Proposals:
    run = Run.objects.create(name="propose_matches", entity_id=entity_id, day=day, started_at=clock.now())
    book = frames.read_book([entity_id])
    found = propose(book, day)
    with transaction.atomic():
        _keep(run, entity_id, found)
        run.state, run.finished_at = "done", clock.now()
        run.summary = {"actor": actor.name, **{k: v for k, v in found.summary.items() if isinstance(v, int | str)}}
        run.save()
    return found


def _keep(run: Run, entity_id: str, found: Proposals) -> None:
    bulk.lock(f"facts:{entity_id}")
    lines = found.allocations.select("receipt_id", "item_id", "credit_item_id", "amount", "receipt_amount", "kind")
    by_receipt: dict[str, list[dict[str, Any]]] = {}
    for line in lines.sort("receipt_id", "item_id").iter_rows(named=True):
        by_receipt.setdefault(line.pop("receipt_id"), []).append(line)
    fresh = {
        row["receipt_id"]: row
        for row in found.decisions.filter(pl.col("decision") != "none").iter_rows(named=True)
        if row["receipt_id"] in by_receipt
    }
    standing = _unchanged(entity_id, fresh, by_receipt)
    stale = Proposal.objects.filter(entity_id=entity_id, state=Proposal.State.OPEN).exclude(pk__in=standing.values())
    stale.exclude(decision="none").update(state=Proposal.State.SUPERSEDED)
    stale.filter(decision="none").delete()
    new = [
        Proposal(
            run=run,
            entity_id=entity_id,
            receipt_id=receipt_id,
            customer_id=row["customer_id"],
            decision=row["decision"],
            rule=row["rule"][:48],
            confidence=row["confidence"],
            reason=row["reason"][:_REASON_MAX],
            alternatives=row["alternatives"],
            proposed_at=clock.now(),
        )
        for receipt_id, row in fresh.items()
        if receipt_id not in standing
    ]
    Proposal.objects.bulk_create(new, batch_size=500)
    ProposalLine.objects.bulk_create(
        [ProposalLine(proposal=row, **line) for row in new for line in by_receipt[row.receipt_id]], batch_size=500
    )
    _keep_reasons(run, entity_id, found.decisions.filter(~pl.col("receipt_id").is_in(list(fresh))))


def _keep_reasons(run: Run, entity_id: str, undecided: pl.DataFrame) -> None:
    """Why nothing is proposed for the others, so that their page can say it."""
    rows = undecided.select(
        "receipt_id",
        "customer_id",
        "confidence",
        "alternatives",
        decision=pl.lit("none"),
        rule=pl.col("rule").str.slice(0, 48),
        reason=pl.col("reason").str.slice(0, _REASON_MAX),
        run_id=pl.lit(run.pk),
        entity_id=pl.lit(entity_id),
    )
    bulk.insert(Proposal, rows)


def _unchanged(
    entity_id: str, fresh: dict[str, dict[str, Any]], by_receipt: dict[str, list[dict[str, Any]]]
) -> dict[str, int]:
    """receipt_id -> number of the open proposal that already says the same."""
    rows = Proposal.objects.filter(entity_id=entity_id, state=Proposal.State.OPEN).exclude(decision="none")
    found: dict[str, int] = {}
    for row in rows.prefetch_related("lines"):
        now = fresh.get(row.receipt_id)
        if now is None or (row.rule, row.decision) != (now["rule"], now["decision"]):
            continue
        mine = {(line.item_id, line.credit_item_id, line.amount, line.kind) for line in row.lines.all()}
        theirs = {(x["item_id"], x["credit_item_id"], x["amount"], x["kind"]) for x in by_receipt[row.receipt_id]}
        if mine == theirs:
            found[row.receipt_id] = row.pk
    return found
