"""A planned letter as a message of the outbox: the PDF that will be printed, made once, is what a person approves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from encours.connectors.base.outgoing import Attachment
from encours.core.base.issue import CallError
from encours.store.models import Customer, Entity, Message, PlannedAction, User
from encours.usecases import clock
from encours.usecases.edit_template import template_of
from encours.usecases.keep_messages import Draft
from encours.usecases.letter_files import kind_of
from encours.usecases.letter_parts import Kind, Letter, Parties, Sums, Words, letter_data, parties_of
from encours.usecases.letters import says
from encours.usecases.letters.typeset import typeset
from encours.usecases.manage_settings import setting
from encours.usecases.message_recipients import writer_of
from encours.usecases.message_template import Block, Source, render
from encours.usecases.message_values import Subject, content_of
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor
from encours.usecases.step_people import writer_of_step

#: Channels whose messages are printed.
LETTERS = ("letter", "registered_letter")
_PLACE = "\n\n---\n\n"
#: Where a template says `table` the letter has its tables; what belongs to them has no place of its own.
_BLOCKS = {name: Block("", "") for name in ("penalties_table", "payment", "statement_link", "link")} | {
    "table": Block(_PLACE, _PLACE)
}


def letter_draft(actor: Actor, action: PlannedAction) -> Draft:
    """The letter of a planned action with its PDF, not kept yet.

    An automatic one is queued and leaves with the next batch for the printer, until which it can be recalled: batches
    are made at night, after the plan. Formal notices, and everything in test mode, wait for a person. Raises CallError
    for what keeps it from being made: no postal address, no signatory, two creditors.
    """
    letter = letter_for(action)
    data = letter_data(letter)
    pdf = typeset(data, letter.day)
    at = clock.now()
    testing = setting("mail.test_mode", action.entity_id, clock.today())
    automatic = action.mode == "automatic" and not action.formal and not testing
    made = Message(
        id=uuid.uuid4(), entity_id=action.entity_id, customer_id=action.customer_id, action_id=action.action_id,
        state=Message.State.QUEUED if automatic else Message.State.TO_CONFIRM, channel=action.channel,
        to=data["recipient"], subject=data["subject"], text=_text(data), language=str(data["language"]),
        scenario=action.scenario, step=action.step, level=action.level, template=action.template, tone=action.tone,
        currency=action.currency, amount=action.amount, created_at=at, created_by=actor.user,
        send_after=at if automatic else None,
    )  # fmt: skip
    account = "".join(sign if sign.isalnum() else "-" for sign in action.customer_id.partition(":")[2])
    name = f"{says.word(data['language'], 'file_letter')}-{account}-{letter.day}.pdf"
    return Draft(action, made, letter.items, (Attachment(name, "application/pdf", pdf),))


def lines_of(action: PlannedAction) -> tuple[Chased, ...]:
    """What an action asks for, in its order."""
    rows = sorted(action.lines.all(), key=lambda one: one.pk)
    return tuple(Chased(one.item_id, one.amount, one.held) for one in rows)


def letter_for(action: PlannedAction) -> Letter:
    """The letter that a planned action asks for, with the text of the user's own template where there is one."""
    day = clock.today()
    who = parties_of(action.entity_id, action.customer_id, day, roles=action.to)
    writer = writer_of_step(action, who.customer)
    lines = lines_of(action)
    source = _own_template(action, who)
    if source is None and who.language not in says.languages():
        who = replace(who, language="en")  # a letter is said in one language, its text and all that is around it
        source = _own_template(action, who)
    return Letter(
        action.entity_id, action.customer_id, _kind(action), lines, day, language=who.language,
        channel=action.channel, to=tuple(action.to), formal=action.formal, signatory=action.signatory or "",
        words=worded(source, who, lines, action.level, writer) if source else None,
        reference=_reference(action), contact=writer.get_full_name() if writer else "",
    )  # fmt: skip


def _kind(action: PlannedAction) -> Kind:
    """What kind of letter it is, by its template; a formal step is a formal notice whatever its template is called."""
    found = kind_of(action.template)
    return "formal_notice" if action.formal and found == "friendly" else found


def _reference(action: PlannedAction) -> str:
    """What the customer quotes when answering: the account, the day and the step's level."""
    account = action.customer_id.partition(":")[2]
    return f"{account}/{clock.today():%y%m%d}/{action.level}"


def _own_template(action: PlannedAction, who: Parties) -> Source | None:
    """The user's own letter template; None: the ready text is taken."""
    try:
        source = template_of(action.entity_id, action.template, who.language, action.tone, "letter")
    except CallError:
        return None
    return None if source.origin == "shipped" or source.language != who.language else source


def worded(source: Source, who: Parties, lines: tuple[Chased, ...], level: int, writer: User | None) -> Words:
    """What a template of one's own says in a letter: sums, dates and phrases are those of the letter around it."""
    entity: Entity = who.entity
    customer: Customer = who.customer

    def say(letter: Mapping[str, str], sums: Sums) -> tuple[str, str]:
        of = Subject(entity, customer, lines, who.day, who.language, source.code, source.tone, level, None)
        content = content_of(of, writer_of(entity.pk, entity.name, writer, who.day))
        found = render(source, {**content.values, **_of_letter(letter, sums, who.language)}, _BLOCKS)
        return found.subject, found.text

    return say


def _of_letter(letter: Mapping[str, str], sums: Sums, language: str) -> dict[str, Any]:
    """The letter's own values, by the names that templates know."""
    extra = says.money(sums.extra, sums.currency, language, code=True)
    claimed = {
        "interest": letter["interest"] if sums.interest else "",
        "indemnity": letter["indemnity"] if sums.indemnity else "",
        "total": extra if sums.extra else "",
    }
    return {name: letter[name] for name in ("principal", "items_remain", "oldest_late", "running", "pay_by")} | {
        "interest": claimed["interest"], "indemnity": claimed["indemnity"], "penalties": claimed,
        "late_for": letter["oldest_days"], "total_with_penalties": letter["total"],
    }  # fmt: skip


def _text(data: dict[str, list[str]]) -> str:
    """The letter's words as the outbox shows them; its tables stand in the PDF."""
    return "\n\n".join(["\n".join(data["recipient"]), *data["before"], "---", *data["after"]])
