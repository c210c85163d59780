"""What a clerk chose for a receipt, and what may be said of the difference: offered first, then posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from encours.core.base.issue import CallError
from encours.core.base.money import exponent
from encours.store.models import Customer, Item, Proposal, ProposalLine
from encours.usecases.accept_match import Accepted, accept_match
from encours.usecases.allocate_receipt import GapDispute, allocate_receipt
from encours.usecases.explain_difference import Answer, Gap, explain_difference
from encours.usecases.left_open import PART
from encours.usecases.viewing import Viewing

#: Codes of what is no cause: the proposal as it stands; the rest on the account of a customer; the items stay open.
AS_PROPOSED, ADVANCE, LEFT_OPEN = "proposed", "advance:", "open"
#: Before the code of a cause: it is that of what the chosen amounts leave open of their items.
WHOLE = "whole:"
_CHOICES_MAX = 9  # one key each


@dataclass(frozen=True)
class Choice:
    """One thing to say of the difference, named by `code`. `causes`: (cause, amount, sentence, proof) of each part.

    `blocked`: why it cannot be booked ("": it can; "right": the actor may not). `disputes`: the reason of the dispute
    that it opens. `on_account`: the name of the customer on whose account the rest is to stand.
    """

    code: str
    causes: tuple[tuple[str, int, str, str], ...] = ()
    blocked: str = ""
    disputes: str = ""
    on_account: str = ""
    best: bool = False


@dataclass(frozen=True)
class Difference:
    """`gap`: what is chosen less the money, in `currency` (above zero, less came); None where `why` forbids it.

    Where the receipt came in another currency, `paid_in`: `rate` units of `currency` for one of it, and the money is
    worth `money` minor units of `currency`.
    `rest`: where the money is what was chosen, so much of the chosen items stays open, and the choices say why.
    """

    gap: int | None
    currency: str
    choices: tuple[Choice, ...] = ()
    why: str = ""
    paid_in: str = ""
    rate: float = 1.0
    money: int = 0
    rest: int = 0

    @property
    def over(self) -> int:
        """How much more came than is chosen."""
        return max(0, -(self.gap or 0))


def offer_differences(
    viewing: Viewing, receipt_id: str, settled: Mapping[str, int], proposal_id: int | None = None
) -> Difference:
    """What the clerk may say of the difference of these items and the money, best first.

    `settled`: item id -> what is to be settled of it, differences included, in the item's currency and sign. Raises
    NotAllowedError for a receipt that is not seen, CallError for items that are not there.
    """
    if not settled:
        return Difference(None, "")
    gap = explain_difference(viewing, receipt_id, settled)
    told = _told(gap)
    as_proposed = proposal_id is not None and _is_as_proposed(viewing, receipt_id, settled, proposal_id)
    if gap.gap == 0:
        return _of_what_stays_open(viewing, receipt_id, settled, told, as_proposed)
    if gap.gap is None:
        return told
    choices = [_choice(answer) for answer in gap.answers]
    if as_proposed:
        choices.insert(0, Choice(AS_PROPOSED))
    if gap.gap < 0 and (holder := _holder(viewing, settled)) is not None:
        choices.append(Choice(f"{ADVANCE}{holder[0]}", on_account=holder[1]))
    return replace(told, choices=_marked(choices))


def _marked(choices: list[Choice]) -> tuple[Choice, ...]:
    kept = choices[:_CHOICES_MAX]
    best = next((place for place, one in enumerate(kept) if not one.blocked), None)
    return tuple(replace(one, best=place == best) for place, one in enumerate(kept))


def _of_what_stays_open(
    viewing: Viewing, receipt_id: str, settled: Mapping[str, int], told: Difference, as_proposed: bool
) -> Difference:
    """The money is what was chosen: what the items keep open may have a cause, without any amount typed anew."""
    whole = _whole(viewing, settled)
    rest = sum(whole.values()) - sum(settled.values())
    if not rest:
        return told
    more = explain_difference(viewing, receipt_id, whole)
    named = [replace(_choice(one), code=f"{WHOLE}{one.code}") for one in more.answers if one.code != PART]
    asis = Choice(AS_PROPOSED if as_proposed else LEFT_OPEN)
    return replace(told, choices=_marked([asis, *named]), rest=rest)


def _whole(viewing: Viewing, settled: Mapping[str, int]) -> dict[str, int]:
    """The chosen items with all that is open of those that the customer owes."""
    rows = viewing.actor.scope(Item).filter(item_id__in=list(settled), is_current=True, open__gt=0)
    opened = dict(rows.values_list("item_id", "open"))
    return {name: max(amount, opened.get(name, 0)) if amount > 0 else amount for name, amount in settled.items()}


def currencies_of(viewing: Viewing, item_ids: Iterable[str]) -> dict[str, str]:
    """Item id -> currency, of the items that the actor sees: an amount is read with its item's decimals."""
    rows = viewing.actor.scope(Item).filter(item_id__in=list(item_ids), is_current=True)
    return dict(rows.values_list("item_id", "currency"))


