"""What a clerk does with an advice that was read: take it, correct a line, lay it aside, follow it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import transaction
from django.db.models import Max

from encours.core.base.issue import CallError
from encours.core.base.numbers import number_key
from encours.store import parquet
from encours.store.models import Advice, AdviceLine, AdviceReceipt, Allocation, Item
from encours.usecases.advice_reading import LINES_MAX
from encours.usecases.apply_later import follow_advices
from encours.usecases.import_advice import AdviceKept, note
from encours.usecases.rights import Actor, NotAllowedError, require

READ_ACT, FOLLOW_ACT = "import_files", "accept_match"
#: Whose report it is: a payer's, a payment service's, a factor's.
FORMS = tuple(Advice.Form.values)


@dataclass(frozen=True)
class AdviceHead:
    """What a person says of an advice; `total` and `fee` in minor units of its currency."""

    total: int
    fee: int = 0
    paid_on: date | None = None
    payer_name: str = ""
    reference: str = ""
    form: str = "advice"


def take_advice(actor: Actor, advice_id: str, head: AdviceHead | None = None) -> AdviceKept:
    """From here on the advice is followed: a draft that was shown, with what the person corrected. Twice is once.

    The worker looks for its money among what waits. Raises NotAllowedError, CallError for a form that is none.
    """
    faults = [f"{head.form} is no form of an advice"] if head is not None and head.form not in FORMS else []
    if faults:
        raise CallError(faults)
    with transaction.atomic():
        advice = _own(actor, advice_id, READ_ACT)
        fresh = advice.draft
        if fresh:
            _said(advice, head)
            advice.draft = False
            advice.save()
            figures = {"lines": advice.lines.count(), "total": advice.total, "sha256": advice.sha256}
            note(actor.name, advice, "import_advice", figures)
            follow_advices([str(advice.entity_id)])
    return AdviceKept(advice, fresh=fresh, issues=())


def correct_head(actor: Actor, advice_id: str, head: AdviceHead) -> Advice:
    """Total, day, payer, reference and form as the person says. Raises NotAllowedError, CallError where money came."""
    if head.form not in FORMS:
        raise CallError([f"{head.form} is no form of an advice"])
    with transaction.atomic():
        advice = _own(actor, advice_id, READ_ACT)
        _check_free(advice)
        before = _heads(advice)
        _said(advice, head)
        if _heads(advice) != before:
            advice.save()
            _note_changed(actor, advice, {"head": _heads(advice)})
    return advice


def correct_line(actor: Actor, advice_id: str, line: int, item: str, amount: int | None = None) -> AdviceLine:
    """Says which item a line pays (by its number, "" for none) and, where given, how much. Twice is once.

    `item` that is no item's number stays the line's number: its invoice may come later. Raises NotAllowedError,
    CallError where several items bear the number, the advice has no such line, or its money was posted.
    """
    with transaction.atomic():
        advice = _own(actor, advice_id, READ_ACT)
        _check_free(advice)
        row = advice.lines.filter(line=line).first()
        if row is None:
            raise CallError([f"the advice has no line {line}"])
        found = find_item(advice, item)
        number = item.strip()[:190] or None
        kept = (row.number, row.item_id, row.amount)
        row.item_id = found.item_id if found is not None else None
        row.number = found.number if found is not None else number
        row.amount = row.amount if amount is None else amount
        if (row.number, row.item_id, row.amount) != kept:
            row.save()
            _note_changed(actor, advice, {"line": line, "item": row.item_id, "number": row.number, "pays": row.amount})
    return row


def add_line(actor: Actor, advice_id: str, item: str, amount: int) -> AdviceLine:
    """A line that the reader did not see. Raises NotAllowedError, or CallError as `correct_line`."""
    with transaction.atomic():
        advice = _own(actor, advice_id, READ_ACT)
        _check_free(advice)
        faults = [] if item.strip() else ["a line needs the number of an invoice"]
        if advice.lines.count() >= LINES_MAX:
            faults.append(f"an advice has at most {LINES_MAX} lines")
        if faults:
            raise CallError(faults)
        found = find_item(advice, item)
        last = advice.lines.aggregate(last=Max("line"))["last"] or 0
        row = AdviceLine.objects.create(
            advice=advice,
            line=last + 1,
            amount=amount,
            number=found.number if found is not None else item.strip()[:190],
            item_id=found.item_id if found is not None else None,
        )
        _note_changed(actor, advice, {"line": row.line, "item": row.item_id, "number": row.number, "pays": amount})
    return row


def drop_line(actor: Actor, advice_id: str, line: int) -> None:
    """Takes a line out that is none. Twice is once. Raises NotAllowedError, CallError where its money was posted."""
    with transaction.atomic():
        advice = _own(actor, advice_id, READ_ACT)
        _check_free(advice)
        dropped, _ = advice.lines.filter(line=line).delete()
        if dropped:
            _note_changed(actor, advice, {"line": line, "dropped": True})


def discard_draft(actor: Actor, advice_id: str) -> None:
    """Forgets a reading that was not taken; the same file can be brought again. Twice is once."""
    advice = actor.scope(Advice).filter(advice_id=advice_id).first()
    if advice is None:
        return
    require(actor, READ_ACT, advice.entity_id)
    with transaction.atomic():
        parquet.lock_entity(advice.entity_id)
        Advice.objects.filter(pk=advice.pk, draft=True).delete()


def restore_advice(actor: Actor, advice_id: str) -> Advice:
    """Follows an advice again that was laid aside. Twice is once. Raises NotAllowedError."""
    with transaction.atomic():
        advice = _own(actor, advice_id, FOLLOW_ACT)
        if advice.dismissed:
            advice.dismissed = False
            advice.save(update_fields=["dismissed"])
            note(actor.name, advice, "restore_advice", {"lines": advice.lines.count()})
    return advice


def find_item(advice: Advice, number: str) -> Item | None:
    """The item of this id, else the one that bears the number, the advice's own customer's first; None: there is none.

    None too where it has several due dates: the number says all of them. Raises CallError where items of several
    customers bear it.
    """
    named = Item.objects.filter(entity_id=advice.entity_id, item_id=number.strip(), is_current=True).first()
    if named is not None:
        return named
    key = pl.select(number_key(pl.lit(number, dtype=pl.String))).item() or ""
    if not key:
        return None
    rows = list(
        Item.objects.filter(entity_id=advice.entity_id, number_key=key, is_current=True).order_by("due_on", "item_id")
    )
    narrow: tuple[Callable[[Item], bool], ...] = (
        lambda row: row.customer_id == advice.customer_id,
        lambda row: bool(row.open),
    )
    for fits in narrow:
        rows = [row for row in rows if fits(row)] or rows
    if len({row.customer_id for row in rows}) > 1:
        raise CallError([f"{len(rows)} items bear the number {number.strip()}: it does not say which is paid"])
    return rows[0] if len(rows) == 1 else None


def _own(actor: Actor, advice_id: str, act: str) -> Advice:
    """The advice, under its entity's lock, where the actor may do this to it."""
    advice = actor.scope(Advice).filter(advice_id=advice_id).first()
    if advice is None:
        raise NotAllowedError(act, None, "not_visible")
    require(actor, act, advice.entity_id)
    parquet.lock_entity(advice.entity_id)
    advice.refresh_from_db()
    return advice


def _check_free(advice: Advice) -> None:
    receipts = AdviceReceipt.objects.filter(advice=advice).values("receipt_id")
    if Allocation.objects.filter(receipt_id__in=receipts, is_current=True, reversed_on__isnull=True).exists():
        raise CallError(["the money of this advice was posted: undo that first"])


def _said(advice: Advice, head: AdviceHead | None) -> None:
    if head is None:
        return
    advice.total, advice.fee, advice.paid_on, advice.form = head.total, head.fee, head.paid_on, head.form
    advice.payer_name = head.payer_name.strip()[:255] or None
    advice.reference = head.reference.strip()[:140] or None


def _heads(advice: Advice) -> dict[str, object]:
    day = advice.paid_on.isoformat() if advice.paid_on else None
    names = ("total", "fee", "form", "payer_name", "reference")
    return {name: getattr(advice, name) for name in names} | {"paid_on": day}


def _note_changed(actor: Actor, advice: Advice, after: dict[str, object]) -> None:
    """A draft is nobody's word yet: what is corrected in it is told when it is taken."""
    if not advice.draft:
        note(actor.name, advice, "correct_advice", after)
        follow_advices([str(advice.entity_id)])
