"""Due dates of the sample's payment terms, as vectorised steps."""

from __future__ import annotations

import numpy as np

from encours.core.sample.draws import Ints, Texts, month_end


def due_days(issued: Ints, terms: Texts) -> Ints:
    """The due day of each invoice: both readings of 45 days end of month, net days, `le 10`.

    `45 EOM A` adds 45 days and then goes to the month's end, `45 EOM B` goes to the month's end and adds 45 days
    (C. com. L441-10; the DGCCRF accepts both).
    """
    due = issued.copy()
    for word in np.unique(terms.astype(str)):
        rows = np.flatnonzero(terms == word)
        due[rows] = _step(issued[rows], word)
    return due


def _step(issued: Ints, word: str) -> Ints:
    days, *rest = word.split()
    if rest == ["net"]:
        return issued + int(days)
    if rest == ["EOM", "B"]:
        return month_end(issued) + int(days)
    end = month_end(issued + int(days))
    return end + 10 if rest == ["EOM", "10"] else end
