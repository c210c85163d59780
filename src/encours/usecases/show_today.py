"""Today: whom to chase first and why, what each hour of it brings, what is done already, what leaves by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from encours.store.models import (
    Customer,
    DunningDay,
    DunningScenario,
    Entity,
    HeldItem,
    PlannedAction,
    Role,
    Touch,
    User,
)
from encours.usecases.day_aim import aim_of
from encours.usecases.dunning_rules import minutes_of
from encours.usecases.team_day import list_of
from encours.usecases.viewing import Viewing

PAGE_ROWS = 40
#: todo: a person does or confirms it. itself: leaves by itself after its checks.
TABS = ("todo", "itself", "snoozed", "done")
#: Gates that time alone opens: what they hold is counted apart.
TIMED = ("waiting", "ladder_ended", "no_scenario", "paused", "contact_gap", "notice_running")
_DONE = (PlannedAction.State.DONE, PlannedAction.State.QUEUED, PlannedAction.State.SKIPPED)


@dataclass(frozen=True)
class TodayFilter:
    """What is asked for. `who`: "" everybody's, `me`, or a collector's name; `channel`: "" any."""

    tab: str = "todo"
    who: str = ""
    channel: str = ""
    text: str = ""
    page: int = 1


@dataclass(frozen=True)
class Contacted:
    """The last contact with a customer."""

    channel: str
    on: date
    outcome: str | None


@dataclass(frozen=True)
class TodayRow:
    """One customer to chase today. Amounts in minor units; `effect_amount` is what comes `days_earlier` days earlier.

    `fits`: it lies within the day's minutes of whoever it belongs to, counted from the first row.
    """

    number: int
    action_id: str
    entity_id: str
    customer_id: str
    name: str
    collector: str | None
    currency: str
    amount: int
    overdue_days: int
    items: int
    reason: str
    reasons: tuple[str, ...]
    scenario: str
    step: str
    step_names: dict[str, str]
    next_names: dict[str, str]
    channel: str
    mode: str
    formal: bool
    testing: bool
    euro_days: float
    days_earlier: float | None
    minutes: int
    pinned: bool
    snoozed_until: date | None
    assigned_to: str
    state: str
    outcome: str
    done_at: datetime | None
    last: Contacted | None
    fits: bool = True

    @property
    def is_task(self) -> bool:
        """Whether a person does it; else a message leaves."""
        return self.mode == "task"


@dataclass(frozen=True)
class TodayPage:
    """The worklist with its figures: [currency, amount] sums of what is to do, minutes, what is done and held."""

    wanted: TodayFilter
    rows: list[TodayRow]
    count: int
    pages: int
    counts: dict[str, int]
    minutes: int
    day_minutes: int
    asked: list[tuple[str, int]]
    effects: list[tuple[str, int, int]]  # currency, days earlier on average, on that amount
    done: int
    held_items: int
    channels: list[str]
    collectors: list[str]
    colleagues: list[tuple[int, str]]
    entity_names: dict[str, str]
    made_at: datetime | None
    planned_on: date | None
    stale: list[str]
    testing: bool
    aims: list[tuple[date | None, list[str]]]  # euros received before a day (None: cash brought forward), of whom

    @property
    def is_planned(self) -> bool:
        """Whether there is a plan of this day."""
        return self.made_at is not None


def show_today(viewing: Viewing, wanted: TodayFilter) -> TodayPage:
    """Today's worklist in the chosen entities, whatever past day is looked at."""
    wanted = wanted if wanted.tab in TABS else replace(wanted, tab=TABS[0])
    days = _days(viewing)
    every = viewing.rows(PlannedAction).filter(day__gte=viewing.today)
    mine = _mine(viewing, every, wanted)
    listed = _narrowed(viewing, _of_tab(mine, wanted.tab), wanted)
    count = listed.count()
    pages = max(1, -(-count // PAGE_ROWS))
    page = min(max(1, wanted.page), pages)
    todo = _of_tab(mine, "todo")
    names = {one.code: one for one in DunningScenario.objects.filter(entity_id__in=viewing.entity_ids)}
    capacity = minutes_of(viewing.entity_ids, viewing.today)
    return TodayPage(
        wanted=replace(wanted, page=page),
        rows=_rows(viewing, listed, page, capacity),
        count=count,
        pages=pages,
        counts=_counts(mine),
        minutes=todo.aggregate(m=Sum("minutes"))["m"] or 0,
        day_minutes=capacity * (1 if wanted.who else _lists(viewing, todo)),
        asked=_sums(todo),
        effects=_effects(todo),
        done=_of_tab(mine, "done").exclude(state=PlannedAction.State.SKIPPED).count(),
        held_items=viewing.rows(HeldItem).exclude(gate__in=TIMED).count(),
        channels=sorted(set(every.values_list("channel", flat=True))),
        collectors=_collectors(viewing),
        colleagues=colleagues(viewing.entity_ids),
        entity_names=dict(viewing.rows(Entity).values_list("entity_id", "name")),
        made_at=min((one.made_at for one in days), default=None),
        planned_on=max(one.day for one in days) if days else _last_planned(viewing),
        stale=sorted({says for one in days for _, says in one.stale}),
        testing=any(one.active and one.testing for one in names.values()),
        aims=_aims(viewing),
    )


def _aims(viewing: Viewing) -> list[tuple[date | None, list[str]]]:
    """What the day's work is for, and of which entities; the nearest day first, cash brought forward last."""
    found: dict[date | None, list[str]] = {}
    for entity_id in viewing.entity_ids:
        found.setdefault(aim_of(entity_id, viewing.today).by, []).append(entity_id)
    return sorted(found.items(), key=lambda one: (one[0] is None, one[0] or date.max))


def one_row(viewing: Viewing, number: int) -> TodayRow | None:
    """One planned action as a row, of whatever day and state; None where it is not to be seen."""
    rows = viewing.every_entity().rows(PlannedAction).filter(pk=number)
    found = _rows(viewing.every_entity(), rows, 1, 1_000_000)
    return found[0] if found else None


def colleagues(entity_ids: Iterable[str]) -> list[tuple[int, str]]:
    """Who may be given a customer's actions: people with a role that chases in one of the entities."""
    kinds = (Role.Kind.COLLECTOR, Role.Kind.CREDIT_MANAGER, Role.Kind.ADMINISTRATOR)
    held = Role.objects.filter(entity_id__in=list(entity_ids), kind__in=kinds).values("user_id")
    people = User.objects.filter(Q(pk__in=held) | Q(is_superuser=True), is_active=True).order_by("email")
    return [(one.pk, one.get_full_name() or one.email) for one in people]


def _days(viewing: Viewing) -> list[DunningDay]:
    return (
        list(viewing.rows(DunningDay).filter(day__gte=viewing.today))
        if not viewing.limited()
        else list(DunningDay.objects.filter(entity_id__in=viewing.entity_ids, day__gte=viewing.today))
    )


def _last_planned(viewing: Viewing) -> date | None:
    rows = DunningDay.objects.filter(entity_id__in=viewing.entity_ids).order_by("-day")
    return rows.values_list("day", flat=True).first()


def _mine(viewing: Viewing, rows: QuerySet[Any], wanted: TodayFilter) -> QuerySet[Any]:
    if wanted.who == "me":
        user = viewing.actor.user
        return rows.filter(assigned_to=user)
    if wanted.who:
        of = viewing.facts(Customer).filter(collector=wanted.who).values("customer_id")
        return rows.filter(customer_id__in=of)
    return rows


def _of_tab(rows: QuerySet[Any], tab: str) -> QuerySet[Any]:
    if tab == "done":
        return rows.filter(state__in=_DONE)
    planned = rows.filter(state=PlannedAction.State.PLANNED)
    if tab == "snoozed":
        return planned.filter(snoozed_until__isnull=False)
    awake = planned.filter(snoozed_until__isnull=True)
    return awake.filter(mode="automatic") if tab == "itself" else awake.exclude(mode="automatic")


def _narrowed(viewing: Viewing, rows: QuerySet[Any], wanted: TodayFilter) -> QuerySet[Any]:
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel)
    if wanted.text:
        named = viewing.facts(Customer).filter(Q(name__icontains=wanted.text) | Q(customer_id__icontains=wanted.text))
        rows = rows.filter(customer_id__in=named.values("customer_id"))
    return rows


def _counts(rows: QuerySet[Any]) -> dict[str, int]:
    return {tab: _of_tab(rows, tab).count() for tab in TABS}


def _sums(rows: QuerySet[Any]) -> list[tuple[str, int]]:
    found = rows.order_by().values("currency").annotate(total=Sum("amount")).order_by("-total")
    return [(row["currency"], row["total"]) for row in found]


def _effects(rows: QuerySet[Any]) -> list[tuple[str, int, int]]:
    """By currency: how many days earlier the money comes on average, and on how much."""
    found = (
        rows.order_by()
        .filter(days_earlier__gt=0)
        .values("currency")
        .annotate(weighed=Sum(F("days_earlier") * F("amount")), total=Sum("amount"))
        .order_by("-total")
    )
    return [(row["currency"], round(row["weighed"] / row["total"]), row["total"]) for row in found if row["total"]]


def _collectors(viewing: Viewing) -> list[str]:
    names = viewing.facts(Customer).exclude(collector=None).exclude(collector="").order_by("collector")
    return list(names.values_list("collector", flat=True).distinct()[:60])


def _rows(viewing: Viewing, rows: QuerySet[Any], page: int, capacity: int) -> list[TodayRow]:
    ordered = rows.order_by(Case(When(pinned_by=None, then=1), default=0), "place", "pk")
    first = (page - 1) * PAGE_ROWS
    before = list(ordered.values_list("customer_id", "assigned_to_id", "minutes")[:first]) if first else []
    cut = list(ordered.annotate(items=Count("lines")).select_related("assigned_to")[first : first + PAGE_ROWS])
    wanted = [row.customer_id for row in cut]
    who = {
        one: (name, collector)
        for one, name, collector in viewing.facts(Customer)
        .filter(customer_id__in={*wanted, *(row[0] for row in before)})
        .values_list("customer_id", "name", "collector")
    }
    used = Counter[str]()
    for customer_id, assigned_to, minutes in before:
        used[list_of(assigned_to, who.get(customer_id, ("", None))[1])] += minutes
    last = _last_contacts(viewing, wanted)
    steps = _steps(viewing)
    found = []
    for row in cut:
        name, collector = who.get(row.customer_id, (row.customer_id, None))
        whose = list_of(row.assigned_to_id, collector)
        used[whose] += row.minutes
        names, after, testing = steps.get((row.entity_id, row.scenario, row.step), ({}, {}, False))
        found.append(
            TodayRow(
                number=row.pk, action_id=row.action_id, entity_id=row.entity_id, customer_id=row.customer_id,
                name=name or row.customer_id, collector=collector, currency=row.currency, amount=row.amount,
                overdue_days=row.overdue_days, items=row.items, reason=row.reason, reasons=tuple(row.reasons),
                scenario=row.scenario, step=row.step, step_names=names, next_names=after, channel=row.channel,
                mode=row.mode, formal=row.formal, testing=testing, euro_days=row.euro_days,
                days_earlier=row.days_earlier, minutes=row.minutes, pinned=row.pinned_by_id is not None,
                snoozed_until=row.snoozed_until, state=row.state, outcome=row.outcome, done_at=row.done_at,
                assigned_to=(row.assigned_to.get_full_name() or row.assigned_to.email) if row.assigned_to else "",
                last=last.get(row.customer_id), fits=used[whose] <= capacity,
            )
        )  # fmt: skip
    return found


def _lists(viewing: Viewing, todo: QuerySet[Any]) -> int:
    """How many people's lists the work of the day is in; what belongs to nobody is one of them."""
    plain = todo.order_by()
    given = plain.exclude(assigned_to=None).values("assigned_to").distinct().count()
    rest = viewing.facts(Customer).filter(customer_id__in=plain.filter(assigned_to=None).values("customer_id"))
    return max(1, given + len({name or "" for name in rest.values_list("collector", flat=True).distinct()}))


def _last_contacts(viewing: Viewing, customer_ids: list[str]) -> dict[str, Contacted]:
    rows = viewing.facts(Touch).filter(customer_id__in=customer_ids, sent_on__lte=viewing.today)
    found: dict[str, Contacted] = {}
    for one, channel, on, outcome in rows.order_by("sent_on", "pk").values_list(
        "customer_id", "channel", "sent_on", "outcome"
    ):
        found[one] = Contacted(channel, on, outcome)
    return found


def _steps(viewing: Viewing) -> dict[tuple[str, str, str], tuple[dict[str, str], dict[str, str], bool]]:
    """(entity, scenario, step) -> its names, those of the rung after it, whether the scenario is in test."""
    found = {}
    for row in DunningScenario.objects.filter(entity_id__in=viewing.entity_ids):
        steps = row.data["steps"]
        rungs = [step for step in steps if step.get("level") and not str(step.get("anchor", "")).startswith("event:")]
        for step in steps:
            after: dict[str, str] = {}
            if step in rungs and rungs.index(step) + 1 < len(rungs):
                after = rungs[rungs.index(step) + 1].get("names", {})
            key = (str(row.entity_id), row.code, step["code"])
            found[key] = (step.get("names", {}), after, row.testing)
    return found


def step_names(viewing: Viewing) -> dict[str, dict[str, str]]:
    """Code of a step -> its names, of whatever scenario bears it."""
    rows = DunningScenario.objects.filter(entity_id__in=viewing.entity_ids).order_by("-code")
    return {step["code"]: step.get("names", {}) for row in rows for step in row.data["steps"]}
