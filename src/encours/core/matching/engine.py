"""The run: receipts in order of booking, against what was known then and is left; the rest once more at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import kernel
from encours.core.matching.claims import Hypotheses, assign, contested, release
from encours.core.matching.explain import SPOKEN_OF
from encours.core.matching.families import families
from encours.core.matching.judged import Judged, judge, together
from encours.core.matching.lines import Lines
from encours.core.matching.payers import Lessons
from encours.core.matching.policy import Claims, Policy
from encours.core.matching.pool import Pool
from encours.core.matching.references.keys import DIGITS
from encours.core.matching.references.scan import Marks
from encours.core.matching.search import Facts, Found, in_shares, search

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
#: A receipt whose items another one took asks again so often on its day.
_ROUNDS = 3
#: Where a claim tells how many items are quoted, by number and otherwise.
_QUOTES = [SPOKEN_OF.index("by_number"), SPOKEN_OF.index("by_other")]


@dataclass
class Outcome:
    """What was decided, one place a receipt.

    `family` (place in the families, −1: nothing), `customer`, `confidence`, `second` (of the best that pays something
    else), its `second_family` and `second_items` (0: the same items), `ways`, `gap`, `posts`, `proof` (it stands on
    one), `rival` (a receipt that wants the same item), `weak` (bits of `proof`), `spoken` (the features in
    `explain.SPOKEN_OF`); what they pay stands in `lines`.
    """

    family: Int32
    customer: Int32
    confidence: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]
    second_family: Int32
    second_items: Int32
    ways: Int32
    gap: Int64
    posts: npt.NDArray[np.bool_]
    proof: npt.NDArray[np.bool_]
    rival: Int32
    weak: Int32
    spoken: npt.NDArray[np.float32]
    lines: Lines


def run(facts: Facts, lessons: Lessons, policy: Policy) -> Outcome:
    """Decides every receipt, day by day; what stays open is tried once more with all that is known now."""
    outcome = _nothing(len(facts.asks.amount))
    if not len(facts.asks.amount):
        return outcome
    days, first = np.unique(facts.asks.day, return_index=True)
    lesson = 0
    for day, begin, end in zip(days, first, [*first[1:], len(facts.asks.day)], strict=True):
        until = int(np.searchsorted(lessons.day, day, side="right"))
        _learn(facts, lessons.account[lesson:until], lessons.name[lesson:until], lessons.customer[lesson:until])
        lesson = until
        todo = np.arange(begin, end, dtype=np.int32)[facts.asks.searched[begin:end]]
        _reopen(facts, int(day), outcome)
        _make_way(facts, todo, outcome)
        _decide(facts, todo, outcome, policy)
        if _reopen(facts, int(day), outcome):  # a payment that came back on its own day
            _decide(facts, todo[outcome.family[todo] < 0], outcome, policy)
        posted = todo[outcome.posts[todo]]
        _learn(facts, facts.payers.account[posted], facts.payers.name[posted], outcome.customer[posted])
    rest = np.flatnonzero((outcome.family < 0) & facts.asks.searched).astype(np.int32)
    _decide(facts, rest, outcome, policy, final=True)
    return outcome


def _nothing(count: int) -> Outcome:
    return Outcome(
        family=np.full(count, -1, np.int32), customer=np.full(count, -1, np.int32), confidence=np.zeros(count),
        second=np.zeros(count), second_family=np.full(count, -1, np.int32),
        second_items=np.zeros(count, np.int32), ways=np.zeros(count, np.int32), gap=np.zeros(count, np.int64),
        posts=np.zeros(count, np.bool_), proof=np.zeros(count, np.bool_),
        rival=np.full(count, -1, np.int32),
        weak=np.zeros(count, np.int32),
        spoken=np.zeros((count, len(SPOKEN_OF)), np.float32),
        lines=Lines.none(count),
    )  # fmt: skip


def _decide(facts: Facts, todo: Int32, outcome: Outcome, policy: Policy, final: bool = False) -> None:
    for _ in range(_ROUNDS):
        if not len(todo):
            return
        looked = in_shares(partial(_look, facts, policy, final), todo)
        judged = together([judged for judged, _, _ in looked])
        for _, found, claims in looked:
            if policy.watch and found:
                policy.watch(found)
            if policy.watch_claims and claims:
                policy.watch_claims(claims)
        if not len(judged.sure):
            return
        todo = _claim(facts, judged, outcome, policy)


def _look(facts: Facts, policy: Policy, final: bool, todo: Int32) -> tuple[Judged, Found | None, Claims | None]:
    """The best hypothesis of each receipt that has one; all of them, too, and what they were judged on, for whoever
    watches."""
    found = search(facts, todo, final)
    judged, claims = judge(found, facts, policy, final)
    return judged, found if policy.watch else None, claims if policy.watch_claims else None


def _claim(facts: Facts, judged: Judged, outcome: Outcome, policy: Policy) -> Int32:
    """Gives the items to the surest claims; the receipts that went away empty."""
    hypotheses = judged.hypotheses
    best = np.lexsort((hypotheses.ask, -judged.sure))
    on_account = (facts.asks.customer[hypotheses.ask[best]] >= 0) & ~judged.quotes[best]
    best = best[judged.sure[best] >= np.where(on_account, policy.least_on_account, policy.least)]
    wanted = contested(best, hypotheses, facts.pool)
    again = _open_again(hypotheses, best, facts)
    posts = judged.posts[best] & (wanted < 0) & ~again
    stands, rival = assign(best, hypotheses, posts, facts.pool)
    ask = hypotheses.ask[best]
    outcome.rival[ask] = np.where(rival >= 0, rival, np.where(wanted >= 0, wanted, outcome.rival[ask]))
    _write(outcome, judged, best[stands])
    outcome.posts[ask[stands]], outcome.proof[ask[stands]] = posts[stands], (judged.proof[best] & ~again)[stands]
    return np.sort(ask[~stands])


def _write(outcome: Outcome, judged: Judged, at: Int64) -> None:
    """Notes the claims that stand, with their lines."""
    hypotheses = judged.hypotheses
    ask = hypotheses.ask[at]
    outcome.family[ask], outcome.customer[ask] = hypotheses.family[at], hypotheses.customer[at]
    outcome.ways[ask], outcome.gap[ask] = hypotheses.ways[at], hypotheses.gap[at]
    outcome.confidence[ask], outcome.second[ask] = judged.sure[at], judged.second[at]
    outcome.second_family[ask], outcome.second_items[ask] = judged.second_family[at], judged.second_items[at]
    outcome.weak[ask] = judged.weak[at]
    outcome.spoken[ask] = judged.spoken[at]
    outcome.lines.put(hypotheses, at)


def _reopen(facts: Facts, until: int, outcome: Outcome) -> bool:
    """Opens what payments that came back until a day had paid; whether anything is open again."""
    if facts.back is None:
        return False
    decided = {}
    for row in facts.back.row_of.values():
        items, pays = outcome.lines.of(row)
        deducts = len(items) and families()[outcome.family[row]].gap and outcome.gap[row]
        if len(items) and not deducts:
            decided[row] = list(zip(items.tolist(), pays.tolist(), strict=True))
    return facts.back.reopen(until, decided, facts.pool)


def _open_again(hypotheses: Hypotheses, chosen: Int64, facts: Facts) -> npt.NDArray[np.bool_]:
    """Which claims pay what only a returned payment opens: nobody has looked at that yet, so none of them posts."""
    if facts.back is None or not facts.back.by_item:
        return np.zeros(len(chosen), dtype=np.bool_)
    found: npt.NDArray[np.bool_] = facts.back.touches(hypotheses.start, hypotheses.item)[chosen]
    return found


def _make_way(facts: Facts, todo: Int32, outcome: Outcome) -> None:
    """A quoted item that an earlier receipt without a quote of it merely held is given back: that one asks again."""
    asking, held = _held_though_quoted(todo, facts.pool, facts.marks)
    owners = facts.pool.owner[held]
    weak = (outcome.spoken[owners][:, _QUOTES].sum(axis=1) == 0) & ~outcome.posts[owners]
    for ask, owner in zip(asking[weak].tolist(), owners[weak].tolist(), strict=True):
        if outcome.lines.size[owner]:
            release(*outcome.lines.take_back(owner), facts.pool)
            outcome.family[owner], outcome.rival[owner] = -1, ask


@kernel
def _held_though_quoted(todo: Int32, pool: Pool, marks: Marks) -> tuple[Int64, Int64]:
    """Receipts and the items that they quote by number but that are held for others."""
    ask, held = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for receipt in todo:
        for mark in range(marks.start[receipt], marks.start[receipt + 1]):
            for quote in range(marks.first[mark], marks.last[mark]):
                item = marks.item[quote]
                if marks.kind[quote] <= DIGITS and marks.namesakes[quote] == 1 and pool.held[item] != 0:
                    ask.append(np.int64(receipt))
                    held.append(np.int64(item))
    return np.array(ask), np.array(held)


def _learn(facts: Facts, account: Int32, name: Int32, customer: Int32) -> None:
    """What matches teach: which customer an account and a name stand for."""
    payers = facts.payers
    _teach(account, customer, payers.learned_account, payers.learned_account_right, payers.learned_account_total)
    _teach(name, customer, payers.learned_name, payers.learned_name_right, payers.learned_name_total)


@kernel
def _teach(code: Int32, customer: Int32, learned: Int32, right: Int32, total: Int32) -> None:
    """The customer that most matches of a code agree on, by the majority vote that forgets no more than it must."""
    for n in range(len(code)):
        here = code[n]
        if here < 0 or customer[n] < 0:
            continue
        total[here] += 1
        if learned[here] == customer[n]:
            right[here] += 1
        elif learned[here] < 0 or 2 * right[here] < total[here]:
            learned[here], right[here] = customer[n], 1


def family_names() -> list[str]:
    """The names of the families in the order of their places."""
    return [family.name for family in families()]
