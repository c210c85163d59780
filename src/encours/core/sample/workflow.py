"""What surrounds the money: drafts, promises, orders, reminders, e-invoice statuses and judgments."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.sample import book as telling
from encours.core.sample.draws import Ints, as_days, day_number, generator, pick, working
from encours.core.sample.story import Story
from encours.core.sample.truth import settled_on


def workflow_tables(story: Story) -> dict[str, pl.DataFrame]:
    """instruments, instrument_items, promises, orders, touches, events."""
    paid_on = settled_on(story)
    instruments, covered = _drafts(story)
    return {
        "instruments": instruments,
        "instrument_items": covered,
        "promises": _promises(story, paid_on),
        "orders": _orders(story),
        "touches": _touches(story, paid_on),
        "events": _events(story, paid_on),
    }


def _drafts(story: Story) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A draft for each invoice of a customer on LCR: accepted, presented ten days before it is due, paid or unpaid."""
    cast, intent = story.cast, story.intent
    size = len(intent.day)
    items = story.items
    rows = np.flatnonzero((cast.method[cast.payer[items.customer[:size]]] == "lcr") & (intent.payable > 0))
    rows = rows[(items.amount[rows] > 0) & (items.kind[rows] == "invoice")]
    accepted = np.minimum(items.issued[rows] + 7, np.maximum(intent.first_day[rows] - 1, items.issued[rows]))
    due = intent.first_day[rows]
    bounced = intent.bounced_on[rows]
    unpaid = bounced <= story.last
    states = {
        "accepted": (accepted, accepted <= story.last),
        "presented": (np.maximum(working(due - 10, back=True), accepted + 1), due - 10 > accepted + 1),
        "paid": (due, bounced > 10**6),
        "unpaid": (bounced, unpaid),
    }
    ids, customers = telling.item_ids(story), telling.customer_ids(story)
    parts = []
    for state, (day, chosen) in states.items():
        at = np.flatnonzero(chosen & (day <= story.last) & (accepted <= story.last))
        parts.append(
            pl.DataFrame(
                {
                    "instrument_id": ids.gather(rows[at]) + ":LCR",
                    "customer_id": customers.gather(items.customer[rows[at]]),
                    "amount": intent.payable[rows[at]],
                    "due_on": as_days(items.due[rows[at]]),
                    "state_on": as_days(day[at]),
                }
            ).with_columns(kind=pl.lit("lcr"), currency=pl.lit("EUR"), state=pl.lit(state))
        )
    frame = pl.concat(parts).with_columns(known_on="state_on")
    known = np.flatnonzero(accepted <= story.last)
    covered = pl.DataFrame(
        {
            "instrument_id": ids.gather(rows[known]) + ":LCR",
            "item_id": ids.gather(rows[known]),
            "amount": intent.payable[rows[known]],
        }
    )
    return frame, covered


def _late(story: Story, paid_on: Ints, days: int) -> Ints:
    """Positive items still unsettled `days` after they were due, seen by the last day."""
    items = story.items
    limit = items.due + days
    return np.flatnonzero((items.amount > 0) & (paid_on > limit) & (limit <= story.last) & (items.kind == "invoice"))


def _promises(story: Story, paid_on: Ints) -> pl.DataFrame:
    """Some who are reminded promise a date; most keep it, some pay later or never."""
    rng = generator(story.seed, "promises")
    rows = _late(story, paid_on, 8)
    rows = rows[rng.random(len(rows)) < 0.12]
    made = np.minimum(story.items.due[rows] + rng.integers(8, 30, len(rows)), story.last)
    kept = (rng.random(len(rows)) < 0.65) & (paid_on[rows] < story.last + 200) & (paid_on[rows] > made)
    due = np.where(kept, paid_on[rows] + rng.integers(0, 3, len(rows)), made + rng.integers(5, 21, len(rows)))
    return pl.DataFrame(
        {
            "item_id": telling.item_ids(story).gather(rows),
            "customer_id": telling.customer_ids(story).gather(story.items.customer[rows]),
            "amount": story.items.amount[rows],
            "made_on": as_days(made),
            "due_on": as_days(due),
            "kind": telling.texts(pick(rng, {"promise": 0.8, "payment_announced": 0.2}, len(rows))),
        }
    ).with_columns(promise_id=pl.format("{}:PR{}", pl.lit(story.entity_id), pl.int_range(1, pl.len() + 1)))


