"""The days by which an insurer or a factor must be told of an invoice (menace de sinistre, rachat): one line each."""

from __future__ import annotations

import polars as pl

from encours.connectors.sheet.kind import Built, Kind, Parsed, fields
from encours.connectors.sheet.kinds._shared import DEBTOR, INVOICE, clean_identity, with_customer_id
from encours.core.base.issue import Issues

_FIELDS = fields(
    DEBTOR
    + INVOICE
    + """
insurer_on date 5.0: date limite de declaration; date limite declaration; date limite de declaration de sinistre;
  date limite de declaration de menace de sinistre; date limite menace de sinistre; declaration de menace de sinistre;
  date limite dms; date limite assureur; echeance assureur; date limite de mise en peril; insurer deadline;
  insurance deadline; credit insurer deadline; claim filing deadline; notification deadline; overdue notification date
factor_on date 5.0: date limite de rachat; limite de rachat; date limite factor; echeance factor; echeance de rachat;
  date limite de definancement; factor deadline; buy back deadline; recourse deadline
limitation_on date 4.0: date de prescription; prescription; prescription le; limitation date; time bar; time bar date
detail text 0.6: assureur; insurer; police; n police; policy; policy number; factor; affactureur; motif; commentaire
"""
)
_KINDS = {"insurer_on": "deadline:insurer", "factor_on": "deadline:factor", "limitation_on": "deadline:limitation"}


def _build(parsed: Parsed, issues: Issues) -> Built:
    rows = with_customer_id(parsed).with_columns(
        entity_id=pl.lit(parsed.entity), about=pl.lit("item"), **clean_identity(["legal_id"])
    )
    parts = [
        rows.filter(pl.col(name).is_not_null()).with_columns(kind=pl.lit(kind), on=name)
        for name, kind in _KINDS.items()
    ]
    named = pl.concat(parts).sort("line", maintain_order=True)
    return Built({}, {"events": named.height}, named)


KIND = Kind(
    name="deadlines",
    title="Insurer and factor deadlines",
    fields=_FIELDS,
    required=(("number",), tuple(_KINDS)),
    needed=(("number",), tuple(_KINDS)),
    build=_build,
    money=False,
)
