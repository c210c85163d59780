"""A task that nothing raised: written by a person, for a customer or for none, and given to a colleague."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.core.base.issue import CallError
from encours.store.models import Customer, Task
from encours.usecases import clock
from encours.usecases.manage_tasks import ACT, NewTask, open_task
from encours.usecases.promising import customer_of
from encours.usecases.rights import Actor, NotAllowedError


@dataclass(frozen=True)
class FreeTask:
    """What a person writes. `customer`: an id, an account or a name, "" for none; `owner_id` None: whoever comes first.

    `key` makes a form that is sent twice one task.
    """

    title: str
    due_on: date | None
    entity_id: str = ""
    customer: str = ""
    owner_id: int | None = None
    detail: str = ""
    key: str = ""


def give_task(actor: Actor, wanted: FreeTask) -> Task:
    """Opens the task; its owner is told by e-mail. Raises NotAllowedError, or CallError naming every fault."""
    if not wanted.title.strip():
        raise CallError(["a task needs a title"])
    if wanted.due_on is None:
        raise CallError(["say the day"])
    if wanted.due_on < clock.today():
        raise CallError(["a task is due today or later"])
    customer = _customer(actor, wanted) if wanted.customer.strip() else None
    entity_id = customer.entity_id if customer else wanted.entity_id
    if not actor.sees(entity_id):
        raise NotAllowedError(ACT, None, "not_visible")
    return open_task(
        actor,
        NewTask(
            entity_id, "other", wanted.due_on, wanted.title, customer.customer_id if customer else None,
            origin="person", detail=wanted.detail.strip(), owner_id=wanted.owner_id,
            key=f"person:{wanted.key}" if wanted.key else None,
        ),
    )  # fmt: skip


def _customer(actor: Actor, wanted: FreeTask) -> Customer:
    """The one customer that a text names: by its id, its account, its whole name, or a part that no other has."""
    text = wanted.customer.strip()
    seen = actor.scope(Customer).filter(is_current=True)
    if seen.filter(customer_id=text).exists():
        return customer_of(actor, text, ACT)
    own = seen.filter(entity_id=wanted.entity_id) if wanted.entity_id else seen
    for condition in ({"customer_id__endswith": f":{text}"}, {"name__iexact": text}, {"name__icontains": text}):
        found = list(own.filter(**condition).order_by("name")[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise CallError([f"several customers are called {text!r}: give the account"])
    raise CallError([f"no customer is called {text!r}"])
