"""Order holds of the plan: proposed to the credit manager with their reason once sales had its hours to object.

Encours blocks no order: whoever decides does so where the orders are. The step counts as taken once it was proposed.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from encours.core.dunning.scenario import ORDER_HOLD
from encours.store import parquet
from encours.store.models import Item, Message, PlannedAction, StepNotice, User
from encours.usecases import clock
from encours.usecases.deciding import write_facts
from encours.usecases.hold_dunning import deciders
from encours.usecases.letters import says
from encours.usecases.manage_scenarios import testing_codes
from encours.usecases.manage_settings import setting
from encours.usecases.manage_tasks import NewTask, raise_tasks
from encours.usecases.notice_clock import borne_by
from encours.usecases.notice_words import spoken, words_of
from encours.usecases.promising import worked_days_later
from encours.usecases.rights import Actor

TASK, PROPOSED = "decide_order_hold", "proposed"
_MOST_NUMBERS = 6


def propose_holds(actor: Actor, entity_id: str, day: date) -> int:
    """Makes a task of each order hold that the day's plan asks for; how many. Done again it does nothing more.

    In test mode, and for scenarios in test, nothing is proposed: the worklist shows what would be.
    """
    if setting("mail.test_mode", entity_id, clock.today()):
        return 0
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        rows = PlannedAction.objects.filter(
            entity_id=entity_id, day=day, state=PlannedAction.State.PLANNED, channel=ORDER_HOLD,
            snoozed_until__isnull=True,
        ).exclude(scenario__in=testing_codes(entity_id))  # fmt: skip
        asked = list(rows.prefetch_related("lines").order_by("place"))
        if not asked:
            return 0
        raise_tasks(actor, [_task(row) for row in asked])
        merged = write_facts({"touches": [touch for row in asked for touch in _touches(row)]}, entity_id)
        rows.filter(pk__in=[row.pk for row in asked]).update(
            state=PlannedAction.State.DONE, outcome=PROPOSED, done_at=clock.now(), done_by=actor.user
        )
    merged.extend_copies()
    return len(asked)


def _task(row: PlannedAction) -> NewTask:
    due = worked_days_later(row.entity_id, clock.today(), 1)
    return NewTask(
        row.entity_id, TASK, due, customer_id=row.customer_id, action_id=row.action_id, origin=f"step:{row.step}",
        detail=_reason(row), owner_role="credit_manager", key=f"{TASK}:{row.action_id}",
    )  # fmt: skip


def _reason(row: PlannedAction) -> str:
    """Why a hold is proposed, in the language of whoever decides: what is owed, for how long, and what sales said."""
    reader = User.objects.filter(pk__in=deciders(row.entity_id)).order_by("pk").first()
    language = spoken(reader.language if reader else "")
    items = [line.item_id for line in row.lines.all()]
    numbers = list(
        Item.objects.filter(item_id__in=items, is_current=True).order_by("due_on").values_list("number", flat=True)
    )
    listed = ", ".join(numbers[:_MOST_NUMBERS]) + ("…" if len(numbers) > _MOST_NUMBERS else "")
    total = says.money(row.amount, row.currency, language, code=True)
    why = words_of("hold_reason", language).format(total=total, days=row.overdue_days, numbers=listed)
    return f"{why} {words_of(f'hold_{_said(row)}', language)}"


def _said(row: PlannedAction) -> str:
    """What sales said to its notice of the step: silent, go, overruled; untold where no notice was given."""
    same = StepNotice.objects.filter(entity_id=row.entity_id, customer_id=row.customer_id, step=row.step)
    notice = same.order_by("-asked_at").first()
    if notice is None:
        return "untold"
    told = notice.asked_of_id is not None or Message.objects.filter(action_id=borne_by(notice)).exists()
    return notice.decision or notice.answer or ("silent" if told else "untold")


def _touches(row: PlannedAction) -> list[dict[str, Any]]:
    """The step as facts, one an item, so that it counts as taken and nothing proposes it a second time."""
    items = sorted(line.item_id for line in row.lines.all())
    return [
        {
            "touch_id": f"{row.entity_id}:encours-hold-{row.action_id}-{place}", "customer_id": row.customer_id,
            "item_id": item_id, "channel": ORDER_HOLD, "level": row.step, "sent_on": clock.today(),
            "outcome": PROPOSED,
        }
        for place, item_id in enumerate(items)
    ]  # fmt: skip
