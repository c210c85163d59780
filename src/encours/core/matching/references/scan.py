"""Finds the known spellings in texts, and keeps the loose digits that may be part of one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from encours.core.base.kernel import inner, kernel, lean
from encours.core.base.threads import side_by_side
from encours.core.matching.references.bytes import Texts
from encours.core.matching.references.keys import (
    DIGITS,
    NUMBER,
    SERIAL,
    SERIAL_MIN,
    SLIP,
    KeyTable,
    beginning,
    extended,
    find,
    may_be,
)

#: Separates two fields of a receipt in its text: no number is read across it.
FIELD_BREAK = "\x1f"
#: A number may be written in so many pieces (a structured reference has seven), its digits alone in so many.
_PIECES, _RUNS = 7, 4
#: Words, runs of digits and hits of one text that are looked at; longer advices are cut there.
_WORDS_MAX, _HITS_MAX = 512, 512
#: Between two pieces of one number stand at most so many other characters.
GAP = 4
#: One spelling that more items bear says nothing by itself.
_NAMESAKES_MAX = 64
#: So many of all entities are gone through: a word that is the number of thousands is no number.
_BEARERS_MAX = 16 * _NAMESAKES_MAX
#: How a mark is joined to the one before: by words, by the marks of a list, by a word that says "to".
LOOSE, LIST, RANGE = 0, 1, 2
#: Four digits between these are a year rather than a number.
YEAR_FIRST, YEAR_LAST = 1_990, 2_039
#: Ways in which a spelling is found: whole words, runs of digits, those with a misread letter, the last group alone.
BY_WORDS, BY_DIGITS, BY_SLIP, BY_SERIAL = range(4)
#: Texts that one thread reads at once.
_SHARE = 50_000
#: Fields of Marks that point into others.
_PLACES = ("start", "first", "last")
#: Columns of a mark while a text is read.
_VALUE, _SIZE, _SLIPS, _LINK, _FIRST, _LAST = range(6)
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Marks(NamedTuple):
    """Numbers in the texts in the order in which they stand. Text n has the marks `start[n]` to `start[n + 1]`.

    By mark: `value` and `size` of its digits (0: has none of its own), `slip` (a letter was read as a digit), `link` to
    the mark before, `first` to `last` its quotes. By quote: `item` (place in the pool), `kind`, `namesakes` (items of
    the receipt's entity that are spelled so). By text: `crossed` (two numbers share characters).
    """

    start: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    size: npt.NDArray[np.int8]
    slip: npt.NDArray[np.bool_]
    link: npt.NDArray[np.int8]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    namesakes: npt.NDArray[np.int16]
    crossed: npt.NDArray[np.bool_]


class Strangers(NamedTuple):
    """Of each text that spells a number of another entity: its place (`row`), and every item, of whatever entity,
    whose number it spells (`item`, its place in the pool), pair by pair."""

    row: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]


@lean
def _is_digit(byte: np.uint8) -> bool:
    return bool(48 <= byte <= 57)


@lean
def _is_word(byte: np.uint8) -> bool:
    return bool(48 <= byte <= 57 or 65 <= byte <= 90)


@lean
def _misread(byte: np.uint8) -> int:
    """The digit that a letter is often written for, −1 for the others: O I L Z S B."""
    if byte == 79:
        return 0
    if byte == 73 or byte == 76:
        return 1
    if byte == 90:
        return 2
    if byte == 83:
        return 5
    if byte == 66:
        return 8
    return -1


@lean
def _words(data: npt.NDArray[np.uint8], start: int, end: int, at: npt.NDArray[np.int64]) -> int:
    """Writes begin, end of each run of letters and digits into `at`; how many there are."""
    count, place = 0, start
    while place < end and count < _WORDS_MAX:
        if not _is_word(data[place]):
            place += 1
            continue
        begin = place
        while place < end and _is_word(data[place]):
            place += 1
        at[count, 0], at[count, 1] = begin, place
        count += 1
    return count


@lean
def _runs(data: npt.NDArray[np.uint8], start: int, end: int, at: npt.NDArray[np.int64]) -> int:
    """Writes begin, end, slip of each run of digits; letters misread for digits belong to a run that a digit begins
    and that holds three digits."""
    count, place = 0, start
    while place < end and count < _WORDS_MAX:
        if not _is_digit(data[place]):
            place += 1
            continue
        begin, reach, digits = place, place, 0
        while reach < end and (_is_digit(data[reach]) or _misread(data[reach]) >= 0):
            digits += 1 if _is_digit(data[reach]) else 0
            reach += 1
        whole = reach >= end or not _is_word(data[reach])
        while place < end and _is_digit(data[place]):
            place += 1
        slip = reach > place and digits >= 3 and whole
        if slip:
            place = reach
        at[count, 0], at[count, 1], at[count, 2] = begin, place, 1 if slip else 0
        count += 1
    return count


@lean
def _near(data: npt.NDArray[np.uint8], end: int, begin: int) -> bool:
    """Whether two pieces may belong to one number: little between them, and no break of fields."""
    if begin - end > GAP:
        return False
    for place in range(end, begin):  # noqa: SIM110  # compiled: a generator is not
        if data[place] == 31:
            return False
    return True


@lean
def _number_hits(
    data: npt.NDArray[np.uint8],
    words: npt.NDArray[np.int64],
    count: int,
    table: KeyTable,
    hits: npt.NDArray[np.int64],
    found: int,
) -> int:
    """Whole words, alone and joined: begin, end, entry, way of each known spelling."""
    for first in range(count):
        hashed, length, digits = beginning(), 0, False
        for last in range(first, min(first + _PIECES, count)):
            if last > first and not _near(data, words[last - 1, 1], words[last, 0]):
                break
            length += words[last, 1] - words[last, 0]
            if length > table.longest:
                break
            for place in range(words[last, 0], words[last, 1]):
                hashed = extended(hashed, data[place])
                digits = digits or _is_digit(data[place])
            entry = find(table, hashed, False) if digits and may_be(table.seen, hashed, False) else -1
            if entry >= 0 and found < _HITS_MAX:
                hits[found, 0], hits[found, 1], hits[found, 2] = words[first, 0], words[last, 1], entry
                hits[found, 3] = BY_WORDS
                found += 1
    return found


@lean
def _digit_hits(
    data: npt.NDArray[np.uint8],
    runs: npt.NDArray[np.int64],
    count: int,
    table: KeyTable,
    hits: npt.NDArray[np.int64],
    found: int,
) -> int:
    """Runs of digits, alone and joined over at most a few separators."""
    for first in range(count):
        hashed, slip, length = beginning(), False, 0
        for last in range(first, min(first + _RUNS, count)):
            if last > first:
                if not _near(data, runs[last - 1, 1], runs[last, 0]):
                    break
                letters = 0
                for place in range(runs[last - 1, 1], runs[last, 0]):
                    letters += 1 if _is_word(data[place]) else 0
                if letters > 1:
                    break
            slip = slip or runs[last, 2] == 1
            for place in range(runs[last, 0], runs[last, 1]):
                digit = data[place] if _is_digit(data[place]) else np.uint8(48 + _misread(data[place]))
                hashed = extended(hashed, digit)
                length += 1
            entry = find(table, hashed, False) if length >= 4 and may_be(table.seen, hashed, False) else -1
            if entry >= 0 and found < _HITS_MAX:
                hits[found, 0], hits[found, 1], hits[found, 2] = runs[first, 0], runs[last, 1], entry
                hits[found, 3] = BY_SLIP if slip else BY_DIGITS
                found += 1
    return found


@lean
def _choose(hits: npt.NDArray[np.int64], found: int) -> tuple[int, bool]:
    """Keeps the longest hits that share no character, in order; whether any was dropped that reached beyond."""
    kept, crossed = 0, False
    for _ in range(found):
        best, size = -1, 0
        for n in range(kept, found):
            length = hits[n, 1] - hits[n, 0]
            if hits[n, 3] >= 0 and (
                length > size
                or (length == size and best >= 0 and (hits[n, 3], hits[n, 0]) < (hits[best, 3], hits[best, 0]))
            ):
                best, size = n, length
        if best < 0:
            break
        for column in range(4):
            hits[kept, column], hits[best, column] = hits[best, column], hits[kept, column]
        for n in range(kept + 1, found):
            if hits[n, 3] < 0 or hits[n, 0] >= hits[kept, 1] or hits[n, 1] <= hits[kept, 0]:
                continue
            inside = hits[n, 0] >= hits[kept, 0] and hits[n, 1] <= hits[kept, 1]
            crossed = crossed or not inside
            hits[n, 3] = -1
        kept += 1
    for n in range(1, kept):  # in the order of the text
        m = n
        while m > 0 and hits[m, 0] < hits[m - 1, 0]:
            for column in range(4):
                hits[m, column], hits[m - 1, column] = hits[m - 1, column], hits[m, column]
            m -= 1
    return kept, crossed


@lean
def _link(data: npt.NDArray[np.uint8], end: int, begin: int) -> int:
    """How two marks are joined by what stands between them."""
    letters, first, second = 0, 0, 0
    for place in range(end, begin):
        if data[place] == 31:
            return LOOSE
        if _is_word(data[place]):
            letters += 1
            first, second = (int(data[place]), second) if letters == 1 else (first, int(data[place]))
    if letters == 0:
        return LIST
    if (letters == 1 and first == 65) or (letters == 2 and first == 65 and second == 85):  # A, AU
        return RANGE
    if letters == 2 and ((first == 84 and second == 79) or (first == 69 and second == 84)):  # TO, ET
        return RANGE if first == 84 else LIST
    return LOOSE


def scan(texts: Texts, entity: Int32, table: KeyTable, item_entity: Int32) -> tuple[Marks, Strangers]:
    """The marks of every text, and who spells numbers of other entities.

    `entity` by text, `item_entity` by place in the pool: the items of other entities are never quoted.
    """
    count = len(entity)
    bounds = np.linspace(0, count, max(1, -(-count // _SHARE)) + 1).astype(int).tolist()
    shares = [(Texts(texts.data, texts.start[a : b + 1]), entity[a:b]) for a, b in pairwise(bounds)]
    read = side_by_side(lambda share: _one_share(*share, table, item_entity), shares)
    rows = [others[:, 0] + begin for (_, others), begin in zip(read, bounds, strict=False)]
    items = [others[:, 1] for _, others in read]
    return joined([marks for marks, _ in read]), Strangers(np.concatenate(rows), np.concatenate(items))


def _one_share(texts: Texts, entity: Int32, table: KeyTable, item_entity: Int32) -> tuple[Marks, Int64]:
    start, rows, said, crossed, others = _scan(texts, entity, table, item_entity)

    def column(frame: Int64, place: int, dtype: type[np.generic]) -> npt.NDArray[Any]:
        return np.ascontiguousarray(frame[:, place], dtype=dtype)

    marks = Marks(
        start=start,
        value=column(rows, _VALUE, np.int64),
        size=column(rows, _SIZE, np.int8),
        slip=column(rows, _SLIPS, np.bool_),
        link=column(rows, _LINK, np.int8),
        first=column(rows, _FIRST, np.int64),
        last=column(rows, _LAST, np.int64),
        item=column(said, 0, np.int32),
        kind=column(said, 1, np.uint8),
        namesakes=column(said, 2, np.int16),
        crossed=crossed,
    )
    return marks, others


def joined(parts: Sequence[Marks]) -> Marks:
    """The marks of one text after the other."""
    if len(parts) == 1:
        return parts[0]
    marks = np.cumsum([0, *(len(part.value) for part in parts)])
    quotes = np.cumsum([0, *(len(part.item) for part in parts)])
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in Marks._fields if name not in _PLACES
    }
    ends = [part.start[1:] + before for part, before in zip(parts, marks, strict=False)]
    moved = {
        name: np.concatenate([getattr(part, name) + before for part, before in zip(parts, quotes, strict=False)])
        for name in ("first", "last")
    }
    return Marks(start=np.concatenate([np.zeros(1, np.int64), *ends]), **moved, **columns)


@kernel
def _scan(
    texts: Texts, entity: Int32, table: KeyTable, item_entity: Int32
) -> tuple[Int64, Int64, Int64, npt.NDArray[np.bool_], Int64]:
    """Where each text's marks begin, the marks (columns _VALUE…), the quotes (item, kind, namesakes), what crossed, and
    texts with items of `Strangers`."""
    count = len(texts.start) - 1
    starts, crossed = np.zeros(count + 1, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    rows, said = np.empty((max(64, 2 * count), 6), dtype=np.int64), np.empty((max(64, 2 * count), 3), dtype=np.int64)
    words, runs = np.empty((_WORDS_MAX, 2), dtype=np.int64), np.empty((_WORDS_MAX, 3), dtype=np.int64)
    hits, chosen = np.empty((_HITS_MAX, 4), dtype=np.int64), np.empty(_NAMESAKES_MAX, dtype=np.int64)
    others = np.empty((64, 2), dtype=np.int64)
    marks = quotes = strange = 0
    for text in range(count):
        begin, end = texts.start[text], texts.start[text + 1]
        some = _words(texts.data, begin, end, words)
        found = _number_hits(texts.data, words, some, table, hits, 0)
        spelled = _spelled_by(hits, found, entity[text], table, item_entity)
        if strange + spelled > len(others):
            others = _grown(others, 2 * (strange + spelled))
        if spelled:
            strange = _note(hits, found, text, table, others, strange)
        some = _runs(texts.data, begin, end, runs)
        found = _digit_hits(texts.data, runs, some, table, hits, found)
        kept, crossed[text] = _choose(hits, found)
        if marks + kept + some > len(rows):
            rows = _grown(rows, 2 * (marks + kept + some))
        last = _marks(texts.data, hits, kept, runs, some, table, rows, marks)
        for mark in range(marks, last):
            number = _quotes(table, rows[mark, _FIRST], entity[text], item_entity, chosen)
            if quotes + number > len(said):
                said = _grown(said, 2 * (quotes + number))
            for n in range(number):
                said[quotes + n, 0], said[quotes + n, 2] = table.item[chosen[n]], number
                said[quotes + n, 1] = _kind(table.kind[chosen[n]], rows[mark, _LAST])
            rows[mark, _FIRST], rows[mark, _LAST] = quotes, quotes + number
            quotes += number
        marks = last
        starts[text + 1] = marks
    return starts, rows[:marks], said[:quotes], crossed, others[:strange]


@lean
def _spelled_by(hits: Int64, found: int, entity: int, table: KeyTable, item_entity: npt.NDArray[np.int32]) -> int:
    """How many items' numbers are spelled in a text, where one of them is another entity's; 0 where none is, or where
    too many bear one of them."""
    count, theirs = 0, False
    for hit in range(found):
        entry, seen = hits[hit, 2], 0
        while entry >= 0:
            seen += 1
            if seen > _BEARERS_MAX:
                return 0
            if table.kind[entry] == NUMBER:
                count += 1
                theirs = theirs or item_entity[table.item[entry]] != entity
            entry = np.int64(table.following[entry])
    return count if theirs else 0


@lean
def _note(hits: Int64, found: int, text: int, table: KeyTable, others: Int64, at: int) -> int:
    """Writes the text beside each item whose number it spells; where the next may be written."""
    for hit in range(found):
        entry = hits[hit, 2]
        while entry >= 0:
            if table.kind[entry] == NUMBER:
                others[at, 0], others[at, 1] = text, table.item[entry]
                at += 1
            entry = np.int64(table.following[entry])
    return at


@lean
def _marks(
    data: npt.NDArray[np.uint8], hits: Int64, kept: int, runs: Int64, some: int, table: KeyTable, rows: Int64, mark: int
) -> int:
    """Writes hits and the runs between them in the order of the text, with the entry found and the way in place of
    first and last; the number of marks with them."""
    hit = run = 0
    before = -1
    while hit < kept or run < some:
        if hit < kept and (run >= some or hits[hit, 0] <= runs[run, 0]):
            at, until = hits[hit, 0], hits[hit, 1]
            rows[mark, _VALUE], rows[mark, _SIZE] = 0, 0
            rows[mark, _SLIPS] = 1 if hits[hit, 3] == BY_SLIP else 0
            rows[mark, _FIRST], rows[mark, _LAST] = hits[hit, 2], hits[hit, 3]
            while run < some and runs[run, 0] < until:
                run += 1
            hit += 1
        else:
            at, until = runs[run, 0], runs[run, 1]
            rows[mark, _VALUE], rows[mark, _SIZE] = _read(data, at, until)
            rows[mark, _SLIPS] = runs[run, 2]
            rows[mark, _FIRST] = _serial(data, at, until, rows[mark, _VALUE], rows[mark, _SIZE], table)
            rows[mark, _LAST] = BY_SERIAL
            run += 1
        rows[mark, _LINK] = _link(data, before, at) if before >= 0 else LOOSE
        before = until
        mark += 1
    return mark


@lean
def _serial(data: npt.NDArray[np.uint8], at: int, until: int, value: int, size: int, table: KeyTable) -> int:
    """The first entry whose last group of digits is this run, leading zeros left out; −1: none, or a year."""
    if not SERIAL_MIN <= size <= 12 or value < 1_000 or (size == 4 and YEAR_FIRST <= value <= YEAR_LAST):
        return -1
    hashed, leading = beginning(), True
    for place in range(at, until):
        digit = int(data[place]) if _is_digit(data[place]) else 48 + _misread(data[place])
        leading = leading and digit == 48
        if not leading:
            hashed = extended(hashed, np.uint8(digit))
    return find(table, hashed, True) if may_be(table.seen, hashed, True) else -1


@lean
def _kind(kind: np.uint8, way: int) -> int:
    """A number whose digits alone are found, amid letters, is quoted by its digits; a misread letter is a slip."""
    if way == BY_SLIP:
        return SLIP
    if way == BY_DIGITS and kind == NUMBER:
        return DIGITS
    return SERIAL if way == BY_SERIAL else int(kind)


@lean
def _read(data: npt.NDArray[np.uint8], begin: int, end: int) -> tuple[int, int]:
    """The value of a run of digits (its last 18) and how many there are."""
    total = 0
    for place in range(max(begin, end - 18), end):
        total = total * 10 + (int(data[place]) - 48 if _is_digit(data[place]) else _misread(data[place]))
    return total, min(end - begin, 100)


@lean
def _quotes(
    table: KeyTable, entry: int, entity: int, item_entity: npt.NDArray[np.int32], found: npt.NDArray[np.int64]
) -> int:
    """The entries of a spelling in one entity, each item once; none where too many bear it."""
    count, seen = 0, 0
    while entry >= 0:
        seen += 1
        if item_entity[table.item[entry]] == entity:
            known = False
            for n in range(count):
                known = known or table.item[found[n]] == table.item[entry]
            if not known:
                if count >= _NAMESAKES_MAX:
                    return 0
                found[count] = entry
                count += 1
        if seen > _BEARERS_MAX:
            return 0
        entry = table.following[entry]
    return count


@inner
def _grown(rows: Int64, room: int) -> Int64:
    bigger = np.empty((room, rows.shape[1]), dtype=np.int64)
    bigger[: len(rows)] = rows
    return bigger
