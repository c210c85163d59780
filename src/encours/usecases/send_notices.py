"""Notices to our own people by e-mail, through the outbox: a mention, a task, what is asked of sales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from encours.core.base.issue import CallError
from encours.store.models import Customer, Entity, Message, MessageEvent, User
from encours.usecases import clock
from encours.usecases.edit_template import template_of
from encours.usecases.letters import says
from encours.usecases.manage_settings import setting
from encours.usecases.message_recipients import writer_of
from encours.usecases.message_template import Rendered, Source, render, shipped
from encours.usecases.message_values import link
from encours.usecases.notice_words import spoken, task_words

MENTIONED, TASK_GIVEN, HOLD_ASKED, STEP_COPIED, STEP_NOTICE, DIGEST = (
    "mentioned",
    "task_given",
    "hold_asked",
    "step_copied",
    "step_notice",
    "digest",
)
#: Kind of notice -> the template that says it (`message_words`, or the user's own).
TEMPLATES: Mapping[str, str] = {
    MENTIONED: "mention",
    TASK_GIVEN: "task_given",
    HOLD_ASKED: "hold_asked",
    STEP_COPIED: "step_copied",
    STEP_NOTICE: "step_notice",
    DIGEST: "sales_digest",
}


@dataclass(frozen=True)
class Outside:
    """Somebody of ours who has no account here, as the book knows them."""

    name: str
    email: str
    language: str = ""


@dataclass(frozen=True)
class Notice:
    """One notice to one person, written in their language.

    `data`: what its template needs beside recipient, customer, author and sender; days are written in the reader's
    language. `template`: another code than the kind's own, where a scenario names one.
    `bears`: by which the moment that its message leaves is known (`notice_clock`). `outside`: who gets it where
    nobody with an account does; without a link, which only an account opens.
    """

    kind: str
    entity_id: str
    user_id: int
    customer_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""
    bears: str = ""
    outside: Outside | None = None


def send_notices(notices: Sequence[Notice], by: User | None = None) -> list[Message]:
    """Queues notices in the caller's transaction: they leave with the outbox, or not at all in test mode.

    A person without an address or whose account is closed gets none. A reply goes to who wrote it, else to the team.
    """
    readers = User.objects.filter(pk__in={one.user_id for one in notices}, is_active=True).exclude(email="")
    people = {user.pk: user for user in readers}
    found = []
    for one in notices:
        reader = people.get(one.user_id) or _outsider(one)
        if reader is None:
            continue
        language = spoken(reader.language)
        words = _words(one, by, reader, language)
        at = clock.now()
        message = Message.objects.create(
            entity_id=one.entity_id, purpose="internal" if one.kind != STEP_NOTICE else "notice", channel="email",
            state=Message.State.QUEUED, to=[reader.email], subject=words.subject, text=words.text, html=words.html,
            language=language, template=TEMPLATES[one.kind], step=one.kind, created_at=at, created_by=by,
            approved_at=at, send_after=at, action_id=one.bears or None, reply_to=_replies(one, by),
        )  # fmt: skip
        MessageEvent.objects.create(message=message, kind="queued", at=at)
        found.append(message)
    return found


def _outsider(one: Notice) -> User | None:
    """Somebody without an account, as a reader."""
    who = one.outside
    return None if who is None else User(first_name=who.name[:150], email=who.email, language=who.language or "fr")


def _replies(one: Notice, by: User | None) -> str:
    """Where a reply to a notice goes: to its author, else to the team's mailbox or the sender's."""
    name = Entity.objects.values_list("name", flat=True).get(pk=one.entity_id)
    return writer_of(one.entity_id, name, by, clock.today()).reply_to


def _words(one: Notice, by: User | None, reader: User, language: str) -> Rendered:
    """What it says; where the user's own words cannot be said of these facts, the shipped ones."""
    code = TEMPLATES[one.kind]
    source = _template(one, code, language)
    values = notice_values(one, by, reader, language)
    blocks = {"link": link(address_of(one), ours=True)}
    try:
        return render(source, values, blocks)
    except CallError:
        plain = shipped(code, language)
        if plain is None or source.origin == "shipped":
            raise
        return render(plain, values, blocks)


def _template(one: Notice, code: str, language: str) -> Source:
    if one.template and one.template != code:
        try:
            return template_of(one.entity_id, one.template, language)
        except CallError:
            pass  # a scenario may name a template that nobody has written
    return template_of(one.entity_id, code, language)


def notice_values(one: Notice, by: User | None, reader: User, language: str) -> dict[str, Any]:
    """Every value that the notice's template may use."""
    entity = Entity.objects.get(pk=one.entity_id)
    writer = writer_of(entity.pk, entity.name, by, clock.today())
    data = {name: _said(value, language) for name, value in one.data.items()}
    if one.kind == TASK_GIVEN and not data["task"]["title"]:
        data["task"]["title"] = task_words(str(data["task"]["kind"]), language)
    return {
        "recipient": {"name": reader.get_full_name() or reader.email, "email": reader.email},
        "entity": {"name": entity.name, "legal_id": entity.legal_id or "", "email": "", "phone": ""},
        "sender": {
            "name": writer.name, "email": writer.email, "phone": writer.phone, "title": "", "signature": writer.name,
        },
        "author": {"name": (by.get_full_name() or by.email) if by is not None else "Encours"},
        "customer": _customer(one, entity),
        "day": says.day(clock.today(), language, "long"),
        "language": language,
        **data,
    }  # fmt: skip


def own_address(entity_id: str) -> str:
    """Where our own people open Encours; "" where nobody has said it."""
    return str(setting("mail.own_address", entity_id, clock.today())).rstrip("/")


def address_of(one: Notice) -> str:
    """Where to answer; only an installation whose own address is known can say."""
    base = own_address(one.entity_id)
    if not base or one.outside is not None:
        return ""
    if one.kind == STEP_NOTICE and one.customer_id:
        answer = f"#{one.bears.replace(':', '-')}" if one.bears else ""
        return f"{base}/my-customers/one/{quote(one.customer_id)}{answer}"
    if one.kind in (DIGEST, STEP_NOTICE):
        return f"{base}/my-customers/"
    return f"{base}/customer/{quote(one.customer_id)}?tab=timeline" if one.customer_id else f"{base}/tasks/"


def _said(value: Any, language: str) -> Any:
    """A value with its days as the language writes them."""
    if isinstance(value, Mapping):
        return {name: _said(part, language) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(part, language) for part in value]
    return says.day(value, language, "long") if isinstance(value, date) else value


def _customer(one: Notice, entity: Entity) -> dict[str, str]:
    """The customer it is about; a notice about none bears the entity's name."""
    if not one.customer_id:
        return {"name": entity.name, "account": ""}
    row = Customer.objects.filter(customer_id=one.customer_id, is_current=True).values_list("name", flat=True).first()
    return {"name": str(row or one.customer_id), "account": one.customer_id.removeprefix(f"{entity.pk}:")}
