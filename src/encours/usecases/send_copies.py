"""Copies of invoices that a customer asked for or never received: one message brings them, and the task is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import ContactOutcome, Customer, Item, Message, Task
from encours.usecases import clock, message_files
from encours.usecases.approve_messages import approve_messages
from encours.usecases.chased_facts import entity_of
from encours.usecases.compose_message import Composed, Wish, composed, in_one_language
from encours.usecases.invoice_copies import with_copy
from encours.usecases.keep_messages import Fresh, put
from encours.usecases.letters import says
from encours.usecases.manage_settings import read_at_once
from encours.usecases.manage_tasks import close_task, task_of
from encours.usecases.message_recipients import recipients_of, user_named
from encours.usecases.message_values import Subject
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor, NotAllowedError, require

ACT, TASK, TEMPLATE = "approve_message", "send_copy", "copy_wanted"
_NAMED = uuid.UUID("6f1c2a0e-6f0b-4d2b-9c5e-0d9b3f6a7c11")


def send_copies(actor: Actor, customer_id: str, item_ids: Sequence[str], key: str, *, as_zip: bool = False) -> Message:
    """Puts the message with the copies of these invoices into the outbox, where it can be recalled for ten minutes.

    The customer's open tasks that ask for a copy of them are done. The same `key` twice is one message. Raises
    NotAllowedError; CallError where an invoice has no copy, nobody can be written to, or nothing may leave (test mode).
    """
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, customer.entity_id)
    number = uuid.uuid5(_NAMED, f"{customer_id} {key}")
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        made = Message.objects.filter(pk=number).first()
        if made is None:
            with read_at_once(customer.entity_id):
                found = _composed(customer, list(dict.fromkeys(item_ids)), as_zip=as_zip)
            made = _kept(actor, customer, found, number)
            approve_messages(actor, [number])
            _close_tasks(actor, customer_id, {one.item_id for one in found.subject.items})
    made.refresh_from_db()
    return made


def send_copies_of_task(actor: Actor, task_id: int) -> Message:
    """The same for a task that asks for copies: of its invoice, else of those that its call was about. Raises alike."""
    task = task_of(actor, task_id)
    if task.kind != TASK or not task.customer_id:
        raise CallError(["this task asks for no copy of an invoice"])
    call = task.origin.removeprefix("outcome:")
    about = ContactOutcome.objects.filter(pk=int(call)).first() if call.isdecimal() else None
    items = [task.item_id] if task.item_id else list(about.items) if about else []
    made = send_copies(actor, task.customer_id, with_copy(items) if len(items) > 1 else items, f"task{task.pk}")
    close_task(actor, task.pk, TEMPLATE)
    return made


def _composed(customer: Customer, item_ids: list[str], *, as_zip: bool) -> Composed:
    """The message as it will leave. Raises CallError."""
    rows = {row.item_id: row for row in Item.objects.filter(
        item_id__in=item_ids, customer_id=customer.customer_id, is_current=True)}  # fmt: skip
    if not item_ids or len(rows) < len(item_ids):
        raise CallError(["choose the invoices of which a copy is to be sent"])
    known = set(with_copy(item_ids))
    if lacking := [rows[one].number or one for one in item_ids if one not in known]:
        raise _unknown(lacking)
    entity = entity_of(customer.entity_id)
    assert entity is not None
    to = recipients_of(customer, ("accounts_payable",), ())
    if not to.to:
        raise CallError([to.nobody(customer.customer_id)])
    wanted = says.language_of(to.to[0].language or customer.language, customer.country)
    source, language = in_one_language(entity.pk, TEMPLATE, wanted, "")
    lines = tuple(Chased(one, max(rows[one].open, 0)) for one in item_ids)
    of = Subject(entity, customer, lines, clock.today(), language, TEMPLATE, source.tone, 0, to.to[0])
    wish = Wish(copies=tuple(item_ids), as_zip=as_zip)
    made = composed(of, to, user_named(customer.collector), source, wish)
    if all(file.inline for file in made.files):  # the file is no longer what was imported
        raise _unknown([rows[one].number or one for one in item_ids])
    return made


def _unknown(numbers: Iterable[str]) -> CallError:
    return CallError([f"no copy is known of {number}: import the document first" for number in numbers])


def _kept(actor: Actor, customer: Customer, found: Composed, number: uuid.UUID) -> Message:
    at = clock.now()
    message = Message(
        id=number, entity_id=customer.entity_id, customer_id=customer.customer_id, channel="email",
        to=[one.address for one in found.recipients.to], cc=[one.address for one in found.recipients.cc],
        reply_to=found.writer.reply_to, sender=found.writer.address, subject=found.words.subject,
        text=found.words.text, html=found.words.html, state=Message.State.TO_CONFIRM, created_at=at,
        created_by=actor.user, language=str(found.subject.language), template=TEMPLATE, tone=found.subject.tone,
        currency=found.content.currency, amount=found.content.amount,
    )  # fmt: skip
    put([Fresh(message, found.subject.items, message_files.written(message, found.files))])
    audit.append(
        at, actor.name, "compose_message", entity_id=customer.entity_id, subject=str(number),
        after={"template": TEMPLATE, "copies": [one.item_id for one in found.subject.items]},
    )  # fmt: skip
    return message


def _close_tasks(actor: Actor, customer_id: str, items: set[str]) -> None:
    """Tasks that ask for a copy of what was sent, or name no invoice; where the person may close them."""
    for task in Task.objects.filter(customer_id=customer_id, kind=TASK, state=Task.State.OPEN):
        if task.item_id is None or task.item_id in items:
            try:
                close_task(actor, task.pk, TEMPLATE)
            except NotAllowedError:
                continue  # somebody else's, who will see the message on the customer's page
