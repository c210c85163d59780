"""Every spelling by which an item may be quoted, in one hash table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.kernel import kernel, lean
from encours.core.base.threads import side_by_side
from encours.core.matching.references.bytes import Texts, make_texts

#: Kinds of quotes, from the surest. NUMBER: the whole number; PAYMENT: the structured payment reference; DIGITS: the
#: digits of the number without its letters; OTHER: an order, purchase order or delivery note; SERIAL: the last group
#: of digits without leading zeros. The last three are only read inside a customer's account: LISTED: derived from the
#: quote before ("…45/46/47", "1001 A 1008"); TAIL: the last digits; SLIP: one character off.
NUMBER, PAYMENT, DIGITS, OTHER, SERIAL, LISTED, TAIL, SLIP = range(1, 9)
#: Fewer digits turn up in any text.
DIGITS_MIN, SERIAL_MIN = 5, 4
_SERIAL_SALT = np.uint64(0x9E3779B97F4A7C15)
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_FIRST, _SECOND = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)
_ONE, _34, _40, _63 = np.uint64(1), np.uint64(34), np.uint64(40), np.uint64(63)
_OTHERS = (("payment_reference", PAYMENT), ("order_ref", OTHER), ("purchase_order", OTHER), ("delivery_ref", OTHER))
_STRONG_CHARACTERS = 4
#: From so many slots a table has two rooms.
_TWO_ROOMS = 1 << 20


class KeyTable(NamedTuple):
    """Open addressing: `head[slot]` is the first entry of a spelling (−1: none), `following` the next of the same.

    By entry: `hash`, `item` (place in the pool) and `kind`. `longest`: characters of the longest spelling. `seen`: a
    bit for the beginning of each hash, by which most of what is no spelling is known without a look at the large table.
    Equal hashes of 64 bits count as equal spellings: among millions of keys and texts one false hit is expected in a
    million runs.
    """

    head: npt.NDArray[np.int32]
    hash: npt.NDArray[np.uint64]
    following: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.uint64]
    longest: int


@lean
def mixed(value: np.uint64) -> np.uint64:
    """The last step of a hash: spreads every bit over the whole word."""
    value ^= value >> _33
    value *= _FIRST
    value ^= value >> _33
    value *= _SECOND
    return value ^ (value >> _33)


@lean
def extended(hashed: np.uint64, byte: np.uint8) -> np.uint64:
    """The running hash (FNV-1a) of a spelling with one more character."""
    return (hashed ^ np.uint64(byte)) * _PRIME


def make_table(items: pl.DataFrame, numbers: Texts) -> KeyTable:
    """The table of the items in the order of the pool; `numbers` are their numbers."""
    hashed, item, kind, longest = _spelled(numbers, NUMBER)
    hashes, items_of, kinds = [hashed], [item], [kind]
    for name, code in _OTHERS:
        if items[name].null_count() < items.height:
            hashed, item, kind, length = _spelled(make_texts(items[name]), code)
            hashes.append(hashed)
            items_of.append(item)
            kinds.append(kind)
            longest = max(longest, length)
    hashed = np.concatenate(hashes)
    hashes.clear()  # what is large is not held twice
    item, kind = np.concatenate(items_of), np.concatenate(kinds)
    size = 1 << max(4, (3 * max(1, len(hashed)) // 2 - 1).bit_length())  # at most two slots in three are taken
    head, following = np.full(size, -1, dtype=np.int32), np.full(len(hashed), -1, dtype=np.int32)
    parts: list[Callable[[], object]] = [
        lambda: _fill(hashed, 0, head, following),
        lambda: _fill(hashed, 1, head, following),
        lambda: _bits(hashed, max(1, size // 16)),
    ]
    *_, seen = side_by_side(lambda part: part(), parts)
    return KeyTable(head, hashed, following, item, kind, cast("npt.NDArray[np.uint64]", seen), longest)


@kernel
def _spelled(
    texts: Texts, kind: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], npt.NDArray[np.uint8], int]:
    """Hash, item and kind of every spelling of one column, and the length of the longest: letters and digits only; of
    numbers the digits alone and the last group of digits, too. What holds no digit is a word, not a number."""
    count = len(texts.start) - 1
    room = 3 * count if kind == NUMBER else count
    hashes, item = np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.int32)
    kinds = np.empty(room, dtype=np.uint8)
    found = longest = 0
    for row in range(count):
        whole, digits, serial = _OFFSET, _OFFSET, _OFFSET
        letters = number = last = 0
        open_group = False
        for place in range(texts.start[row], texts.start[row + 1]):
            byte = texts.data[place]
            if 48 <= byte <= 57:
                whole, digits = extended(whole, byte), extended(digits, byte)
                number += 1
                if not open_group:
                    serial, last, open_group = _OFFSET, 0, True
                if byte != 48 or last > 0:
                    serial = extended(serial, byte)
                    last += 1
            else:
                open_group = False
                if 65 <= byte <= 90:
                    whole = extended(whole, byte)
                    letters += 1
        if number == 0:
            continue
        longest = max(longest, letters + number)
        hashes[found], item[found], kinds[found] = mixed(whole), row, kind
        found += 1
        if kind == NUMBER and letters > 0 and number >= DIGITS_MIN:
            hashes[found], item[found], kinds[found] = mixed(digits), row, DIGITS
            found += 1
        if kind == NUMBER and last >= SERIAL_MIN and last < letters + number:
            hashes[found], item[found], kinds[found] = mixed(serial ^ _SERIAL_SALT), row, SERIAL
            found += 1
    return hashes[:found], item[:found], kinds[:found], longest


@lean
def _slot(hashed: np.uint64, size: int) -> tuple[np.int64, int]:
    """Where a hash is looked for first, and the bits that change as the search goes round its room.

    A large table has two rooms, by the first bit of the hash, which are filled at once; in a small one chance could
    fill one room alone.
    """
    if size < _TWO_ROOMS:
        return np.int64(hashed & np.uint64(size - 1)), size - 1
    half = size >> 1
    return np.int64(hashed & np.uint64(half - 1)) | (half if hashed >> _63 else 0), half - 1


@kernel
def _fill(
    hashes: npt.NDArray[np.uint64], room: int, head: npt.NDArray[np.int32], following: npt.NDArray[np.int32]
) -> None:
    """Fills one of the two rooms: slots and the chains of equal spellings, each in the order of the entries."""
    size = len(head)
    for entry in range(len(hashes) - 1, -1, -1):
        hashed = hashes[entry]
        slot, mask = _slot(hashed, size)
        if (1 if size >= _TWO_ROOMS and slot > mask else 0) != room:
            continue
        while head[slot] >= 0 and hashes[head[slot]] != hashed:
            slot = (slot & ~mask) | ((slot + 1) & mask)
        following[entry] = head[slot]
        head[slot] = entry


@kernel
def _bits(hashes: npt.NDArray[np.uint64], words: int) -> npt.NDArray[np.uint64]:
    """One bit set for the beginning of each hash, in `words` (a power of two) of 64 bits."""
    seen = np.zeros(words, dtype=np.uint64)
    for hashed in hashes:
        seen[np.int64(hashed >> _40) & (words - 1)] |= _ONE << (hashed >> _34 & _63)
    return seen


@lean
def may_be(seen: npt.NDArray[np.uint64], hashed: np.uint64, serial: bool) -> bool:
    """Whether a running hash may be in the table; where not, `find` finds nothing."""
    if serial:
        hashed ^= _SERIAL_SALT
    hashed = mixed(hashed)
    return bool(seen[np.int64(hashed >> _40) & (len(seen) - 1)] >> (hashed >> _34 & _63) & _ONE)


@kernel
def read_numbers(
    texts: Texts,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Of each number: its last 18 digits as a number, how many digits it has, whether it says little (fewer than four
    characters, or four digits that may be a year), and whether it has no letters."""
    count = len(texts.start) - 1
    value, size = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int8)
    weak, plain = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    for row in range(count):
        digits = letters = 0
        for place in range(texts.start[row], texts.start[row + 1]):
            byte = texts.data[place]
            if 48 <= byte <= 57:
                kept = value[row] if digits < 17 else value[row] % 100_000_000_000_000_000
                value[row] = kept * 10 + byte - 48
                digits += 1
            elif 65 <= byte <= 90:
                letters += 1
        size[row], plain[row] = min(digits, 100), letters == 0
        year = letters == 0 and digits == 4 and 1_900 <= value[row] < 2_100
        weak[row] = letters + digits < _STRONG_CHARACTERS or year
    return value, size, weak, plain


@lean
def find(table: KeyTable, hashed: np.uint64, serial: bool) -> int:
    """The first entry of a spelling's running hash, −1 where nobody is spelled so."""
    if serial:
        hashed ^= _SERIAL_SALT
    hashed = mixed(hashed)
    size = len(table.head)
    slot, mask = _slot(hashed, size)
    while table.head[slot] >= 0:
        if table.hash[table.head[slot]] == hashed:
            return int(table.head[slot])
        slot = (slot & ~mask) | ((slot + 1) & mask)
    return -1


@lean
def beginning() -> np.uint64:
    """The running hash of nothing."""
    return _OFFSET
