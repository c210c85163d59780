"""A contact with a customer and what came of it, with everything that follows: promise, plan, dispute, hold, task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Contact, ContactOutcome, Customer, Hold, Item, PlannedAction, PlannedLine
from encours.usecases import clock
from encours.usecases.agree_plan import ACT as PLAN_ACT
from encours.usecases.agree_plan import check_parts, write_plan
from encours.usecases.contact_outcomes import CHANNELS, OUTCOMES, OutcomeKind
from encours.usecases.deciding import write_facts
from encours.usecases.hold_dunning import ACT as HOLD_ACT
from encours.usecases.hold_dunning import check as check_hold
from encours.usecases.hold_dunning import write_hold
from encours.usecases.manage_tasks import NewTask, raise_tasks
from encours.usecases.merge.apply import Merged
from encours.usecases.open_dispute import ACT as DISPUTE_ACT
from encours.usecases.open_dispute import check_reason, contest
from encours.usecases.promising import (
    ANNOUNCED,
    PROMISE,
    Said,
    check_said,
    customer_of,
    facts_of,
    keep,
    owed_items,
    replaced,
    results_of,
    withdrawn_facts,
    worked_days_later,
)
from encours.usecases.record_promise import decide_promise, require_promise
from encours.usecases.rights import Actor, require
from encours.usecases.tell_copied import tell_copied

ACT = "log_contact"
#: What reminders wait for -> the reason that the hold bears.
_HOLD_REASON = {"instalments": "plan_asked", "dispute": "dispute_to_open"}


@dataclass(frozen=True)
class Logged:
    """What a person says of a contact. `key`: the form's own, so that sent twice it is one contact.

    `on`, `amount`, `reference`: the day, the money (minor units) and the reference that the customer named; `parts`
    the instalments they ask for; `reason` and `amount` of a dispute; `items` what it is about ([]: all that is due).
    `action_id`: the planned action that this contact carries out.
    """

    customer_id: str
    outcome: str
    key: str
    channel: str = "call"
    on: date | None = None
    amount: int | None = None
    reference: str = ""
    parts: tuple[tuple[date, int], ...] = ()
    reason: str = ""
    items: tuple[str, ...] = ()
    detail: str = ""
    contact_id: str | None = None
    action_id: str | None = None


def log_contact(actor: Actor, said: Logged) -> ContactOutcome:
    """Keeps a contact and does what its outcome asks for, all or nothing. The same `key` twice is once.

    What its author may not do alone (a plan, a dispute, a hold) is asked of whoever may: a task, and a hold that waits
    to be granted. A planned action that is named is done once somebody was reached.
    Raises NotAllowedError, or CallError naming every fault.
    """
    customer = customer_of(actor, said.customer_id, ACT)
    require(actor, ACT, customer.entity_id)
    kind = _checked(customer, said)
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        before = ContactOutcome.objects.filter(key=said.key).first()
        if before is not None:
            return before
        work = _Work(actor, customer, said, kind)
        row = work.done()
    for merged in work.written:
        merged.extend_copies()
    return row


def _checked(customer: Customer, said: Logged) -> OutcomeKind:
    """The outcome's kind. Raises CallError naming every fault of what was said."""
    kind = OUTCOMES.get(said.outcome)
    if kind is None:
        raise CallError([f"{said.outcome!r} is no outcome; choose one of {', '.join(OUTCOMES)}"])
    faults = []
    if said.channel not in CHANNELS:
        faults.append(f"{said.channel!r} is no channel; choose one of {', '.join(CHANNELS)}")
    if "on" in kind.needs and said.on is None:
        faults.append("say the day")
    if "parts" in kind.needs and len(said.parts) < 2:
        faults.append("a plan has two instalments or more")
    if "items" in kind.needs and len(said.items) != 1:
        faults.append("say which item is disputed")
    known = Contact.objects.filter(contact_id=said.contact_id, customer_id=customer.customer_id, is_current=True)
    if said.contact_id is not None and not known.exists():
        faults.append("the contact is not this customer's")
    if faults:
        raise CallError(faults)
    return kind


