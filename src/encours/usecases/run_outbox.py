"""The outbox at work, round after round: what is due leaves, uncertain messages are asked after, bounces are read."""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections
from django.db.models import Count

from encours.store.models import Message, Setting
from encours.usecases.read_mailbox import Read, read_mailboxes
from encours.usecases.send_messages import Sent, Way, send_messages
from encours.usecases.settle_uncertain import Settled, settle_uncertain

log = logging.getLogger(__name__)
_REST_SECONDS = 2.0
_MAILBOX_EVERY_SECONDS = 300.0


def run_outbox(stop: threading.Event) -> None:
    """Works until told to stop, which it does after the message in hand: nothing is left uncertain by a restart."""
    ways: dict[str, Way] = {}
    looked = 0.0
    try:
        while not stop.is_set():
            close_old_connections()
            try:
                done = send_messages(ways=ways, going_on=lambda: not stop.is_set())
                if time.monotonic() - looked > _MAILBOX_EVERY_SECONDS:
                    looked = time.monotonic()
                    look_into_mailboxes()
            except Exception:  # a database that restarts must not end the outbox: the next round tries again
                log.exception("outbox")
                done = Sent()
            if not done.sent:
                stop.wait(_REST_SECONDS)
    finally:
        for way in ways.values():
            way.close()
        close_old_connections()


def look_into_mailboxes() -> tuple[Settled, Read]:
    """Asks after uncertain messages, then reads what came back, for every entity that has a mailbox."""
    settled = settle_uncertain()
    rows = (
        Setting.objects.filter(key="mail.mailbox", entity__isnull=False).order_by().values_list("entity_id", flat=True)
    )
    return settled, read_mailboxes(sorted(set(rows)))


def empty_outbox() -> Sent:
    """Sends what is due now and waits for its pace, until nothing more leaves."""
    done = Sent()
    ways: dict[str, Way] = {}
    try:
        while True:
            found = send_messages(ways=ways)
            for name in ("sent", "cancelled", "retried", "failed", "uncertain"):
                setattr(done, name, getattr(done, name) + getattr(found, name))
            done.stopped = found.stopped
            if not found.handled:
                if "pace" not in found.stopped.values():
                    return done
                time.sleep(1)
    finally:
        for way in ways.values():
            way.close()


def outbox_states() -> list[tuple[str, str, int]]:
    """Entity, state and number of messages."""
    rows = Message.objects.order_by("entity_id", "state").values_list("entity_id", "state").annotate(n=Count("pk"))
    return [(entity_id, state, count) for entity_id, state, count in rows]
