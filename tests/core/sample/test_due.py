"""Due dates of the sample against the handbook's table of terms."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from encours.core.sample.draws import as_days, day_number
from encours.core.sample.due import due_days

#: invoice day -> term -> due day (both 45-day readings, net days, end of month, `le 10`).
VECTORS = {
    date(2026, 1, 15): {
        "60 jours net": date(2026, 3, 16),
        "45 jours fin de mois": date(2026, 3, 31),
        "fin de mois 45 jours": date(2026, 3, 17),
        "30 jours fin de mois": date(2026, 2, 28),
        "30 jours fin de mois le 10": date(2026, 3, 10),
        "comptant": date(2026, 1, 15),
    },
    date(2026, 3, 10): {
        "60 jours net": date(2026, 5, 9),
        "45 jours fin de mois": date(2026, 4, 30),
        "fin de mois 45 jours": date(2026, 5, 15),
    },
    date(2026, 10, 22): {
        "60 jours net": date(2026, 12, 21),
        "45 jours fin de mois": date(2026, 12, 31),
        "fin de mois 45 jours": date(2026, 12, 15),
    },
}
CASES = [(issued, term, due) for issued, terms in VECTORS.items() for term, due in terms.items()]


@pytest.mark.parametrize(("issued", "term", "due"), CASES)
def test_due_days(issued: date, term: str, due: date) -> None:
    found = due_days(np.array([day_number(issued)]), np.array([term], dtype=object))
    assert as_days(found).tolist() == [due]