def _told(gap: Gap) -> Difference:
    """The difference without what may be said of it."""
    if not gap.paid_in or gap.paid_in == gap.currency:
        return Difference(gap.gap, gap.currency, why=gap.why)
    whole = gap.rate.scaleb(exponent(gap.paid_in) - exponent(gap.currency))
    return Difference(gap.gap, gap.currency, (), gap.why, gap.paid_in, float(whole), gap.money)


def settle_receipt(
    viewing: Viewing,
    receipt_id: str,
    settled: Mapping[str, int],
    difference: str = "",
    proposal_id: int | None = None,
    why: str = "",
) -> Accepted:
    """Posts what the clerk chose: the proposal where it is that, else the items with what was said of the difference.

    Raises NotAllowedError, and CallError listing what forbids it: nothing chosen, a difference that nothing was said
    of, a cause outside the policy, another person at the receipt, facts that moved.
    """
    if not settled:
        raise CallError(["choose an item first"])
    if (
        proposal_id is not None
        and difference in ("", AS_PROPOSED, LEFT_OPEN)
        and _is_as_proposed(viewing, receipt_id, settled, proposal_id)
    ):
        return accept_match(viewing.actor, proposal_id)
    if difference.startswith(WHOLE):
        settled, difference = _whole(viewing, settled), difference.removeprefix(WHOLE)
    gap = explain_difference(viewing, receipt_id, settled)
    if gap.gap is None:
        raise CallError([gap.why])
    if difference.startswith(ADVANCE) and gap.gap < 0:
        rest = next((one for one in gap.answers if one.on_receipt), None)
        if rest is None:
            raise CallError(["say what the difference is"])
        holder = difference.removeprefix(ADVANCE)
        return allocate_receipt(viewing.actor, receipt_id, rest.lines, why=why, customer_id=holder)
    answer = next((one for one in gap.answers if one.code == difference), None) if gap.gap else gap.answers[0]
    if answer is None:
        raise CallError(["say what the difference is"])
    dispute = GapDispute(answer.disputes) if answer.disputes else None
    return allocate_receipt(viewing.actor, receipt_id, answer.lines, why=why, dispute=dispute)


def _choice(answer: Answer) -> Choice:
    parts = answer.explanation.differences
    outside = next((one.why_outside for one in parts if one.why_outside), "")
    blocked = "" if answer.may_book else outside or "right"
    causes = tuple((one.cause, one.amount, one.sentence, one.proof) for one in parts)
    return Choice(answer.code, causes, blocked, answer.disputes)


def _is_as_proposed(viewing: Viewing, receipt_id: str, settled: Mapping[str, int], proposal_id: int) -> bool:
    """Whether the clerk changed nothing of an open proposal."""
    rows = viewing.actor.scope(Proposal).filter(pk=proposal_id, receipt_id=receipt_id, state=Proposal.State.OPEN)
    if not rows.exists():
        return False
    proposed: dict[str, int] = {}
    for line in ProposalLine.objects.filter(proposal_id=proposal_id):
        proposed[line.item_id] = proposed.get(line.item_id, 0) + line.amount
    return proposed == dict(settled)


def _holder(viewing: Viewing, settled: Mapping[str, int]) -> tuple[str, str] | None:
    """The one customer of the chosen items."""
    items = viewing.actor.scope(Item).filter(item_id__in=list(settled), is_current=True)
    ids = list(items.values_list("customer_id", flat=True).distinct()[:2])
    if len(ids) != 1:
        return None
    names = viewing.actor.scope(Customer).filter(customer_id=ids[0], is_current=True).values_list("name", flat=True)
    return ids[0], str(next(iter(names), ids[0]))
