"""Contacts: whom to write to or call at a customer."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import CUSTOMER, with_customer_id
from encours.core.base.issue import Issues
from encours.core.base.opt_outs import refused, unreadable, written

_FIELDS = fields(
    CUSTOMER
    + """
contact_name text 1.6: nom contact; nom du contact; contact; interlocuteur; contact name; ansprechpartner; contacto;
  prenom nom; full name
first_name text 1.0: prenom; first name; vorname
role text 1.4: fonction; role; service; function; job title; poste; department
email text 1.2: email; e mail; mail; courriel; adresse email; adresse mail; email address
phone text 1.0: telephone; tel; phone; telefon; mobile; portable; ligne directe; phone number
address text 0.4*: adresse; adresse 1; adresse 2; address; rue; code postal; ville; cp; postal code; city; street
language text 0.5: langue; language; sprache
opt_out text 0.5: opt out; ne pas contacter; ne pas relancer; desinscrit; optout; do not contact; no contact
"""
)
_ROLES = (
    ("accounts_payable", r"(?i)compta|account|fournisseur|payable|facturation|buchhaltung"),
    ("buyer", r"(?i)achat|buyer|purchas|einkauf"),
    ("cfo", r"(?i)\bdaf\b|\bcfo\b|financ|tr[eé]sor"),
    ("site", r"(?i)site|agence|plant|magasin"),
)

_NAME_CHANNELS = "Say yes, or name what is not wanted: email, sms, call, voice, letter."


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed)
    said = pl.col("role").fill_null("")
    role = pl.when(said == "").then(pl.lit("accounts_payable")).otherwise(said.str.to_lowercase())
    for name, pattern in reversed(_ROLES):
        role = pl.when(said.str.contains(pattern)).then(pl.lit(name)).otherwise(role)
    reachable = rows.filter(pl.any_horizontal(pl.col("email", "phone", "address", "contact_name").is_not_null()))
    if reachable.height < rows.height:
        issues.add(
            "contact_unreachable",
            f"{rows.height - reachable.height} lines have neither name nor a way to reach anyone",
            severity="info",
        )
    key = pl.coalesce(pl.col("email").str.to_lowercase(), "phone", "contact_name", pl.lit("contact"))
    contacts = reachable.select(
        "line", "customer_id", "email", "phone", "address", role=role, opt_out=_opt_outs(reachable, issues),
        name=pl.concat_str(["first_name", "contact_name"], separator=" ", ignore_nulls=True),
        contact_id=pl.format("{}:{}", "customer_id", key),
        language=pl.col("language").str.slice(0, 2).str.to_lowercase(),
    )  # fmt: skip
    once = contacts.unique("contact_id", keep="last", maintain_order=True)
    return Built({"contacts": once}, {"contacts": once.height})


def _opt_outs(rows: pl.DataFrame, issues: Issues) -> pl.Series:
    """What each contact refuses, in the one written form; of words that nobody can read an issue, and all channels."""
    for line, told in rows.filter(pl.col("opt_out").is_not_null()).select("line", "opt_out").iter_rows():
        if unreadable(told):
            issues.add(
                "opt_out_unreadable",
                f"{told!r} names no channel that is not wanted: nothing is sent to this contact",
                line=line, severity="warning", action=_NAME_CHANNELS, table="contacts",
            )  # fmt: skip
    return pl.Series([written(refused(told)) for told in rows["opt_out"]], dtype=pl.String)


KIND = Kind(
    name="contacts",
    title="Contacts",
    fields=_FIELDS,
    required=(("customer_code", "customer_name"), ("email", "phone"), ("contact_name", "role", "first_name")),
    needed=(("customer_code", "customer_name"),),
    build=_build,
    money=False,
)
