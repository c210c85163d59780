"""A plan into its tables, in the place of the one before: what was acted on stays, and people's marks go along."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Q

from encours.core.dunning.plan import Plan
from encours.store import bulk
from encours.store.models import (
    DunningDay,
    DunningMark,
    HeldItem,
    Item,
    Message,
    MessageEvent,
    PlannedAction,
    PlannedLine,
    Run,
)
from encours.usecases import clock
from encours.usecases.hindsight import hindsight

#: A message of these states is under way: the customer is not asked a second time meanwhile.
UNDER_WAY = (Message.State.QUEUED, Message.State.SENDING, Message.State.UNCERTAIN)
IN_OUTBOX = "in_outbox"
_SAID = "A message about it waits in the outbox."
_REPLACED = "a newer plan says it from what is known now"
_KEPT = (PlannedAction.State.QUEUED, PlannedAction.State.DONE, PlannedAction.State.SKIPPED)
_COPIED = (
    "action_id", "customer_id", "currency", "creditor", "scenario", "step", "level", "channel", "template", "tone",
    "sender", "signatory", "formal", "mode", "amount", "reason", "overdue_days", "minutes", "euro_days",
    "days_earlier", "chance_before",
)  # fmt: skip


def keep_plan(
    entity_id: str, day: date, made: Plan, actions: pl.DataFrame, *, run: Run, stamp: str, stale: list[list[str]],
    withheld: Collection[str] = (),
) -> None:  # fmt: skip
    """Writes it in the caller's transaction, under the entity's lock.

    `actions`: the plan's, with their worth, in the order of work; `withheld`: those that a random hold-out keeps back.
    """
    _replace_drafts(entity_id, day)
    actions = actions.with_row_index("place", offset=1)
    acted = PlannedAction.objects.filter(entity_id=entity_id, day=day, state__in=_KEPT)
    gone = set(acted.values_list("action_id", flat=True))
    done = actions.filter(pl.col("action_id").is_in(gone))  # part of the day's plan, whatever became of them
    actions, lines, waiting = _without_under_way(entity_id, made, actions.filter(~pl.col("action_id").is_in(gone)))
    held = pl.concat([made.held, made.parts, waiting], how="diagonal_relaxed")
    seen = hindsight(entity_id, day, lines["item_id"].to_list())
    _write_actions(entity_id, day, run, actions, lines)
    kept_back = PlannedAction.objects.filter(entity_id=entity_id, day=day, action_id__in=withheld)
    kept_back.filter(state=PlannedAction.State.PLANNED).update(state=PlannedAction.State.WITHHELD)
    _write_held(entity_id, day, held)
    actions = pl.concat([done, actions])
    earlier = DunningDay.objects.filter(entity_id=entity_id, day=day)
    avoided = seen.avoided + sum(before.avoided for before in earlier)  # what the day's earlier plans found stays found
    delayed = seen.delayed + sum(before.delayed for before in earlier)
    earlier.delete()
    DunningDay.objects.create(
        entity_id=entity_id, day=day, made_at=clock.now(), stamp=stamp, actions=actions.height,
        messages=actions.filter(pl.col("mode") != "task").height, tasks=actions.filter(pl.col("mode") == "task").height,
        avoided=avoided, delayed=delayed, amounts=_amounts(actions, held), held_gates=_gates(held), stale=stale,
        issues=made.issues["message"].unique(maintain_order=True).to_list(),
    )  # fmt: skip


def _replace_drafts(entity_id: str, day: date) -> None:
    """Messages of earlier plans that nobody signed yet: today's plan says it anew, from what is known now."""
    waiting = Message.objects.filter(
        entity_id=entity_id, purpose="dunning", state__in=(Message.State.DRAFT, Message.State.TO_CONFIRM),
        action_id__isnull=False, signed_by__isnull=True,
    )  # fmt: skip
    today = set(PlannedAction.objects.filter(entity_id=entity_id, day=day).values_list("action_id", flat=True))
    old = [row for row in waiting if row.action_id not in today]
    Message.objects.filter(pk__in=[row.pk for row in old]).update(state=Message.State.CANCELLED, error=_REPLACED)
    MessageEvent.objects.bulk_create(
        MessageEvent(message=row, kind="discarded", at=clock.now(), detail=_REPLACED) for row in old
    )


