"""A planned letter as a message of the outbox: the PDF that will be printed, made once, is what a person approves."""

from __future__ import annotations

import uuid

from django.db import transaction

from encours.connectors.base.outgoing import Attachment
from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Customer, Entity, Message, MessageItem, PlannedAction
from encours.usecases import clock, message_files
from encours.usecases.edit_template import template_of
from encours.usecases.letter_files import kind_of
from encours.usecases.letter_parts import Letter, Parties, letter_data, parties_of
from encours.usecases.letters import says
from encours.usecases.letters.typeset import typeset
from encours.usecases.manage_settings import setting
from encours.usecases.message_recipients import user_named, writer_of
from encours.usecases.message_template import Block, Rendered, render
from encours.usecases.message_values import Subject, content_of
from encours.usecases.outbox import RECALL, note
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor

#: Channels whose messages are printed.
LETTERS = ("letter", "registered_letter")
_PLACE = "\n\n---\n\n"
#: Where a template says `table` the letter has its tables; what belongs to them has no place of its own.
_BLOCKS = {name: Block("", "") for name in ("penalties_table", "payment", "statement_link", "link")}


def compose_letter(actor: Actor, action: PlannedAction) -> Message:
    """The letter of a planned action, kept with its PDF; asked for again it is the same one.

    An automatic one stands in the queue for ten minutes; formal notices, and everything in test mode, wait for a
    person. Raises CallError for what keeps it from being made: no postal address, no signatory, two creditors.
    """
    letter = letter_for(action)
    data = letter_data(letter)
    pdf = typeset(data, letter.day)
    at = clock.now()
    testing = setting("mail.test_mode", action.entity_id, clock.today())
    automatic = action.mode == "automatic" and not action.formal and not testing
    with transaction.atomic():
        parquet.lock_entity(action.entity_id)
        before = Message.objects.filter(entity_id=action.entity_id, action_id=action.action_id)
        if made := before.exclude(state=Message.State.CANCELLED).first():
            return made
        made = Message.objects.create(
            id=uuid.uuid4(), entity_id=action.entity_id, customer_id=action.customer_id, action_id=action.action_id,
            channel=action.channel, state=Message.State.QUEUED if automatic else Message.State.TO_CONFIRM,
            subject=data["subject"], text=_text(data), language=data["language"], scenario=action.scenario,
            step=action.step, level=action.level, template=action.template, tone=action.tone, currency=action.currency,
            amount=action.amount, created_at=at, created_by=actor.user, send_after=at + RECALL if automatic else None,
        )  # fmt: skip
        MessageItem.objects.bulk_create(
            [MessageItem(message=made, item_id=one.item_id, amount=one.amount, held=one.held) for one in letter.items]
        )
        account = "".join(sign if sign.isalnum() else "-" for sign in action.customer_id.partition(":")[2])
        name = f"{says.word(data['language'], 'file_letter')}-{account}-{letter.day}.pdf"
        message_files.keep(made, [Attachment(name, "application/pdf", pdf)])
        note(made, "composed", at)
        PlannedAction.objects.filter(pk=action.pk).update(state=PlannedAction.State.QUEUED)
        audit.append(
            at, actor.name, "compose_message", entity_id=action.entity_id, subject=str(made.pk),
            after={"action": action.action_id, "state": made.state, "amount": made.amount},
        )  # fmt: skip
    return made


def letter_for(action: PlannedAction) -> Letter:
    """The letter that a planned action asks for, with the text of the user's own template where there is one."""
    day = clock.today()
    who = parties_of(action.entity_id, action.customer_id, day)
    lines = tuple(Chased(one.item_id, one.amount, one.held) for one in action.lines.order_by("pk"))
    own = _own_words(action, who, lines)
    writer = user_named(who.customer.collector)
    return Letter(
        action.entity_id, action.customer_id, kind_of(action.template), lines, day, channel=action.channel,
        subject=own.subject if own else "", text=own.text if own else "",
        reference=_reference(action), contact=writer.get_full_name() if writer else "",
    )  # fmt: skip


def _reference(action: PlannedAction) -> str:
    """What the customer quotes when answering: the account, the day and the step's level."""
    account = action.customer_id.partition(":")[2]
    return f"{account}/{clock.today():%y%m%d}/{action.level}"


def _own_words(action: PlannedAction, who: Parties, lines: tuple[Chased, ...]) -> Rendered | None:
    """The user's own letter template, rendered; None: the ready text is taken."""
    try:
        source = template_of(action.entity_id, action.template, who.language, action.tone, "letter")
    except CallError:
        return None
    if source.origin == "shipped":
        return None
    entity: Entity = who.entity
    customer: Customer = who.customer
    of = Subject(
        entity, customer, lines, who.day, who.language, action.template, action.tone or source.tone, action.level, None
    )
    writer = writer_of(entity.pk, entity.name, user_named(customer.collector), who.day)
    content = content_of(of, writer)
    return render(source, content.values, {**_BLOCKS, "table": Block(_PLACE, _PLACE)})


def _text(data: dict[str, list[str]]) -> str:
    """The letter's words as the outbox shows them; its tables stand in the PDF."""
    return "\n\n".join(["\n".join(data["recipient"]), *data["before"], "---", *data["after"]])
