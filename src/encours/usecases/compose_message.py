"""A planned action as a message: to whom, in their language, with its items, its files and one way to pay."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from encours.connectors.base.outgoing import Attachment
from encours.core.base.issue import CallError
from encours.core.dunning.scenario import CARRIED
from encours.store import audit
from encours.store.models import (
    Customer,
    Entity,
    Item,
    Message,
    MessageEvent,
    PlannedAction,
    User,
)
from encours.usecases import clock, message_files
from encours.usecases.chased_facts import customer_of, entity_of, items_of
from encours.usecases.compose_letter import LETTERS, letter_draft, lines_of
from encours.usecases.edit_template import template_of
from encours.usecases.frame_words import drafted, said_in
from encours.usecases.keep_messages import Draft, keep_drafts, messages_of
from encours.usecases.letter_settings import Signatory
from encours.usecases.letters import says
from encours.usecases.manage_settings import read_at_once, setting
from encours.usecases.message_recipients import Recipients, Writer, recipients_of, user_named, writer_of
from encours.usecases.message_template import Rendered, Source, render
from encours.usecases.message_values import Content, Subject, content_of
from encours.usecases.outbox import RECALL, note
from encours.usecases.payment_block import Chased
from encours.usecases.publish_statement import ACT as PUBLISH
from encours.usecases.publish_statement import links_are_on, publish_statement
from encours.usecases.quiet_hours import leaves_after
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.step_people import signatory_of, signed, writer_of_step

ACT = "plan_dunning"
#: Templates that bring the copies of their invoices whatever the settings say.
_WITH_COPIES = frozenset({"copy_wanted", "copy"})
_WITHOUT_STATEMENT = frozenset({"thanks", "thank_you", "courtesy", "copy_wanted", "copy"})
_ANEW = "written anew, as a person chose"
_OPEN_STATES = (Message.State.DRAFT, Message.State.TO_CONFIRM)


@dataclass(frozen=True)
class Composed:
    """A message as it would leave."""

    subject: Subject
    recipients: Recipients
    writer: Writer
    words: Rendered
    content: Content
    files: tuple[Attachment, ...]
    template: Source
    copies: tuple[str, ...] = ()
    as_zip: bool = False


@dataclass(frozen=True)
class Wish:
    """What a person chooses for one message. `copies`: items whose invoice goes along (None: by the settings)."""

    copies: tuple[str, ...] | None = None
    as_zip: bool = False
    language: str = ""
    tone: str = ""
    template: str = ""
    subject: str = ""
    text: str = ""


def compose_message(actor: Actor, action_id: str, wish: Wish | None = None) -> Message:
    """The message of a planned action, made once: asked for again it is the same one. With a wish, one that nobody
    signed yet is written anew.

    Automatic ones stand in the queue for ten minutes, in which they can be recalled; the rest, formal notices always,
    and everything in test mode, wait for a person. Raises NotAllowedError; CallError where nobody can be written to,
    where two creditors, currencies or collectors would be mixed, or a template cannot say it.
    """
    action = actor.scope(PlannedAction).filter(action_id=action_id).first()
    if action is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, action.entity_id)
    made = messages_of(action.entity_id, [action_id]).get(action_id)
    if made is not None and (wish is None or made.state not in _OPEN_STATES or made.signed_by_id is not None):
        return made
    with read_at_once(action.entity_id):
        draft = draft_of(actor, action, wish)
    with transaction.atomic():
        if made is not None:
            _set_aside(made)
        return keep_drafts(actor, action.entity_id, [draft])[action_id]


def _set_aside(row: Message) -> None:
    """Cancels a message that waits and that nobody signed, for another in its place."""
    open_ = Message.objects.filter(pk=row.pk, state__in=_OPEN_STATES, signed_by=None)
    if open_.update(state=Message.State.CANCELLED, error=_ANEW):
        note(row, "discarded", clock.now(), _ANEW)


def draft_of(actor: Actor, action: PlannedAction, wish: Wish | None = None) -> Draft:
    """What `compose_message` keeps. Raises CallError."""
    _assert_carried(action)
    if action.channel in LETTERS:
        return letter_draft(actor, action)
    found = composed_of(action, wish or Wish(), publisher=actor)
    if not found.recipients.to:
        raise CallError([found.recipients.nobody(action.customer_id)])
    return Draft(action, _message(actor, action, found), found.subject.items, found.files)


def _assert_carried(action: PlannedAction) -> None:
    """A message that no channel carries would stand in the outbox for ever."""
    if action.channel not in CARRIED:
        raise CallError([f"no channel for {action.channel} is set up: a person does it, or the step goes another way"])


def composed_of(action: PlannedAction, wish: Wish, publisher: Actor | None = None) -> Composed:
    """What the message of an action would be; no message is kept. Raises CallError.

    With a `publisher` the statement that the template links to is published, where links are on.
    """
    entity, customer = entity_of(action.entity_id), customer_of(action.customer_id)
    if entity is None or customer is None:
        raise CallError([f"{action.customer_id} is no longer a customer"])
    lines = lines_of(action)
    code = wish.template or action.template
    to = recipients_of(customer, action.to, action.cc)
    first = to.to[0] if to.to else None
    language = wish.language or says.language_of((first and first.language) or customer.language, customer.country)
    source, language = in_one_language(entity.pk, code, language, wish.tone or action.tone)
    of = Subject(
        entity, customer, lines, clock.today(), language, code, wish.tone or action.tone or source.tone, action.level,
        first, _statement_link(publisher, source, action, language),
    )  # fmt: skip
    signatory = signatory_of(customer, action.signatory or "", of.day) if action.formal else None
    return composed(of, to, writer_of_step(action, customer), source, wish, signatory)


def in_one_language(entity_id: str, code: str, language: str, tone: str) -> tuple[Source, str]:
    """The template and the language of the whole message: where a text, or a word around it, lacks in the customer's,
    all of it is said in the language of the text that there is."""
    said = said_in(entity_id, language, "email")
    source = template_of(entity_id, code, said, tone)
    return source, said if source.language == said else said_in(entity_id, source.language, "email")


def _statement_link(publisher: Actor | None, source: Source, action: PlannedAction, language: str) -> str:
    """Where the customer opens today's statement; "" where nothing may be published, or the template does not ask."""
    entity_id, asked = action.entity_id, "statement_link" in source.text + source.html
    if publisher is None or not asked or not links_are_on(entity_id) or not publisher.may(PUBLISH, entity_id).ok:
        return ""
    if setting("mail.test_mode", entity_id, clock.today()):
        return ""
    return publish_statement(publisher, action.customer_id, language).address


