"""Customers: the master data of a ledger, with their payer, their bank accounts and their first contact."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CURRENCY, CUSTOMER, IDENTITY, clean_identity, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    CUSTOMER
    + IDENTITY
    + """
customer_kind text 0.6: type client; type de client; categorie client; nature client; customer type
language text 0.6: langue; language; sprache; code langue
segment text 0.6: segment; categorie; secteur; famille; activite; segmentation; famille client
collector text 0.8: charge de recouvrement; recouvreur; gestionnaire; collector; credit controller
sales_owner text 0.6: commercial; representant; sales rep; sales; sales owner; vendeur; salesperson
credit_limit amount 1.6: plafond; limite de credit; credit limit; encours autorise; encours maximum; encours max;
  limite; plafond de credit; kreditlimit; limite credit; plafond encours
created_on date 0.6: date creation; date de creation; created on; client depuis; date d ouverture; cree le
payer_code text 0.8: payeur; code payeur; tiers payeur; payer; bill to; code client payeur
parent_code text 0.6: groupe; maison mere; code groupe; parent; societe mere; parent account
iban text 0.6: iban; iban client; compte bancaire; bank account
email text 0.8: email; e mail; mail; courriel; adresse email; adresse mail; mail comptabilite
phone text 0.8: telephone; tel; phone; telefon; telephone fixe; mobile
contact_name text 0.6: contact; nom contact; interlocuteur; contact name; nom du contact
address text 0.6*: adresse; adresse 1; adresse 2; address; rue; code postal; ville; cp; postal code; zip; city;
  street; strasse; plz; ort
"""
    + CURRENCY
)
_PUBLIC = r"(?i)public|mairie|commune|etat|administration|collectivit"
_CONSUMER = r"(?i)particulier|consumer|b2c|privat|prive"


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed).unique("customer_id", keep="last", maintain_order=True)
    if rows.height < parsed.rows.height:
        issues.add(
            "customer_repeated",
            f"{parsed.rows.height - rows.height} lines repeat a customer; the last one counts",
            severity="info",
        )
    said = pl.col("customer_kind").fill_null("")
    kind = pl.when(said.str.contains(_PUBLIC)).then(pl.lit("public")).when(said.str.contains(_CONSUMER)).then(
        pl.lit("consumer")
    ).otherwise(pl.lit("business"))  # fmt: skip
    language = pl.col("language").str.slice(0, 2).str.to_lowercase()
    customers = rows.select(
        "line",
        "customer_id", "segment", "collector", "sales_owner", "credit_limit", "created_on",
        entity_id=pl.lit(parsed.entity), name=pl.coalesce("customer_name", "customer_code"), kind=kind,
        language=language, **clean_identity(["legal_id", "vat_id", "country"]),
    )  # fmt: skip
    tables = {
        "customers": customers,
        "customer_links": _links(parsed, rows),
        "payer_aliases": _ibans(rows),
        "contacts": _contacts(rows),
    }
    return Built(tables, {"customers": customers.height, "links": tables["customer_links"].height})


def _links(parsed: Parsed, rows: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for column, role in (("payer_code", "payer"), ("parent_code", "legal_parent")):
        other = pl.concat_str([pl.lit(f"{parsed.entity}:"), pl.col(column)])
        named = rows.filter(pl.col(column).is_not_null() & (pl.col(column) != pl.col("customer_code")))
        parts.append(named.select("customer_id", other_id=other, role=pl.lit(role)))
    links = pl.concat(parts)
    # A group's name that is no customer of the sheet is a segment, not a link.
    known = rows.select(other_id="customer_id")
    return links.join(known, on="other_id", how="semi", maintain_order="left")


def _ibans(rows: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("iban").str.replace_all(r"[\s-]", "").str.to_uppercase()
    return (
        rows.select("customer_id", kind=pl.lit("iban"), value=value, source=pl.lit("sheet"))
        .filter(pl.col("value").str.contains(r"^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$"))
        .unique(maintain_order=True)
    )


def _contacts(rows: pl.DataFrame) -> pl.DataFrame:
    reachable = rows.filter(pl.any_horizontal(pl.col("email", "phone", "address", "contact_name").is_not_null()))
    return reachable.select(
        "customer_id", "email", "phone", "address",
        contact_id=pl.format("{}:contact", "customer_id"), role=pl.lit("accounts_payable"), name="contact_name",
        language=pl.col("language").str.slice(0, 2).str.to_lowercase(),
    )  # fmt: skip


KIND = Kind(
    name="customers",
    title="Customers",
    fields=_FIELDS,
    required=(("customer_code", "customer_name"),),
    needed=(("customer_code", "customer_name"),),
    build=_build,
    money=False,
)
