"""A remittance: what a file or an advice says one amount of money is made of, line by line, before it is matched."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from encours.core.base.numbers import bare_signs
from encours.core.matching.pool import Pool
from encours.core.matching.references.bytes import cleaned, make_texts
from encours.core.matching.references.keys import DIGITS, KeyTable
from encours.core.matching.references.scan import scan

#: What made it: a batch of instruments that we handed to the bank, or an advice of who pays.
BATCH, ADVICE = "batch", "advice"
#: A reference shorter than this, or without a digit, turns up in any text.
_REFERENCE_MIN = 4


@dataclass(frozen=True)
class Line:
    """One line: `amount` comes in for it, minor units. `ties`: items (places in the pool) and what it pays of each,
    where the file says so; `quotes`: the items whose numbers it bears. `customer`: its code, −1 where unknown.
    `deducted`: what was taken off before paying, booked as `cause` ("" where nothing may be booked: the item stays
    open for it). `key` is used once. `unpaid`: it came back.
    """

    key: str
    amount: int
    customer: int
    ties: tuple[tuple[int, int], ...] = ()
    quotes: tuple[int, ...] = ()
    deducted: int = 0
    cause: str = ""
    unpaid: bool = False


@dataclass(frozen=True)
class Remittance:
    """What one receipt, or several of an advice, is made of.

    `total`: what is to come for all lines, before `fee`. `first`, `last`: days between which the money is awaited.
    `references`: how a bank's text may name it. `kinds`: receipt kinds such money bears; `words`: a pattern of texts
    that speak of it. `payer`: name keys and accounts of who pays (an advice).
    """

    key: str
    form: str
    entity: int
    currency: int
    total: int
    first: int
    last: int
    lines: tuple[Line, ...]
    references: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    words: str = ""
    fee: int | None = None
    payer: frozenset[str] = frozenset()
    family: int = -1

    @property
    def count(self) -> int:
        """Its lines."""
        return len(self.lines)


def references_of(*names: str | None) -> tuple[str, ...]:
    """The names that a text can be searched for: letters and digits only, each once; `MSG/BLOCK` also as its parts."""
    found = []
    for name in names:
        for part in [name or "", *(name or "").split("/")]:
            bare = bare_signs(part)
            if len(bare) >= _REFERENCE_MIN and any(one.isdigit() for one in bare) and bare not in found:
                found.append(bare)
    return tuple(found)


def names(text: str | None, references: tuple[str, ...]) -> bool:
    """Whether a cleaned text bears one of the references as a word of its own, however it is punctuated."""
    return (
        any(re.search(r"(?<![0-9A-Z])" + r"[^0-9A-Z]{0,2}".join(one) + r"(?![0-9A-Z])", text) for one in references)
        if text
        else False
    )


def read_quotes(texts: pl.Series, entity: np.ndarray, table: KeyTable, pool: Pool) -> list[tuple[tuple[int, int], ...]]:
    """For each text the items whose numbers it bears, with how many items of the entity bear that number."""
    marks, _ = scan(make_texts(cleaned(texts)), entity.astype(np.int32), table, pool.entity)
    found = []
    for text in range(len(texts)):
        quoted: dict[int, int] = {}
        for mark in range(marks.start[text], marks.start[text + 1]):
            for quote in range(marks.first[mark], marks.last[mark]):
                item = int(marks.item[quote])
                if marks.kind[quote] <= DIGITS and not (marks.kind[quote] == DIGITS and pool.weak[item]):
                    quoted[item] = int(marks.namesakes[quote])
        found.append(tuple(quoted.items()))
    return found


def certain_quotes(quoted: tuple[tuple[int, int], ...], customer: int, pool: Pool) -> tuple[int, ...]:
    """The quoted items without those that share their number with others, unless they are the customer's own."""
    return tuple(item for item, alike in quoted if alike == 1 or (customer >= 0 and pool.customer[item] == customer))
