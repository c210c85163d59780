"""QR codes of payments: drawn with whole arrays on a frame that is made once a size.

`segno` says what a code of a size looks like before its content; the content is then a few table look-ups, a hundredth
of the time. Codes are those of `segno.make_qr(text, error="m", encoding="utf-8", mask=4)`, module by module, but for
their padding, which is here as ISO/IEC 18004 has it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import segno
from segno import consts

#: Breaks up rows and columns alike. Readers take any of the eight; to weigh them costs three times the code.
MASK = 4
_BORDER, _PNG_SCALE = 4, 4
_BYTE_MODE, _PADS = 4, (0xEC, 0x11)
_LONG_COUNT = 10  # from this version on the length takes 16 bits
_VERSIONS = range(1, 41)  # a payment needs 13 at most (EPC069-12)
_DATA = (consts.TYPE_DATA_DARK, consts.TYPE_DATA_LIGHT)
#: Powers and logarithms in the field of 256. Zero has a logarithm so large that every sum with it gives zero again.
_NONE = 511
_EXP = np.array([*consts.GALIOS_EXP[:255], *consts.GALIOS_EXP[:255], *[0] * (2 * _NONE - 509)], dtype=np.uint8)
_LOG = np.array([_NONE, *consts.GALIOS_LOG[1:256]], dtype=np.int64)


@dataclass(frozen=True)
class _Frame:
    """What all codes of a version share: `modules` without content, `places` of the bits in their order, `flips`.

    `blocks`: (data words, repair table) of each block; a row of the table is what one word adds to the repair words.
    """

    modules: Any
    places: Any
    flips: Any
    blocks: tuple[tuple[int, Any], ...]

    @property
    def words(self) -> int:
        """Data words of the whole code."""
        return sum(size for size, _ in self.blocks)


@lru_cache(maxsize=64)
def modules_of(text: str) -> Any:
    """The code of a text as rows of 0 and 1 without its quiet zone. Raises ValueError for a text that is too long."""
    content = text.encode("utf-8")
    version = next((one for one in _VERSIONS if len(content) <= _room(one)), None)
    if version is None:
        raise ValueError("the text is too long for a QR code")
    frame = _frame(version)
    bits = np.unpackbits(_words(content, frame))
    modules = frame.modules.copy()
    flat = modules.reshape(-1)
    flat[frame.places] = frame.flips  # what is left over after the words is zeros, masked like the rest
    flat[frame.places[: bits.size]] ^= bits
    return modules


def svg(text: str) -> str:
    """The code with its quiet zone, one stroke a run of dark modules."""
    modules = modules_of(text)
    size = len(modules) + 2 * _BORDER
    edges = np.diff(np.pad(modules.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    parts: list[str] = []
    at = line = 0
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        move = f"m{start - at} {row - line}" if parts else f"M{start + _BORDER} {row + _BORDER}.5"
        parts.append(f"{move}h{end - start}")
        at, line = end, row
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" class="segno">'
        f'<path class="qrline" stroke="#000" d="{"".join(parts)}"/></svg>\n'
    )


def png(text: str) -> bytes:
    """The code with its quiet zone as a picture of one bit a point, for programs that show no SVG."""
    light = np.pad(1 - modules_of(text), _BORDER, constant_values=1).repeat(_PNG_SCALE, axis=1)
    size = light.shape[1]
    rows = np.packbits(light, axis=1)
    lines = np.zeros((len(rows), _PNG_SCALE, rows.shape[1] + 1), dtype=np.uint8)
    lines[:, 0, 1:] = rows  # a line begins with its filter: 0 as it stands, 2 the difference to the one above
    lines[:, 1:, 0] = 2
    head = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _room(version: int) -> int:
    """Bytes of text that a code holds beside its mode and length."""
    return sum(size for size, _ in _sizes(version)) - (3 if version >= _LONG_COUNT else 2)


@lru_cache(maxsize=64)
def _sizes(version: int) -> tuple[tuple[int, int], ...]:
    """Data and repair words of each block."""
    known: Any = consts.ECC
    rows = known[version][consts.ERROR_LEVEL_M]
    return tuple((one.num_data, one.num_total - one.num_data) for one in rows for _ in range(one.num_blocks))


def _words(content: bytes, frame: _Frame) -> Any:
    """Data and repair words in the order in which they are drawn: the first of each block, the second of each…"""
    width = 16 if len(frame.modules) >= 17 + 4 * _LONG_COUNT else 8
    # Mode, length, content and four bits that end it make whole words: 4 + 8 (or 16) + 8 a byte + 4.
    number = (_BYTE_MODE << width | len(content)) << 8 * len(content) | int.from_bytes(content, "big")
    words = (number << 4).to_bytes(len(content) + 1 + width // 8, "big")
    words += bytes(_PADS[at % 2] for at in range(frame.words - len(words)))
    data, repair, at = [], [], 0
    for size, table in frame.blocks:
        block = np.frombuffer(words, dtype=np.uint8, count=size, offset=at)
        data.append(block)
        repair.append(_repaired(block, table))
        at += size
    return np.concatenate([_in_turn(data), _in_turn(repair)])


def _in_turn(blocks: list[Any]) -> Any:
    """One word of each block by turns; shorter blocks end earlier."""
    places = np.concatenate([np.arange(len(block)) for block in blocks])
    return np.concatenate(blocks)[np.argsort(places, kind="stable")]


def _repaired(block: Any, table: Any) -> Any:
    """Reed-Solomon: the sum of what each word adds, in the field of 256."""
    return np.bitwise_xor.reduce(_EXP[_LOG[block][:, None] + table], axis=0)


@lru_cache(maxsize=16)
def _frame(version: int) -> _Frame:
    blank = segno.make_qr("", version=version, error="m", boost_error=False, encoding="utf-8", mask=MASK, mode="byte")
    content = np.array([[kind in _DATA for kind in row] for row in blank.matrix_iter(border=0, verbose=True)])
    content[8][-9] = True  # segno names it a place of the format; the format takes the eight behind it
    modules = np.array([bytearray(row) for row in blank.matrix], dtype=np.uint8)
    modules[content] = 0
    places = _snake(content)
    row, column = np.divmod(places, len(modules))
    flips = ((row // 2 + column // 3) % 2 == 0).astype(np.uint8)
    blocks = [(data, _repair_table(data, repair)) for data, repair in _sizes(version)]
    return _Frame(modules, places, flips, tuple(blocks))


def _snake(content: Any) -> Any:
    """Flat places of the content's modules: two columns at a time from the right, up and down by turns (7.7.3)."""
    size = len(content)
    found, upwards = [], True
    right = size - 1
    while right > 0:
        right -= right == 6  # the column of the timing pattern bears nothing
        for row in range(size - 1, -1, -1) if upwards else range(size):
            found += [row * size + column for column in (right, right - 1) if content[row][column]]
        right, upwards = right - 2, not upwards
    return np.array(found)


def _repair_table(data: int, repair: int) -> Any:
    """Logarithms of what a one in each place of a block adds to its repair words."""
    generator = np.array(consts.GEN_POLY[repair], dtype=np.int64)
    rows = []
    words: Any = _EXP[generator]  # the last place: x^repair mod the generator
    for _ in range(data):
        rows.append(words)
        words = np.append(words[1:], np.uint8(0)) ^ _EXP[_LOG[words[0]] + generator]
    return _LOG[np.array(rows[::-1])]
