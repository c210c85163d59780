"""What was sold, by month and by customer, and since when the book knows it: the denominator of DSO."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from encours.core.metrics import dso
from encours.core.metrics.sales import OWN_ITEM, SALES_KINDS, Sales, sales, window
from encours.store import bulk
from encours.store.models import FACTS, FactStamp, Setting
from encours.store.rows import fetch

#: Above this many customers their tables are read whole: cheaper than looking each up.
MANY = 2_000
_KEY = "sales_history"
#: A retention that was found here is a part of its invoice, which counts whole.
_SOLD = f"NOT (t.kind = 'retention' AND t.item_id LIKE '%%{OWN_ITEM}%%')"
_COLUMNS = {"customer_id": pl.String(), "currency": pl.String(), "sold": pl.Int64(), "days": pl.Int64()}


def no_sales() -> pl.DataFrame:
    """No customer's sales: DSO is not computable."""
    return pl.DataFrame(schema=_COLUMNS)


def history(entity_id: str) -> dict[str, Sales]:
    """Currency -> sales by month, worked out once for each state of the entity's facts."""
    stamp = FactStamp.objects.filter(entity_id=entity_id).order_by("-number").values_list("token", flat=True).first()
    kept = Setting.objects.filter(entity_id=entity_id, key=_KEY).order_by("-pk").first()
    if kept is not None and kept.value.get("stamp") == stamp:
        return {currency: _read(value) for currency, value in kept.value["sales"].items()}
    items = _by_day(entity_id)
    found = {str(key[0]): sales(rows) for key, rows in items.group_by("currency")}
    value = {"stamp": stamp, "sales": {currency: _plain(one) for currency, one in found.items()}}
    Setting.objects.update_or_create(entity_id=entity_id, key=_KEY, defaults={"value": value})
    return found


def _by_day(entity_id: str) -> pl.DataFrame:
    """Current items added up by the database: one row a kind, day and currency, settled ones (`open` 0) apart."""
    schema = {"kind": pl.String(), "currency": pl.String(), "open": pl.Int64(), "issued_on": pl.Date()}
    settled = "CASE WHEN t.open = 0 AND t.amount > 0 THEN 0 ELSE 1 END"
    return fetch(
        f"SELECT t.kind, t.currency, {settled}, MAX(t.issued_on), CAST(SUM(t.amount) AS BIGINT)"
        f" FROM {FACTS['items']._meta.db_table} t{bulk.scanned()} WHERE t.is_current AND t.entity_id = %s AND {_SOLD}"
        f" GROUP BY t.kind, t.currency, {settled}, t.issued_on",
        (entity_id,),
        {**schema, "amount": pl.Int64()},
    )


def _plain(one: Sales) -> dict[str, Any]:
    months = {month.isoformat(): amount for month, amount in one.by_month.items()}
    return {"since": one.since.isoformat() if one.since else None, "by_month": months}


def _read(value: dict[str, Any]) -> Sales:
    months = {date.fromisoformat(month): int(amount) for month, amount in value["by_month"].items()}
    return Sales(months, date.fromisoformat(value["since"]) if value["since"] else None)


def known_since(entity_id: str) -> dict[str, date]:
    """Currency -> first day since which sales are all known, as last worked out: never reads the whole book."""
    kept = Setting.objects.filter(entity_id=entity_id, key=_KEY).order_by("-pk").first()
    found = {currency: _read(value) for currency, value in kept.value["sales"].items()} if kept else history(entity_id)
    return {currency: one.since for currency, one in found.items() if one.since is not None}


def sold_by_customer(ids: pl.Series, day: date) -> pl.DataFrame:
    """Sales with tax of the DSO window (three calendar months up to `day`), where they are all known."""
    first, days = window(day)
    kinds = ", ".join(f"'{kind}'" for kind in SALES_KINDS)
    schema = {"customer_id": pl.String(), "currency": pl.String(), "entity_id": pl.String(), "sold": pl.Int64()}
    said = (
        "SELECT t.customer_id, t.currency, MAX(t.entity_id), CAST(SUM(t.amount) AS BIGINT)"
        f" FROM {FACTS['items']._meta.db_table} t {{join}}"
        f" WHERE t.is_current AND t.issued_on >= %s AND t.issued_on <= %s AND t.kind IN ({kinds}) AND {_SOLD}"
        " GROUP BY t.customer_id, t.currency"
    )
    if ids.len() > MANY:
        rows = fetch(said.format(join=bulk.scanned()), (first, day), schema).filter(
            pl.col("customer_id").is_in(ids.implode())
        )
    else:
        with bulk.keys(ids) as staged:
            join = f"JOIN {staged} k ON t.customer_id = k.key"
            rows = fetch(said.format(join=join), (first, day), schema)
    known = [
        (entity_id, currency)
        for entity_id in rows["entity_id"].unique().to_list()
        for currency, since in known_since(entity_id).items()
        if since <= first
    ]
    wanted = pl.DataFrame(known, schema={"entity_id": pl.String(), "currency": pl.String()}, orient="row")
    rows = rows.join(wanted, on=["entity_id", "currency"], how="semi")
    return rows.select("customer_id", "currency", "sold", days=pl.lit(days, dtype=pl.Int64))


def keep_dso(entity_id: str, currency: str, day: date, figures: dict[str, Any]) -> dict[str, Any]:
    """The day's figures with dso_days and dso_countback_days (none where not computable) and the month's sales."""
    kept = Setting.objects.filter(entity_id=entity_id, key=_KEY).order_by("-pk").first()
    one = _read(kept.value["sales"][currency]) if kept and currency in kept.value["sales"] else Sales({}, None)
    first, days = window(day)
    receivable = figures["outstanding"]
    simple = None
    if one.since is not None and one.since <= first:
        simple = dso.dso_simple(receivable, one.between(first, day.replace(day=1)), days)
    back = dso.dso_countback(receivable, one.months_back(day)) if one.since is not None else None
    sold = one.by_month.get(day.replace(day=1)) if one.since is not None and one.since <= day.replace(day=1) else None
    return {
        **figures,
        "dso_days": None if simple is None else round(simple, 1),
        "dso_countback_days": None if back is None else round(back, 1),
        "sales": sold,
    }
