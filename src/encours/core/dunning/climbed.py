"""How far each item has climbed: only what really left counts (Book.touches), one rung at a time."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.dunning.facts import GROUP, Facts
from encours.core.dunning.scenario import DUE, OLDEST, PREVIOUS, Scenario, Scenarios

#: Channels by which we write; a call is a contact, but no message.
MESSAGES = ("email", "letter", "registered_letter", "sms", "voice", "portal")
#: Levels that other systems write as plain numbers.
_NUMBERS = tuple(str(number) for number in range(1, 13))


def nominal(scenario: Scenario) -> list[int]:
    """Days after the due date at which each rung of the ladder is reached at the earliest, if all goes by the book."""
    days: list[int] = []
    for step in scenario.ladder:
        before = days[-1] if days else 0
        days.append(before + step.days if step.anchor == PREVIOUS else max(step.days, 0))
    return days


def rungs(scenarios: Scenarios) -> pl.DataFrame:
    """scenario, level (as touches bear it), rung (1 the first), days (nominal): what each touch means to a scenario.

    A step's own code is its own rung; a step of another scenario, or a number, is the last rung of that level or a
    lower one.
    """
    rows: list[tuple[str, str, int, int]] = []
    levels: dict[str, int] = {number: int(number) for number in _NUMBERS}
    for one in scenarios.scenarios:
        for step in one.ladder:
            levels[step.code] = max(step.level, levels.get(step.code, 0))
    for one in scenarios.scenarios:
        own = {step.code: place for place, step in enumerate(one.ladder, 1)}
        days = nominal(one)
        for text, level in levels.items():
            like = [place for place, step in enumerate(one.ladder, 1) if step.level <= level]
            rung = own.get(text) or (like[-1] if like else 0)
            if rung:
                rows.append((one.code, text, rung, days[rung - 1]))
    schema = {"scenario": pl.String(), "level": pl.String(), "rung": pl.Int64(), "days": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def sent(facts: Facts, items: pl.DataFrame) -> pl.DataFrame:
    """item_id, level, channel, sent_on, overdue (days after the due date): every touch of each item.

    `items`: item_id, customer_id, payer_id, issued_on, due_on. A touch that names no item speaks of all that its
    customer (or who pays for it) owed and that was due that day.
    """
    touches = facts.book.touches.filter(pl.col("sent_on") <= facts.as_of).select(
        "touch_id", "customer_id", "item_id", "channel", "level", "sent_on"
    )
    named = touches.filter(pl.col("item_id").is_not_null()).join(items.select("item_id", "due_on"), on="item_id")
    loose = touches.filter(pl.col("item_id").is_null() & pl.col("level").is_not_null()).drop("item_id")
    parts = [named]
    if loose.height:
        own = items.select("item_id", "due_on", "customer_id", "payer_id")
        by_payer = loose.join(own, left_on="customer_id", right_on="payer_id").select(named.columns)
        by_customer = loose.join(own.filter(pl.col("customer_id") != pl.col("payer_id")), on="customer_id")
        parts += [
            part.filter(pl.col("due_on") < pl.col("sent_on")) for part in (by_payer, by_customer.select(named.columns))
        ]
    overdue = (pl.col("sent_on") - pl.col("due_on")).dt.total_days()
    return pl.concat(parts).select("item_id", "level", "channel", "sent_on", overdue=overdue)


def climbed(touches: pl.DataFrame, items: pl.DataFrame, scenarios: Scenarios) -> pl.DataFrame:
    """item_id, rung (0: none yet), since (day on which it got there): one row an item of `items` (item_id, scenario).

    An item old enough for the step that left stands on its rung; one that only stood in the same message, younger than
    the step asks for, goes up by one. Nothing depends on today, so that the past never changes its level.
    """
    rows = (
        touches.filter(pl.col("level").is_not_null())
        .join(items.select("item_id", "scenario"), on="item_id")
        .join(rungs(scenarios), on=["scenario", "level"])
        .sort("item_id", "sent_on", "rung")
    )
    rows = rows.with_columns(old=pl.col("overdue") >= pl.col("days"), n=pl.int_range(pl.len()).over("item_id"))
    places = items.select("item_id").with_row_index("_row")
    at = rows.select("item_id").join(places, on="item_id", how="left", maintain_order="left")["_row"].to_numpy()
    rung, since = np.zeros(items.height, dtype=np.int64), np.zeros(items.height, dtype=np.int32)
    asked, old = rows["rung"].to_numpy(), rows["old"].to_numpy()
    day, turn = rows["sent_on"].to_physical().to_numpy(), rows["n"].to_numpy()
    order = np.argsort(turn, kind="stable")
    ends = np.cumsum(np.bincount(turn)).tolist() if len(turn) else []
    for begin, end in zip([0, *ends][: len(ends)], ends, strict=True):
        now = order[begin:end]
        item, up = at[now], asked[now] > rung[at[now]]
        item, now = item[up], now[up]
        rung[item] = np.where(old[now], asked[now], rung[item] + 1)
        since[item] = day[now]
    return items.select("item_id").with_columns(
        rung=pl.Series(rung), since=pl.when(pl.Series(rung) > 0).then(pl.Series(since).cast(pl.Date))
    )


def last_messages(facts: Facts) -> pl.DataFrame:
    """GROUP, messaged_on: the last message to each payer about one entity, currency and creditor."""
    wrote = facts.book.touches.filter(pl.col("channel").is_in(MESSAGES) & (pl.col("sent_on") <= facts.as_of))
    if wrote.is_empty():
        return facts.items.head(0).select(*GROUP, messaged_on=pl.lit(None, dtype=pl.Date))
    of = facts.book.items.select("item_id", "customer_id", "entity_id", "currency").join(
        facts.payers, on="customer_id", how="left"
    )
    of = of.join(facts.items.select("item_id", "creditor"), on="item_id", how="left")
    named = wrote.filter(pl.col("item_id").is_not_null()).select("item_id", "sent_on").join(of, on="item_id")
    loose = wrote.filter(pl.col("item_id").is_null()).select("customer_id", "sent_on")
    loose = loose.join(facts.payers, on="customer_id").join(facts.items.select(GROUP).unique(), on="payer_id")
    both = pl.concat([named.select(*GROUP, "sent_on"), loose.select(*GROUP, "sent_on")])
    return both.group_by(GROUP).agg(messaged_on=pl.col("sent_on").max())


def reached(anchor: str, days: int, end_of_month: bool, since_days: int) -> pl.Expr:
    """The day on which a rung is reached: a row has item.due_on, since and oldest_due_on.

    `since_days`: nominal days after the due date, for a step counted from one before that never left (a task that
    nobody did).
    """
    span = pl.duration(days=days)
    found = {
        DUE: pl.col("item.due_on") + span,
        OLDEST: pl.col("oldest_due_on") + span,
        PREVIOUS: pl.coalesce(pl.col("since") + span, pl.col("item.due_on") + pl.duration(days=since_days)),
    }[anchor]
    return found.dt.month_end() if end_of_month else found
