"""Time to plan a day: 100,000 late items of 20,000 customers, on a made-up book; growth; the same plan twice."""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks.harness import Figure, arguments, measure, report
from encours.core.base.book import Book
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.ready import ready_scenarios

_TODAY = date(2026, 6, 10)  # a Wednesday without a holiday near it
_SEED = 7


def made_up(late: int, customers: int, seed: int = _SEED) -> tuple[Book, Known]:
    """A book with so many late items and a third as many that are not, as a collector finds it: a tenth of the
    customers pay through another, two items in three have been asked for before, some are disputed or promised."""
    chance = np.random.default_rng(seed)
    size = late + late // 3
    who = chance.integers(0, customers, size)
    overdue = np.where(np.arange(size) < late, chance.integers(1, 150, size), -chance.integers(0, 45, size))
    items = pl.DataFrame(
        {"n": np.arange(size), "c": who, "overdue": overdue, "amount": chance.integers(2_000, 2_000_000, size)}
    ).select(
        "amount", item_id=pl.format("I{}", "n"), customer_id=pl.format("C{}", "c"), number=pl.format("{}", "n"),
        entity_id=pl.lit("E"), kind=pl.lit("invoice"), currency=pl.lit("EUR"),
        issued_on=pl.lit(_TODAY) - pl.duration(days=pl.col("overdue") + 45),
        due_on=pl.lit(_TODAY) - pl.duration(days="overdue"),
    )  # fmt: skip
    numbers = np.arange(customers)
    kinds = np.where(numbers % 20 == 0, "public", np.where(numbers % 7 == 0, "consumer", "business"))
    importance = np.where(numbers % 25 == 1, "key", "B")
    people = pl.DataFrame({"c": numbers, "kind": kinds, "importance": importance}).select(
        "kind", "importance", customer_id=pl.format("C{}", "c"), name=pl.format("Customer {}", "c"),
        country=pl.when(pl.col("c") % 11 == 0).then(pl.lit("DE")).otherwise(pl.lit("FR")),
        sales_owner=pl.format("sales{}", pl.col("c") % 40),
    )  # fmt: skip
    paid_by = numbers[numbers % 10 == 3]
    links = pl.DataFrame({"c": paid_by}).select(
        customer_id=pl.format("C{}", "c"), other_id=pl.format("C{}", pl.col("c") - 1), role=pl.lit("payer")
    )
    return Book.of(
        entities=pl.DataFrame({"entity_id": ["E"], "name": ["E"], "country": ["FR"], "currency": ["EUR"]}),
        customers=people, customer_links=links, items=items, touches=_touches(chance, items, overdue),
        disputes=_some(chance, items, 0.03).select(
            "item_id", dispute_id="item_id", amount=pl.col("amount") // 2, reason=pl.lit("price"),
            opened_on=pl.lit(_TODAY - timedelta(days=9)),
        ),
        promises=_some(chance, items, 0.03).select(
            "item_id", "customer_id", promise_id="item_id", made_on=pl.lit(_TODAY - timedelta(days=12)),
            due_on=pl.lit(_TODAY - timedelta(days=4)), kind=pl.lit("promise"),
        ),
    ), _known(people, items)  # fmt: skip


def _known(people: pl.DataFrame, items: pl.DataFrame) -> Known:
    """Half the sales owners were told in time; one late item in ten is left alone by its payer's habit."""
    steps = [step.code for one in ready_scenarios().scenarios for step in one.steps if step.notice_hours]
    half = people.filter(pl.int_range(pl.len()) % 2 == 0).select("customer_id")
    notices = half.join(pl.DataFrame({"step": steps}), how="cross").with_columns(asked_on=pl.lit(_TODAY) - timedelta(3))
    flags = items.filter(pl.int_range(pl.len()) % 10 == 0).select(
        "item_id", flag=pl.lit("leave_alone"), until_on=pl.lit(_TODAY + timedelta(days=4))
    )
    proposals = items.filter(pl.int_range(pl.len()) % 25 == 0).select("item_id", "customer_id", "amount")
    return Known.of(notices=notices, flags=flags, proposals=proposals)


def _some(chance: np.random.Generator, items: pl.DataFrame, share: float) -> pl.DataFrame:
    return items.filter(pl.Series(chance.random(items.height) < share))


def _touches(chance: np.random.Generator, items: pl.DataFrame, overdue: np.ndarray) -> pl.DataFrame:
    parts = []
    for level, days in (("reminder_1", 4), ("reminder_2", 11), ("letter", 21)):
        sent = pl.Series((overdue > days) & (chance.random(items.height) < 0.7))
        rows = items.with_columns(pl.Series("overdue", overdue)).filter(sent)
        parts.append(
            rows.select(
                "customer_id", "item_id", touch_id=pl.format("{}-" + level, "item_id"), level=pl.lit(level),
                channel=pl.lit("letter" if level == "letter" else "email"),
                sent_on=pl.col("due_on") + timedelta(days=days),
            )
        )  # fmt: skip
    return pl.concat(parts)


def digest(made: Plan) -> str:
    """One hash of everything a plan says."""
    found = hashlib.sha256()
    for frame in (made.actions, made.lines, made.held, made.parts, made.tasks, made.internal):
        found.update(frame.write_json().encode())
    return found.hexdigest()


def shuffled(book: Book, seed: int = 1) -> Book:
    """The same facts in another order."""
    return book.replace(**{
        name: frame.sample(fraction=1.0, shuffle=True, seed=seed)
        for name, frame in book.tables().items()
        if frame.height
    })  # fmt: skip


def run(late: int, customers: int) -> dict[str, float]:
    """CPU seconds to plan, what was planned, whether it is the same again and for shuffled rows."""
    book, known = made_up(late, customers)
    scenarios = ready_scenarios()
    begin = time.process_time()
    first = plan(book, _TODAY, scenarios, known)
    spent = time.process_time() - begin
    again = digest(plan(book, _TODAY, scenarios, replace(known)))
    other = digest(plan(shuffled(book), _TODAY, scenarios, known))
    mine = digest(first)
    return {
        "cpu": spent, "late": late, "actions": first.actions.height, "lines": first.lines.height,
        "held": first.held.height, "same": float(mine == again == other),
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """The bar, and growth from 10,000 to 300,000 late items. A small plan runs first: loading is not counted."""
    call = arguments("Planning whom to chase", argv)
    run(500, 100)
    found = measure(run, call.scaled(100_000), call.scaled(20_000))
    small, large = run(call.scaled(10_000), call.scaled(2_000)), run(call.scaled(300_000), call.scaled(60_000))
    each = large["cpu"] / large["late"] / max(small["cpu"] / small["late"], 1e-12)
    value = found.value
    return report(call, [
        Figure("100,000 late items planned, CPU", value["cpu"], "s", at_most=20),
        Figure("10,000, CPU", small["cpu"], "s"),
        Figure("300,000, CPU", large["cpu"], "s"),
        Figure("an item of 300,000 against one of 10,000", each, "times", at_most=1.5),
        Figure("the same plan again and for shuffled rows", value["same"] * small["same"] * large["same"], at_least=1),
        Figure("actions", value["actions"]),
        Figure("items asked for", value["lines"]),
        Figure("items held or waiting", value["held"]),
        Figure("peak memory", found.peak_mb, "MB"),
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
