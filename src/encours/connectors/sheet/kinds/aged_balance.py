"""Aged balance: one line a customer with amounts by delay. It carries no invoices: it is a control, not a source."""

from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, IDENTITY, customers_of, with_customer_id
from encours.core.base.issue import Issues

#: Buckets in reading order; a sheet with more than ten is not an aged balance.
BUCKETS = tuple(f"bucket_{place:02}" for place in range(1, 11))
_RANGE = (
    r"(?:de )?\d{1,3} (?:a|to|bis|j|jours?|days)? ?\d{1,3}|[<>+] ?\d{1,3}|\d{1,3} ?\+|plus de \d{1,3}|over \d{1,3}"
    r"|d\d{1,3} (?:\d{1,3}|plus)"
)

_FIELDS = fields(
    CUSTOMER
    + IDENTITY
    + """
total amount 1.4: total; solde; balance; encours; total du; solde total; total general; montant total; total ttc;
  solde restant; total outstanding; saldo; gesamt; total eur; reste du; outstanding
not_due amount 2.0: non echu; not due; a echoir; non echue; current; not yet due; nicht fallig;
  encours non echu; no vencido
overdue amount 0.6: echu; total echu; overdue; total overdue; past due; retard; vencido; fallig
unapplied amount 0.8: non affecte; avances; acomptes; unapplied; credits; avoirs; reglements non affectes; on account
"""
    + "".join(f"{name} amount 1.6: /^(?:echu )?(?:{_RANGE})(?: j| jours| days| tage)?$/\n" for name in BUCKETS)
    + CURRENCY
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed).with_columns(total=_total())
    customers = customers_of(rows, parsed.entity)
    controls = {
        name: dict(rows.group_by("currency").agg(pl.col(name).sum()).sort("currency").iter_rows())
        for name in ("total", "not_due", "overdue", "unapplied", *BUCKETS)
        if rows[name].null_count() < rows.height
    }
    named = {parsed.headings.get(name, name): sums for name, sums in controls.items()}
    _check_rows(rows, issues)
    facts: dict[str, object] = {
        "customers": customers.height,
        "control_minor_by_column": named,
        "balance_minor_by_currency": controls.get("total", {}),
        "snapshot_on": parsed.as_of.isoformat() if parsed.as_of else None,
        "to": parsed.as_of.isoformat() if parsed.as_of else None,
        "mode": "control",
    }
    tables = {"customers": customers}
    if parsed.mapping.opening_items:
        tables["items"] = _opening_items(parsed, rows, issues)
    else:
        issues.add(
            "aged_balance_has_no_items",
            "an aged balance names no invoices: its customers are read and its totals kept as a control",
            severity="info",
            action="Import the open items; or ask for opening items, one a bucket, in the mapping.",
        )
    return Built(tables, facts)


def _total() -> pl.Expr:
    parts = [pl.col(name) for name in ("not_due", "unapplied", *BUCKETS)]
    summed = pl.sum_horizontal(part.fill_null(0) for part in parts)
    anything = pl.any_horizontal(part.is_not_null() for part in parts)
    # Without buckets nor a total, what is overdue is all there is.
    return pl.coalesce("total", pl.when(anything).then(summed), "overdue")


def _check_rows(rows: pl.DataFrame, issues: Issues) -> None:
    """A line whose buckets do not make its total is said: the sheet was edited, or a bucket column is not mapped."""
    parts = ["not_due", "unapplied", *BUCKETS]
    mapped = [name for name in parts if rows[name].null_count() < rows.height]
    if not any(name in BUCKETS for name in mapped) or rows["total"].null_count() == rows.height:
        return
    off = rows.filter(pl.sum_horizontal(pl.col(name).fill_null(0) for name in mapped) != pl.col("total"))
    if off.height:
        issues.add(
            "buckets_differ",
            f"on {off.height} lines the buckets do not sum to the total",
            line=off["line"][0],
            severity="warning",
            action="Map every bucket column, or compare the sheet with its source.",
        )


def _opening_items(parsed: Parsed, rows: pl.DataFrame, issues: Issues) -> pl.DataFrame:
    """One item of kind `opening` a customer and bucket, due in the bucket's middle: an estimate, and said to be one."""
    day = parsed.as_of
    if day is None:
        issues.add("day_missing", "nothing says on which day the balance stands", action="Give as_of in the mapping.")
        return pl.DataFrame(schema={"item_id": pl.String()})
    parts = []
    for name in ("not_due", *BUCKETS):
        heading = parsed.headings.get(name)
        if heading is None:
            continue
        due = day - timedelta(days=0 if name == "not_due" else bucket_middle(heading))
        found = rows.filter(pl.col(name).fill_null(0) != 0)
        parts.append(_bucket_items(parsed, found, name, heading, day, due))
    issues.add(
        "opening_items_estimated",
        "each bucket became one opening item; due dates are the middle of the bucket, not facts",
        severity="warning",
        action="Replace them by the open items when you have them.",
    )
    return pl.concat(parts) if parts else pl.DataFrame(schema={"item_id": pl.String()})


def _bucket_items(parsed: Parsed, rows: pl.DataFrame, name: str, heading: str, day: date, due: date) -> pl.DataFrame:
    return rows.select(
        "line",
        "customer_id",
        "currency",
        item_id=pl.format("{}:opening:{}:{}", "customer_id", pl.lit(day.isoformat()), pl.lit(name)),
        entity_id=pl.lit(parsed.entity),
        number=pl.format("OUVERTURE {}", pl.lit(heading)),
        kind=pl.lit("opening"),
        issued_on=pl.lit(min(due, day)),
        due_on=pl.lit(due),
        amount=pl.col(name),
        label=pl.lit(f"balance âgée au {day:%d/%m/%Y}, {heading}"),
        posted_on=pl.lit(day),
    )


def bucket_middle(heading: str) -> int:
    """Days overdue in the middle of a bucket: `31-60` 45, `> 90` 105 (half a month beyond its edge)."""
    days = [int(number) for number in re.findall(r"\d+", heading)]
    if len(days) >= 2:
        return (days[0] + days[1]) // 2
    if days and "<" in heading:
        return days[0] // 2
    return days[0] + 15 if days else 15


KIND = Kind(
    name="aged_balance",
    title="Aged balance",
    fields=_FIELDS,
    required=(("customer_code", "customer_name"), ("total", "bucket_01", "not_due")),
    needed=(("customer_code", "customer_name"),),
    build=_build,
    total_field="total",
)
