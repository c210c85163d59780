"""Orders: what customers ordered and was not invoiced yet; part of their exposure."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, customers_of, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    CUSTOMER
    + """
order_no text 2.4: numero commande; n commande; no commande; numero de commande; n de commande; commande; order number;
  order no; order id; sales order; order; auftragsnummer; auftrag; pedido; numero pedido; bon de commande
ordered_on date 1.6: date commande; date de commande; order date; ordered on; auftragsdatum; fecha pedido; date
amount amount 1.4: montant ttc; montant commande; reste a facturer; total ttc; order amount; order total; montant;
  amount; total; open order amount; montant restant; betrag; importe
status text 0.8: statut; etat; status; state; etat commande; order status
invoice_on date 1.0: date facturation prevue; date de facturation; facturation prevue; expected invoice date;
  invoice on; date livraison; date de livraison; delivery date
margin amount 0.6: marge; margin; marge brute
"""
    + CURRENCY
)
_STATES = (
    ("cancelled", r"(?i)annul|cancel|storn"),
    ("invoiced", r"(?i)factur[eé]|invoiced|billed|sold[eé]|clos"),
    ("blocked", r"(?i)bloqu|block|hold|gesperrt|attente"),
    ("released", r"(?i)lib[eé]r|d[eé]bloqu|released"),
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed)
    status = pl.lit("open")
    for name, pattern in reversed(_STATES):
        status = pl.when(pl.col("status").str.contains(pattern).fill_null(False)).then(pl.lit(name)).otherwise(status)
    # Not `à facturer`, which contains the word and means the contrary.
    to_invoice = pl.col("status").str.contains(r"(?i)[àa] facturer|non factur|partiel").fill_null(False)
    lines = rows.select(
        "line", "customer_id", "currency", "amount", "margin", "invoice_on", "ordered_on",
        order_id=pl.format("{}:order:{}", pl.lit(parsed.entity), "order_no"), entity_id=pl.lit(parsed.entity),
        status=pl.when(to_invoice).then(pl.lit("open")).otherwise(status),
    )  # fmt: skip
    orders = lines.group_by("order_id", maintain_order=True).agg(
        pl.col("line", "customer_id", "entity_id", "currency", "status", "invoice_on", "ordered_on").first(),
        pl.col("amount", "margin").sum(),
    )
    if orders.height < lines.height:
        issues.add(
            "order_lines_summed", f"{lines.height} lines became {orders.height} orders by their number", severity="info"
        )
    customers = customers_of(rows, parsed.entity)
    return Built({"customers": customers, "orders": orders}, {"orders": orders.height, "customers": customers.height})


KIND = Kind(
    name="orders",
    title="Orders",
    fields=_FIELDS,
    required=(("order_no",), ("amount",), ("customer_code", "customer_name"), ("ordered_on",)),
    needed=(("order_no",), ("amount",), ("customer_code", "customer_name"), ("ordered_on",)),
    build=_build,
    total_field="amount",
)
