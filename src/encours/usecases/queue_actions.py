"""What leaves by itself: automatic steps of the day composed and put into the outbox."""

from __future__ import annotations

from datetime import date

from encours.core.base.issue import CallError
from encours.store.models import PlannedAction
from encours.usecases import clock
from encours.usecases.compose_letter import LETTERS
from encours.usecases.compose_many import compose_messages
from encours.usecases.manage_scenarios import testing_codes
from encours.usecases.manage_settings import setting
from encours.usecases.rights import Actor

#: Channels that a process hands over, to the mail server or to the printer; the others are a person's.
_SENT = ("email", *LETTERS)


def queue_actions(actor: Actor, entity_id: str, day: date) -> tuple[int, list[str]]:
    """How many messages were queued, and what kept others from it, each fault with its customer.

    In test mode, and for scenarios in test, nothing is queued: the worklist shows what would leave. One that cannot be
    written (no address, no signatory, two creditors) stays on the list for a person, and the others go on.
    """
    if setting("mail.test_mode", entity_id, clock.today()):
        return 0, []
    rows = PlannedAction.objects.filter(
        entity_id=entity_id, day=day, state=PlannedAction.State.PLANNED, mode="automatic", channel__in=_SENT,
        formal=False, snoozed_until__isnull=True,
    ).exclude(scenario__in=testing_codes(entity_id))  # fmt: skip
    queued, faults = 0, []
    customers = dict(rows.order_by("place").values_list("action_id", "customer_id"))
    for action_id, made in compose_messages(actor, list(customers)):
        if isinstance(made, CallError):
            faults.append(f"{customers[action_id]}: {'; '.join(made.faults)}")
        else:
            queued += 1
    return queued, faults
