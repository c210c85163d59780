"""What trying a scenario on past months found: kept figures and its list; and what is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from encours.store.models import Customer, DunningScenario, Run, ScenarioVersion
from encours.usecases.manage_scenarios import scenario_row
from encours.usecases.replay_files import read_list
from encours.usecases.replay_scenario import ACT, COMPARED, LISTED, TRIED, VERSION, silent
from encours.usecases.rights import NotAllowedError, require_whole
from encours.usecases.viewing import Viewing

PAGE_ROWS = 50
#: What of the list is shown: all, what reached who had paid (wholly or in part), collisions, what cost something.
PARTS = ("all", "paid", "collisions", "cost")


@dataclass(frozen=True)
class UnderWay:
    """A replay that waits or runs: days done of all (0 of 0 while it waits)."""

    months: int
    against: str
    asked_at: datetime
    by: str
    done: int
    of: int


@dataclass(frozen=True)
class Kept:
    """The last replay that ended. `summary`: what `replay_scenario` keeps; `faults`: why it could not be done.
    `outdated`: the scenario has another version since."""

    run: int
    finished_at: datetime
    by: str
    months: int
    against: str
    version: int
    outdated: bool
    failed: bool
    faults: list[str]
    start: date | None
    end: date | None
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class ReplayRow:
    """A message of the replay; amounts in minor units, cost in hundredths. `paid_on`: when the last of it had come."""

    on: date
    customer_id: str
    name: str
    currency: str
    step: str
    channel: str
    mode: str
    amount: int
    overdue_days: int | None
    paid: bool
    late_paid: int
    paid_on: date | None
    collides: bool
    minutes: int
    cost: int


@dataclass(frozen=True)
class ReplayPage:
    """A tab of a scenario: `allowed` where the person sees all customers of the entity."""

    allowed: bool
    under_way: UnderWay | None = None
    kept: Kept | None = None
    rows: list[ReplayRow] = field(default_factory=list)
    part: str = PARTS[0]
    counts: Mapping[str, int] = field(default_factory=dict)
    count: int = 0
    page: int = 1
    pages: int = 1
    others: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    versions: list[tuple[int, datetime, str]] = field(default_factory=list)


def show_backtest(viewing: Viewing, entity_id: str, code: str, part: str = "", page: int = 1) -> ReplayPage:
    """The last back-test of a scenario, with a page of its list. Raises NotAllowedError."""
    row = scenario_row(viewing.actor, entity_id, code, ACT)
    if not _whole(viewing, entity_id):
        return ReplayPage(allowed=False)
    under_way, kept = _state(row, TRIED)
    part = part if part in PARTS else PARTS[0]
    listed = _listed(entity_id, kept)
    counts = {one: listed.filter(_of_part(one)).height for one in PARTS}
    found = listed.filter(_of_part(part))
    pages = max(1, -(-found.height // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = _rows(viewing, found.slice((page - 1) * PAGE_ROWS, PAGE_ROWS))
    return ReplayPage(True, under_way, kept, rows, part, counts, found.height, page, pages)


def backtest_rows(viewing: Viewing, entity_id: str, code: str, part: str = "") -> tuple[Kept | None, list[ReplayRow]]:
    """The whole list, to be taken along. Raises NotAllowedError."""
    row = scenario_row(viewing.actor, entity_id, code, ACT)
    require_whole(viewing.actor, entity_id, ACT)
    kept = _state(row, TRIED)[1]
    found = _listed(entity_id, kept).filter(_of_part(part if part in PARTS else PARTS[0]))
    return kept, _rows(viewing, found)


def show_comparison(viewing: Viewing, entity_id: str, code: str) -> ReplayPage:
    """The last comparison of a scenario, and with what it can be compared. Raises NotAllowedError."""
    row = scenario_row(viewing.actor, entity_id, code, ACT)
    if not _whole(viewing, entity_id):
        return ReplayPage(allowed=False)
    under_way, kept = _state(row, COMPARED)
    others = DunningScenario.objects.filter(entity_id=entity_id).exclude(code=code).order_by("code")
    earlier = ScenarioVersion.objects.filter(scenario=row).exclude(version=row.version).order_by("-version")[:20]
    return ReplayPage(
        True, under_way, kept, others=[(one.code, dict(one.data.get("names", {}))) for one in others],
        versions=[(one.version, one.changed_at, f"{VERSION}{one.version}") for one in earlier],
    )  # fmt: skip


def _whole(viewing: Viewing, entity_id: str) -> bool:
    try:
        require_whole(viewing.actor, entity_id, ACT)
    except NotAllowedError:
        return False
    return True


def _state(row: DunningScenario, name: str) -> tuple[UnderWay | None, Kept | None]:
    runs = list(Run.objects.filter(entity_id=row.entity_id, name=name, step=row.code).order_by("-pk")[:5])
    waiting = next((run for run in runs if run.state in ("waiting", "running") and not silent(run)), None)
    ended = next((run for run in runs if run.state in ("done", "failed")), None)
    return (_under_way(waiting) if waiting else None), (_kept(ended, row) if ended else None)


def _under_way(run: Run) -> UnderWay:
    told = run.summary
    return UnderWay(told["months"], told["against"], run.started_at, told["by"], told.get("done", 0), told.get("of", 0))


def _kept(run: Run, row: DunningScenario) -> Kept:
    told = run.summary
    start, end = (date.fromisoformat(told[name]) if name in told else None for name in ("from", "to"))
    return Kept(
        run=run.pk, finished_at=run.finished_at or run.started_at, by=told["by"], months=told["months"],
        against=told["against"], version=told["version"], outdated=told["version"] != row.version,
        failed=run.state == "failed", faults=told.get("faults", []), start=start, end=end, summary=told,
    )  # fmt: skip


def _listed(entity_id: str, kept: Kept | None) -> pl.DataFrame:
    found = None if kept is None or kept.failed else read_list(entity_id, kept.run, "actions")
    if found is None:
        return pl.DataFrame(schema=dict.fromkeys(LISTED, pl.Null))
    return found.sort("on", "amount", "action_id", descending=[True, True, False])


def _of_part(part: str) -> pl.Expr:
    every = pl.lit(value=True)
    shown = {"paid": pl.col("late_paid") > 0, "collisions": pl.col("collides"), "cost": pl.col("cost") > 0}
    return shown.get(part, every).cast(pl.Boolean).fill_null(value=False)


def _rows(viewing: Viewing, found: pl.DataFrame) -> list[ReplayRow]:
    wanted = found["customer_id"].unique().to_list() if found.height else []
    customers = viewing.every_entity().facts(Customer)
    names = dict(customers.filter(customer_id__in=wanted).values_list("customer_id", "name"))
    return [
        ReplayRow(
            one["on"], one["customer_id"], names.get(one["customer_id"]) or one["customer_id"], one["currency"],
            one["step"], one["channel"], one["mode"], one["amount"], one["overdue_days"], bool(one["paid"]),
            one["late_paid"] or 0, one["paid_on"], bool(one["collides"]), one["minutes"] or 0, one["cost"] or 0,
        )
        for one in found.iter_rows(named=True)
    ]  # fmt: skip
