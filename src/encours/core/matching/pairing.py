"""Which receipt is the money of which remittance: by total, day, name in the text, number of lines, kind and payer."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.matching.asks import Asks
from encours.core.matching.names import name_keys
from encours.core.matching.remittance import ADVICE, Remittance, names

#: Of a remittance that the text names, at most so much may be missing as a fee, in hundredths of its total.
_FEE_MAX = 4
#: A remittance that the text names may come so many days outside its window.
_LATE = 30
#: Receipts of its total that are looked at for a remittance which no text names.
_ALIKE_MAX = 24
#: Receipts of one payer among which the parts of an advice are sought, and into how many parts it may be paid.
_PARTS_AMONG, _PARTS_MAX = 12, 3
#: Lines of an advice among which those of one of its receipts are sought.
_LINES_MAX = 16
_COUNTED = "CHEQUES?|CHQS?|LCR|EFFETS?|PRLV|PRELEVEMENTS?|OPERATIONS?|OPE?R?|LIGNES?|FACTURES?|TRANSACTIONS?"
_COUNT = re.compile(rf"\b(?:NB|NBRE|NOMBRE|QTE)\W{{0,3}}(\d{{1,5}})\b|\b(\d{{1,5}}) ?(?:{_COUNTED})\b")


@dataclass(frozen=True)
class Pair:
    """One or several receipts (`rows`) that are the money of a remittance. `gap`: what is missing of its total beyond
    the fee that it states; `counted`: whether the number of lines in the text agrees (None: it tells none); `alike`:
    other remittances or receipts that fit as well."""

    remittance: Remittance
    rows: tuple[int, ...]
    named: bool
    gap: int
    counted: bool | None
    fitting: bool
    alike: int = 0


@dataclass(frozen=True)
class Money:
    """The receipts that may be paired: arrays by row, and the rows in order of amount. `bare`: letters and digits of
    the text alone."""

    asks: Asks
    kind: list[str]
    text: list[str | None]
    bare: list[str]
    payer: list[frozenset[str]]
    order: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.int64]


def make_money(receipts: pl.DataFrame, asks: Asks) -> Money:
    """The receipts that are untouched money in; those of a book without remittances are never asked for."""
    kinds = receipts["kind"].to_list()
    free = (asks.amount > 0) & ~asks.partly & np.isin(np.array(kinds, dtype=object), ["return", "out"], invert=True)
    rows = np.flatnonzero(free)
    order = rows[np.argsort(asks.amount[rows], kind="stable")]
    accounts = receipts["payer_account"].str.replace_all(" ", "").str.to_uppercase().to_list()
    keys = name_keys(receipts["payer_name"]).to_list()
    payer = [frozenset(one for one in pair if one) for pair in zip(keys, accounts, strict=True)]
    bare = receipts["text"].str.replace_all(r"[^0-9A-Z]", "").fill_null("").to_list()
    return Money(asks, kinds, receipts["text"].to_list(), bare, payer, order, asks.amount[order])


def _names(money: Money, row: int, references: Iterable[str]) -> bool:
    """Whether the text of a receipt bears one of the references: looked for as it is before any pattern is made."""
    bare = money.bare[row]
    here = tuple(one for one in references if one in bare)
    return bool(here) and names(money.text[row], here)


def pair_up(remittances: list[Remittance], money: Money, family_of: npt.NDArray[np.int32]) -> list[Pair]:
    """Every remittance with its money, each receipt and each line once, the surest first.

    `family_of`: customer code → first code of its family. What fits two ways alike keeps the count of the others.
    """
    nth: Counter[tuple[int, ...]] = Counter()
    found = []
    for one in remittances:
        like = (one.entity, one.currency, one.total, one.last)
        found += _candidates(one, money, family_of, nth[like])
        nth[like] += 1
    found += _by_name(remittances, found, money)
    marked = _with_alike(found)
    marked.sort(key=lambda pair: (*_rank(pair), abs(_distance(pair, money)), pair.rows))
    taken = _Taken()
    for pair in marked:
        if not _is_part(pair):
            taken.take(pair)
    advices = [one for one in remittances if one.form == ADVICE]
    for one in advices:
        if taken.is_free(one):
            parts = _in_parts(one, money, taken.rows, family_of)
            if parts is not None:
                taken.take(parts)
    for pair in marked:
        if _is_part(pair):
            taken.take(_part_of(pair))
    return taken.chosen


class _Taken:
    """Pairs chosen so far: each receipt and each line once."""

    def __init__(self) -> None:
        self.chosen: list[Pair] = []
        self.rows: set[int] = set()
        self._lines: set[str] = set()

    def is_free(self, one: Remittance) -> bool:
        """Whether no line of the remittance is spoken for."""
        return not self._lines & {line.key for line in one.lines}

    def take(self, pair: Pair) -> None:
        """Chooses a pair where its receipts and lines are free."""
        if not self.rows & set(pair.rows) and self.is_free(pair.remittance):
            self.chosen.append(pair)
            self.rows |= set(pair.rows)
            self._lines |= {line.key for line in pair.remittance.lines}


def _is_part(pair: Pair) -> bool:
    """Whether less came than an advice announces, by more than a fee: the rest may come by another receipt."""
    return pair.remittance.form == ADVICE and pair.gap * 100 > pair.remittance.total * _FEE_MAX


def _part_of(pair: Pair) -> Pair:
    """The pair with the lines that alone make its receipt; as it was where there is no such set, or more than one."""
    one = pair.remittance
    sets = subsets(one, one.total - (one.fee or 0) - pair.gap)
    if len(sets) != 1 or one.fee:
        return pair
    lines = tuple(one.lines[n] for n in sets[0])
    return replace(pair, remittance=replace(one, lines=lines, total=one.total - pair.gap), gap=0, counted=None)


def subsets(one: Remittance, amount: int, among: Iterable[int] | None = None) -> list[tuple[int, ...]]:
    """Up to two sets of lines that make an amount: two say that it is not certain."""
    places = list(range(one.count) if among is None else among)
    if len(places) > _LINES_MAX:
        return []
    found = []
    for size in range(1, len(places) + 1):
        for part in itertools.combinations(places, size):
            if sum(one.lines[n].amount for n in part) == amount:
                found.append(part)
                if len(found) == 2:
                    return found
    return found


def _rank(pair: Pair) -> tuple[int, ...]:
    return (-int(pair.named), int(pair.gap != 0), -int(pair.counted is True), -int(pair.fitting))


def _distance(pair: Pair, money: Money) -> int:
    return int(money.asks.day[pair.rows[0]]) - (pair.remittance.last - 10)


def _with_alike(found: list[Pair]) -> list[Pair]:
    """The pairs with the number of others that fit their receipt, or of receipts that fit them, as well.

    Others are counted, never gone through: of a hundred direct debits of one total each fits a hundred receipts.
    """
    ones = {id(pair.remittance): pair.remittance for pair in found}
    lines = {key: frozenset(line.key for line in one.lines) for key, one in ones.items()}
    beside = _beside(lines)
    ranks = [_rank(pair) for pair in found]
    of_row: Counter[tuple[int, tuple[int, ...], frozenset[str] | None]] = Counter()
    of_one: Counter[tuple[int, tuple[int, ...], tuple[int, ...] | None]] = Counter()
    for pair, rank in zip(found, ranks, strict=True):
        key = id(pair.remittance)
        of_row.update([(pair.rows[0], rank, None), (pair.rows[0], rank, lines[key])])
        of_one.update([(key, rank, None), (key, rank, pair.rows)])
    marked = []
    for pair, rank in zip(found, ranks, strict=True):
        key, row = id(pair.remittance), pair.rows[0]
        same_money = of_row[row, rank, None] - of_row[row, rank, lines[key]]
        same_lines = sum(of_one[other, rank, None] - of_one[other, rank, pair.rows] for other in beside[key])
        alike = pair.alike + same_money + same_lines
        marked.append(replace(pair, alike=alike) if alike else pair)
    return marked


def _beside(lines: dict[int, frozenset[str]]) -> dict[int, set[int]]:
    """Remittance -> itself and those that share a line with it: the due dates of one batch."""
    bearers: dict[str, set[int]] = {}
    for key, own in lines.items():
        for line in own:
            bearers.setdefault(line, set()).add(key)
    return {key: {key}.union(*(bearers[line] for line in own)) for key, own in lines.items()}


def _candidates(one: Remittance, money: Money, family_of: npt.NDArray[np.int32], nth: int) -> list[Pair]:
    """The receipts of its total, less what may be a fee, in its days.

    Of many that the text does not name the nearest by day are kept, the others counted in `alike`: the n-th remittance
    of one total and due date takes those around the n-th, so that each of them finds one.
    """
    awaited = one.total - (one.fee or 0)
    least = awaited if one.fee else awaited - awaited * _FEE_MAX // 100
    begin = int(np.searchsorted(money.amounts, least, side="left"))
    end = int(np.searchsorted(money.amounts, awaited, side="right"))
    alive = begin + np.flatnonzero(_may_be(one, money, money.order[begin:end]))
    pairs = [pair for row in money.order[alive].tolist() if (pair := _pair(one, row, money, family_of)) is not None]
    if len(pairs) <= _ALIKE_MAX:
        return pairs
    rest = sorted((pair for pair in pairs if not pair.named), key=lambda pair: abs(_distance(pair, money)))
    first = max(0, min(nth - _ALIKE_MAX // 2, len(rest) - _ALIKE_MAX))
    kept = rest[first : first + _ALIKE_MAX]
    dropped = len(rest) - len(kept)
    return [pair for pair in pairs if pair.named] + [replace(pair, alike=dropped) for pair in kept]


def _may_be(one: Remittance, money: Money, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The rows of its entity and currency, in its days or at most so late that the text must name it."""
    asks = money.asks
    here = (asks.entity[rows] == one.entity) & (asks.currency[rows] == one.currency)
    near = (asks.day[rows] >= one.first - _LATE) & (asks.day[rows] <= one.last + _LATE)
    both: npt.NDArray[np.bool_] = here & near
    return both


