"""The receipt clears the account: everything that is open, or everything that was due on its day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.certificate.history import AMOUNT
from encours.core.matching.family import Family, Fits
from encours.core.matching.views import Views

#: Grades: everything open; everything due until the day, credit notes with it or only those due, too.
ALL, DUE_AND_CREDITS, DUE = 1, 2, 3


@kernel
def _search(views: Views, todo: npt.NDArray[np.bool_], fits: Fits) -> None:
    for view in range(len(todo)):
        first, last = views.start[view], views.start[view + 1]
        if not todo[view] or last - first < 2:
            continue
        day, amount = views.day[view], views.amount[view]
        everything = due_and_credits = due = 0
        for entry in range(first, last):
            left = views.left[entry]
            everything += left
            due += left if views.due[entry] <= day else 0
            due_and_credits += left if views.due[entry] <= day or left < 0 else 0
        grade = ALL if everything == amount else DUE_AND_CREDITS if due_and_credits == amount else 0
        grade = DUE if grade == 0 and due == amount else grade
        if grade == 0:
            continue
        count, alone = 0, False
        for entry in range(first, last):
            if _is_in(views, entry, grade, day):
                count += 1
                alone = alone or views.left[entry] == amount
        if alone and count > 1:
            continue  # one item is what was paid, and the others cancel each other without any money
        fits.ways[view], fits.grade[view] = 1, grade
        for entry in range(first, last):
            if _is_in(views, entry, grade, day):
                fits.pay[entry] = views.left[entry]


@lean
def _is_in(views: Views, entry: int, grade: int, day: int) -> bool:
    ripe = views.due[entry] <= day or (grade == DUE_AND_CREDITS and views.left[entry] < 0)
    return bool(grade == ALL or ripe)


FAMILY = Family(
    name="balance",
    code=44,
    tier=2,
    sentence="What was received is exactly the whole balance of the customer, or all that was due on the day.",
    search=_search,
    stratum=AMOUNT,
)
