"""Reminders held by a person: author, reason, last day; asked for by sales, granted or refused, lifted early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import ContactOutcome, Customer, CustomerPosition, Hold, Item, Role, Task
from encours.usecases import clock
from encours.usecases.contact_outcomes import HOLD_REASONS
from encours.usecases.manage_tasks import NewTask, finish, raise_tasks
from encours.usecases.promising import customer_of, worked_days_later
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.send_notices import HOLD_ASKED, Notice, send_notices

ACT, ASK_ACT, LIFT_ACT = "hold_dunning", "ask_hold", "lift_hold"
#: A hold that nobody looks at again is a forgotten claim.
LONGEST_DAYS = 92


def hold_dunning(
    actor: Actor, customer_id: str, reason: str, until_on: date, *, item_id: str | None = None, why: str = ""
) -> Hold:
    """Holds the reminders of a customer, or of one item, until a day (included). The same hold twice is once.

    Where a delegation asks for a second signature the hold is asked for and waits. Raises NotAllowedError, CallError.
    """
    customer = customer_of(actor, customer_id, ACT)
    amount = _at_stake(customer, item_id)
    permission = require(actor, ACT, customer.entity_id, amount)
    check(customer, reason, until_on, item_id)
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        state = Hold.State.ASKED if permission.second_signature else Hold.State.STANDING
        return write_hold(actor, customer, reason, until_on, item_id=item_id, why=why, state=state)


def ask_hold(
    actor: Actor, customer_id: str, reason: str, until_on: date, *, item_id: str | None = None, why: str = ""
) -> Hold:
    """Asks for a hold: whoever may decide gets a task and a notice; until then nothing is held. Twice is once.

    Raises NotAllowedError, or CallError naming every fault.
    """
    customer = customer_of(actor, customer_id, ASK_ACT)
    require(actor, ASK_ACT, customer.entity_id)
    check(customer, reason, until_on, item_id)
    if not why.strip():
        raise CallError(["say why the reminders should wait"])
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        return write_hold(actor, customer, reason, until_on, item_id=item_id, why=why, state=Hold.State.ASKED)


def decide_hold(actor: Actor, hold_id: int, granted: bool, answer: str = "", until_on: date | None = None) -> Hold:
    """Grants (perhaps to another day) or refuses a hold that was asked for. Nobody grants their own. Twice is once.

    Raises NotAllowedError, CallError.
    """
    seen = _seen(actor, hold_id, ACT)
    customer = customer_of(actor, seen.customer_id, ACT)
    require(actor, ACT, seen.entity_id, _at_stake(customer, seen.item_id))
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        hold = Hold.objects.get(pk=hold_id)
        if hold.state != Hold.State.ASKED:
            return hold
        if actor.user is not None and hold.author_id == actor.user.pk:
            raise NotAllowedError(ACT, hold.entity_id, "own_act")
        if granted:
            hold.until_on = until_on or hold.until_on
            check(customer, hold.reason, hold.until_on, hold.item_id)
        hold.state = Hold.State.STANDING if granted else Hold.State.REFUSED
        hold.decided_by, hold.decided_at, hold.answer = actor.user, clock.now(), answer.strip()
        hold.save()
        _close_asking(actor, hold)
        _audit(actor, "decide_hold", hold)
    return hold


def lift_hold(actor: Actor, hold_id: int, why: str = "") -> Hold:
    """Lifts a hold before its day: reminders go on from now. Its author takes back what they asked for. Twice is once.

    Raises NotAllowedError.
    """
    seen = _seen(actor, hold_id, LIFT_ACT)
    own_asking = seen.state == Hold.State.ASKED and actor.user is not None and seen.author_id == actor.user.pk
    if not own_asking:
        require(actor, ACT, seen.entity_id)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        hold = Hold.objects.get(pk=hold_id)
        if hold.state not in (Hold.State.ASKED, Hold.State.STANDING):
            return hold
        hold.state, hold.lifted_at, hold.lifted_by = Hold.State.LIFTED, clock.now(), actor.user
        hold.answer = why.strip() or hold.answer
        hold.save()
        _close_asking(actor, hold)
        _audit(actor, LIFT_ACT, hold)
    return hold


def write_hold(
    actor: Actor,
    customer: Customer,
    reason: str,
    until_on: date,
    *,
    item_id: str | None = None,
    why: str = "",
    state: Hold.State = Hold.State.STANDING,
    outcome: ContactOutcome | None = None,
) -> Hold:
    """Writes a hold in the caller's transaction, under the entity's lock; one that says the same stands already."""
    live = Hold.objects.filter(customer_id=customer.customer_id, item_id=item_id, reason=reason, until_on=until_on)
    before = live.filter(state__in=(state, Hold.State.STANDING)).first()
    if before is not None:
        return before
    hold = Hold.objects.create(
        entity_id=customer.entity_id,
        customer_id=customer.customer_id,
        item_id=item_id,
        reason=reason,
        why=why.strip(),
        state=state,
        author=actor.user,
        made_at=clock.now(),
        from_on=clock.today(),
        until_on=until_on,
        outcome=outcome,
    )
    _audit(actor, ACT if state == Hold.State.STANDING else ASK_ACT, hold)
    if state == Hold.State.ASKED:
        _ask(actor, hold)
    return hold


def check(customer: Customer, reason: str, until_on: date, item_id: str | None) -> None:
    """Raises CallError naming every fault of a hold."""
    today, faults = clock.today(), []
    if reason not in HOLD_REASONS:
        faults.append(f"{reason!r} is no reason; choose one of {', '.join(HOLD_REASONS)}")
    if until_on < today:
        faults.append("a hold ends today or later")
    if (until_on - today).days > LONGEST_DAYS:
        faults.append("a hold lasts three months at most: look at it again then")
    if item_id is not None and not _items(customer, item_id).exists():
        faults.append(f"item {item_id} is not this customer's")
    if faults:
        raise CallError(faults)


def deciders(entity_id: str) -> list[int]:
    """Numbers of the credit managers of an entity."""
    rows = Role.objects.filter(entity_id=entity_id, kind=Role.Kind.CREDIT_MANAGER, user__is_active=True)
    return sorted(set(rows.values_list("user_id", flat=True)))


def _ask(actor: Actor, hold: Hold) -> None:
    due = worked_days_later(hold.entity_id, clock.today(), 1)
    task = NewTask(
        hold.entity_id, "decide_hold", due, customer_id=hold.customer_id, item_id=hold.item_id,
        origin=f"hold:{hold.pk}", detail=hold.why, owner_role="credit_manager", key=f"decide_hold:{hold.pk}",
    )  # fmt: skip
    raise_tasks(actor, [task])
    data = {"comment": hold.why, "hold": {"until_on": hold.until_on}}
    told: Sequence[int] = [one for one in deciders(hold.entity_id) if actor.user is None or one != actor.user.pk]
    send_notices([Notice(HOLD_ASKED, hold.entity_id, one, hold.customer_id, data) for one in told], actor.user)


def _close_asking(actor: Actor, hold: Hold) -> None:
    for task in Task.objects.filter(entity_id=hold.entity_id, key=f"decide_hold:{hold.pk}", state=Task.State.OPEN):
        finish(actor, task, str(hold.state))


def _at_stake(customer: Customer, item_id: str | None) -> int:
    """What is not asked for while the hold stands, in the entity's currency where the customer owes in it."""
    if item_id is not None:
        return sum(_items(customer, item_id).values_list("open", flat=True))
    rows = CustomerPosition.objects.filter(customer_id=customer.customer_id).values_list("overdue", flat=True)
    return max(rows, default=0)


def _items(customer: Customer, item_id: str) -> QuerySet[Item]:
    return Item.objects.filter(item_id=item_id, customer_id=customer.customer_id, is_current=True)


def _seen(actor: Actor, hold_id: int, act: str) -> Hold:
    hold: Hold | None = actor.scope(Hold).filter(pk=hold_id).first()
    if hold is None:
        raise NotAllowedError(act, None, "not_visible")
    return hold


def _audit(actor: Actor, act: str, hold: Hold) -> None:
    after = {
        "hold": hold.pk, "item": hold.item_id, "reason": hold.reason, "until_on": hold.until_on.isoformat(),
        "state": str(hold.state),
    }  # fmt: skip
    audit.append(clock.now(), actor.name, act, entity_id=hold.entity_id, subject=hold.customer_id, after=after)
