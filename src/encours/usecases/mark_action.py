"""What people do with a planned action: put it off, put it first, give it to a colleague, leave it, call it done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Customer, DunningMark, PlannedAction, Role, User
from encours.usecases import clock
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.tell_copied import tell_copied

#: A pin holds for so many days; then the model decides again.
PIN_DAYS = 7
_SNOOZE_MAX = timedelta(days=90)
STRATEGIES = ("develop", "protect", "normal", "reduce", "exit")


def planned(actor: Actor, number: int, act: str) -> PlannedAction:
    """A planned action that this person sees and may act on. Raises NotAllowedError."""
    row: PlannedAction | None = actor.scope(PlannedAction).filter(pk=number).first()
    if row is None:
        raise NotAllowedError(act, None, "not_visible")
    require(actor, act, row.entity_id)
    return row


def planned_many(actor: Actor, numbers: Iterable[int], act: str) -> list[PlannedAction]:
    """The same of several, each once, in the order given, in one query."""
    wanted = list(dict.fromkeys(numbers))
    found = {row.pk: row for row in actor.scope(PlannedAction).filter(pk__in=wanted)}
    if len(found) < len(wanted):
        raise NotAllowedError(act, None, "not_visible")
    for entity_id in {row.entity_id for row in found.values()}:
        require(actor, act, entity_id)
    return [found[number] for number in wanted]


def snooze(actor: Actor, number: int, until_on: date, why: str = "") -> PlannedAction:
    """Nothing of this customer before a day: it comes back then by itself. A day in the past ends it."""
    row = planned(actor, number, "plan_dunning")
    today = clock.today()
    if until_on > today + _SNOOZE_MAX:
        raise CallError([f"put it off until {(today + _SNOOZE_MAX).isoformat()} at the latest; longer is a hold"])
    until = until_on if until_on > today else None
    return _mark(actor, row, "snooze", {"snoozed_until": until, "snoozed_by": actor.user, "why": why},
                 {"snoozed_until": until})  # fmt: skip


def pin(actor: Actor, number: int, *, on: bool = True) -> PlannedAction:
    """Puts a customer above what the model says, for a week; or takes that back."""
    row = planned(actor, number, "pin_action")
    until = clock.today() + timedelta(days=PIN_DAYS) if on else None
    return _mark(actor, row, "pin_action", {"pinned_by": actor.user if on else None, "pinned_until": until},
                 {"pinned_by": actor.user if on else None})  # fmt: skip


def reassign(actor: Actor, number: int, user_id: int | None) -> PlannedAction:
    """Gives a customer's actions to a colleague who has a role in the entity; None gives them back to all."""
    row = planned(actor, number, "assign_task")
    user = None
    if user_id is not None:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or not _works_in(user, row.entity_id):
            raise CallError(["this person has no role in the entity"])
    return _mark(actor, row, "assign_task", {"assigned_to": user}, {"assigned_to": user})


def _mark(actor: Actor, row: PlannedAction, act: str, kept: dict[str, Any], shown: dict[str, Any]) -> PlannedAction:
    """Keeps a mark on the customer and shows it on all its open actions of the day."""
    with transaction.atomic():
        parquet.lock_entity(row.entity_id)
        DunningMark.objects.update_or_create(entity_id=row.entity_id, customer_id=row.customer_id, defaults=kept)
        same = PlannedAction.objects.filter(
            entity_id=row.entity_id, customer_id=row.customer_id, state=PlannedAction.State.PLANNED
        )
        same.update(**shown)
        audit.append(
            clock.now(), actor.name, act, entity_id=row.entity_id, subject=row.customer_id,
            after={name: value.pk if isinstance(value, User) else value for name, value in shown.items()},
            why=str(kept.get("why", "")),
        )  # fmt: skip
    row.refresh_from_db()
    return row


def skip_action(actor: Actor, number: int, why: str = "") -> PlannedAction:
    """Decides against an action of the day; tomorrow's plan is made from the facts again."""
    return _close(actor, planned(actor, number, "plan_dunning"), PlannedAction.State.SKIPPED, why)


def finish_action(actor: Actor, number: int, outcome: str = "") -> PlannedAction:
    """The action was done by a person: a call, a letter, a visit."""
    return _close(actor, planned(actor, number, "log_contact"), PlannedAction.State.DONE, outcome)


def reopen_action(actor: Actor, number: int) -> PlannedAction:
    """Takes back a skip."""
    row = planned(actor, number, "plan_dunning")
    if row.state != PlannedAction.State.SKIPPED:
        raise CallError(["only what was skipped is taken up again"])
    return _close(actor, row, PlannedAction.State.PLANNED, "")


def _close(actor: Actor, row: PlannedAction, state: str, outcome: str) -> PlannedAction:
    with transaction.atomic():
        parquet.lock_entity(row.entity_id)
        row.refresh_from_db()
        if row.state == state:
            return row
        before, row.state, row.outcome = row.state, state, outcome[:48]
        row.done_at = None if state == PlannedAction.State.PLANNED else clock.now()
        row.done_by = None if state == PlannedAction.State.PLANNED else actor.user
        row.save(update_fields=["state", "outcome", "done_at", "done_by"])
        if state == PlannedAction.State.DONE and row.mode == "task":  # else its message did not leave
            tell_copied([row], actor.user)
        audit.append(
            clock.now(), actor.name, "plan_dunning", entity_id=row.entity_id, subject=row.action_id,
            before={"state": before}, after={"state": state}, why=outcome,
        )  # fmt: skip
    return row


def _works_in(user: User, entity_id: str) -> bool:
    return bool(user.is_superuser) or Role.objects.filter(user=user, entity_id=entity_id).exists()


def set_strategy(
    actor: Actor, customer_id: str, strategy: str, owner_id: int | None = None, review_on: date | None = None
) -> DunningMark:
    """What is wanted with a customer: develop, protect, normal, reduce or exit; "" leaves it to the customer file."""
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError("set_strategy", None, "not_visible")
    require(actor, "set_strategy", customer.entity_id)
    if strategy and strategy not in STRATEGIES:
        raise CallError([f"a strategy is one of {', '.join(STRATEGIES)}"])
    owner = User.objects.filter(pk=owner_id, is_active=True).first() if owner_id else None
    if owner_id and (owner is None or not _works_in(owner, customer.entity_id)):
        raise CallError(["this person has no role in the entity"])
    if not strategy:
        owner, owner_id, review_on = None, None, None
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        before = DunningMark.objects.filter(entity_id=customer.entity_id, customer_id=customer_id).first()
        mark, _made = DunningMark.objects.update_or_create(
            entity_id=customer.entity_id, customer_id=customer_id,
            defaults={"strategy": strategy, "strategy_owner": owner, "strategy_review_on": review_on},
        )  # fmt: skip
        audit.append(
            clock.now(), actor.name, "set_strategy", entity_id=customer.entity_id, subject=customer_id,
            before=before.strategy if before else None,
            after={"strategy": strategy, "owner": owner_id, "review_on": review_on},
        )  # fmt: skip
    return mark
