"""The way out: approved messages handed over one by one, each claimed first and marked at once, never twice.

A message is claimed in one transaction, handed over, and marked sent with its touches in another. A worker that dies
between the two leaves it claimed by a dead worker: the next one calls it uncertain, and nothing else waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import prefetch_related_objects

from encours.connectors.base.outgoing import Answer, Outgoing, Session, channels
from encours.core.base.issue import CallError
from encours.store.models import Message
from encours.usecases import clock
from encours.usecases.ask_firewall import Firewall, firewall_now, is_quiet
from encours.usecases.mail_settings import with_secrets
from encours.usecases.manage_settings import read_at_once, setting
from encours.usecases.mark_bounced import bounce_contacts
from encours.usecases.message_files import read_files
from encours.usecases.message_recipients import writer_of
from encours.usecases.outbox import catch_up, give_back, mark_sent, message_id_of, note, set_aside
from encours.usecases.quiet_hours import Later, not_before
from encours.usecases.recheck_messages import whys_not
from encours.usecases.worker_life import is_alive, living

_BACKOFF_MINUTES = (1, 5, 15, 60, 180, 360)
_PAUSE_SECONDS = 60.0
_MINUTE = timedelta(minutes=1)
_FIREWALL_SECONDS = 60.0
_SUNDAY = 7
_BATCH = 200
#: One last look serves so many messages and seconds: whoever pays or opts out after it is written to once more.
_LOOK, _LOOK_SECONDS = 25, 5.0
_ASKING = "dunning"
#: What the mail channel carries; letters and calls have their own ways.
_CHANNELS = ("email",)


@dataclass
class Sent:
    """What one round came to: messages by what became of them, and why an entity's mail stands still."""

    sent: int = 0
    cancelled: int = 0
    retried: int = 0
    failed: int = 0
    uncertain: int = 0
    stopped: dict[str, str] = field(default_factory=dict)

    @property
    def handled(self) -> int:
        """Messages looked at."""
        return self.sent + self.cancelled + self.retried + self.failed + self.uncertain


@dataclass
class Way:
    """An entity's open way out, kept over rounds; `paused_until` (monotonic) after it failed as a whole."""

    session: Session | None = None
    settings: Any = None
    paused_until: float = 0.0
    wall: Firewall = field(default_factory=Firewall)
    asked_at: float = float("-inf")
    written: set[str] = field(default_factory=set)  # who was written to since the firewall was asked

    def firewall(self, entity_id: str, rows: Sequence[Message]) -> Firewall:
        """What the firewall holds now. Asked again every minute, for messages that it was not asked about, and for who
        was written to since: that contact counts. What else came since is seen at each look.
        """
        old = time.monotonic() - self.asked_at > _FIREWALL_SECONDS
        unknown = any(row.purpose == _ASKING and str(row.pk) not in self.wall.asked for row in rows)
        if old or unknown or any(self.was_written(row) for row in rows):
            queued = Message.objects.filter(
                entity_id=entity_id, state=Message.State.QUEUED, channel__in=_CHANNELS, purpose=_ASKING,
                customer_id__isnull=False,
            ).defer("text", "html")  # fmt: skip
            self.wall, self.asked_at = firewall_now(entity_id, clock.today(), queued), time.monotonic()
            self.written.clear()
        return self.wall

    def was_written(self, row: Message) -> bool:
        """Whether the message's payer got another one since the firewall was asked."""
        return row.purpose == _ASKING and self._payer(row) in self.written

    def wrote(self, row: Message) -> None:
        """Remembers that a message left."""
        self.written.add(self._payer(row))

    def _payer(self, row: Message) -> str:
        return self.wall.payers.get(row.customer_id or "", row.customer_id or "")

    def close(self) -> None:
        """Ends the talk."""
        if self.session is not None:
            self.session.close()
        self.session = None


def send_messages(
    *, limit: int | None = None, ways: dict[str, Way] | None = None, going_on: Callable[[], bool] = lambda: True
) -> Sent:
    """Hands over what is due, of every entity that may send now; at most `limit` messages.

    `ways` keeps connections from one call to the next (else they are closed); `going_on` False ends the round after
    the message in hand.
    """
    done, own = Sent(), {} if ways is None else ways
    with living() as worker:
        done.uncertain += find_uncertain()
        try:
            for entity_id in _waiting():
                if going_on():
                    _send_of(entity_id, worker, own.setdefault(entity_id, Way()), done, limit, going_on)
        finally:
            if ways is None:
                for way in own.values():
                    way.close()
    return done


