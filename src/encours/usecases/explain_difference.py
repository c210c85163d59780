"""Why a receipt and the chosen items differ: every cause that explains it, best first, ready to be posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from encours.core.base.issue import CallError
from encours.core.base.money import round_half_even
from encours.core.matching.differences import Explanation, explain_gap
from encours.core.matching.differences.case import Case
from encours.core.matching.differences.causes import causes
from encours.store.models import Item, Receipt
from encours.usecases.difference_case import Surroundings
from encours.usecases.difference_policy import difference_policy
from encours.usecases.hand_match import HandLine
from encours.usecases.rights import NotAllowedError
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class Answer:
    """One way to explain the gap: `code` names it among the others, `lines` are what `allocate_receipt` posts.

    `inside`: the entity's policy lets it be booked; `may_book`: so may the actor. `disputes`: the reason of the dispute
    it opens ("": none). `on_receipt`: what stays on the receipt, in its currency.
    """

    code: str
    explanation: Explanation
    lines: tuple[HandLine, ...]
    inside: bool
    may_book: bool
    disputes: str
    on_receipt: int


@dataclass(frozen=True)
class Gap:
    """The difference of the chosen items and the receipt's money, in the items' currency: above zero, less came.

    None where it cannot be said: the items have several currencies, or no rate is known; `why` says it. `rate`: minor
    units of that currency for one of the receipt's, `paid_in`; `money`: what the receipt's money is worth at it.
    """

    gap: int | None
    currency: str
    answers: tuple[Answer, ...] = ()
    why: str = ""
    rate: Decimal = Decimal(1)
    paid_in: str = ""
    money: int = 0

    def answer(self, code: str) -> Answer | None:
        """The answer of this code."""
        return next((one for one in self.answers if one.code == code), None)


def explain_difference(viewing: Viewing, receipt_id: str, settled: Mapping[str, int]) -> Gap:
    """The gap between a receipt's unapplied money and the items to be settled, each with so much, and its causes.

    `settled`: item id -> amount in the item's currency and sign. Without a gap there is one answer without a cause.
    Raises NotAllowedError for a receipt that is not seen, CallError for items that are not there.
    """
    actor = viewing.actor
    receipt = actor.scope(Receipt).filter(receipt_id=receipt_id, is_current=True).first()
    if receipt is None:
        raise NotAllowedError("accept_match", None, "not_visible")
    items = list(actor.scope(Item).filter(item_id__in=list(settled), is_current=True))
    if absent := set(settled) - {item.item_id for item in items}:
        raise CallError([f"there is no item {item_id}" for item_id in sorted(absent)])
    around = Surroundings(receipt, items)
    currencies = {item.currency for item in items} or {receipt.currency}
    currency = currencies.pop()
    if currencies:
        return Gap(None, currency, why="the items have several currencies")
    rate = around.rate(receipt.currency, currency)
    if rate is None:
        return Gap(None, currency, why=f"no rate of {currency} is known")
    money = receipt.unapplied if rate == 1 else round_half_even(receipt.unapplied * rate)
    gap = sum(settled.values()) - money
    case = around.case(gap, settled)
    found = explain_gap(case, difference_policy(receipt.entity_id))
    if not gap:
        plain = (_plain(receipt, settled, rate),)
        return Gap(0, currency, plain, rate=rate, paid_in=receipt.currency, money=money)
    answers = tuple(_answer(viewing, receipt, case, settled, rate, one) for one in found)
    return Gap(gap, currency, answers, rate=rate, paid_in=receipt.currency, money=money)


def _plain(receipt: Receipt, settled: Mapping[str, int], rate: Decimal) -> Answer:
    lines = [HandLine(item_id, amount) for item_id, amount in settled.items() if amount]
    return Answer("", Explanation(()), _in_money(receipt, lines, rate, receipt.unapplied), True, True, "", 0)


def _answer(
    viewing: Viewing, receipt: Receipt, case: Case, settled: Mapping[str, int], rate: Decimal, found: Explanation
) -> Answer:
    lines = hand_lines(settled, found)
    kept = -sum(line.takes for line in found.lines if line.item_id is None)
    on_receipt = kept if rate == 1 else min(receipt.unapplied, round_half_even(kept / rate))
    conceded = [one for one in found.differences if one.concedes or one.why_outside]
    disputes = next((one.disputes for one in found.differences if one.disputes), "")
    return Answer(
        "+".join(found.causes),
        found,
        _in_money(receipt, lines, rate, receipt.unapplied - on_receipt),
        found.inside,
        _may_book(viewing, receipt, found, sum(one.worth or 0 for one in conceded)),
        disputes,
        on_receipt,
    )


def _may_book(viewing: Viewing, receipt: Receipt, found: Explanation, conceded: int) -> bool:
    if found.inside and not conceded:
        return True
    permission = viewing.actor.may("write_off", receipt.entity_id, conceded)
    return permission.ok or (permission.why == "no_role" and found.inside)


def hand_lines(settled: Mapping[str, int], found: Explanation) -> list[HandLine]:
    """The lines that post the items with the explanation: cash for what is no difference, and each difference."""
    cash = dict(settled)
    others: list[HandLine] = []
    for one in found.differences:
        for line in one.lines:
            if line.item_id is None:
                continue
            if line.kind == "cash":
                others.append(HandLine(line.item_id, line.amount, "cash", None, one.cause))
            else:
                cash[line.item_id] = cash.get(line.item_id, 0) - line.amount
                others.append(HandLine(line.item_id, line.amount, line.kind, None, one.cause))
    return [*(HandLine(item_id, amount) for item_id, amount in cash.items() if amount), *others]


def _in_money(receipt: Receipt, lines: Sequence[HandLine], rate: Decimal, used: int) -> tuple[HandLine, ...]:
    """Cash lines in another currency say what of the receipt they use: in proportion, to the last cent."""
    cash = [line for line in lines if line.kind == "cash"]
    if rate == 1 or not cash:
        return tuple(lines)
    total, left, shares = sum(line.amount for line in cash), used, {}
    for line in cash[:-1]:
        shares[line] = round_half_even(Decimal(used) * line.amount / total) if total else 0
        left -= shares[line]
    shares[cash[-1]] = left
    return tuple(
        HandLine(n.item_id, n.amount, n.kind, n.credit_item_id, n.cause, shares[n]) if n in shares else n for n in lines
    )


def cause_names() -> tuple[str, ...]:
    """Every cause that a person may say."""
    return tuple(causes())
