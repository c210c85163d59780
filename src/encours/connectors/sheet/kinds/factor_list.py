"""A factor's list of the invoices sold to it (bordereau de cession, quittance subrogative): one line an invoice."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import DEBTOR, INVOICE, clean_identity, with_customer_id
from encours.connectors.sheet.mapping import normal_heading
from encours.core.base.issue import Issues

_FIELDS = fields(
    DEBTOR
    + INVOICE
    + """
assigned_on date 5.0: date de cession; date cession; date de la cession; date de remise au factor; date remise factor;
  date de subrogation; date subrogation; date de quittance; date quittance; date de la quittance; date d achat;
  date achat factor; assignment date; assigned on; date assigned; purchase date; date du bordereau de cession
back_on date 3.0: date de definancement; date definancement; date de retrocession; date retrocession;
  date de mainlevee; date mainlevee; date de rachat effectif; release date; released on; returned on; bought back on
factor text 1.4: factor; affactureur; nom du factor; societe d affacturage; cessionnaire; factoring company; assignee
how text 1.0: mode de gestion; gestion; type d affacturage; mode d affacturage; type de contrat; contrat;
  factoring type; recouvrement; collection by
"""
)
#: Who collects, as the events of the Book say it; `-`: the factor, who told the debtor.
_WAYS = """
confidential: confidentiel; confidentielle; affacturage confidentiel; non notifie; confidential; undisclosed
mandate: mandat; mandat de gestion; avec mandat; gestion deleguee; gestion par le cedant; cedant; mandate
-: notifie; notifiee; full factoring; full; classique; gestion factor; factor; par le factor; notified; disclosed
"""
_SAY = "Write notifié, mandat de gestion or confidentiel, or leave the cell empty."


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed).with_columns(entity_id=pl.lit(parsed.entity), **clean_identity(["legal_id"]))
    lines = [line.partition(": ") for line in _WAYS.strip().splitlines()]
    words = {word.strip(): way for way, _, known in lines for word in known.split(";")}
    said = [None if text is None else words.get(normal_heading(text)) for text in rows["how"]]
    rows = rows.with_columns(way=pl.Series(said, dtype=pl.String))
    unread = rows.filter(pl.col("how").is_not_null() & pl.col("way").is_null())
    for line, how in unread.select("line", "how").iter_rows():
        message = f"{how[:60]!r} does not say who collects; the invoice was not read as sold"
        issues.add("factoring_unknown", message, line=line, action=_SAY, table="events")
    good = rows.join(unread, on="line", how="anti", maintain_order="left").with_columns(about=pl.lit("item"))
    way = pl.when(pl.col("way") != "-").then("way")
    sold = good.filter(pl.col("assigned_on").is_not_null()).with_columns(
        kind=pl.lit("factor:assigned"), on="assigned_on", value=way, detail="factor"
    )
    back = good.filter(pl.col("back_on").is_not_null()).with_columns(
        kind=pl.lit("factor:returned"), on="back_on", value=pl.lit(None, dtype=pl.String), detail="factor"
    )
    named = pl.concat([sold, back])
    return Built({}, {"events": named.height}, named)


KIND = Kind(
    name="factor_list",
    title="Invoices sold to a factor",
    fields=_FIELDS,
    required=(("number",), ("assigned_on", "back_on")),
    needed=(("number",), ("assigned_on", "back_on")),
    build=_build,
    money=False,
)
