"""Bytes to text: the encodings that accounting and bank files really have, without guessing where it can be known."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: DOS code page 850 bytes of French letters and °, none of which is a letter French uses in cp1252.
_CP850_FRENCH = frozenset(b"\x82\x83\x85\x87\x88\x89\x8a\x8b\x8c\x93\x96\x97\xf8")
_SAMPLE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Text:
    """Decoded text and the encoding that gave it."""

    text: str
    encoding: str


def detect_encoding(data: bytes) -> str:
    """The encoding of `data`: a byte-order mark, else UTF-8 where valid, else cp1252, cp850 or a guess.

    cp850 is chosen over cp1252 only where every high byte is one that DOS files use for French.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return "utf-8"
    else:
        return "utf-8"
    high = {byte for byte in data if byte >= 0x80}
    if high <= _CP850_FRENCH:
        return "cp850"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # here: hardly a file needs it, and every worker would load it

        best = from_bytes(data[:_SAMPLE_BYTES]).best()
        return best.encoding if best is not None else "latin-1"
    return "cp1252"


def decode(data: bytes) -> Text:
    """The text of `data`; a byte that the encoding does not have becomes U+FFFD, never an error."""
    encoding = detect_encoding(data)
    return Text(data.decode(encoding, errors="replace"), encoding.removesuffix("-sig"))


def fixed_records(text: str, width: int) -> Iterator[tuple[int, str]]:
    """(line or record number, so many characters), without blank ones: from lines, or from a file without breaks."""
    lines = text.lstrip("\ufeff").split("\n")
    broken = len(lines) > 2
    count = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip("\r\x1a\x00")
        for start in range(0, len(line), width):
            record = line[start : start + width]
            if record.strip():
                count += 1
                yield (number if broken else count), record.ljust(width)
