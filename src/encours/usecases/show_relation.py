"""How one customer is dealt with: the scenario it follows, what is wanted with it, its links, its open tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from encours.store.models import Customer, DunningMark, HeldItem, PlannedAction, PlannedLine, ScenarioChoice
from encours.usecases.customer_timeline import named
from encours.usecases.manage_scenarios import scenarios_of
from encours.usecases.publish_statement import Links, statement_links
from encours.usecases.show_tasks import TaskRow, tasks_of
from encours.usecases.viewing import Viewing
from encours.usecases.write_comment import colleagues


@dataclass(frozen=True)
class Followed:
    """The scenario of a customer or of one item.

    `chosen`: by hand ("": none is); `planned`: what the last plan took; `above`: of an item, what its customer was
    given by hand. `names`: code -> its names by language, of those that can be chosen.
    """

    chosen: str
    planned: str
    above: str
    why: str
    by: str
    names: Mapping[str, Mapping[str, str]]
    may_choose: bool


@dataclass(frozen=True)
class Stated:
    """What is wanted with a customer: `code` as people said, `on_file` as the customer file says ("": nothing)."""

    code: str
    on_file: str
    owner_id: int | None
    owner: str
    review_on: date | None
    is_due: bool
    may_set: bool


@dataclass(frozen=True)
class Relation:
    """What stands on the customer's page under Chasing."""

    followed: Followed
    stated: Stated
    links: Links
    tasks: list[TaskRow]
    people: list[tuple[int, str]]
    may_assign: bool


def show_relation(viewing: Viewing, entity_id: str, customer_id: str) -> Relation:
    """All of it, of a customer that the actor sees."""
    viewing = viewing.every_entity()
    return Relation(
        followed=followed_by(viewing, entity_id, customer_id),
        stated=stated_of(viewing, entity_id, customer_id),
        links=statement_links(viewing.actor, entity_id, customer_id),
        tasks=tasks_of(viewing, customer_id),
        people=people_of(viewing, entity_id),
        may_assign=viewing.actor.may("assign_task", entity_id).ok,
    )


def followed_by(viewing: Viewing, entity_id: str, customer_id: str, item_id: str = "") -> Followed:
    """The scenario of a customer, or of one of its items."""
    choices = viewing.rows(ScenarioChoice).filter(customer_id=customer_id).select_related("chosen_by")
    rows = {row.item_id or "": row for row in choices}
    own = rows.get(item_id)
    scenarios = scenarios_of(entity_id).scenarios
    return Followed(
        chosen=own.scenario if own else "",
        planned=_planned(viewing, customer_id, item_id),
        above=rows[""].scenario if item_id and "" in rows else "",
        why=own.why if own else "",
        by=named(own.chosen_by) if own else "",
        names={one.code: dict(one.names) for one in scenarios},
        may_choose=viewing.actor.may("choose_scenario", entity_id).ok,
    )


def _planned(viewing: Viewing, customer_id: str, item_id: str) -> str:
    """The scenario of the last plan: of what it asks for, else of what it holds back."""
    if item_id:
        asked = viewing.rows(PlannedLine).filter(item_id=item_id, action__day__gte=viewing.today)
        found = asked.order_by("-action__day", "-pk").values_list("action__scenario", flat=True).first()
    else:
        planned = viewing.rows(PlannedAction).filter(customer_id=customer_id, day__gte=viewing.today)
        found = planned.order_by("-day", "-level", "pk").values_list("scenario", flat=True).first()
    held = viewing.rows(HeldItem).filter(customer_id=customer_id)
    held = held.filter(item_id=item_id) if item_id else held
    return str(found or held.order_by("pk").values_list("scenario", flat=True).first() or "")


def stated_of(viewing: Viewing, entity_id: str, customer_id: str) -> Stated:
    """What is wanted with a customer, by whom, and whether it is time to ask again."""
    marks = viewing.rows(DunningMark).filter(customer_id=customer_id).select_related("strategy_owner")
    mark = marks.first()
    on_file = viewing.facts(Customer).filter(customer_id=customer_id).values_list("strategy", flat=True).first()
    given = mark if mark and mark.strategy else None
    review = given.strategy_review_on if given else None
    return Stated(
        code=given.strategy if given else "",
        on_file=on_file or "",
        owner_id=given.strategy_owner_id if given else None,
        owner=named(given.strategy_owner) if given and given.strategy_owner else "",
        review_on=review,
        is_due=review is not None and review <= viewing.today,
        may_set=viewing.actor.may("set_strategy", entity_id).ok,
    )


def people_of(viewing: Viewing, entity_id: str) -> list[tuple[int, str]]:
    """Whom a task or a strategy may be given to: who works in the entity, and oneself."""
    found = {user.pk: named(user) for user in colleagues(entity_id)}
    if viewing.actor.user is not None:
        found.setdefault(viewing.actor.user.pk, named(viewing.actor.user))
    return sorted(found.items(), key=lambda one: one[1].casefold())
