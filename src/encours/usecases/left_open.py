"""What a match leaves open or brings too much gets its cause, too: a proved one, else the general one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from encours.core.base.money import round_half_even
from encours.core.matching.differences import Case, Difference, Policy, explain_gap, judge
from encours.core.matching.differences.cause import USUAL
from encours.store.models import DifferenceLine, Item, Proposal, Receipt
from encours.usecases.difference_case import Surroundings

#: The causes that say no more than that the difference is there.
PART, OVER = "part_payment", "overpayment"

Lines = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Left:
    """What a match leaves: item id -> what stays open of it (minor units); `over`: what of the money nothing uses."""

    items: Mapping[str, int]
    over: int


class Rests:
    """What is open of items and left of receipts while matches are posted one after the other."""

    def __init__(self, items: Mapping[str, Mapping[str, Any]], receipts: Mapping[str, Mapping[str, Any]]) -> None:
        self._open = {item_id: int(row["open"]) for item_id, row in items.items()}
        self._money = {receipt_id: int(row["unapplied"]) for receipt_id, row in receipts.items()}

    def of(self, proposal: Proposal, lines: Lines) -> Left:
        """What is left once these lines are posted. Only money that came in, for what customers owe, leaves anything:
        of a payment that came back or a credit note used in part nobody withheld a thing."""
        used, named, came = 0, [], self._money.get(proposal.receipt_id, 0)
        for line in lines:
            name, amount = line["item_id"], line["amount"]
            self._open[name] = self._open.get(name, 0) - amount
            if line["kind"] == "cash":
                used += amount if line["receipt_amount"] is None else line["receipt_amount"]
            if line["credit_item_id"] is not None:
                self._open[line["credit_item_id"]] = self._open.get(line["credit_item_id"], 0) + amount
            if amount > 0:
                named.append(name)
        self._money[proposal.receipt_id] = came - used
        if came <= 0 or used <= 0:
            return Left({}, 0)
        rests = {name: self._open[name] for name in dict.fromkeys(named) if self._open[name] > 0}
        return Left(rests, max(0, came - used))


def name_left(
    proposal: Proposal, lines: Lines, left: Left, policy: Policy, by_hand: bool, named: Sequence[DifferenceLine] = ()
) -> list[DifferenceLine]:
    """The lines for what a match leaves, each with one cause; nothing is booked for them. `named`: what somebody said
    of the match before. Of a person's own match only what stays open of the items is told, by the general cause: more
    is what the person would have said, and money kept for another step is no difference yet.
    """
    for row in named:
        left = _without(left, row)
    items = {item.item_id: item for item in _items(lines)}
    rests = {name: rest for name, rest in left.items.items() if name in items}
    receipt = Receipt.objects.filter(receipt_id=proposal.receipt_id, is_current=True).first()
    if receipt is None or not (rests or left.over):
        return []
    around = Surroundings(receipt, list(items.values()))
    used = {str(line["credit_item_id"]) for line in lines if line["credit_item_id"] is not None}
    found: list[DifferenceLine] = []
    if rests and len({items[name].currency for name in rests}) == 1:
        found += _short(proposal, rests, around, policy, used, by_hand)
    if left.over and not by_hand:
        found += _over(proposal, lines, left.over, around, policy)
    return found


def _without(left: Left, row: DifferenceLine) -> Left:
    """What is left beside what somebody named."""
    if row.kind or row.amount < 0:
        return left
    rest = left.items.get(str(row.item_id), 0) - row.amount
    rests = {**left.items, str(row.item_id): rest}
    return replace(left, items={name: amount for name, amount in rests.items() if amount > 0})


def _items(lines: Lines) -> list[Item]:
    names = {line["item_id"] for line in lines if line["amount"] > 0}
    return list(Item.objects.filter(item_id__in=names, is_current=True).order_by("item_id"))


def _short(
    proposal: Proposal,
    rests: Mapping[str, int],
    around: Surroundings,
    policy: Policy,
    used: set[str],
    by_hand: bool,
) -> list[DifferenceLine]:
    """What stays open: each item for the reason that an advice names for it, the others together."""
    stated = None if by_hand else around.stated
    told = {name: why for name in rests if stated and (why := stated.reason_of(around.items[name].number, name))}
    parts = [([name], why) for name, why in told.items()]
    if others := [name for name in rests if name not in told]:
        parts.append((others, ""))
    found = []
    for names, why in parts:
        gap = sum(rests[name] for name in names)
        case = around.case(gap, {name: around.items[name].open for name in names})
        case = replace(case, credits=tuple(note for note in case.credits if note.item_id not in used))
        cause = judge(PART, case, policy) if by_hand else _best(case, policy, PART)
        if why:  # the payer's own word stands before what merely has the same amount
            said = _best(replace(case, text=why, credits=(), free=()), policy, PART)
            cause = cause if said.cause == PART else said
        found += [_row(proposal, name, rests[name], cause) for name in names]
    return found


def _over(proposal: Proposal, lines: Lines, over: int, around: Surroundings, policy: Policy) -> list[DifferenceLine]:
    """More came than is owed: told of the largest item, in its currency."""
    settled: dict[str, int] = {}
    for line in lines:
        if line["item_id"] in around.items:
            settled[line["item_id"]] = settled.get(line["item_id"], 0) + line["amount"]
    owed = {name: amount for name, amount in settled.items() if amount > 0}
    if not owed or len({around.items[name].currency for name in owed}) != 1:
        return []
    holder = max(owed, key=lambda name: (owed[name], name))
    rate = around.rate(around.receipt.currency, around.items[holder].currency)
    if rate is None:
        return []
    case = around.case(-round_half_even(over * rate), owed)
    if not case.gap:
        return []
    return [_row(proposal, holder, case.gap, _best(case, policy, OVER))]


def _best(case: Case, policy: Policy, general: str) -> Difference:
    """The one cause that is proved, or usual for such an amount; else no more than that the difference is there."""
    ways = (one for one in explain_gap(case, policy) if len(one.differences) == 1 and one.strength >= USUAL)
    best = next(ways, None)
    return judge(general, case, policy) if best is None else best.differences[0]


def _row(proposal: Proposal, item_id: str, amount: int, cause: Difference) -> DifferenceLine:
    return DifferenceLine(
        proposal=proposal, entity_id=proposal.entity_id, item_id=item_id, cause=cause.cause, kind="", amount=amount,
        worth=0, account=cause.account, owner=cause.owner, proof=cause.proof, outside="",
    )  # fmt: skip
