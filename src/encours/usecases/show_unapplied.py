"""Unapplied cash by age, per entity: what stands on an account, what nobody knows, advances apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import polars as pl

from encours.core.metrics.unapplied import LIMITS, definition, unapplied_ageing
from encours.store.models import Decision, Entity, NotCustomer, Receipt
from encours.usecases import clock
from encours.usecases.past_receipts import free_receipts
from encours.usecases.viewing import Viewing

_SCHEMA = {
    "receipt_id": pl.String(),
    "entity_id": pl.String(),
    "currency": pl.String(),
    "booked_on": pl.Date(),
    "unapplied": pl.Int64(),
    "customer_id": pl.String(),
}
_ADVANCES = "4191"


@dataclass(frozen=True)
class UnappliedRow:
    """One group of one entity and currency. Amounts in minor units; `buckets`: (count, amount) by age, youngest first.

    `group`: advance, customer (on its account), unknown (nobody's yet), returned (negative), not_customer (marked).
    """

    entity_id: str
    entity_name: str
    currency: str
    group: str
    count: int
    amount: int
    oldest_on: date
    buckets: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class UnappliedPage:
    """The rows by entity and currency, the days at which buckets end (the last has no end), and what is counted."""

    rows: tuple[UnappliedRow, ...]
    limits: tuple[int, ...]
    definition_en: str
    definition_fr: str


def show_unapplied(viewing: Viewing, limits: tuple[int, ...] = LIMITS) -> UnappliedPage:
    """Unapplied money of the entities on the viewing's day, as far as the actor may see."""
    marked = NotCustomer.objects.filter(entity_id__in=viewing.entity_ids).values_list("receipt_id", flat=True)
    advances = _advances(viewing)
    rows = _receipts(viewing).with_columns(
        is_advance=pl.col("receipt_id").is_in(advances.implode()) | pl.col("on_advances"),
        is_marked=pl.col("receipt_id").is_in(pl.Series(list(marked), dtype=pl.String).implode()),
    )
    aged = unapplied_ageing(rows, viewing.day, limits)
    names = dict(Entity.objects.filter(pk__in=viewing.entity_ids).values_list("pk", "name"))
    found = tuple(
        UnappliedRow(
            row["entity_id"],
            names.get(row["entity_id"], row["entity_id"]),
            row["currency"],
            row["group"],
            row["count"],
            row["amount"],
            row["oldest_on"],
            tuple((row[f"count_{n}"], row[f"amount_{n}"]) for n in range(len(limits) + 1)),
        )
        for row in aged.iter_rows(named=True)
    )
    return UnappliedPage(found, limits, definition("en"), definition("fr"))


def _receipts(viewing: Viewing) -> pl.DataFrame:
    """_SCHEMA and on_advances: what the ledger says stands on 4191."""
    if viewing.is_past:
        free = free_receipts(viewing)
        return free.select(*_SCHEMA).with_columns(on_advances=pl.lit(False))
    rows = viewing.facts(Receipt).exclude(unapplied=0).exclude(kind="out")
    values = list(rows.values_list(*_SCHEMA, "ledger_account"))
    frame = pl.DataFrame(values, schema=_SCHEMA | {"ledger_account": pl.String()}, orient="row")
    on_advances = pl.col("ledger_account").fill_null("").str.starts_with(_ADVANCES)
    return frame.select(*_SCHEMA, on_advances=on_advances)


def _advances(viewing: Viewing) -> pl.Series:
    """Receipts that stood on an account by a person's decision at the end of the day."""
    end = datetime.combine(viewing.day + timedelta(days=1), time.min, clock.ZONE)
    rows = viewing.rows(Decision).filter(act="book_advance", decided_at__lt=end)
    standing = rows.exclude(undone_by__decided_at__lt=end)
    return pl.Series(list(standing.values_list("subject_id", flat=True)), dtype=pl.String)
