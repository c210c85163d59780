"""Accepting a proposal: its lines become allocations, decided by a person (or two), audited; rejecting it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import BulkConfirmation, Decision, Proposal
from encours.usecases import between, clock, posting
from encours.usecases.concession import concession, second_concession
from encours.usecases.engine_differences import name_differences
from encours.usecases.finish_match import finish_match
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.take_receipt import refuse_if_taken, release_receipt


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


def accept_match(actor: Actor, proposal_id: int, *, among_others: bool = False) -> Accepted:
    """Posts a proposal. Accepting it twice is accepting it once. `among_others`: it is one of many; looks do not count.

    Raises NotAllowedError (no right, over the limit, one's own first signature), TakenError while another person works
    on the receipt, StaleProposalError where the facts have moved on; the proposal is then laid aside.
    """
    try:
        with transaction.atomic():
            proposal = _visible(actor, proposal_id)
            between.lock_all(proposal)
            proposal.refresh_from_db()
            accepted, written = accept_locked(actor, proposal, among_others=among_others)
    except StaleProposalError:
        Proposal.objects.filter(pk=proposal_id, state=Proposal.State.OPEN).update(state=Proposal.State.SUPERSEDED)
        raise
    for merged in written:
        merged.extend_copies()
    return accepted


def accept_matches(actor: Actor, proposal_ids: Iterable[int]) -> tuple[list[Accepted], list[str]]:
    """Several proposals at one stroke, each posted on its own: (accepted, what kept the others back).

    They are noted first: nobody judged each of them, so they do not count for a certificate.
    """
    wanted = list(dict.fromkeys(proposal_ids))
    done, faults = [], []
    if len(wanted) > 1:
        seen = actor.scope(Proposal).filter(pk__in=wanted, state=Proposal.State.OPEN)
        rows = [BulkConfirmation(proposal_id=pk, entity_id=one) for pk, one in seen.values_list("pk", "entity_id")]
        BulkConfirmation.objects.bulk_create(rows, ignore_conflicts=True)
    for proposal_id in wanted:
        try:
            done.append(accept_match(actor, proposal_id, among_others=len(wanted) > 1))
        except CallError as error:
            faults += error.faults
    return done, faults


def reject_match(actor: Actor, proposal_id: int, why: str = "") -> Decision:
    """Lays a proposal aside for good: the receipt is not proposed for the same items again, for others it may be.

    Raises NotAllowedError, or StaleProposalError where it is no longer open.
    """
    with transaction.atomic():
        proposal = _visible(actor, proposal_id)
        require(actor, "accept_match", proposal.entity_id)
        parquet.lock_entity(proposal.entity_id)
        proposal.refresh_from_db()
        before = Decision.objects.filter(proposal=proposal, act="reject_match").first()
        if before is not None:
            return before
        if proposal.state != Proposal.State.OPEN:
            raise StaleProposalError([f"proposal {proposal_id} is {proposal.state}"])
        refuse_if_taken(actor, proposal.receipt_id)
        proposal.state = Proposal.State.REJECTED
        proposal.save(update_fields=["state"])
        release_receipt(actor, proposal.receipt_id)
        act = posting.Act("reject_match", proposal, None, why=why, more={"rule": proposal.rule})
        return posting.decide(actor, [act])[0]


def accept_locked(actor: Actor, proposal: Proposal, *, among_others: bool = False) -> tuple[Accepted, list[Merged]]:
    """Posts a proposal as it stands under the entity's lock, in the caller's transaction, which extends the copies."""
    if proposal.state == Proposal.State.ACCEPTED:
        decision = proposal.decisions.filter(act="accept_match", undone_by__isnull=True).first()
        return Accepted(decision), []
    if proposal.state != Proposal.State.OPEN or proposal.decision == "none":
        raise StaleProposalError([f"proposal {proposal.pk} is {proposal.state}"])
    refuse_if_taken(actor, proposal.receipt_id, among_others=among_others)
    lines = posting.read_lines([proposal])
    facts = posting.read_facts([proposal], lines)
    fits, faults = posting.fitting([proposal], lines, facts)
    if faults:
        raise StaleProposalError(faults[proposal.pk])
    name_differences([proposal], lines, facts)
    if not _signed(actor, proposal, fits[0].total):
        release_receipt(actor, proposal.receipt_id)  # the other one who signs must get at it
        return Accepted(None), []
    decisions, merged = posting.post(actor, fits, facts)
    release_receipt(actor, proposal.receipt_id)
    return Accepted(decisions[0]), [merged, *finish_match(actor, proposal)]


def _signed(actor: Actor, proposal: Proposal, total: int) -> bool:
    """Whether the signatures suffice now. Raises NotAllowedError."""
    if proposal.first_signed_by_id is not None:
        second = actor.may_sign_second("accept_match", proposal.entity_id, total, proposal.first_signed_by_id)
        if not second.ok:
            raise NotAllowedError("accept_match", proposal.entity_id, second.why)
        between.require_second_there(actor, "accept_match", proposal, total)
        second_concession(actor, proposal)
        return True
    needed = [require(actor, "accept_match", proposal.entity_id, total), concession(actor, proposal)]
    needed += between.require_there(actor, "accept_match", proposal, total)
    if not any(permission.second_signature for permission in needed):
        return True
    proposal.first_signed_by = actor.user
    proposal.save(update_fields=["first_signed_by"])
    _audit(actor, proposal, "sign_match", {"amount": total})
    return False


def _visible(actor: Actor, proposal_id: int) -> Proposal:
    proposal = actor.scope(Proposal).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotAllowedError("accept_match", None, "not_visible")
    return proposal


def _audit(actor: Actor, proposal: Proposal, act: str, after: dict[str, object]) -> None:
    audit.append(
        clock.now(),
        actor.name,
        act,
        entity_id=proposal.entity_id,
        subject=proposal.receipt_id,
        before={"proposal": proposal.pk},
        after=after,
    )
