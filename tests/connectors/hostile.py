"""Files made to hurt a reader: each function writes one, made from a sound sample of the reader's own format."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

_MB = 1024 * 1024


def empty(path: Path, sample: bytes) -> None:
    """No byte."""
    path.write_bytes(b"")


def zeros(path: Path, sample: bytes) -> None:
    """A megabyte of zero bytes after the sample's head."""
    path.write_bytes(sample[:200] + bytes(_MB))


def doctype(path: Path, sample: bytes) -> None:
    """A DOCTYPE that asks for a local file."""
    path.write_bytes(
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + _root(sample, b"&x;")
    )


def doctype_behind_a_long_comment(path: Path, sample: bytes) -> None:
    """The same behind a comment longer than any look at the head."""
    bomb = b'<!DOCTYPE r [<!ENTITY x "boom">]>'
    path.write_bytes(b'<?xml version="1.0"?><!--' + b"-x" * 100_000 + b"-->" + bomb + _root(sample, b"&x;"))


def entity_bomb(path: Path, sample: bytes) -> None:
    """A billion laughs, in text and in an attribute."""
    entities = b'<!ENTITY a0 "lol">'
    for level in range(1, 10):
        entities += b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10)
    path.write_bytes(b'<?xml version="1.0"?><!DOCTYPE r [' + entities + b"]>" + _root(sample, b"&a9;"))


def deep_nesting(path: Path, sample: bytes) -> None:
    """Half a million elements, one in the other."""
    path.write_bytes(_root(sample, b"<a>" * 500_000 + b"</a>" * 500_000))


def zip_bomb(path: Path, sample: bytes) -> None:
    """A small archive that unpacks to hundreds of megabytes, named as spreadsheets and PDFs name their parts."""
    path.write_bytes(_bomb())


@cache
def _bomb() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(320):
                sheet.write(bytes(_MB))
    return packed.getvalue()


def long_line(path: Path, sample: bytes) -> None:
    """Fifty megabytes without a line break behind the sample's head."""
    path.write_bytes(sample[:300].replace(b"\n", b" ").replace(b"\r", b" ") + b"1234567,;| <A>" * (50 * _MB // 14))


def long_line_in_the_middle(path: Path, sample: bytes) -> None:
    """A sound file with fifty megabytes of one letter in its middle."""
    middle = len(sample) // 2
    path.write_bytes(sample[:middle] + b"A" * (50 * _MB) + sample[middle:])


def utf16(path: Path, sample: bytes) -> None:
    """The sample in another encoding than it says."""
    path.write_bytes(sample.decode("latin-1").encode("utf-16"))


def wrong_bytes(path: Path, sample: bytes) -> None:
    """Every high byte once, after each tenth byte of the sample."""
    parts = [sample[start : start + 10] + bytes([128 + start // 10 % 128]) for start in range(0, len(sample), 10)]
    path.write_bytes(b"".join(parts))


def control_characters(path: Path, sample: bytes) -> None:
    """Control characters between all bytes of the sample's first half."""
    half = len(sample) // 2
    path.write_bytes(b"\x00\x1a".join(sample[i : i + 20] for i in range(0, half, 20)) + sample[half:])


def many_times(path: Path, sample: bytes) -> None:
    """The sample a thousand times in one file."""
    path.write_bytes(sample * 1_000)


def _root(sample: bytes, inside: bytes) -> bytes:
    """An element that readers of XML take for theirs: the sample's root, or any."""
    start = sample.find(b"<Document")
    end = sample.find(b">", start) + 1
    if start < 0 or end <= 0:
        return b"<Invoice>" + inside + b"</Invoice>"
    return sample[start:end] + inside + b"</Document>"


HOSTILE: tuple[Callable[[Path, bytes], None], ...] = (
    empty,
    zeros,
    doctype,
    doctype_behind_a_long_comment,
    entity_bomb,
    deep_nesting,
    zip_bomb,
    long_line,
    long_line_in_the_middle,
    utf16,
    wrong_bytes,
    control_characters,
    many_times,
)
