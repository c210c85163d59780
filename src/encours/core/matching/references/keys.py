"""Every spelling by which an item may be quoted, in one hash table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.numbers import number_key
from encours.core.matching.kernel import inner, kernel
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
_NUMBERED = ("number", "payment_reference", "order_ref", "purchase_order", "delivery_ref")


class KeyTable(NamedTuple):
    """Open addressing: `head[slot]` is the first entry of a spelling (−1: none), `following` the next of the same.

    By entry: `hash`, `item` (place in the pool) and `kind`. `longest`: characters of the longest spelling. Equal hashes
    of 64 bits count as equal spellings: among millions of keys and texts one false hit is expected in a million runs.
    """

    head: npt.NDArray[np.int32]
    hash: npt.NDArray[np.uint64]
    following: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    longest: int


@inner
def mixed(value: np.uint64) -> np.uint64:
    """The last step of a hash: spreads every bit over the whole word."""
    value ^= value >> _33
    value *= _FIRST
    value ^= value >> _33
    value *= _SECOND
    return value ^ (value >> _33)


@inner
def extended(hashed: np.uint64, byte: np.uint8) -> np.uint64:
    """The running hash (FNV-1a) of a spelling with one more character."""
    return (hashed ^ np.uint64(byte)) * _PRIME


def make_table(items: pl.DataFrame) -> KeyTable:
    """The table of the items in the order of the pool."""
    kinds = (NUMBER, PAYMENT, OTHER, OTHER, OTHER)
    row = pl.int_range(pl.len(), dtype=pl.Int32)
    spelled = [
        items.select(item=row, kind=pl.lit(kind, dtype=pl.UInt8), key=number_key(pl.col(name))).filter(
            pl.col("key").str.contains(r"\d")
        )
        for name, kind in zip(_NUMBERED, kinds, strict=True)
    ]
    numbers = items.select(
        item=row,
        key=number_key(pl.col("number")),
        serial=pl.col("number").str.extract(r"(\d+)\D*$").str.strip_chars_start("0"),
    )
    digits = numbers.select("item", kind=pl.lit(DIGITS, dtype=pl.UInt8), key=pl.col("key").str.replace_all(r"\D", ""))
    bare = digits.filter((pl.col("key").str.len_bytes() >= DIGITS_MIN) & (numbers["key"] != pl.col("key")))
    serial = numbers.select("item", kind=pl.lit(SERIAL, dtype=pl.UInt8), key="serial").filter(
        (pl.col("key").str.len_bytes() >= SERIAL_MIN) & (numbers["key"] != pl.col("key"))
    )
    entries = pl.concat([*spelled, bare, serial])
    texts = make_texts(entries["key"])
    kind = np.array(entries["kind"].to_numpy(), dtype=np.uint8)
    size = 1 << max(4, int(2 * max(1, entries.height) - 1).bit_length())
    head, hashed, following = _fill(texts, kind, size)
    longest = int(entries["key"].str.len_bytes().max() or 0)  # type: ignore[arg-type]  # lengths are integers
    return KeyTable(head, hashed, following, np.array(entries["item"].to_numpy(), dtype=np.int32), kind, longest)


@kernel
def _fill(
    texts: Texts, kind: npt.NDArray[np.uint8], size: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    count = len(kind)
    head = np.full(size, -1, dtype=np.int32)
    hashes = np.empty(count, dtype=np.uint64)
    following = np.full(count, -1, dtype=np.int32)
    for entry in range(count - 1, -1, -1):
        hashed = _OFFSET
        for place in range(texts.start[entry], texts.start[entry + 1]):
            hashed = extended(hashed, texts.data[place])
        if kind[entry] == SERIAL:
            hashed ^= _SERIAL_SALT
        hashed = mixed(hashed)
        hashes[entry] = hashed
        slot = np.int64(hashed & np.uint64(size - 1))
        while head[slot] >= 0 and hashes[head[slot]] != hashed:
            slot = (slot + 1) & (size - 1)
        following[entry] = head[slot]
        head[slot] = entry
    return head, hashes, following


@inner
def find(table: KeyTable, hashed: np.uint64, serial: bool) -> int:
    """The first entry of a spelling's running hash, −1 where nobody is spelled so."""
    if serial:
        hashed ^= _SERIAL_SALT
    hashed = mixed(hashed)
    size = len(table.head)
    slot = np.int64(hashed & np.uint64(size - 1))
    while table.head[slot] >= 0:
        if table.hash[table.head[slot]] == hashed:
            return int(table.head[slot])
        slot = (slot + 1) & (size - 1)
    return -1


@inner
def beginning() -> np.uint64:
    """The running hash of nothing."""
    return _OFFSET