class _Work:
    """One contact being written, inside the caller's transaction and under the entity's lock."""

    def __init__(self, actor: Actor, customer: Customer, said: Logged, kind: OutcomeKind) -> None:
        self.actor, self.customer, self.said, self.kind = actor, customer, said, kind
        self.entity_id = customer.entity_id
        self.written: list[Merged] = []
        self.action = self._action()

    def done(self) -> ContactOutcome:
        """Writes the touch, the contact, and what follows from its outcome."""
        touches = self._touches()
        self.written.append(write_facts({"touches": touches}, self.entity_id))
        row = ContactOutcome.objects.create(
            entity_id=self.entity_id,
            customer_id=self.customer.customer_id,
            touch_id=touches[0]["touch_id"],
            key=self.said.key,
            channel=self.said.channel,
            outcome=self.kind.code,
            contact_id=self.said.contact_id,
            action_id=self.said.action_id,
            items=list(self.said.items),
            detail=self.said.detail.strip(),
            data=_data(self.said),
            at=clock.now(),
            user=self.actor.user,
        )
        after = {"contact": row.pk, "outcome": row.outcome, "channel": row.channel, "items": row.items}
        audit.append(clock.now(), self.actor.name, ACT, entity_id=self.entity_id, subject=row.customer_id, after=after)
        self._follow(row)
        self._finish_action()
        return row

    def _action(self) -> PlannedAction | None:
        if self.said.action_id is None:
            return None
        mine = PlannedAction.objects.filter(action_id=self.said.action_id, entity_id=self.entity_id)
        return mine.filter(customer_id=self.customer.customer_id).first()

    def _touches(self) -> list[dict[str, Any]]:
        """The contact as facts: one, or one an item of the planned step that it carries out, which then counts as
        taken. Where nobody was reached no step was taken."""
        row = {
            "customer_id": self.customer.customer_id,
            "channel": self.said.channel,
            "sent_on": clock.today(),
            "outcome": self.kind.code,
        }
        items: list[str | None] = list(self.said.items[:1]) if len(self.said.items) == 1 else [None]
        if self.action is not None and self.kind.reached:
            row["level"] = self.action.step
            lines = PlannedLine.objects.filter(action=self.action).order_by("item_id")
            items = list(lines.values_list("item_id", flat=True)) or items
        start = f"{self.entity_id}:encours-{self.said.key}"
        ids = [start, *(f"{start}-{n}" for n in range(2, len(items) + 1))]
        return [{**row, "touch_id": touch, "item_id": item} for touch, item in zip(ids, items, strict=True)]

    def _follow(self, row: ContactOutcome) -> None:
        follow = {
            "payment_announced": self._promise,
            "promise": self._promise,
            "instalments": self._plan,
            "dispute": self._dispute,
        }.get(self.kind.code, self._usual)
        follow(row)

    def _promise(self, row: ContactOutcome) -> None:
        assert self.said.on is not None
        announced = self.kind.code == ANNOUNCED
        said = Said(ANNOUNCED if announced else PROMISE, self.said.on, self.said.amount, self.said.reference)
        check_said(said, clock.today())
        rows = results_of(self.customer, owed_items(self.customer, self.said.items), [said], self.said.key)
        require_promise(self.actor, rows)
        for one in rows:
            one.outcome = row
        former = replaced(rows)
        facts = {"promises": [*withdrawn_facts(former), *facts_of(rows)]}
        self.written.append(write_facts(facts, self.entity_id))
        keep(rows, former)
        decide_promise(self.actor, rows, self.said.detail)
        if announced and rows[0].held_until < clock.today():
            # It should be there by now: holding on would only lose time, somebody looks for it.
            self._task("find_receipt", "cash_application", 1, row)

    def _plan(self, row: ContactOutcome) -> None:
        items = owed_items(self.customer, self.said.items)
        check_parts(items, self.said.parts)
        total = sum(amount for _, amount in self.said.parts)
        permission = self.actor.may(PLAN_ACT, self.entity_id, total)
        if permission.ok and not permission.second_signature:
            _, merged = write_plan(
                self.actor, self.customer, items, self.said.parts, key=self.said.key, why=self.said.detail, outcome=row
            )
            self.written.append(merged)
        else:
            self._usual(row)

    def _dispute(self, row: ContactOutcome) -> None:
        check_reason(self.said.reason)
        item = Item.objects.filter(
            item_id=self.said.items[0], customer_id=self.customer.customer_id, is_current=True
        ).first()
        if item is None or item.open <= 0:
            raise CallError([f"item {self.said.items[0]} is not open at this customer"])
        size = item.open if self.said.amount is None else self.said.amount
        permission = self.actor.may(DISPUTE_ACT, self.entity_id, size)
        if permission.ok and not permission.second_signature:
            _, merged = contest(self.actor, item, self.said.reason, amount=size, why=self.said.detail)
            self.written += [] if merged is None else [merged]
        else:
            self._usual(row)

    def _usual(self, row: ContactOutcome) -> None:
        """The task and the hold that the outcome's kind declares."""
        if self.kind.task:
            due = self.said.on if self.said.on is not None and self.kind.task == "call_back" else None
            self._task(self.kind.task, self.kind.role, self.kind.task_days, row, due)
        if self.kind.hold_days:
            self._hold(row)

    def _hold(self, row: ContactOutcome) -> None:
        until = worked_days_later(self.entity_id, clock.today(), self.kind.hold_days)
        if self.kind.task == "call_back" and self.said.on is not None:
            until = self.said.on
        reason = _HOLD_REASON.get(self.kind.code, self.kind.code)
        check_hold(self.customer, reason, until, None)
        items: Sequence[str | None] = self.said.items or (None,)
        open_sum = sum(item.open for item in owed_items(self.customer, self.said.items))
        permission = self.actor.may(HOLD_ACT, self.entity_id, open_sum)
        alone = permission.ok and not permission.second_signature
        state = Hold.State.STANDING if alone else Hold.State.ASKED
        why = self.said.detail
        for one in items:
            write_hold(self.actor, self.customer, reason, until, item_id=one, why=why, state=state, outcome=row)

    def _task(self, kind: str, role: str, days: int, row: ContactOutcome, due: date | None = None) -> None:
        mine = self.actor.user is not None and role in self.actor.roles.get(self.entity_id, frozenset())
        task = NewTask(
            self.entity_id,
            kind,
            due or worked_days_later(self.entity_id, clock.today(), days),
            customer_id=self.customer.customer_id,
            item_id=self.said.items[0] if len(self.said.items) == 1 else None,
            action_id=self.said.action_id,
            origin=f"outcome:{row.pk}",
            detail=self.said.detail,
            owner_id=self.actor.user.pk if mine and self.actor.user is not None else None,
            owner_role=role,
            key=f"{kind}:outcome:{row.pk}",
        )
        raise_tasks(self.actor, [task])

    def _finish_action(self) -> None:
        """The planned action is done; where nobody was reached it comes back on the next worked day."""
        if self.action is None or self.action.state != PlannedAction.State.PLANNED:
            return
        self.action.outcome = self.kind.code
        if self.kind.reached:
            self.action.state = PlannedAction.State.DONE
            self.action.done_at, self.action.done_by = clock.now(), self.actor.user
            if self.action.mode == "task":  # a message that the contact made needless has not left
                tell_copied([self.action], self.actor.user, self.said.detail)
        else:
            self.action.snoozed_until = worked_days_later(self.entity_id, clock.today(), 1)
        self.action.save(update_fields=["outcome", "state", "done_at", "done_by", "snoozed_until"])


def _data(said: Logged) -> Mapping[str, Any]:
    """What the customer named, as it is kept."""
    return {
        name: value
        for name, value in (
            ("on", None if said.on is None else said.on.isoformat()),
            ("amount", said.amount),
            ("reference", said.reference.strip()[:140]),
            ("reason", said.reason),
            ("parts", [[day.isoformat(), amount] for day, amount in said.parts]),
        )
        if value
    }
