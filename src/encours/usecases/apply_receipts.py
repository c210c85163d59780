"""Applying receipts: proposes what each may settle and posts what is certain, where an entity lets it post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from encours.core.base.book import Book
from encours.core.matching.model import model_digest
from encours.store import parquet
from encours.store.models import Entity, FactStamp, Proposal, Run
from encours.usecases import clock, posting
from encours.usecases.allow_posts import Allowance, allow_posts, counted, draw_audits
from encours.usecases.automatic_posting import AutomaticPosting, automatic_posting
from encours.usecases.engine_differences import name_differences
from encours.usecases.merge.apply import Merged
from encours.usecases.propose_matches import Found, propose_entity
from encours.usecases.rights import Actor, require

#: The name of its runs; a post belongs to the run that made it, so that a run can be rewound.
RUN = "apply_receipts"
#: How many receipts that were kept back stand in a run's summary, with the reason.
_TOLD = 200


@dataclass(frozen=True)
class KeptBack:
    """A certain match that was not posted, and why."""

    receipt_id: str
    why: str


@dataclass(frozen=True)
class AppliedRun:
    """What one entity's run did. `shadow`: automatic posting is off, there are proposals only."""

    run_id: int
    entity_id: str
    receipts: int
    auto: int
    review: int
    posted: int = 0
    kept_back: tuple[KeptBack, ...] = ()
    shadow: bool = False


def apply_receipts(
    actor: Actor, entity_ids: Sequence[str] | None = None, day: date | None = None, *, only_changed: bool = False
) -> list[AppliedRun]:
    """Fresh proposals for the entities, then what is certain posted in bulk, in one transaction an entity.

    Done again, killed or done by two at once, it posts nothing twice: what is posted is no longer proposed, and what no
    longer fits the facts is kept back and said. With `only_changed` entities are passed over whose facts are those of
    their last run today. Raises NotAllowedError where the actor may not accept matches.
    """
    wanted = actor.entities if entity_ids is None else entity_ids
    for entity_id in wanted:
        require(actor, "accept_match", entity_id)
    on = day or clock.today()
    return [_apply(actor, entity_id, on) for entity_id in wanted if not (only_changed and _is_done(entity_id, on))]


def _apply(actor: Actor, entity_id: str, day: date) -> AppliedRun:
    run = Run.objects.create(name=RUN, entity_id=entity_id, day=day, started_at=clock.now())
    stamp = _stamp(entity_id)  # before the book is read: what comes in between is then seen as a change
    found = propose_entity(actor, entity_id, day)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        done, merged = _post(actor, run, found, stamp)
    if merged is not None:
        merged.extend_copies()
    return done


def _post(actor: Actor, run: Run, found: Found, stamp: int) -> tuple[AppliedRun, Merged | None]:
    """Posts what may be posted, under the entity's lock, and closes the run."""
    entity_id, allowed = str(run.entity_id), automatic_posting(str(run.entity_id))
    certain = _certain(entity_id, found) if allowed.on else []
    lines = posting.read_lines(certain)
    facts = posting.read_facts(certain, lines)
    moved = _stamp(entity_id) != stamp
    faults = _changed(certain, lines, facts, found.book) if moved else {}
    fits, unfit = posting.fitting([row for row in certain if row.pk not in faults], lines, facts)
    faults |= unfit
    posting.mark([row for row in certain if row.pk in faults], Proposal.State.SUPERSEDED)
    own = str(Entity.objects.values_list("currency", flat=True).get(pk=entity_id))
    allowances = allow_posts(entity_id, own, fits, found.proven)
    beyond = {pk: [one.reason] for pk, one in allowances.items() if not one.ok} | _beyond(fits, allowed, own)
    allowable = [fit.proposal for fit in fits if fit.proposal.pk not in beyond]
    beyond |= name_differences(allowable, lines, facts)  # a difference outside the entity's policy waits for a person
    faults |= beyond
    fits = [fit for fit in fits if fit.proposal.pk not in beyond]
    merged, drawn = None, 0
    if fits:
        told = {fit.proposal.pk: allowances[fit.proposal.pk].told() for fit in fits}
        decisions, merged = posting.post(actor, fits, facts, run, told)
        drawn = len(draw_audits(run, run.day, decisions, allowances))
    kept = tuple(KeptBack(row.receipt_id, "; ".join(faults[row.pk])) for row in certain if row.pk in faults)
    counts = found.counts
    done = AppliedRun(run.pk, entity_id, counts.receipts, counts.auto, counts.review, len(fits), kept, not allowed.on)
    # Its own posts are no change that asks for another run.
    ran = {"engine": found.engine, "model": model_digest(), "stamp": stamp if moved or merged is None else stamp + 1}
    _close(actor, run, done, fits, ran | {"drawn": drawn} | _by_kind(fits, allowances))
    return done, merged


