"""Undoing what was decided of a receipt or an item: a new version says it no longer holds; nothing is removed."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import parquet
from encours.store.models import Decision, NotCustomer
from encours.usecases import between, book_advance, mark_not_customer, open_dispute, posting, retention, set_credit
from encours.usecases.deciding import keep_decision
from encours.usecases.finish_match import bring_back, unfinish_match
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor, NotAllowedError, require


def undo_match(actor: Actor, decision_id: int, why: str = "") -> Decision:
    """Takes a decision back: a match, a set credit note, an advance, a mark, a dispute (UNDOABLE). Twice is once.

    After a match items are open again, the receipt's money is free again, and the receipt is not proposed for the same
    items again; what was decided together with it (the rest on account, the dispute of the gap) goes too.
    Raises NotAllowedError; CallError for a decision that cannot be undone, or of a payment that has come back since.
    """
    with transaction.atomic():
        undo, written = _undo(actor, decision_id, why)
    for merged in written:
        merged.extend_copies()
    return undo


def _undo(actor: Actor, decision_id: int, why: str) -> tuple[Decision, list[Merged]]:
    decision = actor.scope(Decision).filter(pk=decision_id).first()
    if decision is None:
        raise NotAllowedError("undo_match", None, "not_visible")
    if decision.act not in UNDOABLE:
        raise CallError([f"decision {decision_id} accepted nothing"])
    require(actor, UNDOABLE[decision.act], decision.entity_id, decision.amount)
    if decision.proposal is None:
        parquet.lock_entity(decision.entity_id)
    else:
        between.require_there(actor, UNDOABLE[decision.act], decision.proposal, decision.amount)
        between.lock_all(decision.proposal)
    before = Decision.objects.filter(undoes=decision).first()
    if before is not None:
        return before, []
    if decision.act == "accept_match":
        return _undo_acceptance(actor, decision, why)
    merged = _TAKE_BACK[decision.act](decision)
    return _kept(actor, decision, why), [] if merged is None else [merged]


def _undo_acceptance(actor: Actor, decision: Decision, why: str) -> tuple[Decision, list[Merged]]:
    proposal = decision.proposal
    if proposal is None:
        raise CallError([f"decision {decision.pk} accepted nothing"])
    if returned := posting.returned_since([decision]):
        raise CallError(
            [f"receipt {decision.subject_id} came back with {returned[decision.subject_id]}: undo that first"]
        )
    if again := posting.paid_since([decision]):
        raise CallError([f"item {again[decision.subject_id]} was paid again since it came back: undo that first"])
    written = []
    for beside in unfinish_match(actor, proposal):
        written.append(_TAKE_BACK[beside.act](beside))
        _kept(actor, beside, why)
    written += retention.give_back(proposal)
    undos, merged = posting.take_back(actor, [decision], "undo_match", why)
    bring_back(proposal)
    return undos[0], [*(part for part in written if part is not None), merged]


def _kept(actor: Actor, decision: Decision, why: str) -> Decision:
    return keep_decision(
        actor,
        f"undo_{decision.act}",
        decision.entity_id,
        decision.subject_id,
        amount=decision.amount,
        why=why,
        proposal=decision.proposal,
        undoes=decision,
    )


def _unmark(decision: Decision) -> None:
    NotCustomer.objects.filter(decision=decision).delete()


_TAKE_BACK: dict[str, Callable[[Decision], Merged | None]] = {
    book_advance.ACT: book_advance.take_off_account,
    mark_not_customer.ACT: _unmark,
    set_credit.ACT: set_credit.take_apart,
    open_dispute.ACT: open_dispute.withdraw,
    open_dispute.CLOSE_ACT: open_dispute.reopen,
}
#: Act of a decision that can be undone -> the right that it takes.
UNDOABLE = {
    "accept_match": "undo_match",
    book_advance.ACT: "undo_match",
    mark_not_customer.ACT: "undo_match",
    set_credit.ACT: "undo_match",
    open_dispute.ACT: open_dispute.ACT,
    open_dispute.CLOSE_ACT: open_dispute.ACT,
}
