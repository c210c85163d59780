"""The payment term that fills due dates which a file does not have."""

from __future__ import annotations

import polars as pl

from encours.core.base.issue import CallError
from encours.core.terms import Term, TermError, parse_term
from encours.core.terms.term import due_on_expr


def term_settings(term: str | None) -> dict[str, object]:
    """Settings for the connectors from a term in words ("45 jours fin de mois", "net 30").

    An invoice of several instalments is due with its last. Raises CallError for a text that is no term.
    """
    if term is None:
        return {}
    try:
        parsed = parse_term(term)
    except TermError as error:
        raise CallError([f"--term: {fault}" for fault in error.faults]) from None
    return {"due_on": lambda issued: _due_on(issued, parsed), "due_name": term.strip()}


def _due_on(issued: pl.Series, term: Term) -> pl.Series:
    last = pl.max_horizontal(due_on_expr(part, term, pl.col("issued_on")) for part in term.instalments)
    return issued.rename("issued_on").to_frame().select(due_on=last).to_series()
