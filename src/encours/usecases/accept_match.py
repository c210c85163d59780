"""Accepting a proposal: its lines become allocations, decided by a person (or two), audited; rejecting it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction

from encours.core.base.issue import CallError, no_issues
from encours.core.base.schema import TABLES
from encours.store import audit, parquet
from encours.store.models import Decision, Item, Proposal, ProposalLine, Receipt
from encours.usecases import clock, merge
from encours.usecases.merge.apply import Merged
from encours.usecases.merge.diff import Difference
from encours.usecases.merge.meet_letters import OWN_SOURCE
from encours.usecases.recompute_positions import recompute_positions
from encours.usecases.rights import Actor, NotAllowedError, require


class StaleProposalError(CallError):
    """What was proposed no longer fits: the item is settled, the receipt is used, or another run said otherwise."""


@dataclass(frozen=True)
class Accepted:
    """The decision; None while a second person must still sign."""

    decision: Decision | None

    @property
    def waits_for_second(self) -> bool:
        """Whether a second signature is still missing."""
        return self.decision is None


def accept_match(actor: Actor, proposal_id: int) -> Accepted:
    """Posts a proposal. Accepting it twice is accepting it once.

    Raises NotAllowedError (no right, over the limit, one's own first signature), StaleProposalError where the facts
    have moved on; the proposal is then laid aside.
    """
    try:
        with transaction.atomic():
            accepted, merged = _accept(actor, proposal_id)
    except StaleProposalError:
        Proposal.objects.filter(pk=proposal_id, state=Proposal.State.OPEN).update(state=Proposal.State.SUPERSEDED)
        raise
    if merged is not None:
        merged.extend_copies()
    return accepted


def accept_matches(actor: Actor, proposal_ids: Iterable[int]) -> tuple[list[Accepted], list[str]]:
    """Several proposals, each on its own: (accepted, what kept the others back)."""
    done, faults = [], []
    for proposal_id in proposal_ids:
        try:
            done.append(accept_match(actor, proposal_id))
        except CallError as error:
            faults += error.faults
    return done, faults


def reject_match(actor: Actor, proposal_id: int, why: str = "") -> Decision:
    """Lays a proposal aside for good; the next run may propose something else."""
    with transaction.atomic():
        proposal = _visible(actor, proposal_id)
        require(actor, "accept_match", proposal.entity_id)
        before = Decision.objects.filter(proposal=proposal, act="reject_match").first()
        if before is not None:
            return before
        if proposal.state != Proposal.State.OPEN:
            raise StaleProposalError([f"proposal {proposal_id} is {proposal.state}"])
        proposal.state = Proposal.State.REJECTED
        proposal.save(update_fields=["state"])
        return _decide(actor, proposal, "reject_match", None, why)


def _accept(actor: Actor, proposal_id: int) -> tuple[Accepted, Merged | None]:
    proposal = _visible(actor, proposal_id)
    parquet.lock_entity(proposal.entity_id)
    proposal.refresh_from_db()
    if proposal.state == Proposal.State.ACCEPTED:
        decision = proposal.decisions.filter(act="accept_match", undone_by__isnull=True).first()
        return Accepted(decision), None
    if proposal.state != Proposal.State.OPEN or proposal.decision == "none":
        raise StaleProposalError([f"proposal {proposal_id} is {proposal.state}"])
    lines = list(proposal.lines.order_by("pk"))
    receipt = _still_fits(proposal, lines)
    total = sum(line.amount if line.receipt_amount is None else line.receipt_amount for line in lines)
    if not _signed(actor, proposal, total):
        return Accepted(None), None
    rows = _allocations(proposal, lines, receipt)
    difference = Difference(rows, pl.Series("id", [], pl.Int64), no_issues(), rows.height, 0, 0)
    plan = merge.Plan(TABLES["entities"].empty(), {"allocations": difference}, no_issues())
    merged = merge.apply(plan, merge.Origin(), clock.now())
    recompute_positions(merged.customers, clock.today())
    proposal.state = Proposal.State.ACCEPTED
    proposal.save(update_fields=["state"])
    return Accepted(_decide(actor, proposal, "accept_match", total, "", rows["allocation_id"].to_list())), merged


def _signed(actor: Actor, proposal: Proposal, total: int) -> bool:
    """Whether the signatures suffice now. Raises NotAllowedError."""
    if proposal.first_signed_by_id is not None:
        second = actor.may_sign_second("accept_match", proposal.entity_id, total, proposal.first_signed_by_id)
        if not second.ok:
            raise NotAllowedError("accept_match", proposal.entity_id, second.why)
        return True
    if not require(actor, "accept_match", proposal.entity_id, total).second_signature:
        return True
    proposal.first_signed_by = actor.user
    proposal.save(update_fields=["first_signed_by"])
    _audit(actor, proposal, "sign_match", {"amount": total})
    return False


def _still_fits(proposal: Proposal, lines: list[ProposalLine]) -> Receipt:
    """The receipt, where it still has the money and every item is still open for it. Raises StaleProposalError."""
    receipt = Receipt.objects.filter(receipt_id=proposal.receipt_id, is_current=True).first()
    if receipt is None:
        raise StaleProposalError([f"receipt {proposal.receipt_id} is no longer there"])
    wanted: dict[str, int] = {}
    used = 0
    for line in lines:
        wanted[line.item_id] = wanted.get(line.item_id, 0) + line.amount
        if line.kind == "cash":
            used += line.amount if line.receipt_amount is None else line.receipt_amount
    left = dict(Item.objects.filter(item_id__in=wanted, is_current=True).values_list("item_id", "open"))
    faults = [
        f"item {item_id} is no longer open for this amount"
        for item_id, amount in wanted.items()
        if not _within(amount, left.get(item_id, 0))
    ]
    if not _within(used, receipt.unapplied):
        faults.append(f"receipt {receipt.receipt_id} no longer has this money")
    if faults or not lines:
        raise StaleProposalError(faults or ["the proposal has no line"])
    return receipt


def _within(amount: int, available: int) -> bool:
    return amount == 0 or (amount * available > 0 and abs(amount) <= abs(available))


def _allocations(proposal: Proposal, lines: list[ProposalLine], receipt: Receipt) -> pl.DataFrame:
    """The lines as facts: dated when both the money and the item were there, known from today."""
    items = {
        row[0]: max(row[1], row[2] or row[1])
        for row in Item.objects.filter(item_id__in=[line.item_id for line in lines], is_current=True).values_list(
            "item_id", "issued_on", "posted_on"
        )
    }
    booked: date = receipt.posted_on or receipt.booked_on
    rows = [
        {
            "allocation_id": f"{proposal.entity_id}:encours-{proposal.pk}-{number}",
            "receipt_id": receipt.receipt_id,
            "item_id": line.item_id,
            "credit_item_id": line.credit_item_id,
            "amount": line.amount,
            "receipt_amount": line.receipt_amount,
            "kind": line.kind,
            "allocated_on": max(booked, items.get(line.item_id, booked)),
            "source": f"{OWN_SOURCE}{proposal.pk}",
            "known_on": clock.today(),
        }
        for number, line in enumerate(lines, start=1)
    ]
    schema = TABLES["allocations"].schema
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    return frame.with_columns(entity_id=pl.lit(proposal.entity_id), is_current=pl.lit(True))


def _visible(actor: Actor, proposal_id: int) -> Proposal:
    proposal = actor.scope(Proposal).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotAllowedError("accept_match", None, "not_visible")
    return proposal


def _decide(
    actor: Actor, proposal: Proposal, act: str, amount: int | None, why: str, allocations: list[str] | None = None
) -> Decision:
    decision = Decision.objects.create(
        entity_id=proposal.entity_id,
        user=actor.user,
        act=act,
        proposal=proposal,
        subject_id=proposal.receipt_id,
        amount=amount,
        why=why,
        decided_at=clock.now(),
    )
    after: dict[str, object] = {"decision": decision.pk, "amount": amount, "rule": proposal.rule}
    after["allocations"] = allocations or []
    if proposal.first_signed_by_id is not None:
        after["first_signed_by"] = proposal.first_signed_by_id
    _audit(actor, proposal, act, after, why)
    return decision


def _audit(actor: Actor, proposal: Proposal, act: str, after: dict[str, object], why: str = "") -> None:
    audit.append(
        clock.now(),
        actor.name,
        act,
        entity_id=proposal.entity_id,
        subject=proposal.receipt_id,
        before={"proposal": proposal.pk},
        after=after,
        why=why,
    )
