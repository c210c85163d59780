"""Two companies whose truth is known, as their books are seen day by day: bank files late, letters later still.

The sample company, and another simulator of another law (`benchmarks/behaviour/queues.py`): payment runs that empty a
queue, paid by one transfer a run whose text says all numbers, some, a count or nothing.

Each bank account has a statement a working day, with its opening and closing balance. It arrives on the next working
day (80 %), one or two later (12 and 5 %), or not at all (3 %): then somebody does the task that its absence made, and
it comes three working days late. Nobody is named on a bank line before it is lettered.
A clerk letters each receipt one to five working days after its file came, by the truth; nothing posts by itself.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.behaviour.queues import queues
from encours.core.base.book import Book
from encours.core.base.days import target
from encours.core.base.schema import TABLES
from encours.core.sample.company import sample_company
from encours.core.sample.options import SampleOptions

LAST_DAY = date(2026, 10, 30)
#: Working days after the booking day on which its file arrives, and how often.
ARRIVALS, SHARES = (1, 2, 3, 4), (0.80, 0.12, 0.05, 0.03)
CLERK_DAYS = 5


class Company(NamedTuple):
    """`seen`: the book as it becomes known; `truth`: the same, with all money known and lettered on its booking day;
    `paid`: item_id, amount, paid_on (the booking day)."""

    seen: Book
    truth: Book
    paid: pl.DataFrame


def sample(customers: int, seed: int) -> Company:
    """The sample company, a year and a half of it."""
    options = SampleOptions(last_day=LAST_DAY, customers=customers, months=18, seed=seed, slips=0.12)
    made = sample_company(options, with_journal=False)
    letters = TABLES["allocations"].conform(made.truth["truth_allocations"].with_columns(source=pl.lit("truth")))
    return told(made.book.replace(allocations=letters), seed)


def runs(payers: int, seed: int) -> Company:
    """The queue simulator with its payments as bank lines: one a payer and run."""
    book, _, _ = queues(payers, seed, LAST_DAY)
    first = LAST_DAY - timedelta(days=548)
    items = book.items.filter(pl.col("issued_on") > first)
    cash = book.allocations.join(items.select("item_id", "customer_id", "number"), on="item_id").select(
        "item_id", "customer_id", "number", "amount", paid_on="allocated_on"
    )
    money = cash.sort("customer_id", "paid_on", "item_id").group_by("customer_id", "paid_on", maintain_order=True).agg(
        pl.col("amount").sum(), pl.col("number")
    ).with_row_index("n")  # fmt: skip
    chance = np.random.default_rng([seed, 7])
    texts = [
        _text(name, numbers, float(chance.random()))
        for name, numbers in money.select("customer_id", "number").iter_rows()
    ]
    account = pl.format("FR76{}", pl.col("customer_id").str.slice(1).str.zfill(23))
    receipts = money.select(
        "amount", receipt_id=pl.format("R{}", "n"), entity_id=pl.lit("Q"), account=pl.lit("512"), booked_on="paid_on",
        currency=pl.lit("EUR"), kind=pl.lit("transfer"), origin=pl.lit("bank"), payer_account=account,
        payer_name=pl.format("Atelier {}", "customer_id"), remittance=pl.Series(texts, dtype=pl.String),
    )  # fmt: skip
    letters = cash.join(money.select("customer_id", "paid_on", "n"), on=["customer_id", "paid_on"]).select(
        "item_id", "amount", allocation_id="item_id", receipt_id=pl.format("R{}", "n"), kind=pl.lit("cash"),
        allocated_on="paid_on", source=pl.lit("truth"),
    )  # fmt: skip
    names = book.customers.with_columns(name=pl.format("Atelier {}", "customer_id"))
    tables = {"customers": names, "items": items, "receipts": receipts, "allocations": letters}
    return told(book.replace(**{name: TABLES[name].conform(frame) for name, frame in tables.items()}), seed)


def _text(name: str, numbers: list[str], draw: float) -> str:
    if draw < 0.5:
        return "FACTURES " + " ".join(numbers)
    if draw < 0.65:
        return "FACT " + " ".join(numbers[: max(1, len(numbers) // 2)])
    return f"{len(numbers)} FACTURES" if draw < 0.8 else f"VIR ATELIER {name}"


def _statements(receipts: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    """A statement an account and working day, with its balances, known on the day on which its file arrives."""
    calendar = target()
    days = [calendar.next_working(day) for day in receipts["booked_on"]]
    moved = receipts.select("account", "amount").with_columns(day=pl.Series(days, dtype=pl.Date))
    first, count = min(days), (LAST_DAY - min(days)).days + 1
    worked = [day for n in range(count) if calendar.is_working(day := first + timedelta(days=n))]
    every = pl.DataFrame({"day": worked}).join(moved.select("account").unique().sort("account"), how="cross")
    sums = moved.group_by("account", "day").agg(total=pl.col("amount").sum(), entries=pl.len())
    rows = every.join(sums, on=["account", "day"], how="left").sort("account", "day")
    late = chance.choice(ARRIVALS, size=rows.height, p=SHARES)
    came = [calendar.add(day, int(after)) for day, after in zip(rows["day"], late, strict=True)]
    closing = pl.col("total").fill_null(0).cum_sum().over("account")
    return TABLES["statements"].conform(
        rows.with_columns(
            statement_id=pl.format("{}/{}", "account", "day"), currency=pl.lit("EUR"), from_on="day", to_on="day",
            opening=closing - pl.col("total").fill_null(0), closing=closing, total=pl.col("total").fill_null(0),
            entries=pl.col("entries").fill_null(0), balanced=pl.lit(True), known_on=pl.Series(came),
        )
    )  # fmt: skip


def told(book: Book, seed: int) -> Company:
    """A book of truth (letters dated by their booking), with when each line and letter becomes known."""
    chance = np.random.default_rng([seed, 11])
    calendar = target()
    statements = _statements(book.receipts, chance)
    files = statements.select("account", came="known_on", _day="to_on")
    # What is booked on a day that banks do not work stands on the next day's statement.
    booked = pl.Series([calendar.next_working(day) for day in book.receipts["booked_on"]], dtype=pl.Date)
    arrived = book.receipts.with_columns(_day=booked).join(
        files, on=["account", "_day"], how="left", maintain_order="left"
    ).drop("_day")  # fmt: skip
    after = chance.integers(1, CLERK_DAYS + 1, size=arrived.height)
    done = [calendar.add(day, int(turn)) for day, turn in zip(arrived["came"], after, strict=True)]
    arrived = arrived.with_columns(done=pl.Series(done))
    letters = book.allocations.join(
        arrived.select("receipt_id", "booked_on", "done"), on="receipt_id", how="left", maintain_order="left"
    )
    seen = book.replace(
        receipts=arrived.with_columns(known_on="came", customer_id=pl.lit(None, dtype=pl.String)).drop("came", "done"),
        allocations=letters.with_columns(known_on=pl.coalesce("done", "allocated_on")).drop("booked_on", "done"),
        statements=statements,
    )
    truth = book.replace(
        receipts=arrived.with_columns(known_on="booked_on").drop("came", "done"),
        allocations=letters.with_columns(
            known_on=pl.coalesce("booked_on", "allocated_on"), allocated_on=pl.coalesce("booked_on", "allocated_on")
        ).drop("booked_on", "done"),
        statements=TABLES["statements"].empty(),
    )
    paid = letters.filter(pl.col("reversed_on").is_null()).select(
        "item_id", "amount", paid_on=pl.coalesce("booked_on", "allocated_on")
    )
    return Company(seen, truth, paid)
