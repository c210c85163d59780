"""Due dates of the sample's invoices: its terms are texts that `core.terms` reads."""

from __future__ import annotations

import numpy as np
import polars as pl

from encours.core.sample.draws import Ints, Texts, as_days
from encours.core.terms.notation import parse_term
from encours.core.terms.term import due_dates


def due_days(issued: Ints, terms: Texts) -> Ints:
    """The due day of each invoice by its term. Raises TermError for a text that is no term."""
    frame = pl.DataFrame({"term": pl.Series(terms.tolist(), dtype=pl.String), "issued_on": as_days(issued)})
    read = {text: parse_term(text) for text in frame["term"].unique().sort().to_list()}
    due = due_dates(frame, read)["due_on"].to_physical()
    return np.asarray(due.cast(pl.Int64).to_numpy())
