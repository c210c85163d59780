"""Which causes explain a gap, best first: each whole, or a discount and one more; the lines always sum to the gap."""

from __future__ import annotations

from dataclasses import dataclass

from encours.core.matching.differences.case import Case
from encours.core.matching.differences.cause import BARE, Cause, Found, Line, Proof
from encours.core.matching.differences.causes import causes
from encours.core.matching.differences.known.discount import CAUSE as DISCOUNT
from encours.core.matching.differences.policy import Policy


@dataclass(frozen=True)
class Difference:
    """A part of a gap with its one cause, and how it would be booked.

    `amount`: what of the gap it explains. `sentence` says what the cause is, `proof` what speaks for it. `kind`: the
    allocation's ("" : it stays open, on the item or on the receipt). `inside`: the entity's policy lets it be booked;
    else `why_outside`. `concedes`: money is given up, so that the delegation counts; `worth` is that in the entity's
    currency (None: no rate). `disputes`: the reason of the dispute it opens, "" for none.
    """

    cause: str
    amount: int
    sentence: str
    proof: str
    strength: int
    kind: str
    account: str
    owner: str
    inside: bool
    why_outside: str
    concedes: bool
    worth: int | None
    disputes: str
    lines: tuple[Line, ...]

    @property
    def stays_open(self) -> bool:
        """Whether nothing is booked for it."""
        return not self.kind


@dataclass(frozen=True)
class Explanation:
    """Differences that together are the gap, each with exactly one cause."""

    differences: tuple[Difference, ...]

    @property
    def inside(self) -> bool:
        """Whether the policy lets all of it be booked."""
        return all(one.inside for one in self.differences)

    @property
    def strength(self) -> int:
        """How well it is proved: as well as its weakest difference."""
        return min((one.strength for one in self.differences), default=BARE)

    @property
    def causes(self) -> tuple[str, ...]:
        """The names of the causes."""
        return tuple(one.cause for one in self.differences)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines."""
        return tuple(line for one in self.differences for line in one.lines)

    @property
    def account(self) -> str:
        """The ledger account of the first difference."""
        return self.differences[0].account


def explain_gap(case: Case, policy: Policy) -> list[Explanation]:
    """Every way in which the gap can be explained, best first; none where there is no gap.

    Best is what is proved best; among equals what the policy lets be booked, then the fewest differences.
    """
    if not case.gap:
        return []
    whole = [Explanation((one,)) for one in _each(case, policy)]
    found = whole + _with_discount(case, policy, {one.causes[0] for one in whole})
    for one in found:
        _assert_whole(one.differences, case.gap)
    return sorted(found, key=lambda one: (-one.strength, not one.inside, len(one.differences), one.causes))


def judge(cause: str, case: Case, policy: Policy) -> Difference:
    """One difference that a person says, by the same measure: its proof where there is one, and whether it is inside.

    Raises KeyError for a cause that there is not.
    """
    known = causes()[cause]
    found = known.find(case, policy.rule(cause))
    if found is None:
        proof = Proof(BARE, "said by hand, nothing else speaks for it")
        why = known.outside(case, policy.rule(cause)) or known.unproved
        found = Found(proof, known.by_hand(case), why if known.kind else "")
    return _difference(known, case, policy, found)


def _each(case: Case, policy: Policy) -> list[Difference]:
    found = [(cause, cause.find(case, policy.rule(cause.name))) for cause in causes().values()]
    return [_difference(cause, case, policy, way) for cause, way in found if way is not None]


def _with_discount(case: Case, policy: Policy, whole: set[str]) -> list[Explanation]:
    """The discount that the terms offer and one more cause for the rest: a bank took its charge, too."""
    rule = policy.rule(DISCOUNT.name)
    offered = DISCOUNT.offered(case, rule)
    if DISCOUNT.name in whole or not 0 < offered < case.gap:
        return []
    found = DISCOUNT.find(case.rest(offered), rule)
    if found is None:
        raise AssertionError("a discount that is offered is not found")
    first = _difference(DISCOUNT, case.rest(offered), policy, found)
    taken = {line.item_id: line.amount for line in first.lines if line.item_id is not None}
    rest = case.less(taken).rest(case.gap - offered)
    others = [one for one in _each(rest, policy) if one.cause != DISCOUNT.name and one.strength > BARE]
    return [Explanation((first, other)) for other in others]


def _difference(cause: Cause, case: Case, policy: Policy, found: Found) -> Difference:
    rule = policy.rule(cause.name)
    why = found.outside or cause.outside(case, rule)
    kind = cause.kind if any(line.kind for line in found.lines) else ""
    return Difference(
        cause=cause.name,
        amount=case.gap,
        sentence=cause.sentence,
        proof=found.proof.sentence,
        strength=found.proof.strength,
        kind=kind,
        account=rule.account_for(case.gap),
        owner=rule.owner,
        inside=not why or not kind,
        why_outside=why if kind else "",
        concedes=bool(kind) and cause.gives_up(case, found),
        worth=case.worth(case.gap),
        disputes=cause.disputes,
        lines=found.lines,
    )


def _assert_whole(differences: tuple[Difference, ...], gap: int) -> None:
    """A fault of the program, never of the data."""
    explained = sum(line.takes for one in differences for line in one.lines)
    if explained != gap or sum(one.amount for one in differences) != gap:
        raise AssertionError(f"{explained} of a gap of {gap} is explained by {[one.cause for one in differences]}")
