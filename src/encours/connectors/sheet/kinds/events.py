"""Events of invoices and customers: sold, refused by a platform, due at an insurer's, insolvent; one line an event."""

from __future__ import annotations

import re

import polars as pl

from encours.connectors.sheet.event_words import Meaning, meaning_of
from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import DEBTOR, clean_identity, with_customer_id
from encours.connectors.sheet.mapping import normal_heading
from encours.core.base.issue import Issues

_FIELDS = fields(
    DEBTOR
    + """
number text 1.2: numero facture; n facture; no facture; numero de facture; n de facture; num facture; facture;
  invoice number; invoice no; invoice; reference facture; ref facture; ~numero; ~number; ~reference
event text 3.4: evenement; event; type evenement; type d evenement; nature de l evenement; nature evenement; event type;
  statut e facture; statut efacture; statut facture electronique; statut de la facture electronique;
  statut cycle de vie; code statut; code du statut; cycle de vie; lifecycle status; e invoice status; einvoice status;
  status code; procedure; type de procedure; nature de la procedure; procedure collective; ~statut; ~status
status_label text 0.4: libelle statut; libelle du statut; status label; libelle evenement
on date 2.0: date evenement; date de l evenement; date statut; date du statut; date de statut; event date; status date;
  horodatage; horodatage statut; date jugement; date du jugement; date d effet; effective date; ~date
detail text 0.5: motif; motif du statut; libelle motif; detail; details; precision; commentaire; reason; comment;
  factor; affactureur; assureur; organisme; insurer; tribunal
"""
)
_PLATFORM = re.compile(r"statut|status|cycle|lifecycle")
_SAY = "Write one of the words that the guide lists, such as « cédée », « échéance assureur » or « 210 Refusée »."
_NUMBER = "Give the number of the invoice."


def _build(parsed: Parsed, issues: Issues) -> Built:
    of_platform = bool(_PLATFORM.search(normal_heading(parsed.headings.get("event"))))
    rows = with_customer_id(parsed).with_columns(
        said=_said(), entity_id=pl.lit(parsed.entity), **clean_identity(["legal_id"])
    )
    told = []
    for line, number, said in rows.select("line", "number", "said").iter_rows():
        meaning = meaning_of(said, of_platform)
        quoted = repr(said[:60])
        if meaning is None:
            issues.add("event_unknown", f"{quoted} is no event that is known", line=line, action=_SAY, table="events")
        elif meaning.about == "item" and number is None:
            message = f"{quoted} is of an invoice, and the line names none"
            issues.add("event_without_invoice", message, line=line, action=_NUMBER, table="events")
        else:
            told.append((line, _about(meaning, number), meaning.kind, meaning.value))
    schema = {"line": pl.Int64(), "about": pl.String(), "kind": pl.String(), "value": pl.String()}
    found = pl.DataFrame(told, schema=schema, orient="row")
    named = found.join(rows, on="line", how="left", maintain_order="left")
    return Built({}, {"events": named.height}, named)


def _said() -> pl.Expr:
    """The event; a bare code with the label beside it, which must be the code's own."""
    code = pl.col("event").str.contains(r"^\d{3}$") & pl.col("status_label").is_not_null()
    both = pl.concat_str(["event", "status_label"], separator=" ")
    return pl.when(code).then(both).otherwise(pl.coalesce("event", "status_label"))


def _about(meaning: Meaning, number: str | None) -> str:
    if meaning.about == "either":
        return "customer" if number is None else "item"
    return meaning.about


KIND = Kind(
    name="events",
    title="Events",
    fields=_FIELDS,
    required=(("event",), ("on",), ("number", "customer_code", "customer_name", "legal_id")),
    needed=(("event", "status_label"), ("on",), ("number", "customer_code", "customer_name", "legal_id")),
    build=_build,
    money=False,
    never=r"^(solde|balance|open amount|outstanding|reste du|reste a payer|debit|credit|numero commande|n commande|"
    r"order number|order no)$",
)
