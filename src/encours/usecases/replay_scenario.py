"""A scenario tried on the past months of an entity's own book: asked for on its page, worked out by the worker, kept.

One scenario is looked at, among the others: who follows it is decided as every night. The others' messages leave as
well, and are not told of. Rules, choices by hand and steps are today's; what was known is each day's own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.dunning.known import CHOSEN, Known
from encours.core.dunning.plan import Plan
from encours.core.dunning.replay import Replay, judged, payments, replayed, window
from encours.core.dunning.scenario import Scenario, Scenarios
from encours.store import bulk, parquet
from encours.store.models import DunningScenario, Run, ScenarioChoice
from encours.usecases import clock
from encours.usecases.backtest_dunning import DunningTested
from encours.usecases.compare_scenarios import compare_replays
from encours.usecases.dunning_rules import rules_of
from encours.usecases.jobs import replay_later
from encours.usecases.know_for_plan import know_for_plan
from encours.usecases.manage_scenarios import read_stored, scenario_row, scenarios_of, version_of
from encours.usecases.replay_files import drop_lists, write_list
from encours.usecases.rights import Actor, require_whole

ACT = "plan_dunning"
#: The runs, one of each a scenario: tried alone, and beside another.
TRIED, COMPARED = "replay_scenario", "compare_scenarios"
#: Months that may be replayed.
MONTHS = (1, 2, 3, 6, 12)
#: A version of the scenario itself is compared by `version:3`.
VERSION = "version:"
#: A run of which nothing was heard for so long died with its worker; it may be asked for again.
SILENT = timedelta(minutes=30)
_TELL_SECONDS = 2.0
#: What is kept of each message of a replay.
LISTED = (
    "action_id", "on", "customer_id", "currency", "step", "level", "channel", "mode", "amount", "overdue_days",
    "paid", "late_paid", "paid_on", "collides", "minutes", "cost",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A replay that is wanted: of which scenario, over how many months up to today, beside which other ("": none)."""

    code: str
    months: int = 3
    against: str = ""


def ask_replay(actor: Actor, entity_id: str, asked: Asked) -> bool:
    """Lets the worker replay a scenario; False where that is under way already.

    Raises NotAllowedError (of a part of the customers nobody replays the whole), or CallError.
    """
    row = scenario_row(actor, entity_id, asked.code, ACT)
    require_whole(actor, entity_id, ACT)
    if asked.months not in MONTHS:
        raise CallError([f"{asked.months} months cannot be replayed; choose one of {', '.join(map(str, MONTHS))}"])
    if asked.against:
        beside(row, asked.against)
    name = COMPARED if asked.against else TRIED
    with transaction.atomic():
        bulk.lock(f"replay:{entity_id}")
        if any(not silent(one) for one in _runs(entity_id, name, asked.code).filter(state__in=("waiting", "running"))):
            return False
        run = Run.objects.create(
            name=name, entity_id=entity_id, day=clock.today(), step=asked.code, state="waiting",
            started_at=clock.now(), summary={"months": asked.months, "against": asked.against, "by": actor.name,
                                             "version": row.version, "told_at": clock.now().isoformat()},
        )  # fmt: skip
        replay_later(actor, run.pk)
    return True


def replay_scenario(actor: Actor, run_id: int) -> None:
    """Does what was asked for, and keeps it in the place of the last one. What cannot be replayed says why."""
    run = Run.objects.get(pk=run_id)
    entity_id = run.entity_id or ""
    row = scenario_row(actor, entity_id, run.step, ACT)
    require_whole(actor, entity_id, ACT)
    if run.state == "done":
        return
    try:
        found = _Replays(row, run).all()
    except CallError as refused:
        _end(run, "failed", {"faults": refused.faults})
        return
    except Exception:
        _end(run, "failed", {"faults": []})
        raise
    _end(run, "done", found)
    old = list(_runs(entity_id, run.name, run.step).filter(pk__lt=run.pk).values_list("pk", flat=True))
    Run.objects.filter(pk__in=old).delete()
    drop_lists(entity_id, old)


def beside(row: DunningScenario, against: str) -> tuple[Scenario, int | None]:
    """The other scenario with the customers of this one, and its version. Raises CallError where there is none.

    What is compared are the steps: both are tried on the same customers, or the figures would compare those.
    """
    mine = read_stored(row)
    if against.startswith(VERSION):
        number = against.removeprefix(VERSION)
        other = version_of(row, int(number)) if number.isdecimal() and len(number) < 9 else None
        version: int | None = int(number) if other is not None else None
    else:
        found = DunningScenario.objects.filter(entity_id=row.entity_id, code=against).first()
        other, version = (read_stored(found), found.version) if found is not None else (None, None)
    if other is None:
        raise CallError(["choose a scenario, or an earlier version, to compare with"])
    return replace(other, code=mine.code, segment=mine.segment, priority=mine.priority, active=True), version


def silent(run: Run) -> bool:
    """Whether nothing has been heard of a run for too long."""
    told = run.summary.get("told_at")
    return told is None or clock.now() - datetime.fromisoformat(told) > SILENT


def only(made: Plan, code: str) -> Plan:
    """A day's plan as far as it follows one scenario."""
    actions = made.actions.filter(pl.col("scenario") == code)
    return replace(
        made, actions=actions, lines=made.lines.join(actions.select("action_id"), on="action_id", how="semi"),
        held=made.held.filter(pl.col("scenario") == code), parts=made.parts.filter(pl.col("scenario") == code),
    )  # fmt: skip


