"""Messages of which nobody knows whether they left: the sent mailbox is asked where there is one, else a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from encours.connectors.imap.client import Mailbox, MailboxError, open_mailbox
from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Message
from encours.usecases import clock
from encours.usecases.mail_settings import with_secrets
from encours.usecases.manage_settings import setting
from encours.usecases.outbox import catch_up, mark_sent, message_id_of, note
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = "approve_message"
#: A copy in the sent mailbox may come some minutes after the message; before that its absence says nothing.
_COPY_COMES_WITHIN = timedelta(minutes=15)
IN_MAILBOX, NOT_IN_MAILBOX, BY_PERSON, BY_NOTICE = "sent_mailbox", "not_in_mailbox", "person", "notification"


@dataclass
class Settled:
    """What asking came to: left, did not leave (queued again), still open; and why a mailbox could not be asked."""

    left: int = 0
    queued: int = 0
    open: int = 0
    faults: tuple[str, ...] = ()


def settle_uncertain(entity_ids: Sequence[str] | None = None) -> Settled:
    """Looks for uncertain messages in the mailbox of what was sent, by their Message-ID.

    One that lies there has left. One that does not is sent again only where the settings say that every message comes
    to lie there (`sent_is_complete`), and after a quarter of an hour; else it stays for a person.
    """
    done, faults = Settled(), []
    rows = Message.objects.filter(state=Message.State.UNCERTAIN).order_by("claimed_at")
    wanted = sorted(set(rows.order_by().values_list("entity_id", flat=True)))
    for entity_id in wanted if entity_ids is None else sorted(set(wanted) & set(entity_ids)):
        own = list(rows.filter(entity_id=entity_id))
        box = setting("mail.mailbox", entity_id, clock.today())
        if not box:
            done.open += len(own)
            continue
        try:
            with open_mailbox(with_secrets(box)) as mailbox:
                folder = box.get("sent") or mailbox.sent_folder()
                for row in own:
                    _ask(mailbox, folder, row, bool(box.get("sent_is_complete")), done)
        except (MailboxError, CallError) as error:
            faults.append(f"{entity_id}: {error}")
            done.open += sum(1 for row in own if Message.objects.get(pk=row.pk).state == Message.State.UNCERTAIN)
        catch_up({entity_id})
    done.faults = tuple(faults)
    return done


def _ask(mailbox: Mailbox, folder: str, row: Message, complete: bool, done: Settled) -> None:
    if folder and mailbox.holds(folder, message_id_of(row)):
        done.left += mark_sent(row, row.claimed_at or clock.now(), how=IN_MAILBOX, detail=f"found in {folder}")
    elif folder and complete and clock.now() - (row.claimed_at or clock.now()) > _COPY_COMES_WITHIN:
        done.queued += _queue(row, NOT_IN_MAILBOX, f"not in {folder}")
    else:
        done.open += 1


def _queue(row: Message, how: str, detail: str, actor: str = "job:outbox") -> bool:
    """Lets a message that did not leave try again, under the same Message-ID."""
    at = clock.now()
    with transaction.atomic():
        changed = Message.objects.filter(pk=row.pk, state=Message.State.UNCERTAIN).update(
            state=Message.State.QUEUED, send_after=at, settled_how=how, error="", claimed_by=""
        )
        if changed:
            note(row, "not_left", at, detail)
            audit.append(
                at,
                actor,
                "settle_message",
                entity_id=row.entity_id,
                subject=str(row.pk),
                after={"left": False, "how": how},
            )
    return bool(changed)


def resolve_uncertain(actor: Actor, message_id: UUID, left: bool, why: str = "") -> Message:
    """A person says what became of an uncertain message. Said twice is said once.

    Raises NotAllowedError; CallError where it is not uncertain and something else became of it.
    """
    row = actor.scope(Message).filter(pk=message_id).first()
    if row is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, row.entity_id, row.amount)
    if left:
        if row.state == Message.State.UNCERTAIN:
            mark_sent(row, row.claimed_at or clock.now(), how=BY_PERSON, detail=why, actor=actor.name)
            catch_up({row.entity_id})
        elif row.sent_at is None:
            raise CallError(["this message is not uncertain: something else became of it"])
    elif row.state == Message.State.UNCERTAIN:
        _queue(row, BY_PERSON, why, actor.name)
    elif row.state != Message.State.QUEUED:
        raise CallError(["this message is not uncertain: something else became of it"])
    row.refresh_from_db()
    return row
