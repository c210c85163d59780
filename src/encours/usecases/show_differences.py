"""What differences cost: by cause, what was booked and what stays open, and who must look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from encours.core.matching.differences import causes
from encours.store.models import Entity, Item
from encours.usecases import clock
from encours.usecases.list_differences import standing_differences
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class CauseRow:
    """One cause in one entity and currency: `amount` in minor units of that currency, below zero for gains.

    `open`: it was left open on its items, to be cleared by `owner`; else it was booked on `account`. `given_up`: what
    of it the entity gave up, in its own currency.
    """

    entity_id: str
    entity_name: str
    cause: str
    sentence: str
    owner: str
    account: str
    open: bool
    currency: str
    count: int
    amount: int
    given_up: int


def show_differences(viewing: Viewing, since: date | None = None) -> tuple[CauseRow, ...]:
    """The differences of matches that stand, the costliest first; with `since` those decided from that day on."""
    rows = standing_differences(viewing)
    if since is not None:
        rows = rows.filter(
            proposal__decisions__act="accept_match", proposal__decisions__decided_at__gte=clock.begins(since)
        )
    named = ("entity_id", "cause", "kind", "owner", "account", "item_id")
    grouped = rows.values(*named).annotate(count=Count("id"), amount=Sum("amount"), worth=Sum("worth")).order_by()
    currencies = dict(viewing.facts(Item).filter(item_id__in=rows.values("item_id")).values_list("item_id", "currency"))
    totals: dict[tuple[str, str, str, str, bool, str], list[int]] = {}
    for row in grouped:
        currency = currencies.get(row["item_id"])
        if currency is None:
            continue  # an item that the actor does not see
        key = (row["entity_id"], row["cause"], row["owner"], row["account"], not row["kind"], currency)
        total = totals.setdefault(key, [0, 0, 0])
        for place, value in enumerate((row["count"], row["amount"], row["worth"] or 0)):
            total[place] += value
    names = dict(Entity.objects.filter(pk__in=viewing.entity_ids).values_list("pk", "name"))
    found = [_row(key, total, names) for key, total in totals.items()]
    return tuple(sorted(found, key=lambda row: (row.entity_name, row.open, -abs(row.amount), row.cause)))


def _row(key: tuple[str, str, str, str, bool, str], total: list[int], names: dict[str, str]) -> CauseRow:
    entity_id, cause, owner, account, is_open, currency = key
    known = causes().get(cause)
    sentence = known.sentence if known is not None else ""
    return CauseRow(
        entity_id, names.get(entity_id, entity_id), cause, sentence, owner, account, is_open, currency, *total
    )
