"""Claims that stand on what the books say of themselves: shown to a person, however improbable the model holds them.

The model is trained on books in which these cases do not occur. Each rule is a function with its sentence; none posts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.matching.claims import Hypotheses
from encours.core.matching.families import families
from encours.core.matching.features import PLACE
from encours.core.matching.search import Facts

Bools = npt.NDArray[np.bool_]
#: Enough to be shown, too little for any certificate.
SHOWN = 0.75
#: The payer is known otherwise than by the quote.
_KNOWN = ("stands_on", "account_own", "account_learned", "name_exact", "name_learned", "customer_number")


def floors(hypotheses: Hypotheses, features: npt.NDArray[np.float32], facts: Facts) -> npt.NDArray[np.float64]:
    """The least confidence of each hypothesis; 0 where no rule speaks for it."""
    part = np.array([family.name == "quoted_part" for family in families()])[hypotheses.family]
    found = np.zeros(len(part))
    if part.any():
        rows = features[part]
        holds = _terms_in_order(rows) | (_rest_of_itself(rows) & facts.continued[hypotheses.ask[part]])
        found[part] = np.where(holds & _nothing_against(rows), SHOWN, 0.0)
    return found


def _terms_in_order(rows: npt.NDArray[np.float32]) -> Bools:
    """The number of one invoice that is due in several terms: they are paid as they fall due."""
    named = _of(rows, "items") + _of(rows, "quoted_unpaid")
    several = (_of(rows, "namesakes") > 1) & (named == _of(rows, "namesakes"))
    found: Bools = several & (_of(rows, "by_number") == _of(rows, "items"))
    return found


def _rest_of_itself(rows: npt.NDArray[np.float32]) -> Bools:
    """The text names two items, this very receipt has paid the one: its rest is for the other."""
    found: Bools = (_of(rows, "items") == 1) & (_of(rows, "by_number") == 1) & (_of(rows, "namesakes") == 1)
    return found


def _nothing_against(rows: npt.NDArray[np.float32]) -> Bools:
    """The payer is known, and nothing else is quoted: settled items, other customers'."""
    known = np.add.reduce([_of(rows, name) for name in _KNOWN])
    found: Bools = (known > 0) & (_of(rows, "dead") == 0) & (_of(rows, "elsewhere") == 0)
    return found


def _of(rows: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = rows[:, PLACE[name]]
    return found
