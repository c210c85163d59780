"""A task written by a person: for a customer that its name means, once, and told to whom it is given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from encours.core.base.issue import CallError
from encours.store.models import Message, Role, Task, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.give_task import FreeTask, give_task
from encours.usecases.rights import NotAllowedError
from tests.usecases.clerks import person
from tests.usecases.letter_cases import a_customer, workshop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> None:
    workshop()
    workshop("B")
    a_customer("Dupin")
    a_customer("Dupont")


def _task(**more: object) -> FreeTask:
    return FreeTask(**({"title": "Look at it", "due_on": clock.today(), "entity_id": "A"} | more))  # type: ignore[arg-type]  # the fields of a task


@pytest.mark.parametrize("said", ["A:Dupin", "Dupin", "société dupin", "upin"])
def test_a_customer_is_named_as_people_name_it(said: str) -> None:
    task = give_task(job("test"), _task(customer=said))
    assert (task.customer_id, task.entity_id, task.kind) == ("A:Dupin", "A", "other")


def test_a_task_needs_no_customer_and_a_form_sent_twice_is_one() -> None:
    first, again = (give_task(job("test"), _task(key="abc")) for _ in range(2))
    assert first == again
    assert first.customer_id is None
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"customer": "Dup"}, "several customers"),
        ({"customer": "Nobody"}, "no customer is called"),
        ({"title": " "}, "needs a title"),
        ({"due_on": None}, "say the day"),
        ({"due_on": clock.today() - timedelta(days=1)}, "today or later"),
        ({"owner_id": 4711}, "no role in this entity"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(CallError, match=why):
        give_task(job("test"), _task(**wrong))
    assert not Task.objects.exists()


def test_its_owner_is_told_and_strangers_give_none() -> None:
    owner = User.objects.create_user("owner", "owner@example.com")
    Role.objects.create(user=owner, entity_id="A", kind=Role.Kind.COLLECTOR)
    give_task(job("test"), _task(owner_id=owner.pk))
    assert Message.objects.get().to == ["owner@example.com"]
    with pytest.raises(NotAllowedError):
        give_task(person("stranger", "collector", "B"), _task())
    with pytest.raises(CallError, match="no customer is called"):
        give_task(person("other", "collector", "B"), _task(entity_id="B", customer="A:Dupin"))
