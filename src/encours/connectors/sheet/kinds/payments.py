"""Payments: what an ERP lists as received from customers; one ledger receipt a line."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, customers_of, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    CUSTOMER
    + """
paid_on date 1.6: date reglement; date de reglement; date paiement; date de paiement; payment date; paid on;
  date encaissement; date d encaissement; zahlungsdatum; fecha pago; date; date piece
value_on date 0.4: date valeur; date de valeur; value date
amount amount 1.4: montant regle; montant paye; montant reglement; montant encaisse; payment amount; amount paid;
  paid amount; montant; amount; betrag; importe; montant du reglement
number text 0.8: numero facture; n facture; facture; invoice; invoice number; invoice no; factures; invoices;
  reference facture; factures reglees; piece lettree
method text 0.9: mode de reglement; mode reglement; mode de paiement; moyen de paiement; payment method; method; mode;
  type reglement; zahlungsart
payment_id text 1.4: paiement id; reglement id; payment id; numero reglement; n reglement; payment number; payment no;
  numero de reglement; id paiement; n paiement; reference reglement; reference paiement; payment reference
remittance text 0.6*: libelle; reference; label; description; commentaire; communication; memo; text
account text 0.5: banque; compte banque; bank account; bank; journal; compte bancaire; journal de banque
"""
    + CURRENCY
)
_METHODS = (
    ("cheque", r"(?i)ch[eè]que|\bchq|check"),
    ("direct_debit", r"(?i)pr[eé]l[eè]v|direct debit|sdd|lastschrift"),
    ("draft", r"(?i)\blcr\b|\bbor\b|effet|traite|draft"),
    ("card", r"(?i)\bcb\b|carte|card"),
    ("cash", r"(?i)esp[eè]ces|cash|bar\b"),
    ("transfer", r"(?i)vir|transfer|sepa|überweisung"),
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed)
    method = pl.lit("other")
    for name, pattern in reversed(_METHODS):
        method = pl.when(pl.col("method").str.contains(pattern).fill_null(False)).then(pl.lit(name)).otherwise(method)
    kind = pl.when(pl.col("amount") < 0).then(pl.lit("return")).otherwise(method)
    identified = rows.filter(pl.col("payment_id").is_not_null())
    if identified.height < rows.height:
        issues.add(
            "payment_id_missing",
            f"{rows.height - identified.height} payments bear no number; day, customer and amount name them",
            severity="info",
        )
    plain = pl.concat_str(
        [pl.col("customer_id"), pl.col("paid_on").cast(pl.String), pl.col("amount").cast(pl.String)], separator=":"
    )
    keyed = rows.with_columns(key=pl.coalesce(pl.format("{}:payment:{}", pl.lit(parsed.entity), "payment_id"), plain))
    twin = pl.col("key").cum_count().over("key")
    receipts = keyed.select(
        "line",
        "customer_id",
        "amount",
        "currency",
        "value_on",
        receipt_id=pl.when(twin > 1).then(pl.format("{}:{}", "key", twin)).otherwise("key"),
        entity_id=pl.lit(parsed.entity),
        account=pl.coalesce("account", pl.lit(parsed.mapping.account, dtype=pl.String), pl.lit("ledger")),
        booked_on="paid_on",
        kind=kind,
        origin=pl.lit("ledger"),
        payer_name="customer_name",
        remittance=pl.concat_str(["remittance", "number", "payment_id"], separator=" ", ignore_nulls=True),
    )
    customers = customers_of(rows, parsed.entity)
    return Built(
        {"customers": customers, "receipts": receipts}, {"receipts": receipts.height, "customers": customers.height}
    )


KIND = Kind(
    name="payments",
    title="Customer payments",
    fields=_FIELDS,
    required=(("customer_code", "customer_name"), ("amount",), ("paid_on", "payment_id", "method")),
    needed=(("customer_code", "customer_name"), ("amount",), ("paid_on",)),
    build=_build,
    total_field="amount",
)
