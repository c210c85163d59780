"""A match that a person makes: its lines, the causes of its differences, and what they become when it is posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from encours.core.matching.differences import Difference, causes, judge
from encours.store.models import DifferenceLine, Item, Proposal, Receipt
from encours.usecases.difference_case import Surroundings
from encours.usecases.difference_policy import difference_policy

#: The rule of proposals that a person made.
RULE = "by_hand"
KINDS = ("cash", "credit", "discount", "charge", "write_off", "fx", "netting")
#: What may bear the other sign than its item: a gain, booked beside more cash than was owed.
_GAINS = ("write_off", "fx")


@dataclass(frozen=True)
class HandLine:
    """What is done with an item: `amount` in its currency and sign. Each line that is no plain cash has one `cause`.

    `kind` "" leaves the amount open for that cause (a retention, a part payment, a disputed price). `receipt_amount`:
    what of the receipt's money a cash line uses where the item is in another currency. `credit_item_id`: the credit
    note of a `credit` line. More cash than is open goes with a negative write_off or fx of the same item: a gain.
    """

    item_id: str
    amount: int
    kind: str = "cash"
    credit_item_id: str | None = None
    cause: str = ""
    receipt_amount: int | None = None

    @property
    def takes(self) -> int:
        """What of a gap the line explains."""
        return -self.amount if self.kind == "cash" else self.amount


def line_faults(lines: Sequence[HandLine], items: Mapping[str, Item], receipt: Receipt) -> list[str]:
    """Everything that is wrong with the lines as they are given. A payment that came back has the other sign."""
    tied, loose = receipt.returns_receipt_id is not None, receipt.kind == "return" and receipt.amount < 0
    faults = [] if lines else ["choose at least one item"]
    for line in lines:
        for item_id in filter(None, (line.item_id, line.credit_item_id)):
            if item_id not in items:
                faults.append(f"there is no item {item_id}")
            elif items[item_id].entity_id != receipt.entity_id and (
                tied or loose or not _is_plain(line, items, receipt)
            ):
                faults.append(
                    f"item {items[item_id].number} belongs to another entity: only money settles it from here"
                )
        item = items.get(line.item_id)
        opens = item is not None and line.amount * item.amount < 0
        faults += _faults(line, item, tied or (loose and opens))
    if len({items[one].entity_id for one in shown_items(lines) if one in items} - {receipt.entity_id}) > 1:
        faults.append("the items belong to several other entities: choose those of one")
    seen: set[tuple[str, str, str]] = set()
    for line in lines:
        if (line.item_id, line.kind, line.cause) in seen:
            faults.append(f"item {line.item_id} is named twice for the same")
        seen.add((line.item_id, line.kind, line.cause))
    return list(dict.fromkeys(faults))


def _is_plain(line: HandLine, items: Mapping[str, Item], receipt: Receipt) -> bool:
    """Whether a line is money in its item's own currency and nothing else: whose policy judged a difference of two?"""
    return line.kind == "cash" and not line.cause and items[line.item_id].currency == receipt.currency


def _faults(line: HandLine, item: Item | None, came_back: bool) -> list[str]:
    faults = []
    if not line.amount:
        faults.append("an amount is zero")
    if line.kind and line.kind not in KINDS:
        faults.append(f"{line.kind!r} is no kind of line; there are {', '.join(KINDS)}")
    if (line.kind == "credit") != (line.credit_item_id is not None):
        faults.append("a credit line names the credit note that it uses, and no other line does")
    if came_back and line.kind != "cash":
        faults.append("a payment that came back opens items again, and books no difference")
    wrong_way = item is not None and (line.amount * item.amount < 0) != came_back
    if item is not None and line.amount and wrong_way and line.kind not in _GAINS:
        faults.append(f"the amount of item {item.number} has the wrong sign")
    if line.kind != "cash" and line.kind != "credit" and not line.cause:
        faults.append("each difference needs a cause")
    known = causes().get(line.cause)
    if line.cause and known is None:
        faults.append(f"{line.cause!r} is not a cause of differences")
    if known is not None and line.kind not in ("", known.kind) and line.kind != "credit":
        faults.append(f"a difference of the cause {line.cause} is not booked as {line.kind}")
    return faults


def judged(lines: Sequence[HandLine], around: Surroundings) -> dict[str, Difference]:
    """Cause -> how the policy sees all lines of that cause together, so that a difference is not cut to fit a limit."""
    policy = difference_policy(around.receipt.entity_id)
    found = {}
    for cause in dict.fromkeys(line.cause for line in lines if line.cause):
        own = [line for line in lines if line.cause == cause]
        gap = sum(line.takes for line in own)
        found[cause] = judge(cause, around.case(gap, _settled(lines, own)), policy)
    return found


def _settled(lines: Sequence[HandLine], own: Sequence[HandLine]) -> dict[str, int]:
    """Item id -> what the lines say of it in all, for the items of one cause; credits that are used up bring theirs."""
    named = {line.item_id for line in own}
    if all(line.kind == "cash" for line in own):  # credit notes: what they lower are the other items
        named = {line.item_id for line in lines} - named
    totals: dict[str, int] = {}
    for line in lines:
        if line.item_id in named:
            totals[line.item_id] = totals.get(line.item_id, 0) + line.amount
    return totals


def keep_differences(proposal: Proposal, lines: Sequence[HandLine], found: Mapping[str, Difference]) -> None:
    """Keeps the causes beside the proposal; `posted` numbers are those of the allocations that posting will write."""
    rows, number = [], 0
    for line in lines:
        number += bool(line.kind)
        if not line.cause:
            continue
        cause = found[line.cause]
        booked = bool(line.kind) and line.kind != "cash"
        rows.append(
            DifferenceLine(
                proposal=proposal,
                entity_id=proposal.entity_id,
                item_id=line.item_id,
                cause=line.cause,
                kind=line.kind,
                amount=line.amount,
                worth=_worth(line, cause),
                account=cause.account,
                owner=cause.owner,
                proof=cause.proof,
                outside=cause.why_outside if booked else "",
                allocation_id=allocation_id(proposal, number) if line.kind else None,
            )
        )
    DifferenceLine.objects.bulk_create(rows)


def allocation_id(proposal: Proposal, number: int) -> str:
    """The id of the allocation that the n-th line of a proposal becomes."""
    return f"{proposal.entity_id}:encours-{proposal.pk}-{number}"


def _worth(line: HandLine, cause: Difference) -> int | None:
    """What is given up with the line in the entity's currency; None where no rate is known."""
    if line.kind in ("", "cash") or not (cause.concedes or cause.why_outside):
        return 0
    if cause.worth is None:
        return None
    return cause.worth if cause.amount in (0, line.takes) else round(cause.worth * abs(line.takes) / abs(cause.amount))


def shown_items(lines: Iterable[HandLine]) -> set[str]:
    """Every item that the lines name."""
    return {item_id for line in lines for item_id in (line.item_id, line.credit_item_id) if item_id is not None}
