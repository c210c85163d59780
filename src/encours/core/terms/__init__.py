"""Payment terms, legal caps, late interest and limitation: law and contract as data, evaluated without a clock."""

from encours.core.terms.notation import TermError, parse_term
from encours.core.terms.term import Term, due_dates

__all__ = ["Term", "TermError", "due_dates", "parse_term"]
