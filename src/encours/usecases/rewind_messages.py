"""What reached customers while posts stood that are rewound, and who was left alone because of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from encours.store import frames
from encours.store.models import Decision, Message, Touch
from encours.usecases import clock

_ASKED_BY_NAME = 500


@dataclass(frozen=True)
class SentBetween:
    """A message to a customer of a rewound post, sent since the post; `at` None where only the day is known.

    `channel` is the channel's code, `subject` what stands over the message, `message_id` the application's own message.
    """

    on: date
    channel: str
    customer_id: str
    subject: str = ""
    at: datetime | None = None
    message_id: str = ""


@dataclass(frozen=True)
class LeftAlone:
    """A customer to whom nothing was sent since the post that settled an overdue item of theirs, opened again now.

    `overdue`: what the rewind opens of such items, in minor units of `currency`; `since`: the day of the first post.
    """

    customer_id: str
    since: date
    items: int
    overdue: int
    currency: str


@dataclass(frozen=True)
class Between:
    """Latest message first; of those left alone the largest first."""

    sent: tuple[SentBetween, ...] = ()
    alone: tuple[LeftAlone, ...] = ()


def sent_between(entity_id: str, decisions: Sequence[Decision], written: pl.DataFrame) -> Between:
    """What went to the customers of these posts since each of them was posted.

    `written`: the allocations of the posts that stand (item_id, receipt_id, amount). A customer of a post is whose item
    it settles, or whose money it holds to be.
    """
    if not decisions:
        return Between()
    posted = {decision.subject_id: decision.decided_at for decision in decisions}
    settled = _settled(written, posted)
    since = _since(settled, posted)
    sent = _messages(entity_id, since)
    known = {(one.customer_id, one.on, one.channel) for one in sent}
    sent += [one for one in _touches(entity_id, since) if (one.customer_id, one.on, one.channel) not in known]
    sent.sort(key=lambda one: (one.on, one.at or clock.begins(one.on), one.customer_id), reverse=True)
    return Between(tuple(sent), _alone(settled, {one.customer_id for one in sent}))


def as_kept(between: Between) -> dict[str, list[list[object]]]:
    """What an audit entry keeps of it: ids, days and figures; what stood over a message stays with the message."""
    return {
        "sent": [
            [one.on.isoformat(), one.channel, one.customer_id, one.at.isoformat() if one.at else "", one.message_id]
            for one in between.sent
        ],
        "alone": [
            [one.customer_id, one.since.isoformat(), one.items, one.overdue, one.currency] for one in between.alone
        ],
    }


def from_kept(kept: Mapping[str, Any]) -> Between:
    """The same as it was kept; a message that is gone since has neither a subject nor an id."""
    rows = kept.get("sent", [])
    asked = [row[-1] for row in rows if row[-1]]
    subjects = {str(key): text for key, text in Message.objects.filter(pk__in=asked).values_list("pk", "subject")}
    sent = tuple(
        SentBetween(
            date.fromisoformat(on),
            channel,
            customer_id,
            subjects.get(message_id, ""),
            datetime.fromisoformat(at) if at else None,
            message_id if message_id in subjects else "",
        )
        for on, channel, customer_id, at, message_id in rows
    )
    alone = tuple(
        LeftAlone(customer_id, date.fromisoformat(since), items, overdue, currency)
        for customer_id, since, items, overdue, currency in kept.get("alone", [])
    )
    return Between(sent, alone)


def _settled(written: pl.DataFrame, posted: dict[str, datetime]) -> pl.DataFrame:
    """The settled parts of items: customer_id, due_on, currency, amount, item_id, at (of the post)."""
    days = pl.DataFrame({"receipt_id": list(posted), "at": list(posted.values())})
    items = frames.versions(
        "items", written["item_id"].unique(), ["item_id", "customer_id", "due_on", "currency"], current=True
    )
    lines = written.select("item_id", "receipt_id", "amount")
    return lines.join(items, on="item_id").join(days, on="receipt_id")


def _since(settled: pl.DataFrame, posted: dict[str, datetime]) -> dict[str, datetime]:
    """Customer -> when the first post of theirs was made."""
    payers = frames.versions(
        "receipts", pl.Series(list(posted), dtype=pl.String), ["receipt_id", "customer_id"], current=True
    )
    found: dict[str, datetime] = {}
    pairs = [*settled.select("customer_id", "at").iter_rows()]
    pairs += [(customer_id, posted[receipt_id]) for receipt_id, customer_id in payers.iter_rows() if customer_id]
    for customer_id, at in pairs:
        found[customer_id] = min(at, found.get(customer_id, at))
    return found


def _messages(entity_id: str, since: dict[str, datetime]) -> list[SentBetween]:
    """The application's own messages, those too of which it is not known whether they arrived."""
    first = min(since.values(), default=clock.now())
    rows = Message.objects.filter(entity_id=entity_id, customer_id__isnull=False)
    rows = rows.filter(Q(sent_at__gte=first) | Q(sent_at=None, claimed_at__gte=first))
    rows = rows.filter(state__in=("sent", "delivered", "bounced", "uncertain"))
    rows = rows.annotate(left=Coalesce(F("sent_at"), F("claimed_at")))
    told = rows.values_list("customer_id", "left", "channel", "subject", "pk")
    return [
        SentBetween(at.astimezone(clock.ZONE).date(), channel, customer_id, subject, at, str(number))
        for customer_id, at, channel, subject, number in told
        if customer_id in since and at >= since[customer_id]
    ]


def _touches(entity_id: str, since: dict[str, datetime]) -> list[SentBetween]:
    """Calls that were logged, and what other systems sent: one line a customer, day and channel."""
    days = {customer_id: at.astimezone(clock.ZONE).date() for customer_id, at in since.items()}
    first = min(days.values(), default=clock.today())
    rows = Touch.objects.filter(entity_id=entity_id, is_current=True, sent_on__gte=first)
    if len(days) <= _ASKED_BY_NAME:  # found by an index; of more than these all are read
        rows = rows.filter(customer_id__in=list(days))
    told = rows.values_list("customer_id", "sent_on", "channel").distinct()
    return [
        SentBetween(on, channel, customer_id)
        for customer_id, on, channel in told
        if customer_id in days and on >= days[customer_id]
    ]


def _alone(settled: pl.DataFrame, reached: set[str]) -> tuple[LeftAlone, ...]:
    """Whose overdue items stood as settled, and who heard nothing."""
    late = settled.filter((pl.col("due_on") < clock.today()) & (pl.col("amount") > 0))
    late = late.filter(~pl.col("customer_id").is_in(list(reached)))
    sums = late.group_by("customer_id", "currency").agg(
        since=pl.col("at").min(), items=pl.col("item_id").n_unique(), overdue=pl.col("amount").sum()
    )
    rows = sums.sort("overdue", "customer_id", descending=[True, False]).iter_rows(named=True)
    return tuple(
        LeftAlone(
            row["customer_id"],
            row["since"].astimezone(clock.ZONE).date(),
            row["items"],
            row["overdue"],
            row["currency"],
        )
        for row in rows
    )
