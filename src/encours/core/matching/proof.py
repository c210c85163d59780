"""When a claim proves itself: the number, the exact amount, and nothing that speaks against it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.asks import Asks
from encours.core.matching.claims import Hypotheses
from encours.core.matching.families import families
from encours.core.matching.features import PLACE
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import DIGITS, TAIL
from encours.core.matching.search import Facts

Bools = npt.NDArray[np.bool_]
#: What of a claim keeps it from proving anything (bits): every quoted number is short or like a year; one may be the
#: amount itself; the items belong to customers that do not pay for each other; the receipt stands on another's account.
WEAK, IS_AMOUNT, PAYERS, OTHER_CUSTOMER = 1, 2, 4, 8
#: Noted beside them: whatever else fits the receipt settles the same items; what is left open may be a bank charge; an
#: unquoted item has an equal that stays open.
SAME_ITEMS, SUPPOSED, EXCHANGEABLE = 16, 32, 64


def proven(
    hypotheses: Hypotheses, features: npt.NDArray[np.float32], weak: npt.NDArray[np.int32], facts: Facts
) -> Bools:
    """Which hypotheses stand on a proof of uniqueness; `weak` as of `weaknesses`.

    All that the text quotes and nothing else is paid in full and to the cent; no other item is spelled so; every item
    was known, open and unpaid; no earlier receipt says the same. Quoted by the last digits only, the payer must be
    known by another way, too.
    """
    exact = np.array([family.name == "quoted_exact" for family in families()])[hypotheses.family]

    def of(name: str) -> npt.NDArray[np.float32]:
        found: npt.NDArray[np.float32] = features[:, PLACE[name]]
        return found

    clear = exact & (of("dead") == 0) & (of("late") == 0) & (of("elsewhere") == 0) & (of("namesakes") == 1)
    clear &= (of("partly") == 0) & (of("twin") < 2) & ~facts.marks.crossed[hypotheses.ask]
    clear &= (of("rivals") == 0) & (weak == 0)
    known = (of("stands_on") + of("account_own") + of("account_learned") + of("name_exact") + of("name_learned")) > 0
    numbered = hypotheses.grade <= DIGITS
    read = (hypotheses.grade <= TAIL) & known
    found: Bools = clear & (numbered | read)
    return found


@kernel
def weaknesses(hypotheses: Hypotheses, pool: Pool, asks: Asks) -> npt.NDArray[np.int32]:
    """The bits that speak against each hypothesis."""
    found = np.zeros(len(hypotheses.ask), dtype=np.int32)
    for n in range(len(found)):
        ask = hypotheses.ask[n]
        amount = abs(asks.amount[ask])
        weak, group = True, -1
        for line in range(hypotheses.start[n], hypotheses.start[n + 1]):
            item = hypotheses.item[line]
            weak = weak and pool.weak[item]
            # `1045,00` in the text reads as 1045 and as 104500.
            if pool.plain[item] and (pool.digits[item] == amount or pool.digits[item] * 100 == amount):
                found[n] |= IS_AMOUNT
            if group >= 0 and pool.group[item] != group:
                found[n] |= PAYERS
            group = pool.group[item]
            theirs = asks.customer[ask]
            if (
                theirs >= 0
                and pool.customer[item] != theirs
                and pool.family_first[theirs] != pool.family_first[pool.customer[item]]
            ):
                found[n] |= OTHER_CUSTOMER
        if weak:
            found[n] |= WEAK
    return found
