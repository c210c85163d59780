"""What goes with a match that a person made: what it takes the place of, the rest on account, the dispute, and back."""

from __future__ import annotations

from encours.store.models import (
    Decision,
    DifferenceLine,
    HandMatch,
    Item,
    Proposal,
    ProposalLine,
    Receipt,
    ReplacedProposal,
)
from encours.usecases import book_advance, open_dispute, retention
from encours.usecases.merge.apply import Merged
from encours.usecases.rights import Actor

_BESIDE = (book_advance.ACT, open_dispute.ACT)


def replace_open(proposal: Proposal) -> None:
    """Lays the open proposals of the receipt aside and keeps which of them said the same, so that learning knows."""
    rows = Proposal.objects.filter(receipt_id=proposal.receipt_id, state=Proposal.State.OPEN).exclude(pk=proposal.pk)
    rows.filter(decision="none").delete()
    replaced = list(rows.exclude(decision="none"))
    own = _content(proposal)
    ReplacedProposal.objects.bulk_create(
        ReplacedProposal(proposal=row, by=proposal, entity_id=row.entity_id, same=_content(row) == own)
        for row in replaced
    )
    Proposal.objects.filter(pk__in=[row.pk for row in replaced]).update(state=Proposal.State.SUPERSEDED)


def _content(proposal: Proposal) -> set[tuple[str, str | None, int, str]]:
    rows = ProposalLine.objects.filter(proposal=proposal)
    return set(rows.values_list("item_id", "credit_item_id", "amount", "kind"))


def finish_match(actor: Actor, proposal: Proposal) -> list[Merged]:
    """After its lines are posted: the rest stands on account and the gap is disputed, where that was asked for."""
    asked = HandMatch.objects.filter(proposal=proposal).first()
    if asked is None:
        return []
    written: list[Merged | None] = [*retention.keep_back(proposal)]
    if asked.customer_id is not None:
        receipt = Receipt.objects.get(receipt_id=proposal.receipt_id, is_current=True)
        if receipt.unapplied > 0:
            _, merged = book_advance.stand_on_account(actor, receipt, asked.customer_id, asked.why, proposal)
            written.append(merged)
    if asked.dispute is not None:
        written += _dispute(actor, proposal, asked)
    return [merged for merged in written if merged is not None]


def _dispute(actor: Actor, proposal: Proposal, asked: HandMatch) -> list[Merged | None]:
    """A dispute of each item that the match leaves open for a cause, else of each that it leaves open at all."""
    said = asked.dispute or {}
    left: dict[str, int | None] = {}
    for row in DifferenceLine.objects.filter(proposal=proposal, kind="", item_id__isnull=False).order_by("pk"):
        left[str(row.item_id)] = (left.get(str(row.item_id)) or 0) + row.amount
    if not left:
        left = dict.fromkeys(proposal.lines.values_list("item_id", flat=True))
    if said.get("item_id"):
        left = {said["item_id"]: left.get(said["item_id"])}
    written = []
    for item in Item.objects.filter(item_id__in=list(left), is_current=True, open__gt=0).order_by("item_id"):
        amount = said.get("amount") or left[item.item_id]
        reason, owner = said["reason"], said.get("owner", "")
        _, merged = open_dispute.contest(
            actor, item, reason, amount=amount, owner=owner, why=asked.why, proposal=proposal
        )
        written.append(merged)
    return written


def unfinish_match(actor: Actor, proposal: Proposal) -> list[Decision]:
    """What was decided together with the match and still stands: to be undone with it."""
    rows = Decision.objects.filter(proposal=proposal, act__in=_BESIDE, undone_by__isnull=True)
    return list(rows.order_by("-pk"))


def bring_back(proposal: Proposal) -> None:
    """Opens again what a match had taken the place of, save what said the same: that was undone with it."""
    rows = Proposal.objects.filter(replaced__by=proposal, replaced__same=False, state=Proposal.State.SUPERSEDED)
    if not Proposal.objects.filter(receipt_id=proposal.receipt_id, state=Proposal.State.OPEN).exists():
        rows.update(state=Proposal.State.OPEN)
