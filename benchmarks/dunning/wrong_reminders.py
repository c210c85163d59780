"""Who is reminded though they have paid, and who is not reminded though they have not: six months, day by day.

Two companies (`late_files.py`), the ready-made scenarios, planned every working day on what was known that morning:
bank files come late or not at all, no receipt bears a customer before it is lettered, proposals of matches are
made by `core.matching` each day, habits are read off the past, how far the bank reaches is read from the book. Every
action counts as done on its day.

- **Wrong reminder**: a message that chases (level 1 and above) and of which all that it asks for had been booked by our
  bank two working days before or earlier. Lines that had been paid inside other messages are counted beside it.
- **Due-date-only scenario**: one message a customer on the 3rd, 10th, 20th and 30th day after a due date (or the next
  working day) about the items that the ledger shows open that day.
- **Message that was due**: the same planner on the truth (all money known and lettered on its booking day, nothing in
  doubt), after the same messages of the days before, would write to a payer. It is due from the first such day until it
  leaves or the truth no longer asks for it. A payer who pays all of it by itself within `habit_days` was not to be
  reminded; these are left out, and counted in beside it. **In time**: a chasing message to that payer left on that day
  or within three working days.
- **Held back**: money that the truth would ask for on a day and that a gate of doubt holds that day (`DOUBT`: it holds
  for want of knowledge), as a share of the late money of that day, summed over the days. Late money is what is overdue
  and unpaid by the truth, less what gates of fact hold (insolvency, dispute, promise, draft, our own calendar and
  caps: the truth holds it, too); of all overdue euros it would be a smaller share. Beside it stands all late money
  under a gate of doubt, also where no message was due: nothing is delayed there, the next step is not reached or
  somebody pays by itself before it would be.
- **With its task**: whatever a gate holds names the task that frees it, or the last day on which it holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from benchmarks.dunning.late_files import LAST_DAY, Company, runs, sample
from benchmarks.harness import Figure, arguments, report
from encours.core.base.days import target
from encours.core.dunning.gates import gates
from encours.core.dunning.known import Known
from encours.core.dunning.plan import Plan, plan
from encours.core.dunning.ready import ready_scenarios
from encours.core.dunning.replay import SEEN_DAYS, Day, already, judged, replayed, window
from encours.usecases.backtest_dunning import knower

MONTHS_DAYS, IN_TIME_DAYS = 182, 3
#: Gates that hold because something is not known for sure.
DOUBT = (
    "bank_stale", "ledger_stale", "match_waiting", "unapplied_cash", "open_credit", "remittance_advice",
    "payment_expected", "just_paid", "perhaps_paid", "deposit_waiting",
)  # fmt: skip
_AFTER = (3, 10, 20, 30)
_CODES = [gate.code for gate in gates()]


@dataclass
class Seen:
    """What a replay left behind: the plans; due messages by payer; money held by gate; messages by due date only."""

    plans: list[Plan] = field(default_factory=list)
    due: list[pl.DataFrame] = field(default_factory=list)
    held: list[pl.DataFrame] = field(default_factory=list)
    late: int = 0
    dated: list[pl.DataFrame] = field(default_factory=list)
    unnamed: int = 0


def watched(company: Company, days: list[date]) -> Seen:
    """Every day planned on what was known and on the truth."""
    scenarios, seen = ready_scenarios(), Seen()
    owed = company.truth.items.select("item_id", "amount")
    for one in replayed(company.seen, days, scenarios, knower(scenarios)):
        seen.plans.append(one.plan)
        real = plan(
            company.truth.replace(touches=one.book.touches), one.day, scenarios, Known(settings=one.known.settings)
        )
        asks = real.actions.filter(pl.col("level") > 0)
        lines = real.lines.join(asks.select("action_id", "customer_id"), on="action_id")
        seen.due.append(lines.select("customer_id", "item_id", day=pl.lit(one.day)))
        waits = real.held.filter(~pl.col("reason").is_in(_CODES))
        seen.late += int(lines["amount"].sum() + waits["amount"].sum())
        seen.held.append(_held(one, _left(owed, company.paid, one.day), lines["item_id"]))
        seen.dated.append(_by_date(one))
        seen.unnamed += _unnamed(one.plan)
    return seen


def _left(owed: pl.DataFrame, paid: pl.DataFrame, day: date) -> pl.DataFrame:
    """item_id, left: what is truly unpaid of each item at the end of a day."""
    came = paid.filter(pl.col("paid_on") <= day).group_by("item_id").agg(_came=pl.col("amount").sum())
    rows = owed.join(came, on="item_id", how="left")
    return rows.select("item_id", left=(pl.col("amount") - pl.col("_came").fill_null(0)).clip(lower_bound=0))


def _held(one: Day, left: pl.DataFrame, asked: pl.Series) -> pl.DataFrame:
    """gate, amount, due: what gates held that day of money that is truly unpaid; `due`: of what the truth asks for."""
    rows = pl.concat([frame.select("item_id", "reason", "amount") for frame in (one.plan.held, one.plan.parts)])
    rows = rows.filter(pl.col("reason").is_in(_CODES)).join(left, on="item_id")
    rows = rows.with_columns(amount=pl.min_horizontal("amount", "left"))
    due = pl.col("amount").filter(pl.col("item_id").is_in(asked.implode())).sum()
    return rows.group_by(gate="reason").agg(due=due, amount=pl.col("amount").sum())


def _unnamed(made: Plan) -> int:
    """Held rows without a task and without an end."""
    rows = pl.concat([frame.select("reason", "task", "until_on") for frame in (made.held, made.parts)])
    return rows.filter(pl.col("reason").is_in(_CODES) & pl.col("task").is_null() & pl.col("until_on").is_null()).height


def _by_date(one: Day) -> pl.DataFrame:
    """customer_id, item_id, amount, on: what a scenario that knows due dates only would send that day."""
    known = one.book.as_of(one.day)
    before = target().add(one.day, -1)
    owed = known.open_items().filter((pl.col("open") > 0) & (pl.col("kind") == "invoice"))
    hits = pl.any_horizontal(
        (pl.col("due_on") + timedelta(days=n)).is_between(before, one.day, closed="right") for n in _AFTER
    )
    return owed.filter(hits).select("customer_id", "item_id", amount="open", on=pl.lit(one.day))


def figures(name: str, company: Company, days: list[date]) -> Iterator[Figure]:
    """Every figure of a company."""
    seen = watched(company, days)
    found = judged(seen.plans, company.paid, company.truth)
    chases = found.actions.filter(pl.col("level") > 0)
    lines = found.lines.join(chases.select("action_id", "paid"), on="action_id", suffix="_whole")
    dated = _dated(seen, company)
    yield Figure(f"{name}: working days replayed", len(days))
    yield Figure(f"{name}: messages and tasks that chase", chases.height)
    yield Figure(f"{name}: to who had paid all of it", int(chases["paid"].sum()), at_most=0)
    yield Figure(f"{name}: lines paid before, in other messages",
                 lines.filter((pl.col("paid") > 0) & ~pl.col("paid_whole")).height)  # fmt: skip
    yield Figure(f"{name}: of lines in all", lines.height)
    yield Figure(f"{name}: due dates only: messages", dated.height)
    yield Figure(f"{name}: due dates only: to who had paid all of it", int(dated["paid"].sum()))
    in_time, due, strict, strict_due = punctual(seen, chases, company, days)
    yield Figure(f"{name}: messages that were due", due)
    yield Figure(f"{name}: left within three working days", 100 * in_time / max(1, due), "%", at_least=95)
    yield Figure(f"{name}: with those who paid by themselves ({strict_due})", 100 * strict / max(1, strict_due), "%")
    sums = pl.concat(seen.held).group_by("gate").agg(pl.col("amount", "due").sum()).sort("amount", descending=True)
    doubt = sums.filter(pl.col("gate").is_in(DOUBT))
    yield Figure(f"{name}: held back in doubt, of late money", _share(doubt["due"], seen.late), "%", at_most=5)
    yield Figure(f"{name}: in doubt, also where no message was due", _share(doubt["amount"], seen.late), "%")
    yield Figure(f"{name}: held without a task or an end", seen.unnamed, at_most=0)
    for gate, amount, due in sums.iter_rows():
        said = "in doubt" if gate in DOUBT else "by fact"
        whole = f"{100 * amount / max(1, seen.late):.2f} % of late money, {100 * due / max(1, seen.late):.2f} % due"
        yield Figure(f"{name}: {gate.replace('_', ' ')} ({said})", whole)


def _share(amounts: pl.Series, whole: int) -> float:
    return float(100 * amounts.sum() / max(1, whole))


def _dated(seen: Seen, company: Company) -> pl.DataFrame:
    """customer_id, on, paid: messages by due date, and whether all of each had been paid."""
    lines = already(pl.concat(seen.dated), company.paid, company.truth)
    return lines.group_by("customer_id", "on").agg(paid=(pl.col("paid") >= pl.col("amount")).all())


def punctual(seen: Seen, chases: pl.DataFrame, company: Company, days: list[date]) -> tuple[int, int, int, int]:
    """In time and due, without and with those who pay all of it within `habit_days` by themselves."""
    calendar, habit = target(), Known().settings.habit_days
    sent: dict[str, list[date]] = {}
    for customer, on in chases.select("customer_id", "on").sort("on").iter_rows():
        sent.setdefault(customer, []).append(on)
    asked: dict[str, dict[date, list[str]]] = {}
    for customer, item, day in pl.concat(seen.due).iter_rows():
        asked.setdefault(customer, {}).setdefault(day, []).append(item)
    last = dict(_settled(company).iter_rows())
    counts = [0, 0, 0, 0]
    for customer, by_day in asked.items():
        free = date.min
        for day in sorted(by_day):
            if day <= free or calendar.add(day, IN_TIME_DAYS) > days[-1]:
                continue
            left = next((on for on in sent.get(customer, ()) if on >= day), None)
            end = calendar.add(day, IN_TIME_DAYS)
            in_time = left is not None and left <= end
            gone = not in_time and not any(day < other <= end for other in by_day) and end not in by_day
            # Whatever was sent, or not, is one message: the next one begins after it, or when this one is over.
            free = left if in_time and left is not None else _over(by_day, day, left)
            if gone and max(by_day) < end:
                continue
            alone = all((last.get(item) or date.max) <= day + timedelta(days=habit) for item in by_day[day])
            counts[2] += in_time
            counts[3] += 1
            if not alone:
                counts[0] += in_time
                counts[1] += 1
    return counts[0], counts[1], counts[2], counts[3]


def _over(by_day: dict[date, list[str]], day: date, left: date | None) -> date:
    """The last day on which a message that did not leave in time was still due, or the day on which it left."""
    return left if left is not None else max(by_day)


def _settled(company: Company) -> pl.DataFrame:
    """item_id, the day on which the last of it came; only of items that are paid in full."""
    sums = company.paid.group_by("item_id").agg(pl.col("amount").sum(), pl.col("paid_on").max())
    rows = company.truth.items.select("item_id", whole="amount").join(sums, on="item_id")
    return rows.filter(pl.col("amount") >= pl.col("whole")).select("item_id", "paid_on")


def main(argv: list[str] | None = None) -> int:
    """Both companies over the last half-year."""
    call = arguments("Who is reminded though they have paid, six months day by day", argv, options={
        "--seed": {"type": int, "default": 1, "help": "another seed, other companies"},
        "--only": {"choices": ["sample", "runs"], "help": "one company only"},
        "--days": {"type": int, "default": MONTHS_DAYS, "help": "calendar days that are replayed"},
    })  # fmt: skip
    seed, only = call.extra["seed"], call.extra["only"]
    days = window(LAST_DAY - timedelta(days=call.extra["days"] - 1), LAST_DAY)
    found: list[Figure] = []
    if only != "runs":
        found += figures("sample", sample(call.scaled(150), seed), days)
    if only != "sample":
        found += figures("runs", runs(call.scaled(150), seed), days)
    return report(call, found, {"seen_days": SEEN_DAYS})


if __name__ == "__main__":
    sys.exit(main())
