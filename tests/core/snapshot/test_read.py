"""Lists of open items against the book: settled, part settled, reopened, suspect; and a month of lists at random."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.schema import TABLES
from encours.core.snapshot.read import BOOKED, PENDING, STATED, Snapshot, SnapshotReading, read_snapshot

DAY = date(2026, 3, 2)
NOTHING_PENDING = pl.DataFrame(schema=PENDING)
NO_LEDGER = TABLES["allocations"].empty()


def listed(day: date, **opens: int) -> Snapshot:
    """A list of one entity's items on a day."""
    rows = [(item, "E", "EUR", amount) for item, amount in opens.items()]
    return Snapshot(day, pl.DataFrame(rows, schema=STATED, orient="row"))


def booked(**opens: int) -> pl.DataFrame:
    """What the book says is open, all issued on 1 January."""
    return pl.DataFrame(
        [(item, date(2026, 1, 1), amount) for item, amount in opens.items()], schema=BOOKED, orient="row"
    )


def settled(reading: SnapshotReading) -> dict[str, int]:
    """item -> amount of the new allocations."""
    return dict(reading.allocations.select("item_id", "amount").iter_rows())


def test_an_item_that_disappears_was_settled_between_the_two_lists() -> None:
    reading = read_snapshot(
        listed(DAY, a=1000, c=5000),
        listed(DAY - timedelta(3), a=1000, b=400, c=5000),
        booked(a=1000, b=400, c=5000),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    row = reading.allocations.row(0, named=True)
    assert (row["item_id"], row["amount"], row["kind"]) == ("b", 400, "ledger")
    assert (row["allocated_on"], row["earliest_on"]) == (DAY, DAY - timedelta(2))
    assert reading.allocations.height == 1


def test_a_smaller_open_amount_is_a_part_settlement() -> None:
    reading = read_snapshot(
        listed(DAY, a=300, b=900),
        listed(DAY - timedelta(1), a=400, b=900),
        booked(a=400, b=900),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    assert settled(reading) == {"a": 100}


def test_a_credit_note_that_disappears_was_used() -> None:
    reading = read_snapshot(
        listed(DAY, a=1000),
        listed(DAY - timedelta(1), a=1000, note=-200),
        booked(a=1000, note=-200),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    assert settled(reading) == {"note": -200}


def test_what_encours_decided_is_acknowledged_and_not_settled_twice() -> None:
    pending = pl.DataFrame([("a", 1000)], schema=PENDING, orient="row")
    before = listed(DAY - timedelta(1), a=1000, b=9000)
    still_open = read_snapshot(listed(DAY, a=1000, b=9000), before, booked(a=0, b=9000), NO_LEDGER, pending, "s")
    gone = read_snapshot(listed(DAY, b=9000), before, booked(a=0, b=9000), NO_LEDGER, pending, "s")
    assert settled(still_open) == settled(gone) == {}
    assert not still_open.issues.height


def test_an_item_that_comes_back_is_reopened() -> None:
    first = read_snapshot(
        listed(DAY, b=9000),
        listed(DAY - timedelta(1), a=400, b=9000),
        booked(a=400, b=9000),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    again = read_snapshot(
        listed(DAY + timedelta(1), a=150, b=9000),
        listed(DAY, b=9000),
        booked(a=0, b=9000),
        first.allocations,
        NOTHING_PENDING,
        "s",
    )
    assert again.reversals["allocation_id"].to_list() == first.allocations["allocation_id"].to_list()
    assert settled(again) == {"a": 250}  # the part that stays settled keeps its first date
    assert again.allocations["allocated_on"].to_list() == [DAY]


def test_more_open_than_anything_explains_is_an_issue_and_changes_nothing() -> None:
    reading = read_snapshot(
        listed(DAY, a=700, b=900),
        listed(DAY - timedelta(1), a=400, b=900),
        booked(a=400, b=900),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    assert reading.issues["code"].to_list() == ["snapshot_open_differs"]
    assert not reading.allocations.height
    assert not reading.reversals.height


def test_a_truncated_list_is_held_and_believed_only_when_confirmed() -> None:
    before = listed(DAY - timedelta(1), a=400, b=900)
    args = (before, booked(a=400, b=900), NO_LEDGER, NOTHING_PENDING, "s")
    held = read_snapshot(listed(DAY, a=400), *args)
    assert held.suspect
    assert held.issues["code"].to_list() == ["snapshot_suspect"]
    assert not held.allocations.height
    assert settled(read_snapshot(listed(DAY, a=400), *args, confirmed=True)) == {"b": 900}


def test_a_list_without_one_of_its_entities_is_held() -> None:
    other = pl.DataFrame([("x", "F", "EUR", 5)], schema=STATED, orient="row")
    before = Snapshot(DAY - timedelta(1), pl.concat([listed(DAY, a=400).stated, other]))
    held = read_snapshot(listed(DAY, a=400), before, booked(a=400, x=5), NO_LEDGER, NOTHING_PENDING, "s")
    assert held.suspect == ("entity F (EUR) is not in the list",)


def test_credit_notes_do_not_hide_missing_invoices() -> None:
    held = read_snapshot(
        listed(DAY, a=100),
        listed(DAY - timedelta(1), a=100, b=900, note=-900),
        booked(a=100, b=900, note=-900),
        NO_LEDGER,
        NOTHING_PENDING,
        "s",
    )
    assert held.suspect


def test_an_older_list_is_held() -> None:
    held = read_snapshot(
        listed(DAY, a=1), listed(DAY + timedelta(1), a=1), booked(a=1), NO_LEDGER, NOTHING_PENDING, "s"
    )
    assert held.suspect


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_the_book_equals_the_erp_after_every_list(seed: int) -> None:
    """The oracle is the ERP itself: a dict of open amounts that pays, part pays and reopens at random each day."""
    random = Random(seed)
    amounts = {f"i{n}": random.choice([1, -1]) * random.randrange(1, 10_000) for n in range(30)}
    erp = dict(amounts)
    standing = NO_LEDGER
    previous: Snapshot | None = None
    for day in (DAY + timedelta(n) for n in range(12)):
        for item in random.sample(sorted(erp), 4):
            whole = amounts[item]
            erp[item] = random.choice([0, whole, int(whole * random.random())])
        now = listed(day, **{item: value for item, value in erp.items() if value})
        taken = dict(standing.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
        book = booked(**{item: amounts[item] - taken.get(item, 0) for item in amounts})
        reading = read_snapshot(now, previous, book, standing, NOTHING_PENDING, f"s{day}", confirmed=True)
        gone = reading.reversals["allocation_id"].implode()
        standing = pl.concat([standing.filter(~pl.col("allocation_id").is_in(gone)), reading.allocations])
        assert standing["allocation_id"].is_unique().all()
        taken = dict(standing.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
        held = set(now.stated["item_id"]) | (set(previous.stated["item_id"]) if previous else set())
        for item in held:
            assert amounts[item] - taken.get(item, 0) == erp[item]
            assert 0 <= taken.get(item, 0) * (1 if amounts[item] > 0 else -1) <= abs(amounts[item])
        previous = now
