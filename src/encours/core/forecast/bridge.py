"""From the forecast of some weeks ago to today's: what changed, by cause, customer and item, to the cent.

Of each item the money that was expected then is led to what is expected now in three steps. First the amount: what was
paid, credited, assigned to a factor or covered since takes its share of every week alike. Then what was expected before
today and did not come: the same distribution, given that the item is still open. What is left is how the distribution
itself was changed: by a dispute, a promise, a direct debit or draft, or because the payer's habit is seen otherwise.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS
from encours.core.base.issue import CallError
from encours.core.forecast.cash import factored

#: Why money is expected otherwise, in the order in which a bridge is drawn. `slipped`: expected by now, still open.
#: `credits`: other credits, or money that is there, cover the item. `drawn`: a direct debit or draft.
CAUSES = (
    "new_invoices", "paid", "slipped", "disputes", "promises", "drawn", "factored", "credits", "cancelled", "habit",
)  # fmt: skip
#: `amount`: minor units by which the week's expected money grew.
BRIDGE_SCHEMA: dict[str, pl.DataType] = {
    "entity_id": pl.String(),
    "currency": pl.String(),
    "customer_id": pl.String(),
    "item_id": pl.String(),
    "week_start": pl.Date(),
    "cause": pl.String(),
    "amount": pl.Int64(),
}
_ITEM = ["entity_id", "currency", "customer_id", "item_id"]


def bridge(
    book: Book, before_on: date, before: pl.DataFrame, now_on: date, now: pl.DataFrame, weeks: int = 13
) -> pl.DataFrame:
    """BRIDGE_SCHEMA over the weeks that both forecasts cover; amounts that are zero are left out.

    `before` and `now`: `Forecast.items` of the two days, over `weeks` weeks each; `book` has all its versions. The sum
    of a purse's rows of a week is what is expected of it now less what was expected then. Raises CallError where the
    days do not lie whole weeks apart: the weeks would not be the same.
    """
    days = (now_on - before_on).days
    if days <= 0 or days % 7:
        raise CallError([f"a bridge needs days that lie whole weeks apart, not {before_on} and {now_on}"])
    rows = _weeks(before, now, now_on, before_on + timedelta(days=7 * weeks))
    rows = rows.join(_facts(book, before_on, now_on, before, now), on="item_id", how="left", maintain_order="left")
    steps = _steps(rows)
    parts = [
        steps.filter(pl.col(cause) != 0).select(*_ITEM, "week_start", cause=pl.lit(cause), amount=cause)
        for cause in CAUSES
    ]
    found = pl.concat(parts)
    assert int(found["amount"].sum()) == int(rows["now"].sum()) - int(rows["before"].sum())
    return found.select(pl.col(name).cast(dtype) for name, dtype in BRIDGE_SCHEMA.items()).sort(
        "entity_id", "currency", "week_start", "cause", "customer_id", "item_id"
    )


def _weeks(before: pl.DataFrame, now: pl.DataFrame, now_on: date, until: date) -> pl.DataFrame:
    """_ITEM, week_start, before, now: expected money of every item in each week from `now_on` to `until`."""
    common = pl.col("week_start").is_between(now_on, until, "right")
    then, today = (part.filter(common).select(*_ITEM, "week_start", "expected") for part in (before, now))
    both = then.rename({"expected": "before"}).join(
        today.rename({"expected": "now"}), on=["item_id", "week_start"], how="full", coalesce=True
    )
    of = [pl.coalesce(name, f"{name}_right").alias(name) for name in _ITEM if name != "item_id"]
    both = both.select("item_id", "week_start", *of, pl.col("before", "now").fill_null(0))
    return both.sort("item_id", "week_start")


def _facts(book: Book, before_on: date, now_on: date, before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """item_id; whole, passed (expected in all, and before now, by the old forecast); new_whole; what changed since."""
    gone = pl.col("week_start") <= now_on
    then = before.group_by("item_id").agg(
        whole=pl.col("expected").sum(), passed=pl.col("expected").filter(gone.fill_null(False)).sum()
    )
    today = now.group_by("item_id").agg(new_whole=pl.col("expected").sum())
    rows = then.join(today, on="item_id", how="full", coalesce=True)
    was, known = book.as_of(before_on), book.as_of(now_on)
    rows = rows.join(_settled(was).rename({"money": "money_was", "open": "open_was"}), on="item_id", how="left")
    rows = rows.join(_settled(known), on="item_id", how="left")
    sides = [factored(part).with_columns(pl.lit(True).alias(name)) for part, name in ((was, "f0"), (known, "f1"))]
    for side in (*sides, *_events(was, known, before_on, now_on)):
        rows = rows.join(side, on="item_id", how="left")
    marks = ("f0", "f1", "disputed", "promised", "was_drawn")
    return rows.with_columns(
        pl.col("whole", "passed", "new_whole").fill_null(0),
        pl.col(marks).fill_null(False),
        new=pl.col("open_was").is_null(),
        paid_since=pl.col("money_was").fill_null(0) - pl.col("money").fill_null(0),
        open_since=pl.col("open").fill_null(0) - pl.col("open_was").fill_null(0),
    ).select(
        "item_id", "whole", "passed", "new_whole", "new", "paid_since", "open_since", *marks,
    )  # fmt: skip


def _settled(known: Book) -> pl.DataFrame:
    """item_id, open, money (what payments took off it)."""
    letters = known.allocations.filter(pl.col("reversed_on").is_null() & pl.col("kind").is_in(MONEY_PARTS))
    money = letters.group_by("item_id").agg(money=pl.col("amount").sum())
    return known.open_items().select("item_id", "open").join(money, on="item_id", how="left")


def _events(was: Book, known: Book, before_on: date, now_on: date) -> list[pl.DataFrame]:
    """Items of which a dispute, a promise or an instrument changed: item_id and a mark, one frame a kind."""

    def since(name: str) -> pl.Expr:
        return pl.col(name).is_between(before_on + timedelta(days=1), now_on)

    disputes = known.disputes.filter(since("opened_on") | since("closed_on"))
    promises = known.promises.filter((since("made_on") | since("due_on")) & pl.col("item_id").is_not_null())
    moved = known.instruments.filter(since("state_on"))
    drawn = known.instrument_items.join(moved, on="instrument_id", how="semi")
    named = ((disputes, "disputed"), (promises, "promised"), (drawn, "was_drawn"))
    return [rows.select("item_id").unique().with_columns(pl.lit(True).alias(name)) for rows, name in named]


def _steps(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a column (Int64) of each of CAUSES; across they are now − before."""
    change = pl.col("new_whole") - pl.col("whole")
    by_factor = pl.col("f0") != pl.col("f1")
    paid = pl.when(by_factor).then(0).otherwise(_within("paid_since", change))
    rows = rows.with_columns(_paid=pl.when("new").then(0).otherwise(paid))
    rest = change - pl.col("_paid")
    closed = pl.col("open_since") - pl.col("paid_since")
    cancelled = pl.when(pl.col("new") | by_factor).then(0).otherwise(_within(closed, rest))
    rows = rows.with_columns(_cancelled=cancelled)
    rows = rows.with_columns(_other=change - pl.col("_paid") - pl.col("_cancelled"))
    # An item of which nothing was expected has no weeks to share by: what is expected now is all of one cause.
    none = pl.col("whole") == 0
    share = {name: pl.when(none).then(0).otherwise(_part(name)) for name in ("_paid", "_cancelled", "_other")}
    rows = rows.with_columns(paid_part=share["_paid"], cancelled_part=share["_cancelled"], other_part=share["_other"])
    left = pl.col("whole") - pl.col("passed")
    scaled = pl.col("before") + pl.col("paid_part") + pl.col("cancelled_part") + pl.col("other_part")
    slipped = pl.when(none).then(0).when(left <= 0).then(pl.col("now") - scaled)
    rows = rows.with_columns(slipped_part=slipped.otherwise((scaled * pl.col("passed") / left).round()).cast(pl.Int64))
    rows = rows.with_columns(rest=pl.col("now") - scaled - pl.col("slipped_part"))
    return rows.with_columns(**_named(none, by_factor))