def _certain(entity_id: str, found: Found) -> list[Proposal]:
    """What this run found certain and nobody has touched since; what one person signed waits for another person."""
    rows = Proposal.objects.filter(
        entity_id=entity_id, state=Proposal.State.OPEN, decision="auto", first_signed_by=None
    )
    return [row for row in rows.order_by("pk") if row.pk in found.certain]


def _changed(
    certain: Sequence[Proposal],
    lines: Mapping[int, list[dict[str, Any]]],
    facts: posting.Facts,
    book: Book,
) -> dict[int, list[str]]:
    """Number of a proposal -> what has moved since `book` was read: it was certain of other facts."""
    current = book.current()
    opened = dict(current.open_items().select("item_id", "open").iter_rows())
    freed = dict(current.unapplied_receipts().select("receipt_id", "unapplied").iter_rows())
    found: dict[int, list[str]] = {}
    for proposal in certain:
        receipt = facts.receipts.get(proposal.receipt_id)
        if receipt is not None and receipt["unapplied"] != freed.get(proposal.receipt_id, 0):
            found.setdefault(proposal.pk, []).append(f"receipt {proposal.receipt_id} has changed since it was matched")
        named = {line[column] for line in lines.get(proposal.pk, []) for column in ("item_id", "credit_item_id")}
        for item_id in sorted(str(name) for name in named if name is not None):
            item = facts.items.get(item_id)
            if item is not None and item["open"] != opened.get(item_id, 0):
                found.setdefault(proposal.pk, []).append(f"item {item_id} has changed since it was matched")
    return found


def _by_kind(fits: Sequence[posting.Fit], allowances: Mapping[int, Allowance]) -> dict[str, object]:
    """What posted, by stratum and by what let it."""
    posted = [allowances[fit.proposal.pk] for fit in fits]
    return {"strata": counted([one.stratum for one in posted]), "via": counted([one.via for one in posted])}


def _beyond(fits: Sequence[posting.Fit], allowed: AutomaticPosting, own: str) -> dict[int, list[str]]:
    """Number of a proposal -> why the limit holds it back: it waits for a person.

    A limit is in the entity's `own` currency: money in another is beyond any.
    """
    if allowed.limit is None:
        return {}
    return {
        fit.proposal.pk: ["the amount is beyond the limit of automatic posting"]
        for fit in fits
        if fit.currency != own or abs(fit.total) > allowed.limit
    }


def _close(actor: Actor, run: Run, done: AppliedRun, fits: Sequence[posting.Fit], ran: Mapping[str, object]) -> None:
    amounts: dict[str, int] = {}
    for fit in fits:
        amounts[fit.currency] = amounts.get(fit.currency, 0) + fit.total
    run.state, run.finished_at = "done", clock.now()
    run.summary = {
        "actor": actor.name,
        **ran,
        "shadow": done.shadow,
        **{name: getattr(done, name) for name in ("receipts", "auto", "review", "posted")},
        "amounts": amounts,
        "kept_back": len(done.kept_back),
        "kept_back_first": [[one.receipt_id, one.why] for one in done.kept_back[:_TOLD]],
    }
    run.save()


def _stamp(entity_id: str) -> int:
    """How often the entity's facts have changed."""
    newest = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").values_list("number", flat=True)
    return newest.first() or 0


def _is_done(entity_id: str, day: date) -> bool:
    last = Run.objects.filter(name=RUN, entity_id=entity_id, day=day, state="done").order_by("-pk").first()
    if last is None or (last.summary.get("shadow") and automatic_posting(entity_id).on):
        return False
    return bool(last.summary.get("stamp") == _stamp(entity_id))
