"""Taking a receipt: while one clerk works on it no other does; a take lapses when its holder gives no sign of life.

Who only looks at a receipt keeps others from taking it, for less long and not from acts on many at once: nobody has
begun anything there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import bulk
from encours.store.models import Receipt, ReceiptTake
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require

#: A take lapses so long after the last sign of life.
LAPSES_AFTER = timedelta(minutes=10)
#: A look lapses sooner: what is only looked at is given to whoever comes next.
LOOK_LAPSES_AFTER = timedelta(minutes=3)


class TakenError(CallError):
    """Another person works on the receipt; `hold` says who."""

    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        super().__init__([f"{hold.name} works on receipt {hold.receipt_id}"])


@dataclass(frozen=True)
class Hold:
    """Who holds a receipt, since when, and when they were last seen at it."""

    receipt_id: str
    user_id: int
    name: str
    taken_at: datetime
    seen_at: datetime
    mine: bool = False

    @property
    def is_look(self) -> bool:
        """Whether its holder has only looked at it: the sign of life of a look is set back, before its beginning."""
        return self.seen_at < self.taken_at

    @property
    def lapses_at(self) -> datetime:
        """When anybody may take it, without another sign of life."""
        return self.seen_at + LAPSES_AFTER


def take_receipt(actor: Actor, receipt_id: str, *, working: bool = True) -> Hold:
    """Takes a receipt, or gives a sign of life where one holds it already. `working`: not only to look at it.

    Raises TakenError where another person holds it, NotAllowedError where the actor may not match there.
    """
    receipt = actor.scope(Receipt).filter(receipt_id=receipt_id, is_current=True).first()
    if receipt is None or actor.user is None:
        raise NotAllowedError("accept_match", None, "not_visible")
    require(actor, "accept_match", receipt.entity_id)
    with transaction.atomic():
        bulk.lock(f"take:{receipt_id}")
        row = ReceiptTake.objects.select_related("user").filter(receipt_id=receipt_id).first()
        now = clock.now()
        seen = now if working else now - LAPSES_AFTER + LOOK_LAPSES_AFTER
        if row is not None and row.user_id != actor.user.pk and not _lapsed(row, now):
            raise TakenError(_hold(row, actor))
        if row is not None and row.user_id == actor.user.pk and not _lapsed(row, now):
            row.seen_at = max(row.seen_at, seen)
            row.save(update_fields=["seen_at"])
            return _hold(row, actor)
        values = {"entity_id": receipt.entity_id, "user": actor.user, "taken_at": now, "seen_at": seen}
        row, _ = ReceiptTake.objects.update_or_create(receipt_id=receipt_id, defaults=values)
        return _hold(row, actor)


def release_receipt(actor: Actor, receipt_id: str) -> None:
    """Gives a receipt back; what one does not hold is left alone."""
    if actor.user is not None:
        ReceiptTake.objects.filter(receipt_id=receipt_id, user=actor.user).delete()


def holders(actor: Actor, receipt_ids: Iterable[str]) -> dict[str, Hold]:
    """Receipt id -> who holds it now, in the entities that the actor sees."""
    rows = ReceiptTake.objects.select_related("user").filter(
        receipt_id__in=list(receipt_ids), entity_id__in=actor.entities, seen_at__gt=clock.now() - LAPSES_AFTER
    )
    return {row.receipt_id: _hold(row, actor) for row in rows}


def refuse_if_taken(actor: Actor, receipt_id: str, *, among_others: bool = False) -> None:
    """Raises TakenError where another person is at the receipt. `among_others`: an act on many does not mind looks."""
    row = ReceiptTake.objects.select_related("user").filter(receipt_id=receipt_id).first()
    if row is None or _lapsed(row, clock.now()):
        return
    hold = _hold(row, actor)
    if not hold.mine and not (among_others and hold.is_look):
        raise TakenError(hold)


def _lapsed(row: ReceiptTake, now: datetime) -> bool:
    return row.seen_at + LAPSES_AFTER <= now


def _hold(row: ReceiptTake, actor: Actor) -> Hold:
    name = row.user.get_full_name() or row.user.email
    mine = actor.user is not None and actor.user.pk == row.user_id
    return Hold(row.receipt_id, row.user_id, name, row.taken_at, row.seen_at, mine)
