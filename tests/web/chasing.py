"""What chasing leaves in the town: a scenario of A, a planned action on A's first customer, a message to confirm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from encours.connectors.base.outgoing import Attachment
from encours.store.models import (
    DunningDay,
    HeldItem,
    Message,
    MessageFile,
    MessageItem,
    PlannedAction,
    PlannedLine,
    PublishedStatement,
    Run,
)
from encours.usecases import clock, message_files
from encours.usecases.manage_scenarios import install_scenarios
from encours.usecases.replay_files import write_list
from encours.usecases.replay_scenario import LISTED, TRIED


def chase_town() -> dict[str, Any]:
    """What addresses of chasing name: a planned action's number, a scenario's code, a message."""
    found: dict[str, Any] = {}
    for entity_id in ("B", "A"):
        install_scenarios(entity_id)
        found = _planned(entity_id)
    _replayed()
    return found


def _replayed() -> None:
    """A back-test of A's first scenario that is kept: one message, to somebody who had paid half of it."""
    today, code = clock.today(), "sme"
    figures = {"actions": 1, "automatic": 1, "customers": 1, "to_who_had_paid": 0, "collisions": 1, "minutes": 1,
               "cost": 1.8, "held_spells": 0, "held_days_median": 0.0}  # fmt: skip
    step = {"scenario": code, "level": 1, "step": "reminder_1", "channel": "email", "mode": "automatic",
            "currency": "EUR", "messages": 1, "customers": 1, "amount": 123_456, "paid": 0, "part_paid": 1,
            "collisions": 1, "minutes": 1, "cost": 180}  # fmt: skip
    gate = {"reason": "promise_pending", "task": "watch_promise", "currency": "EUR", "items": 1, "spells": 1,
            "days_median": 2.0, "days_most": 2, "on_a_day": 50_000}  # fmt: skip
    summary = {
        "months": 3, "against": "", "by": "Alice", "version": 1, "from": f"{today - timedelta(days=90)}",
        "to": f"{today}", "figures": figures, "held_share": {"EUR": 0.04}, "waiting_share": {"EUR": 0.5},
        "months_list": [{"month": f"{today:%Y-%m}-01", "mode": "automatic", "messages": 1, "paid": 0}],
        "step_names": {"reminder_1": {"en": "Friendly reminder", "fr": "Relance aimable"}}, "steps": [step],
        "gates": [gate],
    }  # fmt: skip
    run = Run.objects.create(
        name=TRIED, entity_id="A", day=today, step=code, state="done", started_at=clock.now(),
        finished_at=clock.now(), summary=summary,
    )  # fmt: skip
    row = {
        "action_id": "a", "on": today - timedelta(days=3), "customer_id": "A:0", "currency": "EUR",
        "step": "reminder_1", "level": 1, "channel": "email", "mode": "automatic", "amount": 123_456,
        "overdue_days": 12, "paid": False, "late_paid": 61_728, "paid_on": today - timedelta(days=9),
        "collides": True, "minutes": 1, "cost": 180,
    }  # fmt: skip
    write_list("A", run.pk, "actions", pl.DataFrame([row]).select(LISTED))


def _planned(entity_id: str) -> dict[str, Any]:
    today, customer_id = clock.today(), f"{entity_id}:0"
    DunningDay.objects.create(entity_id=entity_id, day=today, made_at=clock.now(), actions=1)
    action = PlannedAction.objects.create(
        entity_id=entity_id, action_id=f"{entity_id}/{customer_id}/EUR/reminder_2/{today}", day=today,
        customer_id=customer_id, currency="EUR", scenario="sme", step="reminder_2", level=2, channel="email",
        template="reminder_firm", tone="firm", sender="collector", to=["accounts_payable"], mode="confirm",
        amount=123_456, overdue_days=60, reason="One invoice overdue by 60 days.",
        reasons=["One invoice overdue by 60 days."], euro_days=12_000.0, days_earlier=9.7, minutes=2, place=1,
    )  # fmt: skip
    PlannedLine.objects.create(action=action, item_id=f"{customer_id}:late", amount=123_456)
    HeldItem.objects.create(
        entity_id=entity_id, day=today, item_id=f"{customer_id}:next", customer_id=customer_id, currency="EUR",
        amount=50_000, gate="promise_pending", sentence=f"Payment is promised for {today}.", task="watch_promise",
        since_on=today, scenario="sme", step="reminder_1",
    )  # fmt: skip
    message = Message.objects.create(
        entity_id=entity_id, customer_id=customer_id, channel="email", state=Message.State.TO_CONFIRM, amount=123_456,
        currency="EUR", to=["compta0@example.com"], subject="Rappel", text="Bonjour", scenario="sme",
        step="reminder_1", created_at=clock.now(),
    )  # fmt: skip
    MessageItem.objects.create(message=message, item_id=f"{customer_id}:late", amount=123_456)
    statement = Attachment("releve.pdf", "application/pdf", b"%PDF-1.4 statement")
    MessageFile.objects.bulk_create(message_files.written(message, [statement]))
    file_number = message.files.get().pk
    day = clock.now()
    link = PublishedStatement.objects.create(
        token=f"{entity_id}-link", entity_id=entity_id, customer_id=customer_id, day=today, language="fr",
        published_at=day, expires_at=day + timedelta(days=30), sha256="0" * 64,
    )  # fmt: skip
    return {
        "token": link.token,
        "number": action.pk,
        "code": "sme",
        "message_id": message.pk,
        "file_number": file_number,
    }
