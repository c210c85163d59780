"""What to say on the telephone: the words of the step's own template, with what the customer owes today."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.core.base.issue import CallError
from encours.store.models import Contact, Customer, Entity, PlannedAction
from encours.usecases import clock
from encours.usecases.chased_facts import contacts_of, customer_of, entity_of, items_of
from encours.usecases.compose_letter import lines_of
from encours.usecases.edit_template import template_of
from encours.usecases.frame_words import said_in
from encours.usecases.letters import says
from encours.usecases.manage_settings import read_at_once
from encours.usecases.message_recipients import Person, writer_of
from encours.usecases.message_template import Block, Source, render, shipped
from encours.usecases.message_values import Subject, content_of
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor, NotAllowedError

_LINES = 8
#: Of a step that is no call itself: what is said depends on why one calls.
_OVERDUE, _AHEAD, _BROKEN = "call_overdue", "call_precheck", "call_promise_broken"


@dataclass(frozen=True)
class Script:
    """What to say: a line that names the call, and its points."""

    language: str
    title: str
    text: str


def call_scripts(actor: Actor, action_id: str, language: str, *, broken: bool = False) -> list[Script]:
    """The script of a planned action in the reader's language, then in the customer's, where that is another.

    `broken`: the customer's last promise was not kept. Raises NotAllowedError; CallError for what a template cannot
    say (an item that is nobody's any more, two creditors).
    """
    action = actor.scope(PlannedAction).filter(action_id=action_id).prefetch_related("lines").first()
    if action is None:
        raise NotAllowedError("see", None, "not_visible")
    entity, customer = entity_of(action.entity_id), customer_of(action.customer_id)
    if entity is None or customer is None:
        raise CallError([f"{action.customer_id} is no longer a customer"])
    theirs = says.language_of(customer.language, customer.country)
    with read_at_once(action.entity_id):
        found = [_script(actor, action, entity, customer, one, broken) for one in dict.fromkeys((language, theirs))]
    return [one for place, one in enumerate(found) if one.language not in {other.language for other in found[:place]}]


def whom_to_ask(action: PlannedAction) -> list[Contact]:
    """The customer's contacts in the order in which the step means them: its roles first, whoever has a telephone."""
    roles = list(action.to) or ["accounts_payable"]
    rank = {role: place for place, role in enumerate(dict.fromkeys([*roles, "accounts_payable", "cfo", "buyer"]))}
    known = [row for row in contacts_of(action.customer_id) if row.email or row.phone]
    return sorted(known, key=lambda row: (rank.get(row.role, len(rank)), not row.phone, row.role, row.name or ""))


def _script(
    actor: Actor, action: PlannedAction, entity: Entity, customer: Customer, language: str, broken: bool
) -> Script:
    source, spoken = _source(action, language, broken)
    people = [row for row in whom_to_ask(action) if row.phone]
    contact = people[0] if people and people[0].role in (action.to or ["accounts_payable"]) else None
    asked = Person(contact.name or "", contact.email or "", contact.phone or "", contact.role) if contact else None
    lines = lines_of(action)
    of = Subject(entity, customer, lines, clock.today(), spoken, source.code, action.tone, action.level, asked)
    content = content_of(of, writer_of(entity.pk, entity.name, actor.user, of.day))
    words = render(source, content.values, {**content.blocks, "table": Block(_invoices(lines, spoken), "")})
    return Script(str(spoken), words.subject, words.text)


def _source(action: PlannedAction, language: str, broken: bool) -> tuple[Source, str]:
    """The words of the step's template where a person does the step; else those for why one calls."""
    usual = _BROKEN if broken else _OVERDUE if action.level else _AHEAD
    for code in (action.template, usual) if action.mode == "task" else (usual,):
        ready = shipped(code, "en")
        said = said_in(action.entity_id, language, "email")
        try:
            source = template_of(action.entity_id, code, said, action.tone, ready.channel if ready else "call")
        except CallError:
            continue
        return replace(source, html=""), said if source.language == said else source.language
    raise CallError([f"there is no template {action.template!r}"])


def _invoices(lines: tuple[Chased, ...], language: str) -> str:
    """The invoices, one a line: number, due date, what is asked for."""
    asked = {one.item_id: one.amount for one in lines}
    rows = sorted(items_of(asked), key=lambda row: (row.due_on, row.item_id))
    said = [
        f"– {row.number} · {says.day(row.due_on, language)} · "
        f"{says.money(asked[row.item_id], row.currency, language, code=True)}"
        for row in rows[:_LINES]
    ]
    return "\n".join(said + ([f"– … ({len(rows) - _LINES})"] if len(rows) > _LINES else []))
