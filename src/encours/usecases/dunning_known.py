"""What is known on the day of a plan beside the Book, read from the store as the frames that core's planner takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from encours.core.base.book import Book
from encours.core.dunning.facts import facts
from encours.core.dunning.freshness import freshness
from encours.core.dunning.importance import importance
from encours.core.dunning.known import SCHEMAS, Known
from encours.core.dunning.scenario import Scenarios
from encours.store.models import (
    DunningMark,
    Hold,
    Item,
    ItemPrediction,
    PayerProfile,
    Proposal,
    ProposalLine,
    ScenarioChoice,
    Signal,
    StepNotice,
)
from encours.usecases import clock
from encours.usecases.dunning_rules import rules_of
from encours.usecases.notice_clock import unheard
from encours.usecases.rights import job
from encours.usecases.show_advices import expected_receipts

_FIGURES = ("delay_median", "delay_p90", "share_late", "paid_year")


def known_of(entity_id: str, day: date, book: Book, predicted: pl.DataFrame) -> Known:
    """The frames of core.dunning.known of an entity, for a plan of `day`; `book` with all its versions."""
    return Known.of(
        settings=rules_of(entity_id, day),
        predictions=predicted,
        flags=_flags(entity_id),
        profiles=_profiles(entity_id, day, book),
        proposals=_proposals(entity_id),
        expected=_expected(entity_id),
        freshness=freshness(book, day),
        holds=_holds(entity_id, day),
        chosen=_chosen(entity_id),
        objections=_objections(entity_id),
        notices=_notices(entity_id, day),
    )


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = SCHEMAS[name]
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def _flags(entity_id: str) -> pl.DataFrame:
    rows = ItemPrediction.objects.filter(entity_id=entity_id, kind__isnull=False)
    return _frame("flags", [{"item_id": i, "flag": k, "until_on": u} for i, k, u in rows.values_list(
        "item_id", "kind", "until_on")])  # fmt: skip


def _proposals(entity_id: str) -> pl.DataFrame:
    """Matches that wait for a person: what they would settle."""
    lines = ProposalLine.objects.filter(
        proposal__entity_id=entity_id, proposal__state=Proposal.State.OPEN, kind="cash", amount__gt=0
    ).exclude(proposal__decision="none")
    found = lines.values_list(
        "proposal__receipt_id", "proposal__customer_id", "item_id", "amount", "proposal__confidence"
    )
    names = ("receipt_id", "customer_id", "item_id", "amount", "confidence")
    return _frame("proposals", [dict(zip(names, row, strict=True)) for row in found])


def _expected(entity_id: str) -> pl.DataFrame:
    """Money that is said to come: remittance advices without their receipt. What customers promise is in the Book."""
    advices = expected_receipts(job("plan_dunning"), entity_id)
    numbers = {number for advice in advices for number in advice.numbers}
    named: dict[str, list[tuple[str, str, int]]] = {}
    items = Item.objects.filter(entity_id=entity_id, is_current=True, number__in=numbers, open__gt=0)
    for number, item_id, customer_id, owed in items.values_list("number", "item_id", "customer_id", "open"):
        named.setdefault(number, []).append((item_id, customer_id, owed))
    rows = []
    for advice in advices:
        told: dict[str, Any] = {"on": advice.announced_on, "held_until": advice.held_until, "source": "advice"}
        found = [one for number in advice.numbers for one in named.get(number, [])]
        rows += [told | {"customer_id": c, "item_id": i, "amount": owed} for i, c, owed in found]
        if not found and advice.customer_id is not None:
            rows.append(told | {"customer_id": advice.customer_id, "item_id": None, "amount": advice.left})
    return _frame("expected", rows)


def _holds(entity_id: str, day: date) -> pl.DataFrame:
    """What people hold back, as it stands on the day."""
    standing = Hold.objects.filter(
        entity_id=entity_id, state=Hold.State.STANDING, from_on__lte=day, until_on__gte=day
    ).select_related("author")
    return _frame("holds", [
        {"hold_id": str(row.pk), "entity_id": entity_id, "customer_id": row.customer_id, "item_id": row.item_id,
         "reason": row.why or row.reason, "until_on": row.until_on,
         "author": row.author.get_full_name() or row.author.email if row.author else "Encours"}
        for row in standing
    ])  # fmt: skip


def _chosen(entity_id: str) -> pl.DataFrame:
    return _frame("chosen", list(ScenarioChoice.objects.filter(entity_id=entity_id).values(*SCHEMAS["chosen"])))


def _notices(entity_id: str, day: date) -> pl.DataFrame:
    """Notices given. One that waits to leave counts from the day itself; one that never came anywhere was not given."""
    waiting, lost = unheard(entity_id)
    rows = StepNotice.objects.filter(entity_id=entity_id).exclude(pk__in=lost)
    return _frame("notices", [
        {"customer_id": row.customer_id, "step": row.step,
         "asked_on": day if row.pk in waiting else row.asked_at.astimezone(clock.ZONE).date()}
        for row in rows
    ])  # fmt: skip


def _objections(entity_id: str) -> pl.DataFrame:
    """Objections that hold: undecided, or upheld by the credit manager."""
    rows = StepNotice.objects.filter(entity_id=entity_id, answer="objects").exclude(decision="overruled")
    return _frame("objections", [
        {"customer_id": row.customer_id, "step": row.step, "reason": row.reason,
         "until_on": row.until_on if row.decision else None}
        for row in rows
    ])  # fmt: skip


def _profiles(entity_id: str, day: date, book: Book) -> pl.DataFrame:
    """How each payer pays, what it weighs among the entity's (as in a book folder), and the strategy that holds."""
    habits = []
    for row in PayerProfile.objects.filter(entity_id=entity_id).iterator():
        figures = row.figures
        due, kept = figures.get("promises") or 0, figures.get("promises_kept") or 0
        one: dict[str, Any] = {name: figures.get(name) for name in _FIGURES}
        one |= {"customer_id": row.customer_id, "profile": row.profile, "payments": row.payments}
        habits.append(one | {"promise_kept": kept / due if due else None})
    standing = Signal.objects.filter(entity_id=entity_id, gone_on__isnull=True).order_by("kind")
    alerts = dict(standing.values_list("customer_id", "kind"))
    marks = {mark.customer_id: mark for mark in _strategies(entity_id)}
    weights = importance(facts(book, day, Known(), Scenarios(())))
    known = {row["customer_id"]: row for row in habits}
    rows = []
    for weight in weights.iter_rows(named=True):
        customer_id = weight["customer_id"]
        mark = marks.get(customer_id)
        rows.append(
            known.get(customer_id, {})
            | weight
            | {
                "alert": alerts.get(customer_id),
                "strategy": mark.strategy if mark else weight["strategy"],
                "strategy_owner": mark.strategy_owner.get_full_name() if mark and mark.strategy_owner else None,
                "strategy_review_on": mark.strategy_review_on if mark else None,
            }
        )
    return _frame("profiles", rows)


def _strategies(entity_id: str) -> list[DunningMark]:
    return list(DunningMark.objects.filter(entity_id=entity_id).exclude(strategy="").select_related("strategy_owner"))
