"""What became of the customers of an entity's experiments: their units beside the payments that came."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.book import Book
from encours.core.base.invariants import MONEY_PARTS
from encours.core.base.money import exponent
from encours.core.dunning.experiment import UNITS
from encours.store.models import DunningExperiment, ExperimentUnit


def units_of(entity_id: str, book: Book, day: date) -> list[tuple[pl.DataFrame, int]]:
    """(UNITS, days) of each experiment of an entity, as known at the end of `day`. `book` with all its versions."""
    closed = _closed(book.as_of(day))
    running = DunningExperiment.objects.filter(entity_id=entity_id).order_by("code")
    return [(_units(experiment, closed), experiment.days) for experiment in running]


def units_of_experiment(experiment: DunningExperiment, book: Book, day: date) -> pl.DataFrame:
    """UNITS of one experiment."""
    return _units(experiment, _closed(book.as_of(day)))


def _closed(known: Book) -> pl.DataFrame:
    """item_id, closed_on (null while it is open), money (paid, not credited or written off)."""
    letters = known.allocations.filter(pl.col("reversed_on").is_null()).group_by("item_id").agg(
        last=pl.col("allocated_on").max(), money=pl.col("kind").is_in(MONEY_PARTS).any()
    )  # fmt: skip
    rows = known.open_items().join(letters, on="item_id", how="left")
    return rows.select(
        "item_id", closed_on=pl.when(pl.col("open") <= 0).then("last"), money=pl.col("money").fill_null(False)
    )


def _units(experiment: DunningExperiment, closed: pl.DataFrame) -> pl.DataFrame:
    """A unit is paid when the last of its items is; one of which an item was settled without money leaves that day."""
    names = ("pk", "customer_id", "arm", "entered_on", "channel", "level", "profile", "currency", "amount", "items")
    rows = ExperimentUnit.objects.filter(experiment=experiment).order_by("pk").values(*names)
    told = [
        {**row, "level": int(row["level"] or 1), "amount": row["amount"] / 10 ** exponent(row["currency"])}
        for row in rows
    ]
    schema = {"pk": pl.Int64(), **UNITS, "items": pl.List(pl.String())}
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in told], schema=schema)
    items = frame.select("pk", item_id="items").explode("item_id", empty_as_null=True)
    ends = items.join(closed, on="item_id", how="left").group_by("pk").agg(
        whole=pl.col("closed_on").is_not_null().all(),
        last=pl.col("closed_on").max(),
        money=pl.col("money").fill_null(True).all(),
        gone=pl.col("closed_on").filter(~pl.col("money")).min(),
    )  # fmt: skip
    frame = frame.drop("paid_on", "left_on").join(ends, on="pk", how="left", maintain_order="left")
    paid = pl.col("whole") & pl.col("money")
    return frame.with_columns(paid_on=pl.when(paid).then("last"), left_on=pl.when(~paid).then("gone")).select(*UNITS)