def _orders(story: Story) -> pl.DataFrame:
    """The orders of the last two months: invoiced ones, and those that wait for delivery or for credit."""
    rng = generator(story.seed, "orders")
    cast = story.cast
    count = rng.poisson(np.minimum(cast.rate * 0.8, 12))
    count[(cast.kind == "consumer") | (cast.failed_on <= story.last)] = 0
    customer = np.repeat(np.arange(cast.size), count)
    size = len(customer)
    amount = np.exp(rng.normal(cast.amount_mu[customer], cast.amount_sigma[customer])) * 120
    ordered = story.last - rng.integers(0, 60, size)
    status = pick(rng, {"open": 0.62, "blocked": 0.06, "released": 0.08, "invoiced": 0.2, "cancelled": 0.04}, size)
    planned = working(ordered + rng.integers(10, 45, size))
    value = np.rint(amount).astype(np.int64)
    return pl.DataFrame(
        {
            "customer_id": telling.customer_ids(story).gather(customer),
            "amount": value,
            "ordered_on": as_days(ordered),
            "status": telling.texts(status),
            "invoice_on": as_days(planned),
            "margin": (value * rng.uniform(0.12, 0.4, size)).astype(np.int64),
        }
    ).with_columns(
        order_id=pl.format("{}:CDE{}", pl.lit(story.entity_id), pl.int_range(100_001, 100_001 + pl.len())),
        entity_id=pl.lit(story.entity_id),
        currency=pl.lit("EUR"),
    )


def _touches(story: Story, paid_on: Ints) -> pl.DataFrame:
    """Reminders that were sent: e-mail after a week, firm e-mail, call, formal notice; one in six was forgotten."""
    rng = generator(story.seed, "touches")
    steps = (("email", "1", 7), ("email", "2", 20), ("call", "3", 35), ("registered_letter", "4", 60))
    parts = []
    for channel, level, days in steps:
        rows = _late(story, paid_on, days)
        rows = rows[rng.random(len(rows)) < 0.83]
        sent = working(story.items.due[rows] + days)
        rows, sent = rows[sent <= story.last], sent[sent <= story.last]
        parts.append(
            pl.DataFrame(
                {
                    "item_id": telling.item_ids(story).gather(rows),
                    "customer_id": telling.customer_ids(story).gather(story.items.customer[rows]),
                    "sent_on": as_days(sent),
                }
            ).with_columns(channel=pl.lit(channel), level=pl.lit(level))
        )
    frame = pl.concat(parts)
    return frame.with_columns(touch_id=pl.format("{}:T{}", pl.lit(story.entity_id), pl.int_range(1, pl.len() + 1)))


#: French businesses of size exchange e-invoices from this day.
REFORM = (2026, 9, 1)


def _events(story: Story, paid_on: Ints) -> pl.DataFrame:
    """E-invoice statuses since the reform began, and the judgments that open insolvencies."""
    from datetime import date

    rng = generator(story.seed, "events")
    docs, cast, items = story.docs, story.cast, story.items
    start = day_number(date(*REFORM))
    first = np.searchsorted(items.document, np.arange(len(docs.customer)))
    rows = np.flatnonzero((docs.issued >= start) & (docs.credits < 0) & (cast.kind[docs.customer] == "business"))
    rows = rows[rows <= int(items.document.max(initial=0))]
    item = first[rows]
    dice = rng.random(len(rows))
    issued = docs.issued[rows]
    plan = (
        ("einvoice:200", issued, np.ones(len(rows), dtype=bool)),
        ("einvoice:203", issued + 1, dice < 0.985),
        ("einvoice:204", issued + 3, dice < 0.7),
        ("einvoice:205", issued + 9, dice < 0.45),
        ("einvoice:207", issued + 8, (dice >= 0.45) & (dice < 0.475)),
        ("einvoice:212", paid_on[item] + 1, dice < 0.7),
    )
    ids = telling.item_ids(story)
    parts = []
    for kind, day, chosen in plan:
        at = np.flatnonzero(chosen & (day <= story.last))
        parts.append(
            pl.DataFrame({"subject_id": ids.gather(item[at]), "on": as_days(day[at])}).with_columns(
                subject=pl.lit("item"), kind=pl.lit(kind), value=pl.lit(None, dtype=pl.String)
            )
        )
    failed = np.flatnonzero(cast.failed_on <= story.last)
    parts.append(
        pl.DataFrame(
            {"subject_id": telling.customer_ids(story).gather(failed), "on": as_days(cast.failed_on[failed])}
        ).with_columns(
            subject=pl.lit("customer"), kind=pl.lit("insolvency:opened"), value=pl.lit("redressement judiciaire")
        )
    )
    return pl.concat(parts, how="diagonal")
