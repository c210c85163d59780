"""A scenario replayed over past days with only what was known then: who would have received what, and what was held.

The touches that really left in those days are forgotten; instead every action of the scenario counts as done on its
day (a person confirmed, made the call), so that the next step is reached as it would have been. Payments are those that
really came: what another letter would have changed of them is not known, and nothing here pretends to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.days import target
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES
from encours.core.dunning.gates import gates
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.scenario import Scenarios

#: Working days between a payment and a message that should have known of it.
SEEN_DAYS = 2
#: Two messages to one payer within so many days that were planned apart are a collision.
COLLISION_DAYS = 2
#: What a message costs outside, in hundredths of the entity's currency, beside the minutes of the step.
CHANNEL_COSTS: Mapping[str, int] = {"letter": 180, "registered_letter": 750, "sms": 8, "voice": 15, "call": 30}

#: What was held on a stretch of days by one reason: `days` days from `from_on` to `to_on`; `amount`: the most.
SPELLS: dict[str, pl.DataType] = {
    "entity_id": pl.String(), "item_id": pl.String(), "customer_id": pl.String(), "currency": pl.String(),
    "reason": pl.String(), "task": pl.String(), "from_on": pl.Date(), "to_on": pl.Date(), "days": pl.Int64(),
    "amount": pl.Int64(), "sentence": pl.String(),
}  # fmt: skip
#: A row a day and currency, minor units: late money, asked for that day, held by gates, waiting for its next step.
DAILY: dict[str, pl.DataType] = {
    "day": pl.Date(), "currency": pl.String(), "overdue": pl.Int64(), "asked": pl.Int64(), "held": pl.Int64(),
    "waiting": pl.Int64(), "messages": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Day:
    """One replayed day. `book`: as it was given, with the touches of the days before; `plan`: what would have left."""

    day: date
    book: Book
    known: Known
    plan: Plan


@dataclass(frozen=True, eq=False)
class Replay:
    """What a scenario would have done. `actions`: result.ACTIONS with `paid` (all that it asked for had come SEEN_DAYS
    working days before), `late_paid` (minor units of it that had), `collides`, `cost` (hundredths). `lines`: LINES with
    `on` and `paid_on`. `held`: SPELLS. `daily`: DAILY."""

    actions: pl.DataFrame
    lines: pl.DataFrame
    held: pl.DataFrame
    daily: pl.DataFrame

    def figures(self) -> dict[str, int | float]:
        """The counts that two scenarios are compared by; minutes of people, cost in whole units."""
        rows = self.actions
        by_gate = self.held.filter(pl.col("reason").is_in([gate.code for gate in gates()]))
        return {
            "actions": rows.height,
            "automatic": int((rows["mode"] == "automatic").sum()),
            "customers": rows["customer_id"].n_unique(),
            "to_who_had_paid": int(rows["paid"].sum()),
            "collisions": int(rows["collides"].sum()),
            "minutes": int(rows["minutes"].sum()),
            "cost": round(float(rows["cost"].sum()) / 100, 2),
            "held_spells": by_gate.height,
            "held_days_median": float(by_gate["days"].median() or 0),  # type: ignore[arg-type]  # a number of days
        }


def window(start: date, end: date) -> list[date]:
    """The days from start to end on which banks work. Raises CallError where the window is turned round."""
    if start > end:
        raise CallError([f"the window begins on {start} and ends before, on {end}"])
    every = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return [day for day in every if target().is_working(day)]


def replayed(
    book: Book, days: Sequence[date], scenarios: Scenarios, know: Callable[[Book, date], Known]
) -> Iterator[Day]:
    """Each day planned on what was known at its end, after the scenario's own messages of the days before.

    `book`: with all its versions. `know(book, day)` gives what is known beside it; it must look at nothing later.
    """
    if not days:
        return
    real = book.touches.filter(pl.col("sent_on") < min(days))
    own = [real]
    for day in sorted(days):
        before = book.replace(touches=pl.concat(own))
        known = know(before, day)
        made = plan(before, day, scenarios, known)
        yield Day(day, before, known, made)
        own.append(touched(made))


def touched(made: Plan) -> pl.DataFrame:
    """The touches that a day's plan leaves behind when all of it is done: a row an item, its step as level."""
    heads = made.actions.select("action_id", "customer_id", "channel", level="step", sent_on="on", known_on="on")
    rows = made.lines.select("action_id", "item_id").join(heads, on="action_id", how="inner", maintain_order="left")
    return TABLES["touches"].conform(rows.with_columns(touch_id=pl.format("{}/{}", "action_id", "item_id")))


def replay(
    book: Book,
    days: Sequence[date],
    scenarios: Scenarios,
    know: Callable[[Book, date], Known],
    watch: Callable[[date], None] | None = None,
    costs: Mapping[str, int] = CHANNEL_COSTS,
) -> Replay:
    """All days together, judged by what the book knows on its last day. `watch` hears of every day."""
    plans = []
    for one in replayed(book, days, scenarios, know):
        if watch:
            watch(one.day)
        plans.append(one.plan)
    return judged(plans, payments(book), book, costs)


def judged(plans: Sequence[Plan], paid: pl.DataFrame, book: Book, costs: Mapping[str, int] = CHANNEL_COSTS) -> Replay:
    """The plans of days beside what was really paid (`payments`)."""
    empty = plan(Book.of(), date(2000, 1, 1), Scenarios(()), Known())
    every = [empty, *plans]
    actions = pl.concat([one.actions for one in every])
    lines = pl.concat([one.lines for one in every]).join(actions.select("action_id", "on"), on="action_id")
    lines = already(lines, paid, book)
    sums = lines.group_by("action_id").agg(late_paid=pl.col("paid").sum(), _asked=pl.col("amount").sum())
    actions = actions.join(sums, on="action_id", how="left", maintain_order="left").with_columns(
        paid=(pl.col("late_paid") >= pl.col("_asked")).fill_null(False) & (pl.col("level") > 0),
        cost=pl.col("channel").replace_strict(dict(costs), default=0, return_dtype=pl.Int64),
        collides=_collides(),
    )
    return Replay(actions.drop("_asked").sort("on", "action_id"), lines, _spells(plans), _daily(plans, book))


