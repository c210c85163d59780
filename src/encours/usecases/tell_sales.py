"""What a plan asks of sales: the weekly digest to each owner, and the notice before a step they may object to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import polars as pl

from encours.store.models import Customer, Dispute, DisputeCare, Item, Message, SalesDigest, StepNotice, Task, User
from encours.usecases import clock
from encours.usecases.dunning_owner import owners_outside, sales_users
from encours.usecases.letters import says
from encours.usecases.notice_clock import borne_by, called_off, wait_on
from encours.usecases.notice_words import spoken, task_words, words_of
from encours.usecases.rights import Actor
from encours.usecases.send_notices import DIGEST, STEP_NOTICE, Notice, Outside, own_address, send_notices
from encours.usecases.step_words import step_words


def tell_sales(actor: Actor, entity_id: str, asked: pl.DataFrame, day: date) -> int:
    """Gives the notices and sends the digests of a plan (`core.dunning.result.INTERNAL`), each once, in the caller's
    transaction and under the entity's lock. How many messages were queued.

    A notice whose sales owner is nobody here is given all the same: its hours run, and the credit manager sees it.
    """
    rows = list(asked.filter(pl.col("entity_id") == entity_id).iter_rows(named=True))
    users = sales_users(entity_id, [str(row["owner"] or "") for row in rows])
    strangers = {row["customer_id"]: row["owner"] for row in rows if row["owner"] and row["owner"] not in users}
    outside = owners_outside(strangers)
    wait_on(entity_id)
    sent = 0
    for row in rows:
        if row["kind"] == "notice":
            reader = users.get(row["owner"] or "") or outside.get(row["customer_id"])
            sent += _give_notice(actor, entity_id, row, reader, day)
    by_user: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "digest" and row["owner"] in users:
            by_user[users[row["owner"]]].append(row)
    for user_id, own in sorted(by_user.items()):
        sent += _send_digest(actor, entity_id, user_id, own, day)
    by_address: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "digest" and row["customer_id"] in outside:
            by_address[outside[row["customer_id"]].email.casefold()].append(row)
    for _, own in sorted(by_address.items()):
        sent += _send_digest_outside(actor, entity_id, outside[own[0]["customer_id"]], own, day)
    return sent


def _give_notice(actor: Actor, entity_id: str, row: Mapping[str, Any], reader: int | Outside | None, day: date) -> int:
    user_id = reader if isinstance(reader, int) else None
    outside = reader if isinstance(reader, Outside) else None
    hours = max(24, ((row["goes_on"] or day + timedelta(days=2)) - day).days * 24)
    since = clock.now() - timedelta(hours=hours)
    same = StepNotice.objects.filter(entity_id=entity_id, customer_id=row["customer_id"], step=row["step"])
    if same.filter(asked_at__gte=since).exclude(pk__in=called_off(entity_id)).exists():
        return 0
    given = StepNotice.objects.create(
        entity_id=entity_id, customer_id=row["customer_id"], scenario=row["scenario"] or "", step=row["step"],
        asked_at=clock.now(), asked_of_id=user_id, hours=hours,
    )  # fmt: skip
    if reader is None:
        return 0
    language = _language(reader)
    late = _late_days([row], day)
    data = {
        "total": _money(row["amount"], row["currency"], language),
        "oldest_days": late.get((row["customer_id"], row["currency"]), 0),
        "notice": {
            "step": step_words([entity_id], language).get(row["step"], row["step"]),
            "on": row["goes_on"] or day + timedelta(hours=hours),
            "before": (clock.now() + timedelta(hours=hours)).astimezone(clock.ZONE).date(),
            "hours": hours,
        },
    }
    notice = Notice(
        STEP_NOTICE, entity_id, user_id or 0, row["customer_id"], data, row["template"] or "", borne_by(given), outside
    )
    return len(send_notices([notice], actor.user))


def _send_digest(actor: Actor, entity_id: str, user_id: int, rows: Sequence[Mapping[str, Any]], day: date) -> int:
    """One letter a week and person, whatever is planned again."""
    week_on = day - timedelta(days=day.weekday())
    customers = sorted({row["customer_id"] for row in rows})
    digest, is_new = SalesDigest.objects.get_or_create(
        entity_id=entity_id, user_id=user_id, week_on=week_on, defaults={"customers": customers, "at": clock.now()}
    )
    if not is_new:
        return 0
    language = language_of(User.objects.get(pk=user_id))
    late = _late_days(rows, day)
    owed = [Owed(row["customer_id"], row["amount"], row["currency"], late.get((row["customer_id"], row["currency"]), 0))
            for row in rows]  # fmt: skip
    data = digest_values(entity_id, owed, asked_of(entity_id, user_id, set(customers), language), language)
    notice = Notice(DIGEST, entity_id, user_id, "", data, str(rows[0]["template"] or ""))
    messages = send_notices([notice], actor.user)
    if messages:
        digest.message = str(messages[0].pk)
        digest.save(update_fields=["message"])
    return len(messages)


def _send_digest_outside(
    actor: Actor, entity_id: str, reader: Outside, rows: Sequence[Mapping[str, Any]], day: date
) -> int:
    """The same to who has no account here: the message itself says that the week's letter was written."""
    bears = f"digest:{day - timedelta(days=day.weekday())}:{reader.email.casefold()}"[:255]
    if Message.objects.filter(entity_id=entity_id, action_id=bears).exists():
        return 0
    language, late = _language(reader), _late_days(rows, day)
    owed = [Owed(row["customer_id"], row["amount"], row["currency"], late.get((row["customer_id"], row["currency"]), 0))
            for row in rows]  # fmt: skip
    data = digest_values(entity_id, owed, {}, language, links=False)
    notice = Notice(DIGEST, entity_id, 0, "", data, str(rows[0]["template"] or ""), bears, reader)
    return len(send_notices([notice], actor.user))


