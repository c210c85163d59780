"""Remittance advices and payout reports (avis de règlement): what a payer says an amount is for, line by line."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY
from encours.core.base.issue import Issues

#: Weights are low: a list of invoices or payments that another kind reads as well is that kind.
_FIELDS = fields(
    """
number text 0.4: numero facture; n facture; no facture; facture; votre facture; vos references; invoice; invoice number;
  invoice no; document number; document; n document; piece; n piece; numero piece; reference facture; reference; ref;
  belegnummer; rechnung; numero de facture; n de facture; order id; transaction
amount amount 0.4: montant paye; montant regle; net paye; montant net; net; paid amount; amount paid; payment amount;
  net amount; net payout; montant verse; zahlbetrag; montant du reglement; montant reglement
gross amount 0.3: montant brut; brut; gross; gross amount; montant facture; montant de la facture; invoice amount;
  montant ttc; montant; amount; original amount; bruttobetrag
deducted amount 0.4: escompte; deduction; deductions; montant deduit; retenue; discount; skonto; discount amount;
  commission; frais; fee; fees; abattement; remise
reason text 0.3: motif; motif deduction; reason; deduction reason; commentaire; comment; motif de la deduction
document_on date 0.3: date facture; date de facture; date piece; date document; invoice date; document date; date
customer_hint text 0.2: code client; n client; client; votre code; customer; customer number; compte client; site
"""
    + CURRENCY
)


def _build(parsed: Parsed, issues: Issues) -> Built:
    """No table: fact `advice` has the lines, for the use case that keeps advices."""
    said = parsed.headings.get("deducted", "")
    stated = pl.col("deducted").abs()
    net = pl.coalesce("amount", pl.col("gross") - stated.fill_null(0))
    # What the gross amount is more than what is paid was taken off, whether or not a column says so.
    taken = pl.coalesce(stated, pl.col("gross") - net).fill_null(0)
    rows = parsed.rows.with_columns(net=net, taken=pl.when(taken > 0).then(taken).otherwise(0))
    lines = rows.select(
        "number",
        "currency",
        "reason",
        "customer_hint",
        line="line",
        amount="net",
        deducted="taken",
        document_on=pl.col("document_on").cast(pl.String),
    ).with_columns(
        reason=pl.when(pl.col("deducted") > 0).then(pl.coalesce("reason", pl.lit(said or None, dtype=pl.String)))
    )
    if lines.height:
        text = "a remittance advice; it is followed once its money comes"
        issues.add("advice_read", text, severity="info", action="Nothing to do.")
    else:
        issues.add("no_lines", "the advice holds no line", severity="warning", action="Check the file.")
    return Built({}, {"advice": lines.to_dicts()})


KIND = Kind(
    name="advice",
    title="Remittance advice",
    fields=_FIELDS,
    required=(("number",), ("amount",), ("deducted",)),
    needed=(("amount", "gross"),),
    build=_build,
    never=r"^(solde|balance|open amount|reste a payer|debit|credit)$",
)
