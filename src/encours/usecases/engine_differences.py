"""The differences in an engine's proposals get their cause too: named, proved and held against the entity's policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from encours.core.matching.differences import Case, Difference, Policy, judge
from encours.store.models import DifferenceLine, Entity, Item, Proposal, Receipt
from encours.usecases import clock
from encours.usecases.difference_case import as_chosen, iban_country, unit_rate
from encours.usecases.difference_policy import difference_policy
from encours.usecases.hand_match import RULE, allocation_id
from encours.usecases.left_open import Rests, name_left
from encours.usecases.manage_settings import setting
from encours.usecases.posting import Facts
from encours.usecases.stated_in_batch import Stated, stated_by

#: What the engine's families book -> the cause that it is; a charge that a report states is the collector's fee.
CAUSES = {"discount": "discount", "charge": "bank_charge", "write_off": "rounding", "fx": "fx"}
_SLICE = 500
#: The rule of proposals that follow an advice or a report.
_ADVISED = "advice"

Lines = Mapping[int, Sequence[Mapping[str, Any]]]


def name_differences(proposals: Sequence[Proposal], lines: Lines, facts: Facts) -> dict[int, list[str]]:
    """Keeps the cause of each difference of the proposals; number -> why its differences are outside the policy.

    What a proposal leaves open, of an item or of the money, gets its cause as well: nothing is booked for it and it
    keeps nothing back. `lines` and `facts` as posting gives them. The caller holds a transaction and the entity's lock;
    proposals are of one entity, not posted, in the order in which they will be.
    """
    own = [row for row in proposals if row.rule != RULE]
    wanted = [row for row in own if any(n["kind"] in CAUSES for n in lines.get(row.pk, []))]
    for part in _slices([row.pk for row in own]):
        DifferenceLine.objects.filter(proposal_id__in=part).delete()  # judged before, by another policy perhaps
    made = _Judge(wanted, lines).rows() if wanted else []
    outside: dict[int, list[str]] = {}
    for line in made:
        if line.outside and line.outside not in outside.setdefault(line.proposal_id, []):
            outside[line.proposal_id].append(line.outside)
    going = [row for row in proposals if row.pk not in outside]
    DifferenceLine.objects.bulk_create([*made, *_left(going, lines, facts)], batch_size=_SLICE)
    return outside


def _left(proposals: Sequence[Proposal], lines: Lines, facts: Facts) -> Iterable[DifferenceLine]:
    """What the proposals leave open, each beside those before it."""
    rests = Rests(facts.items, facts.receipts)
    left = {row.pk: rests.of(row, lines.get(row.pk, [])) for row in proposals}
    unsettled = [row for row in proposals if left[row.pk].items or left[row.pk].over]
    if not unsettled:
        return
    policy = difference_policy(str(unsettled[0].entity_id))
    for row in unsettled:
        by_hand = row.rule == RULE
        said = list(DifferenceLine.objects.filter(proposal=row)) if by_hand else []
        yield from name_left(row, lines[row.pk], left[row.pk], policy, by_hand, said)


def _slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _SLICE] for start in range(0, len(values), _SLICE))


class _Judge:
    """Many proposals of one entity by one reading of what they name."""

    def __init__(self, proposals: Sequence[Proposal], lines: Lines) -> None:
        self._proposals, self._lines = proposals, lines
        entity = Entity.objects.get(pk=proposals[0].entity_id)
        self._country, self._own = entity.country, entity.currency
        self._policy: Policy = difference_policy(entity.pk)
        self._terms = str(setting("terms.default", entity.pk, clock.today()))
        self._rates: dict[tuple[str, object], Decimal | None] = {}
        items = sorted({line["item_id"] for row in proposals for line in lines[row.pk]})
        self._items = {
            item.item_id: item
            for part in _slices(items)
            for item in Item.objects.filter(item_id__in=part, is_current=True)
        }
        receipts = sorted({row.receipt_id for row in proposals})
        self._receipts = {
            receipt.receipt_id: receipt
            for part in _slices(receipts)
            for receipt in Receipt.objects.filter(receipt_id__in=part, is_current=True)
        }

    def rows(self) -> list[DifferenceLine]:
        return [row for proposal in self._proposals for row in self._of(proposal)]

    def _of(self, proposal: Proposal) -> Iterable[DifferenceLine]:
        receipt = self._receipts.get(proposal.receipt_id)
        lines = [line for line in self._lines[proposal.pk] if line["item_id"] in self._items]
        if receipt is None:
            return
        for kind, cause in CAUSES.items():
            own = [line for line in lines if line["kind"] == kind]
            if not own:
                continue
            stated = stated_by(receipt.receipt_id) if proposal.rule == _ADVISED and kind == "charge" else None
            case = self._case(receipt, lines, own, stated)
            if case.fee_from and case.gap <= case.fee:
                cause = f"{case.fee_from}_fee"
            found = judge(cause, case, self._policy)
            for number, line in enumerate(self._lines[proposal.pk], start=1):
                if line["kind"] == kind and line["item_id"] in self._items:
                    yield _row(proposal, number, line, found)

    def _case(
        self,
        receipt: Receipt,
        lines: Sequence[Mapping[str, Any]],
        own: Sequence[Mapping[str, Any]],
        stated: Stated | None,
    ) -> Case:
        # A fee for the whole batch stands on its largest lines alone: its share is that of all of them.
        named = {line["item_id"] for line in (lines if stated and stated.fee_from else own)}
        settled = dict.fromkeys(sorted(named), 0)
        for line in lines:
            if line["item_id"] in named:
                settled[line["item_id"]] += line["amount"]
        items = tuple(as_chosen(self._items[name], amount, self._terms) for name, amount in settled.items())
        day = receipt.value_on or receipt.booked_on
        return Case(
            gap=sum(line["amount"] for line in own),
            items=items,
            paid_on=day,
            currency=items[0].currency,
            paid_in=receipt.currency,
            country=self._country,
            payer_country=iban_country(receipt.payer_account),
            text=receipt.remittance or "",
            per_unit=self._rate(items[0].currency, day),
            fee=stated.fee if stated else 0,
            fee_from=stated.fee_from if stated else "",
        )

    def _rate(self, currency: str, day: object) -> Decimal | None:
        if (currency, day) not in self._rates:
            self._rates[currency, day] = unit_rate(currency, self._own, day)
        return self._rates[currency, day]


def _row(proposal: Proposal, number: int, line: Mapping[str, Any], found: Difference) -> DifferenceLine:
    given_up = found.concedes or bool(found.why_outside)
    worth = found.worth
    if worth is not None:
        whole = abs(found.amount)
        worth = round(worth * abs(line["amount"]) / whole) if given_up and whole else 0
    return DifferenceLine(
        proposal=proposal,
        entity_id=proposal.entity_id,
        item_id=line["item_id"],
        cause=found.cause,
        kind=line["kind"],
        amount=line["amount"],
        worth=worth if given_up else 0,
        account=found.account,
        owner=found.owner,
        proof=found.proof,
        outside=found.why_outside,
        allocation_id=allocation_id(proposal, number),
    )
