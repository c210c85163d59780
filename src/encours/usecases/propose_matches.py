"""Proposes what each receipt with money left may settle, by core's rules, and keeps the proposals for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from encours import __version__
from encours.core.base.book import Book
from encours.core.matching import Proposals, propose
from encours.core.matching.model import model_digest
from encours.store import bulk, frames
from encours.store.models import Proposal, ProposalLine, Run
from encours.usecases import between, clock, instrument_states, posting, set_aside
from encours.usecases.refusals import withhold
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.show_advices import note_receipts, read_advices
from encours.usecases.standing_promise import standing_promise
from encours.usecases.viewing import Viewing
from encours.usecases.wrong_letters import misled

_REASON_MAX = 2_000


@dataclass(frozen=True)
class Proposed:
    """Receipts looked at, and how many are proposed (auto: certain enough to post, review: to look at)."""

    receipts: int
    auto: int
    review: int


@dataclass(frozen=True)
class Found:
    """One entity's proposals: how many, of which `book`, by which version of the engine.

    `certain` are the numbers of those decided `auto`; `proven` the receipts whose proposal stands on a proof.
    """

    counts: Proposed
    book: Book
    engine: str
    certain: frozenset[int]
    proven: frozenset[str] = frozenset()


def propose_matches(actor: Actor, entity_ids: Sequence[str] | None = None, day: date | None = None) -> Proposed:
    """Fresh proposals for the entities; those that say the same as before stay, with who signed them.

    What was refused or undone before, or judged wrong beside a letter, is not proposed again (`refusals`).
    Raises NotAllowedError where the actor may not accept matches.
    """
    counts = [0, 0, 0]
    for entity_id in actor.entities if entity_ids is None else entity_ids:
        require(actor, "accept_match", entity_id)
        found = propose_entity(actor, entity_id, day or clock.today()).counts
        for n, value in enumerate((found.receipts, found.auto, found.review)):
            counts[n] += value
    return Proposed(*counts)


def propose_viewed(viewing: Viewing) -> Proposed:
    """Fresh proposals for those of the viewed entities where the actor may match; NotAllowedError where none is."""
    allowed = [entity_id for entity_id in viewing.entity_ids if viewing.actor.may("accept_match", entity_id).ok]
    if not allowed:
        raise NotAllowedError("accept_match", None, "no_role")
    return propose_matches(viewing.actor, allowed)


def propose_entity(actor: Actor, entity_id: str, day: date) -> Found:
    """Fresh proposals for one entity, kept under its lock; the caller has asked for the right."""
    run = Run.objects.create(name="propose_matches", entity_id=entity_id, day=day, started_at=clock.now())
    book = set_aside.without_marked(frames.read_book([entity_id]), entity_id)
    certified, advices = standing_promise(entity_id).least, read_advices(entity_id)
    found = propose(book, day, certified=certified, advices=advices, misled=misled(entity_id, book))
    found = between.look_elsewhere_for(found, entity_id)
    came = _by_advice(found)
    proven = found.proven
    engine = str(found.summary.get("engine", __version__))
    with transaction.atomic():
        bulk.lock(f"facts:{entity_id}")
        found = set_aside.without_decided(withhold(entity_id, found, engine), entity_id)
        certain = _keep(run, entity_id, found)
        note_receipts(entity_id, came)
        run.state, run.finished_at = "done", clock.now()
        told = {k: v for k, v in found.summary.items() if isinstance(v, int | str)}
        run.summary = {"actor": actor.name, **told, "engine": engine, "model": model_digest()}
        run.save()
    decided = dict(found.decisions["decision"].value_counts().iter_rows())
    counts = Proposed(found.decisions.height, decided.get("auto", 0), decided.get("review", 0))
    return Found(counts, book, engine, certain, proven)


def _by_advice(found: Proposals) -> dict[str, tuple[str, int]]:
    """receipt_id -> the advice that explains it, and how much of it the receipt brings."""
    cash = found.allocations.filter(kind="cash").group_by("receipt_id").agg(pl.col("amount").sum())
    brought = dict(cash.iter_rows())
    advised = set(found.decisions.filter(rule="advice")["receipt_id"])
    return {one: (key, brought[one]) for one, key in found.remittances.items() if one in advised and one in brought}


def _keep(run: Run, entity_id: str, found: Proposals) -> frozenset[int]:
    """Keeps what is new, lays aside what no longer holds; the numbers of those that are certain."""
    lines = found.allocations.select("receipt_id", "item_id", "credit_item_id", "amount", "receipt_amount", "kind")
    by_receipt: dict[str, list[dict[str, Any]]] = {}
    for line in lines.sort("receipt_id", "item_id").iter_rows(named=True):
        by_receipt.setdefault(line.pop("receipt_id"), []).append(line)
    fresh = {
        row["receipt_id"]: row
        for row in found.decisions.filter(pl.col("decision") != "none").iter_rows(named=True)
        if row["receipt_id"] in by_receipt
    }
    waiting = Proposal.objects.filter(entity_id=entity_id, state=Proposal.State.OPEN, by_hand__isnull=True)
    waiting.filter(decision="none").delete()
    standing = _unchanged(list(waiting), fresh, by_receipt)
    kept = set(standing.values())
    posting.mark([row for row in waiting if row.pk not in kept], Proposal.State.SUPERSEDED)
    new = [_row(run, row) for receipt_id, row in fresh.items() if receipt_id not in standing]
    Proposal.objects.bulk_create(new, batch_size=500)
    ProposalLine.objects.bulk_create(
        [ProposalLine(proposal=row, **line) for row in new for line in by_receipt[row.receipt_id]], batch_size=500
    )
    between.keep_elsewhere(new, found)
    instrument_states.keep_instruments(new, found)
    undecided = found.decisions.filter(~pl.col("receipt_id").is_in(list(fresh)))
    _keep_reasons(run, entity_id, pl.concat([undecided, between.reasons_at_home(found)]))
    certain = [standing[receipt_id] for receipt_id in standing if fresh[receipt_id]["decision"] == "auto"]
    return frozenset([*certain, *(row.pk for row in new if row.decision == "auto")])


def _row(run: Run, row: dict[str, Any]) -> Proposal:
    return Proposal(
        run=run,
        entity_id=str(run.entity_id),
        **{name: row[name] for name in ("receipt_id", "customer_id", "decision", "confidence", "alternatives")},
        rule=row["rule"][:48],
        stratum=_stratum(row["rule"]),
        reason=row["reason"][:_REASON_MAX],
        proposed_at=clock.now(),
    )


def _stratum(rule: str) -> str:
    # Pages read the column: the families bring the compiled search with them.
    from encours.core.matching.families import tested_strata

    return tested_strata().get(rule, "")


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
    waiting: Sequence[Proposal], fresh: dict[str, dict[str, Any]], by_receipt: dict[str, list[dict[str, Any]]]
) -> dict[str, int]:
    """receipt_id -> number of the open proposal that already says the same."""
    lines = posting.read_lines(waiting)
    found: dict[str, int] = {}
    for row in waiting:
        now = fresh.get(row.receipt_id)
        if now is None or (row.rule, row.decision) != (now["rule"][:48], now["decision"]):
            continue
        if _content(lines.get(row.pk, [])) == _content(by_receipt[row.receipt_id]):
            found[row.receipt_id] = row.pk
    return found


def _content(lines: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {(line["item_id"], line["credit_item_id"], line["amount"], line["kind"]) for line in lines}