def payments(book: Book) -> pl.DataFrame:
    """item_id, paid_on, amount: what stands on the book's last day as settled of each item and when it came.

    Money came on the day the bank booked it, however late it was lettered; what has no receipt, on its own day.
    """
    last = book.last_day()
    final = book.as_of(last) if last else book
    came = final.receipts.select("receipt_id", "booked_on")
    rows = final.allocations.join(came, on="receipt_id", how="left", maintain_order="left")
    return rows.select("item_id", "amount", paid_on=pl.coalesce("booked_on", "allocated_on"))


def already(lines: pl.DataFrame, paid: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Lines with `paid`: minor units of what they ask for that had come SEEN_DAYS working days before, and `paid_on`,
    when the last of it came."""
    owed = book.items.sort("known_on", nulls_last=False, maintain_order=True).unique(
        "item_id", keep="last", maintain_order=True
    )
    days = lines.select("on").unique()
    limit = {day: target().add(day, -SEEN_DAYS) for day in days["on"]}
    rows = lines.join(owed.select("item_id", _whole="amount"), on="item_id", how="left", maintain_order="left")
    rows = rows.with_columns(_limit=pl.col("on").replace_strict(limit, return_dtype=pl.Date)).with_row_index("_row")
    came = rows.select("_row", "item_id", "_limit").join(paid.rename({"amount": "_came"}), on="item_id")
    came = came.filter(pl.col("paid_on") <= pl.col("_limit")).group_by("_row").agg(
        pl.col("_came").sum(), pl.col("paid_on").max()
    )  # fmt: skip
    rows = rows.join(came, on="_row", how="left", maintain_order="left")
    left = (pl.col("_whole") - pl.col("_came").fill_null(0)).clip(lower_bound=0)
    asked = pl.col("amount")
    rows = rows.with_columns(paid=asked - pl.min_horizontal(asked, left))
    return rows.with_columns(pl.when(pl.col("paid") > 0).then("paid_on")).select(*lines.columns, "paid", "paid_on")


def _collides() -> pl.Expr:
    """Whether the payer got another message, planned apart, shortly before or on the same day."""
    before = pl.col("on").sort_by("on", "action_id").shift(1).over("customer_id", order_by=["on", "action_id"])
    return ((pl.col("on") - before).dt.total_days() < COLLISION_DAYS).fill_null(False)


def _spells(plans: Sequence[Plan]) -> pl.DataFrame:
    """SPELLS of every reason but waiting for the next step; a stretch goes on over days that were not replayed."""
    if not plans:
        return pl.DataFrame(schema=SPELLS)
    columns = ["entity_id", "item_id", "customer_id", "currency", "reason", "task", "amount", "sentence"]
    parts = [
        pl.concat([frame.select(columns) for frame in (one.held, one.parts)]).with_columns(
            turn=pl.lit(turn), day=pl.lit(one.as_of)
        )
        for turn, one in enumerate(sorted(plans, key=lambda one: one.as_of))
    ]
    gated = pl.concat(parts).filter(pl.col("reason").is_in([gate.code for gate in gates()]))
    rows = gated.sort("item_id", "reason", "turn")
    first = (pl.col("turn").diff().over("item_id", "reason") != 1).fill_null(True)
    rows = rows.with_columns(_spell=first.cum_sum().over("item_id", "reason"))
    found = rows.group_by("item_id", "reason", "_spell", maintain_order=True).agg(
        pl.col("entity_id", "customer_id", "currency", "task", "sentence").first(), from_on=pl.col("day").min(),
        to_on=pl.col("day").max(), days=pl.len().cast(pl.Int64), amount=pl.col("amount").max(),
    )  # fmt: skip
    return found.select(pl.col(name).cast(dtype) for name, dtype in SPELLS.items())


def _daily(plans: Sequence[Plan], book: Book) -> pl.DataFrame:
    """DAILY: every late euro of a day is asked for, held by a gate, or waits."""
    codes = [gate.code for gate in gates()]
    parts = [pl.DataFrame(schema=DAILY)]
    currency = book.items.select("item_id", "currency").unique("item_id")
    for one in plans:
        chases = one.actions.filter(pl.col("level") > 0)
        lines = one.lines.join(chases.select("action_id"), on="action_id", how="semi").join(currency, on="item_id")
        by_gate = pl.col("reason").is_in(codes)
        none = pl.lit(0, dtype=pl.Int64)
        sums = [
            lines.select("currency", asked="amount", held=none, waiting=none),
            one.held.select("currency", asked=none, held=pl.when(by_gate).then("amount").otherwise(0),
                            waiting=pl.when(by_gate).then(0).otherwise("amount")),
            lines.select("currency", asked=none, held="held", waiting=none),
        ]  # fmt: skip
        sent = one.actions.group_by("currency").agg(messages=pl.len())
        rows = pl.concat(sums).group_by("currency").agg(pl.col("asked", "held", "waiting").sum())
        rows = rows.join(sent, on="currency", how="left").with_columns(
            pl.col("messages").fill_null(0), day=pl.lit(one.as_of),
            overdue=pl.sum_horizontal("asked", "held", "waiting"),
        )  # fmt: skip
        parts.append(rows.select(pl.col(name).cast(dtype) for name, dtype in DAILY.items()))
    return pl.concat(parts).sort("day", "currency")