class _Replays:
    """The replays of one run: what is known of each day is worked out once for both scenarios."""

    def __init__(self, row: DunningScenario, run: Run) -> None:
        self.row, self.run, self.code, self.told = row, run, row.code, 0.0
        self.entity_id, self.mine = row.entity_id or "", replace(read_stored(row), active=True)
        self.book = parquet.read_book([self.entity_id])
        last = self.book.last_day()
        if last is None:
            raise CallError(["nothing has been imported yet: there is nothing to replay"])
        self.end = min(last, run.day)
        self.days = window(_months_before(self.end, run.summary["months"]), self.end)
        self.rules = replace(rules_of(self.entity_id, run.day), assume_notices=True)
        rows = ScenarioChoice.objects.filter(entity_id=self.entity_id)
        self.chosen = Known.of(chosen=pl.DataFrame(list(rows.values(*CHOSEN)), schema=CHOSEN)).chosen
        self.known: tuple[date, Known] | None = None
        self.done = 0

    def all(self) -> dict[str, Any]:
        """What the run found, as its summary keeps it; its lists are written."""
        mine, against = self.mine, self.run.summary["against"]
        if not against:
            return self._tried(mine)
        other, version = beside(self.row, against)
        first, second = self._replay(mine, other)
        both = first, second
        told = compare_replays(self.book, self.days[0], self.days[-1], self._among(mine), both)
        tables = [_tables(self._tested(one, scenario)) for one, scenario in zip(both, (mine, other), strict=True)]
        return {
            "from": self.days[0].isoformat(), "to": self.end.isoformat(), "effects": told.effects,
            "figures": [list(row) for row in told.table.iter_rows()], "tables": tables,
            "names": [dict(mine.names), dict(other.names)], "other_version": version,
            "step_names": [{step.code: dict(step.names) for step in one.steps} for one in (mine, other)],
        }  # fmt: skip

    def _tried(self, mine: Scenario) -> dict[str, Any]:
        found = self._replay(mine)[0]
        tested = self._tested(found, mine)
        came = found.lines.filter(pl.col("paid") > 0).group_by("action_id").agg(pl.col("paid_on").max())
        rows = found.actions.join(came, on="action_id", how="left", maintain_order="left")
        write_list(self.entity_id, self.run.pk, "actions", rows.select(LISTED))
        return {
            "from": self.days[0].isoformat(), "to": self.end.isoformat(), "figures": found.figures(),
            "held_share": tested.share("held"), "waiting_share": tested.share("waiting"),
            "months_list": _by_month(rows), "step_names": {step.code: dict(step.names) for step in mine.steps},
        } | _tables(tested)  # fmt: skip

    def _tested(self, found: Replay, scenario: Scenario) -> DunningTested:
        return DunningTested(self.days[0], self.end, Scenarios((scenario,)), self.book, found, pl.DataFrame())

    def _among(self, scenario: Scenario) -> Scenarios:
        others = (one for one in scenarios_of(self.entity_id, planned=True).scenarios if one.code != scenario.code)
        return Scenarios((*others, scenario))

    def _replay(self, *scenarios: Scenario) -> list[Replay]:
        """Each of them over all days, day by day together: what is known of a day serves them all."""
        runs = [replayed(self.book, self.days, self._among(one), self._know) for one in scenarios]
        plans: list[list[Plan]] = [[] for _ in scenarios]
        for day in zip(*runs, strict=True):
            for kept, one in zip(plans, day, strict=True):
                kept.append(only(one.plan, self.code))
            self._tell()
        paid = payments(self.book)
        return [judged(kept, paid, self.book) for kept in plans]

    def _know(self, book: Book, day: date) -> Known:
        """What was known on the day; messages of the replay are no part of it."""
        if self.known is None or self.known[0] != day:
            known = know_for_plan(book, day, self._among(self.mine), self.rules)[0]
            self.known = day, replace(known, chosen=self.chosen)
        return self.known[1]

    def _tell(self) -> None:
        self.done += 1
        if time.monotonic() - self.told < _TELL_SECONDS:
            return
        self.told = time.monotonic()
        told = self.run.summary | {"done": self.done, "of": len(self.days), "told_at": clock.now().isoformat()}
        Run.objects.filter(pk=self.run.pk).update(state="running", summary=told)


def _tables(tested: DunningTested) -> dict[str, Any]:
    """Steps and gates as plain rows."""
    return {"steps": tested.steps.to_dicts(), "gates": tested.gates.to_dicts()}


def _by_month(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """month (its first day), step, messages: what a picture of the replay shows."""
    month = pl.col("on").dt.truncate("1mo").dt.to_string("%Y-%m-%d")
    found = rows.group_by(month=month, mode=pl.col("mode")).agg(messages=pl.len(), paid=pl.col("paid").sum())
    return found.sort("month", "mode").to_dicts()


def _months_before(end: date, months: int) -> date:
    begins: date = pl.select(pl.lit(end).dt.offset_by(f"-{months}mo")).item()
    return begins + timedelta(days=1)


def _end(run: Run, state: str, found: dict[str, Any]) -> None:
    summary = {name: run.summary[name] for name in ("months", "against", "by", "version")} | found
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=clock.now(), summary=summary)


def _runs(entity_id: str, name: str, code: str) -> Any:
    return Run.objects.filter(entity_id=entity_id, name=name, step=code)
