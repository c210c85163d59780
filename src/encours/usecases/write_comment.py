"""Comments to colleagues on a customer, an item, a dispute or a task; who is mentioned (@name) gets an e-mail."""

from __future__ import annotations

import re

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Comment, Dispute, Item, Role, Task, User
from encours.usecases import clock
from encours.usecases.promising import customer_of
from encours.usecases.rights import Actor, NotAllowedError, actor_of, require
from encours.usecases.send_notices import MENTIONED, Notice, send_notices

ACT = "write_comment"
_LONGEST = 4_000
#: A mention: the part of the address before the @, or the whole address.
_MENTION = re.compile(r"(?<![\w.@])@([\w.+-]+(?:@[\w.-]+\w)?)")


def write_comment(actor: Actor, subject: str, subject_id: str, text: str, *, key: str) -> Comment:
    """Keeps a comment; the same `key` twice is once. Raises NotAllowedError, or CallError for what is wrong with it.

    Mentioned are colleagues of the entity who see the customer; a name that is nobody's is plain text.
    """
    entity_id, customer_id = _about(actor, subject, subject_id)
    require(actor, ACT, entity_id)
    if actor.user is None:
        raise NotAllowedError(ACT, entity_id, "no_role")
    if not text.strip():
        raise CallError(["a comment needs a text"])
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        before = Comment.objects.filter(key=key).first()
        if before is not None:
            return before
        people = mentioned(entity_id, customer_id, text)
        row = Comment.objects.create(
            entity_id=entity_id,
            customer_id=customer_id,
            subject=subject,
            subject_id=subject_id,
            key=key,
            user=actor.user,
            text=text.strip()[:_LONGEST],
            mentions=[user.pk for user in people],
            at=clock.now(),
        )
        told = [user.pk for user in people if user.pk != actor.user.pk]
        send_notices(
            [Notice(MENTIONED, entity_id, one, customer_id, {"comment": row.text}) for one in told], actor.user
        )
        after = {"comment": row.pk, "about": f"{subject}:{subject_id}", "mentions": row.mentions}
        audit.append(clock.now(), actor.name, ACT, entity_id=entity_id, subject=customer_id, after=after)
    return row


def colleagues(entity_id: str) -> list[User]:
    """Who works in an entity, by name: whom a comment may mention and a task may be given to."""
    ids = Role.objects.filter(entity_id=entity_id).values("user_id")
    rows = User.objects.filter(pk__in=ids, is_active=True)
    return sorted(rows, key=lambda user: (user.get_full_name() or user.email).casefold())


def handle(user: User) -> str:
    """What is written after the @ to mention a person."""
    return str(user.email.split("@")[0])


def mentioned(entity_id: str, customer_id: str, text: str) -> list[User]:
    """The colleagues that a text names and who may see the customer, each once."""
    names = {name.rstrip(".").casefold() for name in _MENTION.findall(text)}
    if not names:
        return []
    found = [user for user in colleagues(entity_id) if {handle(user).casefold(), user.email.casefold()} & names]
    return [user for user in found if _sees(user, customer_id)]


def _sees(user: User, customer_id: str) -> bool:
    try:
        customer_of(actor_of(user), customer_id, "see")
    except NotAllowedError:
        return False
    return True


def _about(actor: Actor, subject: str, subject_id: str) -> tuple[str, str]:
    """Entity and customer of what is commented on. Raises NotAllowedError where the actor does not see it."""
    if subject == Comment.Subject.CUSTOMER:
        customer = customer_of(actor, subject_id, ACT)
        return customer.entity_id, customer.customer_id
    if subject == Comment.Subject.TASK:
        task = actor.scope(Task).filter(pk=int(subject_id)).first() if subject_id.isdigit() else None
        if task is not None and task.customer_id is not None:
            return task.entity_id, task.customer_id
        raise NotAllowedError(ACT, None, "not_visible")
    item_id = subject_id
    if subject == Comment.Subject.DISPUTE:
        dispute = actor.scope(Dispute).filter(dispute_id=subject_id, is_current=True).first()
        item_id = "" if dispute is None else dispute.item_id
    elif subject != Comment.Subject.ITEM:
        raise CallError([f"{subject!r} cannot be commented on"])
    item = actor.scope(Item).filter(item_id=item_id, is_current=True).first()
    if item is None:
        raise NotAllowedError(ACT, None, "not_visible")
    return item.entity_id, item.customer_id
