"""A planned message looked at, then sent: composed from today's facts, approved, and put into the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from encours.core.base.issue import CallError
from encours.store.models import Message, PlannedAction
from encours.usecases import clock
from encours.usecases.approve_messages import approve_messages
from encours.usecases.chased_facts import items_of
from encours.usecases.compose_letter import LETTERS
from encours.usecases.compose_message import Composed, Wish, compose_message, preview_message
from encours.usecases.invoice_copies import with_copy
from encours.usecases.letters import says
from encours.usecases.look_at_letter import Pages, look_at_letter
from encours.usecases.manage_scenarios import testing_codes
from encours.usecases.manage_settings import setting
from encours.usecases.mark_action import planned
from encours.usecases.rights import Actor

ACT, FORMAL = "approve_message", "send_formal_notice"


@dataclass(frozen=True)
class Draft:
    """A message as it would leave; a letter has the lines of its window in `to`, and `pages`."""

    to: list[str]
    cc: list[str]
    subject: str
    text: str
    html: str
    files: list[str] = field(default_factory=list)
    pages: Pages | None = None
    choices: Choices | None = None


@dataclass(frozen=True)
class Choices:
    """What can be chosen of an e-mail before it leaves: copies as (item, number, whether it has one, whether it goes
    along), one archive of them, language and tone, and the words of its template."""

    copies: list[tuple[str, str, bool, bool]]
    as_zip: bool
    languages: list[str]
    language: str
    tone: str
    subject: str
    text: str


@dataclass(frozen=True)
class Look:
    """What would leave, whether it may, and what is in its way."""

    draft: Draft | None
    can_send: bool
    test_mode: bool
    faults: tuple[str, ...] = ()


def look_at(actor: Actor, number: int, wish: Wish | None = None) -> Look:
    """The message of a planned action as it would leave now; nothing is approved. Raises NotAllowedError.

    `wish`: what the person chose for an e-mail.
    """
    row = planned(actor, number, ACT)
    test = bool(setting("mail.test_mode", row.entity_id, clock.today()))
    allowed = actor.may(FORMAL if row.formal else ACT, row.entity_id, row.amount)
    can = allowed.ok and row.scenario not in testing_codes(row.entity_id) and not test
    try:
        if row.channel in LETTERS:
            return Look(_letter_draft(row), can, test)
        found = preview_message(actor, row.action_id, wish)
    except CallError as refused:
        return Look(None, False, test, tuple(refused.faults))
    return Look(draft_of(found), can and bool(found.recipients.to), test, tuple(found.recipients.left_out))


def _letter_draft(row: PlannedAction) -> Draft:
    """A letter is looked at as it is printed: its words alone would not show what the customer gets."""
    found = look_at_letter(row)
    return Draft(list(found.recipient), [], found.subject, found.text, "", pages=found.pages)


def draft_of(found: Composed) -> Draft:
    """The words of a message with its addressees and attachments."""
    return Draft(
        [one.address for one in found.recipients.to],
        [one.address for one in found.recipients.cc],
        found.words.subject,
        found.words.text,
        found.words.html,
        [one.name for one in found.files if not one.inline],
        choices=_choices(found),
    )


def _choices(found: Composed) -> Choices:
    asked = [one.item_id for one in found.subject.items]
    known, numbers = set(with_copy(asked)), {row.item_id: row.number or row.item_id for row in items_of(asked)}
    return Choices(
        [(one, numbers.get(one, one), one in known, one in known and one in found.copies) for one in asked],
        found.as_zip, sorted({*says.languages(), str(found.subject.language)}), str(found.subject.language),
        found.subject.tone, found.template.subject, found.template.text,
    )  # fmt: skip


def send_action(actor: Actor, number: int, wish: Wish | None = None) -> Message:
    """Composes, approves and queues the message of a planned action; done twice it leaves once. `wish`: what the
    person chose for it.

    Raises NotAllowedError, or CallError with what keeps it from leaving (a scenario in test, no address…).
    """
    row = planned(actor, number, ACT)
    if row.scenario in testing_codes(row.entity_id):
        raise CallError(["the scenario is in test: nothing of it leaves until it is activated"])
    message = compose_message(actor, row.action_id, wish)
    approve_messages(actor, [message.pk])
    PlannedAction.objects.filter(pk=row.pk, state=PlannedAction.State.PLANNED).update(
        state=PlannedAction.State.QUEUED, done_at=clock.now(), done_by=actor.user
    )
    message.refresh_from_db()
    return message
