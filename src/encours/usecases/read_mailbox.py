"""What came back to the sender: delivery notices read over IMAP, messages and contacts marked by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from encours.connectors.dsn.read import Fateful, Notification, parse
from encours.connectors.imap.client import Letter, MailboxError, News, open_mailbox
from encours.core.base.issue import CallError
from encours.store.models import MailboxMark, Message
from encours.usecases import clock
from encours.usecases.mail_settings import with_secrets
from encours.usecases.manage_settings import setting
from encours.usecases.mark_bounced import bounce_contacts
from encours.usecases.outbox import catch_up, mark_sent, note
from encours.usecases.settle_uncertain import BY_NOTICE

_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>]+>", re.IGNORECASE)


@dataclass
class Read:
    """What reading came to: letters looked at, notices of ours among them, messages bounced, contacts marked."""

    letters: int = 0
    notices: int = 0
    bounced: int = 0
    contacts: int = 0
    faults: tuple[str, ...] = ()


def read_mailboxes(entity_ids: Sequence[str]) -> Read:
    """Reads the new letters of each entity's mailbox, once each; a mailbox that cannot be read is told, not raised."""
    done, faults = Read(), []
    for entity_id in entity_ids:
        box = setting("mail.mailbox", entity_id, clock.today())
        if not box:
            continue
        try:
            _read(entity_id, box, done)
        except (MailboxError, CallError) as error:
            faults.append(f"{entity_id}: {error}")
    done.faults = tuple(faults)
    return done


def _read(entity_id: str, box: dict[str, object], done: Read) -> None:
    folder = str(box.get("bounces") or "INBOX")
    mark = MailboxMark.objects.filter(entity_id=entity_id, folder=folder).first()
    with open_mailbox(with_secrets(box)) as mailbox:
        news = mailbox.news(folder, mark.validity if mark else None, mark.last_uid if mark else 0)
    for letter in news.letters:
        done.letters += 1
        _take(entity_id, letter, done)
    _keep_mark(entity_id, folder, news)


def _keep_mark(entity_id: str, folder: str, news: News) -> None:
    MailboxMark.objects.update_or_create(
        entity_id=entity_id, folder=folder,
        defaults={"validity": news.validity, "last_uid": news.last_uid, "read_at": clock.now()},
    )  # fmt: skip


def _take(entity_id: str, letter: Letter, done: Read) -> None:
    """One letter: where it is a notice about a message of this entity, the message learns its fate. Twice is once."""
    notice = parse(letter.content)
    message = None if notice is None else _message(entity_id, notice)
    if notice is None or message is None:
        return
    done.notices += 1
    if message.state == Message.State.UNCERTAIN:  # who reports on it has had it
        mark_sent(message, message.claimed_at or clock.now(), how=BY_NOTICE, detail=f"reported by {notice.reporter}")
        catch_up({entity_id})
    fates = [(one, _detail(one)) for one in notice.recipients]
    with transaction.atomic():
        known = set(message.events.values_list("kind", "detail"))
        for one, detail in fates:
            if (one.fate, detail) not in known:
                note(message, one.fate, clock.now(), detail)
        done.bounced += _conclude(message)
    done.contacts += bounce_contacts(message, [one.address for one in notice.recipients if one.bad_address])


def _message(entity_id: str, notice: Notification) -> Message | None:
    for text in notice.message_ids:
        if found := _OURS.fullmatch(text):
            row = Message.objects.filter(pk=UUID(found[1]), entity_id=entity_id).first()
            if row is not None:
                return row
    return None


def _detail(one: Fateful) -> str:
    return f"{one.address}: {one.said}"


def _conclude(message: Message) -> int:
    """The message's state from all that was said of its recipients; 1 where it is newly bounced."""
    fates: dict[str, str] = {}
    for kind, detail in message.events.order_by("pk").values_list("kind", "detail"):
        if kind in ("failed", "delivered") and ": " in detail:
            fates[detail.partition(": ")[0].casefold()] = kind
    from encours.connectors.base.mime import bare

    wanted = {bare(address).casefold() for address in message.to}
    told = {fates.get(address) for address in wanted}
    state = None
    if told == {"failed"}:
        state = Message.State.BOUNCED
    elif told <= {"delivered", "failed"} and "delivered" in told:
        state = Message.State.DELIVERED
    if state is None:
        return 0
    was = (Message.State.SENT, Message.State.DELIVERED)
    changed = Message.objects.filter(pk=message.pk, state__in=was).exclude(state=state).update(state=state)
    return int(bool(changed) and state == Message.State.BOUNCED)