def composed(
    of: Subject, to: Recipients, signer: User | None, source: Source, wish: Wish, signatory: Signatory | None = None
) -> Composed:
    """A message of given facts and template, with its files; `signatory`: of a formal one. Raises CallError."""
    writer = writer_of(of.entity.pk, of.entity.name, signer, of.day)
    if signatory is not None:
        writer = signed(writer, signatory, of.entity.name, of.language)
    content = content_of(of, writer)
    source = replace(source, subject=wish.subject or source.subject, text=wish.text or source.text)
    words = render(source, content.values, content.blocks)
    if signatory is not None and signatory.name not in words.text:
        raise CallError([f"template {source.code} has no place for who signs: end it with sender.signature"])
    wanted: dict[str, object] = dict(setting("mail.attach", of.entity.pk, of.day))
    if of.template in _WITHOUT_STATEMENT:
        wanted["statement"] = False
    chosen = wish.copies
    if chosen is None:
        everything = of.template in _WITH_COPIES or wanted["copies"] != "none"
        chosen = tuple(one.item_id for one in of.items) if everything else ()
    if wish.as_zip:
        wanted["copies"] = "zip"
    own = {row.item_id for row in items_of(chosen) if row.customer_id == of.customer.customer_id}
    asked = {one.item_id for one in of.items}
    files = message_files.attachments_of(of, content, wanted, [one for one in chosen if one in own | asked])
    return Composed(of, to, writer, words, content, tuple(files), source, tuple(chosen), wanted["copies"] == "zip")


