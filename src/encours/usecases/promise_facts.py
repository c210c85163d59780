"""What promises are judged by: what was settled of their items, what waits to be applied, how far the bank reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Max

from encours.core.base.groups import payers
from encours.core.base.promises import (
    MONEY_SCHEMA,
    PROMISED_SCHEMA,
    REACH_DAYS,
    SETTLED_SCHEMA,
    banked_on,
    judge,
)
from encours.store import frames
from encours.store.models import Allocation, Import, Item, PromiseResult, Receipt, Statement


def verdicts(
    entity_id: str, rows: Sequence[PromiseResult], as_of: date, *, late: bool = False
) -> dict[str, dict[str, Any]]:
    """Promise -> its verdict (`core.base.promises`). `late`: whether what was promised is settled by today, whenever
    that was; money that waits to be applied settles nothing yet."""
    customers = sorted({row.customer_id for row in rows})
    pays = _payers(customers)
    promised = pl.DataFrame(
        [
            {name: getattr(row, name) for name in PROMISED_SCHEMA if name not in ("payer", "held_until")}
            | {"payer": pays.get(row.customer_id, row.customer_id)}
            | {"held_until": max(row.held_until, as_of) if late else row.held_until}
            for row in rows
        ],
        schema=PROMISED_SCHEMA,
    )
    items = _named_items(customers, rows)
    money = pl.DataFrame(schema=MONEY_SCHEMA) if late else _money(entity_id, pays, as_of)
    open_amounts = {item_id: row.open for item_id, row in items.items()}
    banked = None if late else _banked_on(entity_id, as_of)
    found = judge(promised, open_amounts, _settled(items, as_of), money, as_of, banked)
    return {str(row["promise_id"]): row for row in found.iter_rows(named=True)}


def _named_items(customers: Sequence[str], rows: Sequence[PromiseResult]) -> dict[str, Item]:
    """The items that promises name; of a promise that names none, all of its customer."""
    named = {row.item_id for row in rows if row.item_id is not None}
    whole = {row.customer_id for row in rows if row.item_id is None}
    found = {row.item_id: row for row in Item.objects.filter(item_id__in=named, is_current=True)}
    for row in Item.objects.filter(customer_id__in=whole, is_current=True):
        found[row.item_id] = row
    return found


def _settled(items: dict[str, Item], as_of: date) -> pl.DataFrame:
    """SETTLED_SCHEMA: what settled the items, on the day its money was booked, else on its accounting date."""
    standing = Allocation.objects.filter(item_id__in=list(items), is_current=True, reversed_on__isnull=True)
    columns = ("allocation_id", "item_id", "amount", "allocated_on", "receipt_id")
    lines = list(standing.filter(allocated_on__lte=as_of).values_list(*columns))
    receipts = {line[4] for line in lines if line[4] is not None}
    booked = dict(
        Receipt.objects.filter(receipt_id__in=receipts, is_current=True).values_list("receipt_id", "booked_on")
    )
    told = [
        (proof, item_id, items[item_id].customer_id, booked.get(receipt or "", on), amount)
        for proof, item_id, amount, on, receipt in lines
    ]
    return pl.DataFrame(told, schema=SETTLED_SCHEMA, orient="row")


def _payers(customers: Sequence[str]) -> dict[str, str]:
    links = frames.versions(
        "customer_links", pl.Series(customers, dtype=pl.String), ["customer_id", "other_id", "role"], current=True
    )
    found, _ = payers(pl.DataFrame({"customer_id": customers}), links)
    return dict(found.select("customer_id", "payer_id").iter_rows())


def _money(entity_id: str, pays: dict[str, str], as_of: date) -> pl.DataFrame:
    """MONEY_SCHEMA: what these customers and their payers sent and nobody applied yet."""
    who = {**pays, **{payer: payer for payer in pays.values()}}
    loose = Receipt.objects.filter(
        entity_id=entity_id, customer_id__in=list(who), is_current=True, unapplied__gt=0, booked_on__lte=as_of
    )
    rows = loose.values_list("receipt_id", "customer_id", "currency", "booked_on", "unapplied")
    told = [(proof, who[customer], currency, on, amount) for proof, customer, currency, on, amount in rows]
    return pl.DataFrame(told, schema=MONEY_SCHEMA, orient="row")


def _banked_on(entity_id: str, as_of: date) -> date | None:
    """How far money is known (`core.base.promises.banked_on`); where there is none, the last import's day."""
    mine = Receipt.objects.filter(entity_id=entity_id, is_current=True, booked_on__lte=as_of)
    lately = mine.filter(booked_on__gte=as_of - timedelta(days=REACH_DAYS))
    last = lately.values("origin", "account").annotate(on=Max("booked_on")).values_list("origin", "account", "on")
    told = Statement.objects.filter(entity_id=entity_id, is_current=True, to_on__lte=as_of)
    stated = told.values("account").annotate(on=Max("to_on")).values_list("account", "on")
    names = {"origin": pl.String(), "account": pl.String(), "on": pl.Date()}
    reach = banked_on(
        pl.DataFrame(list(last), schema=names, orient="row"),
        pl.DataFrame(list(stated), schema={name: names[name] for name in ("account", "on")}, orient="row"),
    )
    if reach is not None:
        return reach
    newest = Import.objects.filter(entity_id=entity_id).order_by("-received_at").first()
    return None if newest is None else min(newest.received_at.date(), as_of)