def _named(none: pl.Expr, by_factor: pl.Expr) -> dict[str, pl.Expr]:
    """The parts by the name of their cause."""
    kinds = {"disputes": "disputed", "promises": "promised", "drawn": "was_drawn"}
    why = pl.lit("habit")
    for cause, mark in reversed(kinds.items()):
        why = pl.when(mark).then(pl.lit(cause)).otherwise(why)
    came_back = pl.when(pl.col("paid_since") > 0).then(pl.lit("paid")).otherwise(pl.lit("credits"))
    first = pl.when("new").then(pl.lit("new_invoices")).when(by_factor).then(pl.lit("factored")).otherwise(came_back)
    rest_of = pl.when(none).then(first).otherwise(why)
    amount = {
        "paid": pl.col("paid_part"),
        "cancelled": pl.col("cancelled_part"),
        "slipped": pl.col("slipped_part"),
        "factored": pl.when(by_factor).then("other_part").otherwise(0),
        "credits": pl.when(by_factor).then(0).otherwise("other_part"),
    }
    rest = {cause: pl.when(rest_of == cause).then("rest").otherwise(0) for cause in CAUSES}
    return {cause: (rest[cause] + amount.get(cause, pl.lit(0))).cast(pl.Int64) for cause in CAUSES}


def _within(value: str | pl.Expr, change: pl.Expr) -> pl.Expr:
    """A change of the open amount as far as the expected amount changed that way."""
    moved = pl.col(value) if isinstance(value, str) else value
    return (
        pl.when(change < 0)
        .then(pl.max_horizontal(change, pl.min_horizontal(moved, 0)))
        .otherwise(pl.min_horizontal(change, pl.max_horizontal(moved, 0)))
    )


def _part(name: str) -> pl.Expr:
    """What a change of the item's amount takes off one week, as much as the week's share of what was expected."""
    return (pl.col("before") * pl.col(name) / pl.col("whole")).round().cast(pl.Int64)