def _pair(one: Remittance, row: int, money: Money, family_of: npt.NDArray[np.int32]) -> Pair | None:
    asks = money.asks
    if asks.entity[row] != one.entity or asks.currency[row] != one.currency:
        return None
    named = _names(money, row, one.references)
    gap = one.total - (one.fee or 0) - int(asks.amount[row])
    late = _LATE if named else 0
    if not one.first - late <= asks.day[row] <= one.last + late or (gap and not named):
        return None
    fitting = _fits(one, row, money, family_of)
    if not (named or fitting) or (asks.customer[row] >= 0 and one.form != ADVICE):
        return None
    return Pair(one, (row,), named, gap, _counted(money.text[row], one.count), fitting)


def _fits(one: Remittance, row: int, money: Money, family_of: npt.NDArray[np.int32]) -> bool:
    """Whether kind and words of the money are those of the remittance, or its payer the one of the advice."""
    if one.form == ADVICE and one.payer | ({"family"} if one.family >= 0 else set()):
        theirs = money.asks.customer[row]
        same = theirs >= 0 and one.family >= 0 and family_of[theirs] == one.family
        return bool(same or money.payer[row] & one.payer)
    return money.kind[row] in one.kinds or bool(one.words and re.search(one.words, money.text[row] or ""))


def _counted(text: str | None, count: int) -> bool | None:
    told = [int(one or other) for one, other in _COUNT.findall(text or "")]
    return None if not told else count in told


