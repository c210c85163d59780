"""Cheque-deposit slips (bordereaux de remise): each cheque is an instrument presented under the slip's number."""

from __future__ import annotations

import polars as pl

from encours.connectors.base.instruments import told_events
from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, customers_of, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    CUSTOMER
    + """
cheque_no text 2.4: numero cheque; n cheque; no cheque; numero de cheque; n de cheque; cheque; cheque number; cheque no;
  check number; schecknummer
drawer text 1.6: tireur; emetteur; drawer; nom du tireur; emetteur du cheque; nom tireur
drawer_bank text 0.6: banque; banque tiree; bank; banque tireur
deposited_on date 1.4: date remise; date de remise; date depot; date de depot; deposit date; deposited on; date
amount amount 1.4: montant; amount; montant cheque; montant du cheque; betrag; importe
batch_id text 1.8: numero remise; n remise; numero de remise; bordereau; n bordereau; numero bordereau; remise; slip;
  slip number; deposit slip; n de remise
number text 0.6: numero facture; n facture; facture; invoice; reference; ref
"""
    + CURRENCY
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    named = parsed.rows.with_columns(customer_name=pl.coalesce("customer_name", "drawer"))
    rows = with_customer_id(Parsed(named, parsed.mapping, parsed.entity, parsed.as_of, parsed.name, parsed.headings))
    slip = pl.coalesce("batch_id", pl.lit(parsed.name.rsplit(".", 1)[0]))
    cheques = rows.select(
        "line",
        "customer_id",
        "amount",
        "currency",
        instrument_id=pl.format("{}:cheque:{}:{}", pl.lit(parsed.entity), slip, "cheque_no"),
        kind=pl.lit("cheque"),
        due_on="deposited_on",
        state=pl.lit("presented"),
        state_on="deposited_on",
        batch_id=slip,
    ).unique("instrument_id", keep="last", maintain_order=True)
    # What the slip says a cheque is for: matching reads the numbers out of it.
    quoting = rows.select(
        "customer_id",
        "number",
        state_on="deposited_on",
        instrument_id=pl.format("{}:cheque:{}:{}", pl.lit(parsed.entity), slip, "cheque_no"),
    ).unique("instrument_id", keep="last", maintain_order=True)
    totals = cheques.group_by("batch_id", "currency", maintain_order=True).agg(pl.len(), pl.col("amount").sum())
    if cheques.height < rows.height:
        issues.add(
            "cheque_repeated", f"{rows.height - cheques.height} cheques stand twice on a slip", severity="warning"
        )
    facts: dict[str, object] = {
        "cheques": cheques.height,
        "slips": [
            {"slip": slip_id, "currency": currency, "cheques": count, "amount_minor": amount}
            for slip_id, currency, count, amount in totals.iter_rows()
        ],
    }
    tables = {
        "customers": customers_of(rows, parsed.entity),
        "instruments": cheques,
        "events": told_events(quoting, "instrument", "number"),
    }
    return Built(tables, facts)


KIND = Kind(
    name="cheque_deposit",
    title="Cheque-deposit slip",
    fields=_FIELDS,
    required=(("cheque_no",), ("amount",), ("drawer", "customer_code", "customer_name")),
    needed=(("cheque_no",), ("amount",), ("drawer", "customer_code", "customer_name"), ("deposited_on",)),
    build=_build,
    total_field="amount",
)
