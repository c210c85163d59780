"""May a person book the differences of a match: inside the entity's policy yes, beyond it by the right to write off."""

from __future__ import annotations

from encours.core.base.issue import CallError
from encours.store.models import DifferenceLine, Proposal
from encours.usecases.rights import Actor, NotAllowedError, Permission

_ACT = "write_off"
_ANY_AMOUNT = 2**62


class OutsidePolicyError(CallError):
    """A difference is outside the entity's policy, and the actor has no right to write off."""


def conceded(proposal: Proposal) -> tuple[int, list[str]]:
    """(what the proposal gives up in the entity's currency, why parts of it are outside the policy)."""
    rows = DifferenceLine.objects.filter(proposal=proposal).order_by("pk")
    outside = list(dict.fromkeys(row.outside for row in rows if row.outside))
    return sum(_ANY_AMOUNT if row.worth is None else row.worth for row in rows), outside


def concession(actor: Actor, proposal: Proposal) -> Permission:
    """Whether the actor may book the proposal's differences.

    Inside the policy everybody may who matches, up to the limit of a delegation for write-offs where one names them;
    beyond it takes the right to write off. Raises OutsidePolicyError or NotAllowedError.
    """
    amount, outside = conceded(proposal)
    if not amount and not outside:
        return Permission(True)
    permission = actor.may(_ACT, proposal.entity_id, amount)
    return _allowed(permission, proposal.entity_id, outside)


def second_concession(actor: Actor, proposal: Proposal) -> Permission:
    """The same for the person who signs second. Raises OutsidePolicyError or NotAllowedError."""
    amount, outside = conceded(proposal)
    if not amount and not outside:
        return Permission(True)
    permission = actor.may_sign_second(_ACT, proposal.entity_id, amount, proposal.first_signed_by_id)
    return _allowed(permission, proposal.entity_id, outside)


def _allowed(permission: Permission, entity_id: str, outside: list[str]) -> Permission:
    if permission.ok:
        return permission
    if permission.why == "no_role":
        if not outside:
            return Permission(True)
        raise OutsidePolicyError([*outside, "beyond the policy it takes the right to write off"])
    raise NotAllowedError(_ACT, entity_id, permission.why)
