"""Notices to our own people by e-mail, through the outbox: a mention, a task, what is asked of sales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel.dates import format_date

from encours.store.models import Customer, Entity, Message, MessageEvent, User
from encours.usecases import clock
from encours.usecases.notice_words import spoken, task_words, words_of

MENTIONED, TASK_GIVEN, HOLD_ASKED, STEP_NOTICE, DIGEST = (
    "mentioned",
    "task_given",
    "hold_asked",
    "step_notice",
    "digest",
)


@dataclass(frozen=True)
class Notice:
    """One notice to one person, written in their language. `data` is what its words need."""

    kind: str
    entity_id: str
    user_id: int
    customer_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def send_notices(notices: Sequence[Notice], by: User | None = None) -> list[Message]:
    """Queues notices in the caller's transaction: they leave with the outbox, or not at all in test mode.

    A person without an address or whose account is closed gets none.
    """
    readers = User.objects.filter(pk__in={one.user_id for one in notices}, is_active=True).exclude(email="")
    people = {user.pk: user for user in readers}
    found = []
    for one in notices:
        if one.user_id not in people:
            continue
        reader = people[one.user_id]
        language = spoken(reader.language)
        subject, text = _words(one, by, language)
        at = clock.now()
        message = Message.objects.create(
            entity_id=one.entity_id, purpose="internal" if one.kind != STEP_NOTICE else "notice", channel="email",
            state=Message.State.QUEUED, to=[reader.email], subject=subject, text=text, language=language,
            step=one.kind, created_at=at, created_by=by, approved_at=at, send_after=at,
        )  # fmt: skip
        MessageEvent.objects.create(message=message, kind="queued", at=at)
        found.append(message)
    return found


def _words(one: Notice, by: User | None, language: str) -> tuple[str, str]:
    """Subject and text in a language."""
    who = _named(one.customer_id) or _of_entity(one.entity_id)
    author = (by.get_full_name() or by.email) if by is not None else "Encours"
    data = {name: _said(value, language) for name, value in one.data.items()} | {"who": who, "author": author}
    if one.kind == TASK_GIVEN and not data.get("title"):
        data["title"] = task_words(str(one.data["task"]), language)
    words = words_of(one.kind, language)
    link = _link(one)
    text = words.text.format(**data)
    return " ".join(words.subject.format(**data).split()), text + (f"\n\n{link}" if link else "") + "\n"


def _link(one: Notice) -> str:
    """Where to answer; only an installation whose own address is known can say."""
    from django.conf import settings

    base = str(getattr(settings, "OWN_ADDRESS", "") or "").rstrip("/")
    if not base:
        return ""
    return f"{base}/my-customers/" if one.kind in (DIGEST, STEP_NOTICE) else f"{base}/customer/{one.customer_id}"


def _said(value: Any, language: str) -> str:
    return format_date(value, "long", locale=language) if isinstance(value, date) else str(value)


def _named(customer_id: str) -> str:
    if not customer_id:
        return ""
    row = Customer.objects.filter(customer_id=customer_id, is_current=True).values_list("name", flat=True).first()
    return str(row or customer_id)


def _of_entity(entity_id: str) -> str:
    return str(Entity.objects.values_list("name", flat=True).get(pk=entity_id))