def find_uncertain() -> int:
    """Calls every message uncertain that a worker held when it died; how many. A living worker's are left alone."""
    now, count = clock.now(), 0
    for row in Message.objects.filter(state=Message.State.SENDING, channel__in=_CHANNELS):
        if not is_alive(row.claimed_by, row.claimed_at, now):
            why = "the worker died before it could write what the server answered"
            count += give_back(row, Message.State.UNCERTAIN, why, now, "uncertain")
    return count


def _waiting() -> list[str]:
    rows = Message.objects.filter(state=Message.State.QUEUED, send_after__lte=clock.now(), channel__in=_CHANNELS)
    return sorted(set(rows.order_by().values_list("entity_id", flat=True)))


def why_still(entity_id: str, at: datetime) -> str:
    """Why an entity's mail stands still: test_mode, no_channel, no_sender, quiet_day, outside_hours; "" where not."""
    here = at.astimezone(clock.ZONE)
    if setting("mail.test_mode", entity_id, here.date()):
        return "test_mode"
    if not setting("mail.channel", entity_id, here.date()):
        return "no_channel"
    if not writer_of(entity_id, "", None, here.date()).address:
        return "no_sender"
    window = setting("mail.window", entity_id, here.date())
    # Whoever writes on Sundays writes on holidays too; a day that was named is quiet for everybody.
    if is_quiet(entity_id, here.date(), holidays=_SUNDAY not in window["weekdays"]):
        return "quiet_day"
    inside = window["from"] <= here.strftime("%H:%M") < window["to"]
    return "" if here.isoweekday() in window["weekdays"] and inside else "outside_hours"


def _send_of(
    entity_id: str, worker: str, way: Way, done: Sent, limit: int | None, going_on: Callable[[], bool]
) -> None:
    still = why_still(entity_id, clock.now()) or ("paused" if way.paused_until > time.monotonic() else "")
    if still:
        done.stopped[entity_id] = still
        return
    if (stopped := _opened(entity_id, way)) is not None:
        done.stopped[entity_id], way.paused_until = stopped, time.monotonic() + _PAUSE_SECONDS
        return
    sent_before = done.sent
    rows = _due(entity_id)
    while rows:
        with read_at_once(entity_id):
            rows = _send_some(rows, worker, way, done, limit, going_on)
    if done.sent > sent_before:
        catch_up({entity_id})


def _send_some(
    rows: list[Message], worker: str, way: Way, done: Sent, limit: int | None, going_on: Callable[[], bool]
) -> list[Message]:
    """Looks at the next messages of an entity together and sends those that may leave; what is left, [] at the end.

    A look is good for some messages and seconds; the pace allows no more than it has room for.
    """
    entity_id = rows[0].entity_id
    room = _room(entity_id)
    if still := why_still(entity_id, clock.now()) or ("" if room > 0 else "pace"):
        done.stopped[entity_id] = still
        return []
    part = rows[: min(_LOOK, room)]
    prefetch_related_objects(part, "files", "lines")
    whys = whys_not(part, way.firewall(entity_id, part))
    later, until = not_before(part, clock.now()), time.monotonic() + _LOOK_SECONDS
    for place, row in enumerate(part):
        if not going_on() or (limit is not None and done.handled >= limit):
            return []
        if place and (time.monotonic() > until or way.was_written(row)):
            return rows[place:]
        if row.pk in later and not whys[row.pk]:
            _put_off(row, later[row.pk])
            continue
        outcome = _one(row, whys[row.pk], worker, way)
        if outcome == "stopped":
            done.stopped[entity_id], way.paused_until = row.error, time.monotonic() + _PAUSE_SECONDS
            way.close()
            return []
        if outcome:
            setattr(done, outcome, getattr(done, outcome) + 1)
    return rows[len(part) :]


def _put_off(row: Message, later: Later) -> None:
    """A message waits for the hours of its step, or for a day that the customer works; it is looked at again then."""
    with transaction.atomic():
        if Message.objects.filter(pk=row.pk, state=Message.State.QUEUED).update(send_after=later.until):
            note(row, "waits", clock.now(), later.why)


def _opened(entity_id: str, way: Way) -> str | None:
    """Opens the entity's channel by today's settings; why it cannot be."""
    wanted = setting("mail.channel", entity_id, clock.today())
    if way.session is not None and way.settings == wanted:
        return None
    way.close()
    try:
        way.session = channels()[wanted.get("channel", "smtp")].open(with_secrets(wanted))
    except CallError as error:
        return str(error)
    way.settings = wanted
    return None


