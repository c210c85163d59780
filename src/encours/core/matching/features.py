"""What can be said of a hypothesis in figures: the evidence that scores it and that people read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel, lean
from encours.core.matching.asks import Asks
from encours.core.matching.family import Fits
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import DIGITS, LISTED, OTHER, SLIP, TAIL
from encours.core.matching.references.scan import Marks
from encours.core.matching.views import Views

#: Names of the features in order; the model is trained on these names.
FEATURES = (
    "family", "grade", "ways", "items", "by_number", "by_other", "by_list", "by_tail", "by_slip", "unquoted",
    "quoted_unpaid", "dead", "late", "elsewhere", "namesakes", "gap", "gap_share", "amount_log", "round_zeros",
    "stands_on", "account_own", "account_shared", "account_learned", "name_exact", "name_shared", "name_learned",
    "name_like", "customer_number", "likeness", "taught", "nominees", "shape", "open_items", "share_paid", "due_span",
    "days_late_least", "days_late_most", "days_since_issue", "notes", "twin", "says_advance", "says_credit",
    "says_balance", "says_other", "says_fees", "says_part", "digits", "loose_numbers", "partly", "in_part",
    "older_left", "amount_twins", "rivals", "rival_customers", "left_open", "left_share", "skipped", "left_due",
)  # fmt: skip
PLACE = {name: place for place, name in enumerate(FEATURES)}
_WIDTH = len(FEATURES)
_RIVALS, _RIVAL_CUSTOMERS = PLACE["rivals"], PLACE["rival_customers"]


@kernel
def describe(
    family: int, chosen: npt.NDArray[np.int64], views: Views, fits: Fits, asks: Asks, pool: Pool, marks: Marks
) -> npt.NDArray[np.float32]:
    """A row of features for each chosen view of one family."""
    rows = np.zeros((len(chosen), _WIDTH), dtype=np.float32)
    for n in range(len(chosen)):
        view = chosen[n]
        row = rows[n]
        row[0], row[1], row[2] = family, fits.grade[view], fits.ways[view]
        _the_set(row, view, views, fits, pool)
        _the_payer(row, view, views)
        _the_receipt(row, view, views, asks, marks)
    return rows


@lean
def _the_set(row: npt.NDArray[np.float32], view: int, views: Views, fits: Fits, pool: Pool) -> None:
    """What is paid, beside what is not. Sums are kept beside the row: each write to it is a word of memory."""
    lefts, dues, quotes, pays = views.left, views.due, views.quote, fits.pay
    first, last = views.start[view], views.start[view + 1]
    day, paid, owed = views.day[view], np.int64(0), np.int64(0)
    due_first, due_last, issued_last = np.int64(1) << 40, -(np.int64(1) << 40), -(np.int64(1) << 40)
    one, items, differs = np.int64(0), 0, np.float32(0)
    for entry in range(first, last):
        left, pay = lefts[entry], pays[entry]
        owed += max(left, 0)
        if pay == 0:
            continue
        paid += pay
        one = left
        items += 1
        differs = np.float32(differs + abs(left - pay))
        _by_quote(row, quotes[entry])
        row[14] = max(row[14], views.namesakes[entry])
        row[38] += 1 if left < 0 else 0
        row[49] = 1 if pay != left else row[49]
        row[12] += 1 if max(pool.known[views.item[entry]], pool.changed[views.item[entry]]) > day else 0
        due_first, due_last = min(due_first, dues[entry]), max(due_last, dues[entry])
        issued_last = max(issued_last, views.issued[entry])
    gap = paid - views.amount[view]
    row[3] = items
    row[15], row[16] = gap, gap / np.float64(abs(paid) + 1)
    row[32] = last - first
    row[33] = np.ceil(20 * paid / np.float64(owed + 1)) / 20
    row[34], row[35], row[36] = due_last - due_first, day - due_last, day - due_first
    row[37] = day - issued_last
    # In steps: that exactly a tenth is missing says more of invented books than of real ones.
    row[55] = np.floor(20 * differs / np.float64(abs(paid) + differs + 1) + 0.5) / 20
    row[54] = np.floor(8 * np.log10(differs + 1) + 0.5) / 8
    _the_rest(row, view, views, fits, int(due_first), int(due_last), int(one) if items == 1 else 0)


@lean
def _the_rest(
    row: npt.NDArray[np.float32], view: int, views: Views, fits: Fits, due_first: int, due_last: int, single: int
) -> None:
    """What is not paid: older, between, due; as much as the single item that is paid (0: there are several); quoted."""
    lefts, dues, pays, day = views.left, views.due, fits.pay, views.day[view]
    older = between = due = twins = 0
    for entry in range(views.start[view], views.start[view + 1]):
        rests = pays[entry] == 0 and lefts[entry] > 0
        older += rests and dues[entry] < due_first
        between += rests and due_first < dues[entry] < due_last
        due += rests and dues[entry] <= day
        twins += rests and lefts[entry] == single
    row[50], row[51], row[56], row[57] = older, twins, between, due
    for entry in views.quoted[views.first_quoted[view] : views.first_quoted[view + 1]]:
        row[10] += 1 if pays[entry] == 0 and views.quote[entry] <= TAIL else 0


@lean
def _by_quote(row: npt.NDArray[np.float32], kind: int) -> None:
    if kind == 0:
        row[9] += 1
    elif kind <= DIGITS:
        row[4] += 1
    elif kind == OTHER:
        row[5] += 1
    elif kind <= LISTED:
        row[6] += 1
    elif kind == TAIL:
        row[7] += 1
    elif kind == SLIP:
        row[8] += 1


@lean
def _the_payer(row: npt.NDArray[np.float32], view: int, views: Views) -> None:
    reason = views.reason[view]
    for bit in range(8):
        row[19 + bit] = 1 if reason >> bit & 1 else 0
    row[27] = 1 if reason >> 9 & 1 else 0
    row[28], row[29], row[30] = views.likeness[view], views.taught[view], views.nominees[view]
    row[31] = views.shape[view]


@lean
def _the_receipt(row: npt.NDArray[np.float32], view: int, views: Views, asks: Asks, marks: Marks) -> None:
    ask = views.ask[view]
    amount = abs(views.amount[view])
    row[11], row[13] = views.dead[view], views.elsewhere[view]
    row[12] = max(row[12], views.late[view])
    row[17] = np.log10(max(amount, 1))
    while amount > 0 and amount % 10 == 0:
        row[18] += 1
        amount //= 10
    row[39] = asks.twin[ask]
    for bit in range(6):
        row[40 + bit] = 1 if asks.says[ask] >> bit & 1 else 0
    row[46] = asks.digits[ask]
    for mark in range(marks.start[ask], marks.start[ask + 1]):
        row[47] += 1 if marks.size[mark] >= 5 and marks.first[mark] == marks.last[mark] else 0
    row[48] = 1 if asks.partly[ask] else 0


@kernel
def signatures(
    start: npt.NDArray[np.int64], item: npt.NDArray[np.int32], pay: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """A number for the lines of each hypothesis (`start`): two hypotheses that pay the same have the same."""
    found = np.zeros(len(start) - 1, dtype=np.int64)
    for n in range(len(found)):
        for line in range(start[n], start[n + 1]):
            found[n] += (np.int64(item[line]) + 1) * 1_000_003 ^ pay[line] * 7_919
    return found


@kernel
def count_rivals(
    rows: npt.NDArray[np.float32],
    ask: npt.NDArray[np.int32],
    customer: npt.NDArray[np.int32],
    signature: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
) -> None:
    """Writes how many other sets, and other customers, fit the same receipt; `order` sorts the rows by receipt."""
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and ask[order[end]] == ask[order[begin]]:
            end += 1
        for one in range(begin, end):
            n, rivals, others = order[one], 0, 0
            for other in range(begin, end):
                m = order[other]
                if signature[m] == signature[n]:
                    continue
                rivals += 1
                others += 1 if customer[m] != customer[n] else 0
            rows[n, _RIVALS], rows[n, _RIVAL_CUSTOMERS] = rivals, others
        begin = end
