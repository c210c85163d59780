"""The words of letters as users write them: per template, language and tone, tried as the page that will be printed.

What a template says is the letter's text. Its frame stays whatever is written: letterhead, address, heading, tables,
penalties, how to pay, signature and the statutory mentions.
"""

from __future__ import annotations

import re

from django.db.models import Q

from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.scenario import Scenario
from encours.store.models import Customer, MessageTemplate
from encours.usecases import clock
from encours.usecases.compose_letter import LETTERS, worded
from encours.usecases.compose_message import tried_lines
from encours.usecases.edit_template import source_of
from encours.usecases.frame_words import drafted
from encours.usecases.letter_files import kind_of, ready_text
from encours.usecases.letter_parts import Letter, letter_data, parties_of
from encours.usecases.letters import says
from encours.usecases.letters.typeset import typeset
from encours.usecases.look_at_letter import Pages, drawn
from encours.usecases.manage_scenarios import scenarios_of
from encours.usecases.manage_settings import read_at_once
from encours.usecases.message_recipients import user_named
from encours.usecases.message_template import Source
from encours.usecases.rights import Actor, NotAllowedError, require

CHANNEL = "letter"
#: What the ready texts call otherwise than templates do.
_NAMES = {
    "customer": "customer.name",
    "entity": "entity.name",
    "total": "total_with_penalties",
    "oldest_days": "late_for",
}
_LINES = 60


def list_letters(actor: Actor, entity_id: str) -> list[Source]:
    """The letters of an entity: for each template that one of its letter steps names, each language and each tone that
    has words of its own, else the ready text in the tone of its step."""
    require(actor, "see", entity_id)
    rows = MessageTemplate.objects.filter(Q(entity_id=entity_id) | Q(entity=None), active=True, channel=CHANNEL)
    own = {(row.code, row.language, row.tone): source_of(row) for row in rows.order_by("entity_id", "version")}
    tones = _tones(entity_id) | {code: tone for code, _, tone in own}
    covered = {(code, language) for code, language, _ in own}
    ready = [ready_letter(code, language, tone) for code, tone in tones.items() for language in says.languages()]
    rest = [one for one in ready if (one.code, one.language) not in covered]
    order = {code: place for place, code in enumerate(tones)}
    return sorted([*own.values(), *rest], key=lambda one: (order[one.code], one.language, one.tone))


def ready_letter(code: str, language: str, tone: str) -> Source:
    """The ready text behind a template's code, as a template says it."""
    found = ready_text(kind_of(code), language if language in says.languages() else "en")
    subject, text = (re.sub(r"\{\{ (\w+) \}\}", _named, part) for part in (found.subject, found.text))
    return Source(code, language, subject, text, "", CHANNEL, tone)


def preview_letter(actor: Actor, source: Source, customer_id: str) -> Pages:
    """The letter that the words would be to a customer, page by page; nothing is kept.

    Raises NotAllowedError; CallError for what keeps it from being made (two creditors in it, nothing open).
    """
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError("see", None, "not_visible")
    today = clock.today()
    lines = tried_lines(customer_id, today, _LINES)
    with read_at_once(customer.entity_id):
        language = drafted(customer.entity_id, source.language)
        who = parties_of(customer.entity_id, customer_id, today, language)
        writer = user_named(customer.collector)
        letter = Letter(
            customer.entity_id, customer_id, kind_of(source.code), lines, today, language=language,
            channel=_channel(customer.entity_id, source.code), words=worded(source, who, lines, 1, writer), draft=True,
            contact=writer.get_full_name() if writer else "",
        )  # fmt: skip
        data = letter_data(letter)
    return drawn(typeset(data, today))


def letter_codes(entity_id: str) -> set[str]:
    """Templates that stand behind the entity's letters: those that its steps name, and those with words of its own."""
    rows = MessageTemplate.objects.filter(Q(entity_id=entity_id) | Q(entity=None), active=True, channel=CHANNEL)
    return {*_tones(entity_id), *rows.values_list("code", flat=True)}


def _named(found: re.Match[str]) -> str:
    return f"{{{{ {_NAMES.get(found[1], found[1])} }}}}"


def _tones(entity_id: str) -> dict[str, str]:
    """Template -> tone of the first letter step that names it, the gentlest level first."""
    steps = [step for one in _scenarios(entity_id) for step in one.steps if step.channel in LETTERS]
    return {step.template: step.tone for step in sorted(steps, key=lambda one: -one.level)}


def _channel(entity_id: str, code: str) -> str:
    """By which of the two ways the letter goes."""
    steps = (step for one in _scenarios(entity_id) for step in one.steps if step.channel in LETTERS)
    return next((step.channel for step in steps if step.template == code), CHANNEL)


def _scenarios(entity_id: str) -> tuple[Scenario, ...]:
    return scenarios_of(entity_id).scenarios or ready_scenarios().scenarios