@dataclass(frozen=True)
class Owed:
    """What a customer owes that is overdue, in minor units of one currency; `days`: since the oldest due date."""

    customer_id: str
    amount: int
    currency: str
    days: int


def digest_values(
    entity_id: str, owed: Sequence[Owed], asks: Mapping[str, Sequence[str]], language: str, *, links: bool = True
) -> dict[str, Any]:
    """What the weekly digest says: its customers, the largest first, with what is asked of their sales owner."""
    ids = {one.customer_id for one in owed}
    names = dict(Customer.objects.filter(customer_id__in=ids, is_current=True).values_list("customer_id", "name"))
    totals: defaultdict[str, int] = defaultdict(int)
    for one in owed:
        totals[one.currency] += one.amount
    base, left = own_address(entity_id) if links else "", dict(asks)
    rows = [
        {
            "name": names.get(one.customer_id, one.customer_id),
            "account": one.customer_id.removeprefix(f"{entity_id}:"),
            "overdue": _money(one.amount, one.currency, language), "oldest_days": one.days,
            "asked": " ; ".join(left.pop(one.customer_id, ())),
            "link": f"{base}/my-customers/one/{quote(one.customer_id)}" if base else "",
        }
        for one in sorted(owed, key=lambda row: (-row.amount, row.customer_id))
    ]  # fmt: skip
    total = ", ".join(_money(amount, currency, language) for currency, amount in sorted(totals.items()))
    return {"customers": rows, "count": len(ids), "total": total}


def _late_days(rows: Sequence[Mapping[str, Any]], day: date) -> dict[tuple[str, str], int]:
    """(customer, currency) -> days since the oldest due date of its items."""
    due = dict(
        Item.objects.filter(item_id__in={one for row in rows for one in row["items"] or ()}, is_current=True)
        .values_list("item_id", "due_on")
    )  # fmt: skip
    return {
        (row["customer_id"], row["currency"]): max(0, (day - min(due[one] for one in row["items"] if one in due)).days)
        for row in rows
        if any(one in due for one in row["items"] or ())
    }


def asked_of(entity_id: str, user_id: int, customers: set[str], language: str) -> dict[str, list[str]]:
    """Customer -> what is asked of a sales owner: objections while there is time, disputes and tasks of theirs."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    steps = step_words([entity_id], language)
    for notice in open_notices(entity_id).filter(asked_of_id=user_id, customer_id__in=customers):
        until = notice.asked_at + timedelta(hours=notice.hours)
        step = steps.get(notice.step, notice.step)
        said = words_of("ask_notice", language).format(step=step, until=_day(until.date(), language))
        found[notice.customer_id].append(said)
    cares = DisputeCare.objects.filter(entity_id=entity_id, owner_id=user_id, customer_id__in=customers)
    due = {care.dispute_id: care for care in cares}
    open_ones = Dispute.objects.filter(dispute_id__in=list(due), is_current=True, closed_on__isnull=True)
    items = Item.objects.filter(item_id__in=open_ones.values("item_id"), is_current=True)
    numbers = {item.item_id: item for item in items}
    for dispute in open_ones:
        item, care = numbers.get(dispute.item_id), due[dispute.dispute_id]
        if item is not None:
            amount = _money(dispute.amount, item.currency, language)
            what = words_of("ask_dispute", language)
            said = what.format(number=item.number, amount=amount, until=_day(care.due_on, language))
            found[care.customer_id].append(said)
    tasks = Task.objects.filter(entity_id=entity_id, owner_id=user_id, customer_id__in=customers, state="open")
    for task in tasks:
        title = task.title or task_words(task.kind, language)
        said = words_of("ask_task", language).format(title=title, until=_day(task.due_on, language))
        found[task.customer_id or ""].append(said)
    return dict(found)


def open_notices(entity_id: str) -> Any:
    """Notices of the last days that nobody has answered."""
    since = clock.now() - timedelta(days=3)
    return StepNotice.objects.filter(entity_id=entity_id, answer="", asked_at__gte=since).order_by("asked_at")


def _language(reader: int | Outside) -> str:
    return spoken(reader.language) if isinstance(reader, Outside) else language_of(User.objects.get(pk=reader))


def language_of(user: User) -> str:
    """The language that a person is written to in."""
    return spoken(user.language)


def _day(day: date, language: str) -> str:
    return says.day(day, language, "long")


def _money(amount: int, currency: str, language: str) -> str:
    return says.money(amount, currency, language, code=True)
