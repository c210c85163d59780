"""The truth beside the book: every allocation, every payment also after the last day, every receipt's story."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.sample import book as telling
from encours.core.sample.draws import as_days
from encours.core.sample.intent import NEVER, STRAIN_DAYS
from encours.core.sample.story import Story, settled_by


def truth_tables(
    story: Story, ledger: telling.Ledger, receipts: pl.DataFrame, allocations: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """truth_allocations, truth_payments, truth_receipts, truth_habits; their columns stand in docs/sample.md."""
    return {
        "truth_allocations": allocations.select(
            "allocation_id",
            "receipt_id",
            "item_id",
            "credit_item_id",
            "amount",
            "kind",
            pl.col("allocated_on").cast(pl.Date),
            pl.col("reversed_on").cast(pl.Date),
            "lettered",
        ),
        "truth_payments": _payments(story),
        "truth_receipts": _receipts(story, receipts),
        "truth_habits": _habits(story),
    }


def _payments(story: Story) -> pl.DataFrame:
    """One row a positive item: when it is settled in full, if ever, and how late."""
    items, cast = story.items, story.cast
    rows = np.flatnonzero(items.amount > 0)
    paid_on = settled_on(story)[rows]
    payer = cast.payer[items.customer[rows]]
    ids = telling.customer_ids(story)
    never = pl.Series(paid_on >= NEVER)
    late = pl.Series(paid_on - items.due[rows]).set(never, None)
    return pl.DataFrame(
        {
            "item_id": telling.item_ids(story).gather(rows),
            "customer_id": ids.gather(items.customer[rows]),
            "payer_id": ids.gather(payer),
            "amount": items.amount[rows],
            "issued_on": as_days(items.issued[rows]),
            "due_on": as_days(items.due[rows]),
            "paid_on": pl.Series(as_days(np.minimum(paid_on, 80_000))).set(never, None).cast(pl.Date),
            "delay_days": late,
            "open_on_last_day": (items.amount != settled_by(story, np.full(items.size, story.last)))[rows],
            "habit": telling.texts(cast.habit[payer]),
        }
    )


def settled_on(story: Story) -> np.ndarray:
    """The day each item is settled in full (NEVER: not in this story), returned payments undone."""
    money, items = story.money, story.items
    undone = np.zeros(money.size + 1, dtype=bool)
    undone[money.origin[money.kind == "return"]] = True
    stands = ~((money.receipt >= 0) & undone[money.receipt])
    item, cut, day = money.item[stands], money.cut[stands], money.cut_day[stands]
    order = np.lexsort((day, item))
    item, cut, day = item[order], cut[order], day[order]
    total = np.bincount(item, cut, items.size).astype(np.int64)
    last = np.zeros(items.size, dtype=np.int64)
    last[item] = day
    return np.where((total == items.amount) & (items.amount != 0), last, NEVER)


def _receipts(story: Story, receipts: pl.DataFrame) -> pl.DataFrame:
    """One row a receipt: who really paid, which pattern it has, how it quotes, through which channel it came."""
    known = receipts.filter(pl.col("row") >= 0)
    row = known["row"].to_numpy()
    payer = story.money.payer[row]
    nobody = pl.Series(payer < 0)
    return known.select("receipt_id", "booked_on", "amount", "kind", "channel").with_columns(
        payer_id=telling.customer_ids(story).gather(np.maximum(payer, 0)).set(nobody, None),
        pattern=telling.texts(story.pattern[row]),
        reference_form=telling.texts(story.form[row]).set(nobody, None),
    )


def _habits(story: Story) -> pl.DataFrame:
    """One row a payer whose habit changes by the last day: how, from when, by how many days, and when it fails."""
    cast, last = story.cast, story.last
    own = cast.payer == np.arange(cast.size)
    sent = np.isin(cast.method, ["transfer", "cheque"])  # what we draw does not come later
    drifts, fails = own & sent & (cast.habit == "drifting"), own & (cast.habit == "insolvent")
    changes = own & (cast.slips.how != "none")
    from_on = np.where(changes, cast.slips.on, np.where(fails, cast.failed_on - STRAIN_DAYS, cast.joined_on))
    months = (last - np.maximum(story.first, from_on)) / 30.0
    days = np.where(changes, cast.slips.days, np.where(drifts, cast.drift_days_a_month * months, STRAIN_DAYS * 0.4))
    stops = cast.slips.how == "stops"
    some = np.flatnonzero((drifts | fails | changes) & (from_on < last))
    failed_on = np.where(stops, cast.slips.stops_on, cast.failed_on)[some]
    never = pl.Series(failed_on > last)
    how = np.where(changes, cast.slips.how, np.where(fails, "strained", "drifting")).astype(object)
    return pl.DataFrame(
        {
            "payer_id": telling.customer_ids(story).gather(some),
            "kind": telling.texts(np.where(fails | stops, "fails", "slips").astype(object)[some]),
            "how": telling.texts(how[some]),
            "from_on": as_days(np.maximum(story.first, from_on)[some]),
            "days": days[some],
            "failed_on": pl.Series(as_days(np.minimum(failed_on, 80_000))).set(never, None).cast(pl.Date),
        }
    )
