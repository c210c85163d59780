"""Who slips or fails, found before it is obvious: two invented companies whose truth is known, judged day by day.

The sample company (`encours sample --slips`), on which the bounds of `core/behaviour/slip.py` were chosen, and another
simulator of another law (`benchmarks/behaviour/queues.py`), of which seed 1 was looked at, too: other seeds judge.

Found: an alert that says a payer is slipping or failing is first raised after its habit changed (`from_on`), at least
ten days before the first of its items due since then is thirty days late.
Plain reading: of all payers that were made to slip or fail and of which an item became thirty days late since; false
alarms are the share of the payers whose habit never changes that stand alerted, on a day, or on any day of a month.
Narrower: of those of which age could tell, with ten payments before, nine in ten of them less than twenty days late.
Who has no habit yet, or pays on day 25 as a rule, is hardly found ten days before day 30; what is missed is counted by
what was known of the payer ten days before. `own P90 before day 20`: all but those whose habit itself is as late.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from benchmarks.behaviour.queues import queues
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour.alert import Seen, alerted
from encours.core.behaviour.alerts import alerts
from encours.core.behaviour.figures import payer_figures
from encours.core.behaviour.flags import FLAG_SCHEMA
from encours.core.behaviour.history import history
from encours.core.behaviour.profile import profiled
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

LAST_DAY = date(2026, 10, 31)
#: Alerts (and the profile) that say of a payer that it slips or fails; the others speak of items or of single events.
CLAIMS = ("slipping", "habit_changed", "vanishing")
OBVIOUS_DAYS, AHEAD_DAYS = 30, 10
#: A habit that can be told from age: so many payments before, nine in ten of them less than so many days late.
_PAYMENTS, _P90 = 10, OBVIOUS_DAYS - AHEAD_DAYS
_LATE_HABIT = f"own P90 of {_P90} days or more"
#: Forms of reference that no machine reads: such money is applied when a clerk gets to it.
_HARD = ("none", "count", "other", "wrong", "typo")
#: Who drifts from the first day on has shown a habit in its first five months.
_FIRST_MONTHS = 150


class Company(NamedTuple):
    """A book and its truth. `changes`: payer_id, kind, how, from_on. `outcomes`: payer_id, due_on, paid_on (null:
    never), of every item."""

    book: Book
    changes: pl.DataFrame
    outcomes: pl.DataFrame


def sample_options(customers: int, seed: int) -> SampleOptions:
    """What is asked of the sample: two years, one steady payer in eight made to slip."""
    return SampleOptions(last_day=LAST_DAY, customers=customers, months=24, seed=seed, slips=0.12)


def sample(customers: int, seed: int) -> Company:
    """The sample company; money that can be read is applied in the night it comes, as Encours does."""
    made = sample_company(sample_options(customers, seed), with_journal=False)
    told = made.truth["truth_receipts"].select("receipt_id", "booked_on", "reference_form")
    rows = made.truth["truth_allocations"].join(told, on="receipt_id", how="left", maintain_order="left")
    hard = pl.col("reference_form").is_in(_HARD).fill_null(True)
    rows = rows.with_columns(
        allocated_on=pl.when(hard).then("allocated_on").otherwise(pl.min_horizontal("allocated_on", "booked_on")),
        source=pl.lit("night"),
    )
    book = made.book.replace(allocations=rows.drop("booked_on", "reference_form", "lettered"))
    outcomes = made.truth["truth_payments"].select("payer_id", "due_on", "paid_on")
    return Company(book, made.truth["truth_habits"], outcomes)


def claims(company: Company, days: list[date]) -> pl.DataFrame:
    """payer_id, day: every day on which an alert or the profile said that a payer slips or fails."""
    rules = tuple(rule for rule in alerts() if rule.name in CLAIMS)
    none = pl.DataFrame(schema=FLAG_SCHEMA)
    parts = []
    for day in days:
        told = history(company.book, day)
        profiles = profiled(payer_figures(company.book, told, day), day)
        said = alerted(Seen(day, company.book.as_of(day), told, profiles, none), rules).select("payer_id")
        named = profiles.filter(profile="slipping").select("payer_id")
        parts.append(pl.concat([said, named]).unique().with_columns(day=pl.lit(day)))
    return pl.concat(parts)


def obvious(company: Company, last: date) -> pl.DataFrame:
    """`changes` with obvious_on (the first item due since the change is 30 days late), payments and p90 before it."""
    of = company.outcomes.join(company.changes.select("payer_id", "how", "from_on"), on="payer_id")
    old = (pl.col("paid_on") - pl.col("due_on")).dt.total_days().fill_null(10_000) >= OBVIOUS_DAYS
    late = of.filter((pl.col("due_on") >= pl.col("from_on")) & old)
    on = late.group_by("payer_id").agg(obvious_on=pl.col("due_on").min() + timedelta(days=OBVIOUS_DAYS))
    drifts = pl.col("how") == "drifting"
    habit = pl.col("from_on") + pl.when(drifts).then(timedelta(days=_FIRST_MONTHS)).otherwise(timedelta())
    before = of.filter(pl.col("paid_on") <= habit).group_by("payer_id")
    delay = (pl.col("paid_on") - pl.col("due_on")).dt.total_days()
    known = before.agg(payments=pl.len(), p90=delay.quantile(0.9, "higher"))
    rows = company.changes.join(on, on="payer_id", how="left").join(known, on="payer_id", how="left")
    return rows.with_columns(pl.when(pl.col("obvious_on") <= last).then("obvious_on"))


def missed(company: Company, became: pl.DataFrame) -> pl.DataFrame:
    """reason, payers, found: those that became obvious, by what could be known of them ten days before."""
    on = pl.col("obvious_on") - timedelta(days=AHEAD_DAYS)
    of = company.outcomes.join(became.select("payer_id", "from_on", "obvious_on"), on="payer_id")
    delay = (pl.col("paid_on") - pl.col("due_on")).dt.total_days()
    paid = of.filter(pl.col("paid_on") <= on).group_by("payer_id")
    habit = paid.agg(_known=pl.len(), _p90=delay.quantile(0.9, "higher"))
    late = (pl.col("paid_on").fill_null(LAST_DAY) > pl.col("due_on") + timedelta(days=5)) & (pl.col("due_on") < on)
    since = pl.max_horizontal("from_on", on - timedelta(days=OBVIOUS_DAYS))
    recent = of.filter(late & (pl.col("due_on") >= since)).group_by("payer_id").agg(_late=pl.len())
    rows = became.join(habit, on="payer_id", how="left").join(recent, on="payer_id", how="left")
    known = pl.col("_known").fill_null(0)
    reason = (
        pl.when(known < 5).then(pl.lit("fewer than 5 payments known"))
        .when(pl.col("_p90") >= _P90).then(pl.lit(_LATE_HABIT))
        .when(known < _PAYMENTS).then(pl.lit("5 to 9 payments known"))
        .when(pl.col("_late") <= 1).then(pl.lit("one late item so far"))
        .otherwise(pl.lit("several late items"))
    )  # fmt: skip
    return rows.group_by(reason=reason).agg(payers=pl.len(), found=pl.col("_early").sum()).sort("reason")


def judged(name: str, company: Company, days: list[date]) -> list[Figure]:
    """Every figure of a company, the plain reading first."""
    said = claims(company, days)
    truth = obvious(company, days[-1]).filter(
        pl.col("obvious_on").is_null() | (pl.col("obvious_on") > days[0] + timedelta(days=AHEAD_DAYS))
    )
    after = said.join(truth.select("payer_id", "from_on"), on="payer_id").filter(pl.col("day") >= pl.col("from_on"))
    first = after.group_by("payer_id").agg(said_on=pl.col("day").min())
    truth = truth.join(first, on="payer_id", how="left")
    known = (pl.col("payments") >= _PAYMENTS) & (pl.col("p90") < _P90)
    early = (pl.col("said_on") <= pl.col("obvious_on") - timedelta(days=AHEAD_DAYS)).fill_null(False)
    became = truth.filter(pl.col("obvious_on").is_not_null()).with_columns(_early=early)
    room, found = became.filter(known), became.filter("_early")
    well = company.outcomes.select("payer_id").unique().join(company.changes, on="payer_id", how="anti")
    false = said.join(well, on="payer_id", how="semi")
    months = len({(day.year, day.month) for day in days})
    stood = false.select("payer_id", pl.col("day").dt.month_start()).unique().height
    ahead = found.select((pl.col("obvious_on") - pl.col("said_on")).dt.total_days().median()).item()
    figures = [
        Figure(f"{name}: payers made to slip or fail, an item 30 days late", became.height),
        Figure(f"{name}: found 10 days before", _share(found, became), "%", at_least=90),
        Figure(f"{name}: steady payers alerted on a day", 100 * false.height / len(days) / max(1, well.height), "%",
               at_most=5),
        Figure(f"{name}: steady payers alerted in a month", 100 * stood / max(1, well.height * months), "%", at_most=5),
        Figure(f"{name}: steady payers ever alerted", _share(false.unique("payer_id"), well), "%"),
        Figure(f"{name}: of alerted payers, steady ones",
               _share(false.unique("payer_id"), said.unique("payer_id")), "%"),
        Figure(f"{name}: found so, days before the obvious (median)", float(ahead or 0), "days"),
        Figure(f"{name}: narrower, payers with a habit that leaves room", room.height),
        Figure(f"{name}: narrower, found 10 days before", _share(room.filter("_early"), room), "%"),
    ]  # fmt: skip
    for how in sorted(became["how"].unique()):
        of = became.filter(how=how)
        figures.append(Figure(f"{name}: {how} ({of.height}), found", _share(of.filter("_early"), of), "%"))
    reasons = missed(company, became)
    early_habit = reasons.filter(pl.col("reason") != _LATE_HABIT).select(pl.col("payers", "found").sum()).row(0)
    return [
        *figures,
        Figure(
            f"{name}: own P90 before day {_P90} ({early_habit[0]}), found",
            100 * early_habit[1] / max(1, early_habit[0]),
            "%",
        ),
        *(
            Figure(f"{name}: {row['reason']} ({row['payers']}), not found", row["payers"] - row["found"])
            for row in reasons.iter_rows(named=True)
        ),
    ]


def _share(part: pl.DataFrame, whole: pl.DataFrame) -> float:
    return 100 * part.height / max(1, whole.height)


def main(argv: list[str] | None = None) -> int:
    """Both companies over the last year of each, every second day or as `--every` says."""
    call = arguments("Who slips or fails, found before it is obvious", argv, options={
        "--seed": {"type": int, "default": 1, "help": "another seed, other companies"},
        "--every": {"type": int, "default": 2, "help": "days from one look to the next (bars are meant for 2)"},
        "--only": {"choices": ["sample", "queues"], "help": "one company only"},
    })  # fmt: skip
    days = [LAST_DAY - timedelta(days=back) for back in range(364, -1, -call.extra["every"])]
    seed, only, figures = call.extra["seed"], call.extra["only"], []
    if only != "queues":
        figures += judged("sample", sample(call.scaled(1_500), seed), days)
    if only != "sample":
        figures += judged("queues", Company(*queues(call.scaled(600), seed, LAST_DAY)), days)
    return report(call, figures)


if __name__ == "__main__":
    sys.exit(main())