def preview_message(actor: Actor, action_id: str, wish: Wish | None = None) -> Composed:
    """An action's message as it would leave now; nothing is kept. Raises NotAllowedError or CallError."""
    action = actor.scope(PlannedAction).filter(action_id=action_id).first()
    if action is None:
        raise NotAllowedError("see", None, "not_visible")
    _assert_carried(action)
    return composed_of(action, wish or Wish())


def preview_template(actor: Actor, source: Source, customer_id: str, tone: str = "") -> Composed:
    """A template on a real customer, with what is overdue there today (else all that is open); nothing is kept.

    Raises NotAllowedError; CallError with the line of what the template cannot say.
    """
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError("see", None, "not_visible")
    today = clock.today()
    lines = tried_lines(customer_id, today, 200)
    entity = Entity.objects.get(pk=customer.entity_id)
    to = recipients_of(customer, ("accounts_payable",), ())
    contact = to.to[0] if to.to else None
    language = drafted(entity.pk, source.language)
    of = Subject(entity, customer, lines, today, language, source.code, tone or source.tone, 1, contact)
    return composed(of, to, user_named(customer.collector), source, Wish(copies=()))


def tried_lines(customer_id: str, today: date, most: int) -> tuple[Chased, ...]:
    """What a template is tried with: what is overdue of a customer, else all that is open, in one currency."""
    rows = Item.objects.filter(customer_id=customer_id, is_current=True, open__gt=0).order_by("due_on", "number")
    found = list(rows.filter(due_on__lt=today)[:most]) or list(rows[:most])
    return tuple(Chased(row.item_id, row.open) for row in found if row.currency == found[0].currency)


def _message(actor: Actor, action: PlannedAction, found: Composed) -> Message:
    """The row of the outbox, not kept yet."""
    at = clock.now()
    testing = setting("mail.test_mode", action.entity_id, clock.today())
    automatic = action.mode == "automatic" and not action.formal and not testing
    to, writer, words = found.recipients, found.writer, found.words
    return Message(
        id=uuid.uuid4(), entity_id=action.entity_id, customer_id=action.customer_id, action_id=action.action_id,
        channel=action.channel, to=[one.address for one in to.to], cc=[one.address for one in to.cc],
        reply_to=writer.reply_to, sender=writer.address, subject=words.subject, text=words.text, html=words.html,
        state=Message.State.QUEUED if automatic else Message.State.TO_CONFIRM, created_at=at, created_by=actor.user,
        send_after=leaves_after(action, at + RECALL) if automatic else None, language=str(found.subject.language),
        scenario=action.scenario, step=action.step, level=action.level, template=found.subject.template,
        tone=found.subject.tone, currency=found.content.currency, amount=found.content.amount,
    )  # fmt: skip


def discard_message(actor: Actor, message_id: uuid.UUID, why: str = "") -> Message:
    """Takes a message that waits for confirmation out of the outbox. Raises NotAllowedError or CallError."""
    with transaction.atomic():
        row = actor.scope(Message).select_for_update().filter(pk=message_id).first()
        if row is None:
            raise NotAllowedError("approve_message", None, "not_visible")
        require(actor, "approve_message", row.entity_id)
        if row.state == Message.State.CANCELLED:
            return row
        if row.state not in _OPEN_STATES:
            raise CallError(["only a message that waits for confirmation can be discarded"])
        row.state, row.error = Message.State.CANCELLED, why.strip()
        row.save(update_fields=["state", "error"])
        note(row, "discarded", clock.now(), why)
        PlannedAction.objects.filter(action_id=row.action_id, state=PlannedAction.State.QUEUED).update(
            state=PlannedAction.State.SKIPPED
        )
        audit.append(clock.now(), actor.name, "discard_message", entity_id=row.entity_id, subject=str(row.pk), why=why)
    return row


__all__ = [
    "Composed", "MessageEvent", "Wish", "compose_message", "composed_of", "discard_message", "draft_of",
    "preview_message", "preview_template",
]  # fmt: skip
