"""Headings and rows that several kinds share: customers, currencies, ids."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from encours.connectors.sheet.kind import Parsed

CUSTOMER = """
customer_code text 1.2: code client; compte client; numero client; n client; no client; compte auxiliaire;
  code tiers; client id; id client; customer id; customer number; customer code; customer no; compte tiers;
  auxiliaire; comp aux num; kundennummer; debitor; numero de client; n de client; ref client; customer account;
  customer; ~account; ~compte; ~tiers; client; codigo cliente; cliente; sold to
customer_name text 1.2: nom client; nom du client; client nom; raison sociale; customer name; client; ~nom;
  ~name; ~intitule; intitule compte; libelle compte; libelle client; nom du tiers; ~tiers; customer; kunde;
  name 1; denomination; societe; company; company name; ~nombre; nombre cliente; ~account name; comp aux lib
"""
#: The same where a factor, an insurer or a platform writes: its own code of the debtor is none of ours.
DEBTOR = (
    CUSTOMER.rstrip()
    + """; debiteur; nom du debiteur; nom debiteur; acheteur; nom acheteur; nom de l acheteur; debtor; debtor name;
  buyer; buyer name
legal_id text 0.8: siren; siret; n siren; n siret; siren acheteur; siren client; siren debiteur; siren de l acheteur;
  legal id; registration number
"""
)
#: The number of the invoice that a line is about.
INVOICE = """
number text 1.6: numero facture; n facture; no facture; numero de facture; n de facture; num facture; facture;
  invoice number; invoice no; invoice; reference facture; ref facture; numero piece; n piece; document number;
  ~numero; ~number; ~reference
"""
IDENTITY = """
legal_id text 0.8: siren; siret; n siren; n siret; legal id; registration number; siren siret; nif; cif
vat_id text 0.8: tva intracommunautaire; n tva; tva intra; vat number; vat; vat id; numero de tva;
  n tva intracommunautaire; ust id; identifiant tva
country text 0.5: pays; country; code pays; land; pais; country code
"""
CURRENCY = """
currency currency 0.6: devise; currency; ccy; code devise; monnaie; document currency; currency code; wahrung;
  waehrung; whrung; moneda; divisa; devise de la piece; local currency; devise facture; dev
"""
SIGN = """
sign sign 0.8: sens; dc; d c; debit credit; sens ecriture; transaction type; type mouvement; soll haben; cr dr;
  c d; debe haber; signe; direction
"""

_COUNTRIES = {
    "FRANCE": "FR", "BELGIQUE": "BE", "BELGIUM": "BE", "ALLEMAGNE": "DE", "GERMANY": "DE", "ESPAGNE": "ES",
    "SPAIN": "ES", "ITALIE": "IT", "ITALY": "IT", "SUISSE": "CH", "LUXEMBOURG": "LU", "PAYS-BAS": "NL",
}  # fmt: skip


def customer_key(code: pl.Expr, name: pl.Expr) -> pl.Expr:
    """What identifies the customer in the source: the code, else the name in upper case without odd characters."""
    slug = name.str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", "-").str.strip_chars("-")
    return pl.coalesce(code.str.replace(r"\.0$", ""), slug)


def with_customer_id(parsed: Parsed) -> pl.DataFrame:
    """The rows with `customer_id` (`<entity>:<code>`, null where neither code nor name stands in the row)."""
    key = customer_key(pl.col("customer_code"), pl.col("customer_name"))
    return parsed.rows.with_columns(customer_id=pl.concat_str([pl.lit(f"{parsed.entity}:"), key]))


def customers_of(rows: pl.DataFrame, entity: str) -> pl.DataFrame:
    """One customer for each id of rows that bear customer_id; the last line's identity wins.

    A customer is a business unless the sheet says otherwise: its kind is not in an item list.
    """
    columns = [name for name in ("legal_id", "vat_id", "country") if name in rows.columns]
    known = rows.filter(pl.col("customer_id").is_not_null()).with_columns(
        name=pl.coalesce("customer_name", "customer_code")
    )
    merged = known.group_by("customer_id", maintain_order=True).agg(
        pl.col("name").drop_nulls().last(), *(pl.col(name).drop_nulls().last() for name in columns)
    )
    return merged.with_columns(entity_id=pl.lit(entity), kind=pl.lit("business"), **clean_identity(columns))


def clean_identity(columns: Sequence[str]) -> dict[str, pl.Expr]:
    """Identity columns in one spelling: SIREN of a SIRET, VAT id without blanks, country as two letters."""
    cleaned = {}
    if "legal_id" in columns:
        digits = pl.col("legal_id").str.replace_all(r"[^0-9A-Za-z]", "")
        cleaned["legal_id"] = pl.when(digits.str.contains(r"^\d{14}$")).then(digits.str.slice(0, 9)).otherwise(digits)
    if "vat_id" in columns:
        cleaned["vat_id"] = pl.col("vat_id").str.replace_all(r"[\s.-]", "").str.to_uppercase()
    if "country" in columns:
        code = pl.col("country").str.strip_chars().str.to_uppercase()
        cleaned["country"] = (
            pl.when(code.str.contains(r"^[A-Z]{2}$"))
            .then(code)
            .otherwise(code.replace_strict(_COUNTRIES, default=None, return_dtype=pl.String))
        )
    return cleaned