def _due(entity_id: str) -> list[Message]:
    rows = Message.objects.filter(
        entity_id=entity_id, state=Message.State.QUEUED, send_after__lte=clock.now(), channel__in=_CHANNELS
    )
    return list(rows.order_by("send_after", "created_at", "pk")[:_BATCH])


def _room(entity_id: str) -> int:
    """How many messages the pace allows now."""
    since = clock.now() - _MINUTE
    sent = Message.objects.filter(entity_id=entity_id, sent_at__gt=since).count()
    return int(setting("mail.per_minute", entity_id, clock.today())) - sent


def _one(row: Message, why: str, worker: str, way: Way) -> str:
    """Claims, hands over and marks one message; the field of `Sent` that it counts in, or `stopped`.

    `why` it may not leave, as the last look says.
    """
    if why:
        return "cancelled" if set_aside(row, why, clock.now()) else ""
    if not row.sender:  # a notice of our own: it is from the entity
        row.sender = writer_of(row.entity_id, row.entity.name, None, clock.today()).address
        row.save(update_fields=["sender"])
    try:
        outgoing = outgoing_of(row)
    except CallError as error:
        return "failed" if set_aside(row, str(error), clock.now(), state=Message.State.FAILED) else ""
    if not _claim(row, worker):
        return ""
    assert way.session is not None
    answer = way.session.send(outgoing)
    way.wrote(row)
    return _patiently(lambda: _settle(row, answer))


def outgoing_of(row: Message) -> Outgoing:
    """A message as its channel takes it. Raises CallError where a file is lost."""
    copy_to = setting("mail.sender", row.entity_id, clock.today()).get("copy_to", "")
    return Outgoing(
        message_id=message_id_of(row), sender=row.sender, to=tuple(row.to), cc=tuple(row.cc), subject=row.subject,
        text=row.text, html=row.html, reply_to=row.reply_to, language=row.language,
        bcc=(copy_to,) if copy_to else (), attachments=tuple(read_files(row)),
        headers={"X-Encours-Message": str(row.pk)},
    )  # fmt: skip


def _claim(row: Message, worker: str) -> bool:
    """Takes the message, if nobody else has and nobody recalled it."""
    with transaction.atomic():
        changed = Message.objects.filter(pk=row.pk, state=Message.State.QUEUED).update(
            state=Message.State.SENDING, claimed_by=worker, claimed_at=clock.now()
        )
    return bool(changed)


def _patiently(act: Callable[[], str]) -> str:
    """Writes what the server answered however long the database is busy: the message has left."""
    wait = 0.2
    while True:
        try:
            return act()
        except OperationalError:
            connection.close()
            time.sleep(wait)
            wait = min(wait * 2, 10.0)


def _settle(row: Message, answer: Answer) -> str:
    at = clock.now()
    if answer.outcome == "sent":
        mark_sent(row, at, provider_id=answer.provider_id, detail=answer.detail)
        if answer.refused:
            note(row, "refused_address", at, ", ".join(answer.refused))
            if answer.bad_address:
                bounce_contacts(row, answer.refused)
        return "sent"
    if answer.outcome == "uncertain":
        give_back(row, Message.State.UNCERTAIN, answer.detail, at, "uncertain")
        return "uncertain"
    if answer.outcome == "refused":
        give_back(row, Message.State.FAILED, answer.detail, at, "failed", attempts=row.attempts + 1)
        if answer.refused and answer.bad_address:
            bounce_contacts(row, answer.refused)
        return "failed"
    if answer.everyone:  # the way out failed, not the message: it keeps its attempts
        give_back(row, Message.State.QUEUED, answer.detail, at, "waits")
        row.error = answer.detail
        return "stopped"
    return _again(row, answer, at)


def _again(row: Message, answer: Answer, at: datetime) -> str:
    if row.attempts >= len(_BACKOFF_MINUTES):
        why = f"given up after {row.attempts + 1} attempts: {answer.detail}"
        give_back(row, Message.State.FAILED, why, at, "failed", attempts=row.attempts + 1)
        return "failed"
    after = at + timedelta(minutes=_BACKOFF_MINUTES[row.attempts])
    give_back(row, Message.State.QUEUED, answer.detail, at, "retry", attempts=row.attempts + 1, send_after=after)
    return "retried"