def _by_name(remittances: list[Remittance], found: list[Pair], money: Money) -> list[Pair]:
    """Receipts whose text names a remittance of another total: kept, so that they are said and never guessed at."""
    known = {row for pair in found if pair.named for row in pair.rows}
    bearers: dict[str, list[Remittance]] = {}
    for one in remittances:
        for reference in one.references:
            bearers.setdefault(reference, []).append(one)
    if not bearers:
        return []
    rows = money.order
    bare = pl.Series([money.bare[row] for row in rows.tolist()], dtype=pl.String)
    hits = rows[bare.str.contains_any(sorted(bearers)).fill_null(False).to_numpy()]
    extra = []
    for row in hits.tolist():
        if row in known:
            continue
        told = [one for key, group in bearers.items() if key in money.bare[row] for one in group]
        for one in told:
            same = money.asks.entity[row] == one.entity and money.asks.currency[row] == one.currency
            if same and names(money.text[row], one.references):
                gap = one.total - (one.fee or 0) - int(money.asks.amount[row])
                extra.append(Pair(one, (row,), True, gap, _counted(money.text[row], one.count), False))
                break
    return extra


def _in_parts(one: Remittance, money: Money, used: set[int], family_of: npt.NDArray[np.int32]) -> Pair | None:
    """Several receipts of the payer that together are an advice; None where no set or more than one is."""
    awaited = one.total - (one.fee or 0)
    asks = money.asks
    rows = money.order[: int(np.searchsorted(money.amounts, awaited, side="left"))]
    days = asks.day[rows]
    here = (asks.entity[rows] == one.entity) & (asks.currency[rows] == one.currency)
    near = [row for row in rows[here & (days >= one.first) & (days <= one.last)].tolist() if row not in used]
    by_name = [row for row in near if _names(money, row, one.references)]
    if len(by_name) > 1 and sum(int(asks.amount[row]) for row in by_name) == awaited:
        return Pair(one, tuple(sorted(by_name)), True, 0, None, True)
    payer = frozenset(key for row in by_name for key in money.payer[row])
    known = bool(one.payer) or one.family >= 0
    theirs = [row for row in near if money.payer[row] & payer or (known and _fits(one, row, money, family_of))]
    if not 2 <= len(theirs) <= _PARTS_AMONG:
        return None
    sets = [
        part
        for size in range(2, _PARTS_MAX + 1)
        for part in itertools.combinations(sorted(theirs), size)
        if sum(int(asks.amount[row]) for row in part) == awaited
    ]
    return Pair(one, sets[0], bool(by_name), 0, None, True, len(sets) - 1) if sets else None