def _without_under_way(
    entity_id: str, made: Plan, actions: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Actions and lines without those whose customer has a message on its way, and the held rows in their place."""
    under_way = Q(state__in=UNDER_WAY) | Q(state=Message.State.TO_CONFIRM, signed_by__isnull=False)
    open_ = Message.objects.filter(under_way, entity_id=entity_id, purpose="dunning", customer_id__isnull=False)
    busy = set(open_.values_list("customer_id", flat=True))
    stays = ~pl.col("customer_id").is_in(busy) | (pl.col("mode") == "task")
    kept = actions.filter(stays)
    lines = made.lines.join(kept.select("action_id"), on="action_id", how="semi", maintain_order="left")
    left = actions.filter(~stays)
    rows = made.lines.join(left.select("action_id", "customer_id", "currency", "scenario", "step"), on="action_id")
    owner = dict(Item.objects.filter(item_id__in=rows["item_id"].to_list(), is_current=True)
                 .values_list("item_id", "customer_id"))  # fmt: skip
    waiting = rows.select(
        "item_id", "currency", "amount", "scenario", "step",
        entity_id=pl.lit(entity_id), payer_id="customer_id",
        customer_id=pl.col("item_id").replace_strict(owner, default=None, return_dtype=pl.String),
        reason=pl.lit(IN_OUTBOX), sentence=pl.lit(_SAID), task=pl.lit("outbox"), part=pl.lit(value=False),
    )  # fmt: skip
    return kept, lines, waiting


def _write_actions(entity_id: str, day: date, run: Run, actions: pl.DataFrame, lines: pl.DataFrame) -> None:
    stale = PlannedAction.objects.filter(entity_id=entity_id).exclude(state__in=_KEPT)
    known = dict(stale.filter(day=day).values_list("action_id", "pk"))
    PlannedLine.objects.filter(action__in=stale).delete()
    stale.delete()
    rows = _marked(entity_id, day, actions).with_columns(
        entity_id=pl.lit(entity_id), day=pl.lit(day), run_id=pl.lit(run.pk, dtype=pl.Int64),
        state=pl.lit(PlannedAction.State.PLANNED.value), id=pl.col("action_id").replace_strict(
            known, default=None, return_dtype=pl.Int64),
    )  # fmt: skip
    rows, _cut = bulk.fit(PlannedAction, rows)
    bulk.insert(PlannedAction, rows.filter(pl.col("id").is_not_null()))  # a page that is open finds its rows again
    bulk.insert(PlannedAction, rows.filter(pl.col("id").is_null()).drop("id"))
    numbers = dict(PlannedAction.objects.filter(entity_id=entity_id, day=day).values_list("action_id", "pk"))
    asked = lines.group_by("action_id", "item_id", maintain_order=True).agg(pl.col("amount", "held").sum())
    found = pl.col("action_id").replace_strict(numbers, default=None, return_dtype=pl.Int64)
    bulk.insert(PlannedLine, asked.with_columns(action_id=found).drop_nulls("action_id"))


def _marked(entity_id: str, day: date, actions: pl.DataFrame) -> pl.DataFrame:
    """The columns of the table, with what people said about the customer."""
    marks = pl.DataFrame(
        [
            (
                mark.customer_id,
                mark.pinned_by_id if mark.pinned_until and mark.pinned_until >= day else None,
                mark.snoozed_until if mark.snoozed_until and mark.snoozed_until > day else None,
                mark.assigned_to_id,
            )
            for mark in DunningMark.objects.filter(entity_id=entity_id)
        ],
        schema={
            "customer_id": pl.String, "pinned_by_id": pl.Int64, "snoozed_until": pl.Date, "assigned_to_id": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    lists = {name: pl.Series(name, _texts(actions[name]), dtype=pl.String) for name in ("to", "cc", "reasons")}
    rows = actions.select(*_COPIED, pl.col("place").cast(pl.Int64)).with_columns(**lists)
    rows = rows.with_columns(
        pl.col("euro_days").fill_null(0.0), pl.col("template", "tone", "sender", "reason").fill_null(""),
        pl.col("minutes", "overdue_days", "level").fill_null(0), pl.col("formal").fill_null(value=False),
    )  # fmt: skip
    return rows.join(marks, on="customer_id", how="left", maintain_order="left")


def _texts(values: Iterable[Any]) -> list[str]:
    return [json.dumps(list(value) if value is not None else [], ensure_ascii=False) for value in values]


def _write_held(entity_id: str, day: date, held: pl.DataFrame) -> None:
    before = HeldItem.objects.filter(entity_id=entity_id)
    since = {(item_id, gate): on for item_id, gate, on in before.values_list("item_id", "gate", "since_on")}
    before.delete()
    keys = held.select("item_id", "reason").iter_rows()
    rows = held.select(
        "item_id", "currency", "amount", "sentence", "until_on", "step_on",
        customer_id=pl.coalesce("payer_id", "customer_id"), gate="reason",
        task=pl.col("task").fill_null(""), part=pl.col("part").fill_null(value=False),
        scenario=pl.col("scenario").fill_null(""), step=pl.col("step").fill_null(""),
        also=pl.Series(_texts(held["also"]), dtype=pl.String),
        since_on=pl.Series([since.get(key, day) for key in keys], dtype=pl.Date),
        entity_id=pl.lit(entity_id), day=pl.lit(day),
    )  # fmt: skip
    bulk.insert(HeldItem, bulk.fit(HeldItem, rows)[0])


def _amounts(actions: pl.DataFrame, held: pl.DataFrame) -> list[list[object]]:
    """[currency, asked for, held, overdue]: a held part is of an item that is asked for besides."""
    asked = dict(actions.group_by("currency").agg(pl.col("amount").sum()).iter_rows())
    kept = dict(held.group_by("currency").agg(pl.col("amount").sum()).iter_rows())
    return [[one, asked.get(one, 0), kept.get(one, 0), asked.get(one, 0) + kept.get(one, 0)]
            for one in sorted({*asked, *kept})]  # fmt: skip


def _gates(held: pl.DataFrame) -> list[list[object]]:
    rows = held.group_by("reason", "currency").agg(items=pl.len(), amount=pl.col("amount").sum())
    return [list(row) for row in rows.sort("reason", "currency").iter_rows()]
