"""QR codes drawn with arrays are those of segno, module by module."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
import segno
from segno import encoder

from encours.usecases.letters import qr_code

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def as_the_norm_pads(monkeypatch: pytest.MonkeyPatch) -> None:
    """segno 1.6 adds a zero word where the bits are whole words already (7.4.10 adds none). Readers take both."""
    monkeypatch.setattr(encoder, "write_padding_bits", lambda buff, version, length: buff.extend([0] * (-length % 8)))


def by_segno(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", mask=qr_code.MASK)


def test_every_size_is_the_same_as_segnos() -> None:
    draw, seen = random.Random(5), set()
    for length in (*range(1, 40), *range(40, 320, 4), 640, 2_300):
        signs = "ABC é€\n0123xyz" if length % 2 else "FR76 0123\n"
        text = "".join(draw.choice(signs) for _ in range(length)) + "\nend"
        code = by_segno(text)
        seen.add(code.version)
        assert [list(row) for row in code.matrix] == qr_code.modules_of(text).tolist(), (length, code.version)
    assert seen >= {*range(1, 14), 20, 40}, "a version that no text had shows nothing"


def points(picture: bytes) -> list[bytes]:
    """The lines of a PNG of one bit a point, whose filters are none (0) or the difference to the line above (2)."""
    width, height = struct.unpack(">II", picture[16:24])
    at = picture.index(b"IDAT")
    size = struct.unpack(">I", picture[at - 4 : at])[0]
    raw, step, lines = zlib.decompress(picture[at + 4 : at + 4 + size]), (width + 7) // 8 + 1, [b""]
    for start in range(0, step * height, step):
        line = raw[start + 1 : start + step]
        lines.append(bytes(a ^ b for a, b in zip(line, lines[-1], strict=True)) if raw[start] else line)
    return lines[1:]


def test_pictures_show_the_same_points() -> None:
    text = "BCD\n002\n1\nSCT\nAGRIFRPP\nMeuleton SAS\nFR7630006000011234567890189\nEUR1234.56\n\n\nFA-1"
    drawn, picture = io.BytesIO(), io.BytesIO()
    by_segno(text).save(drawn, kind="svg", border=4, xmldecl=False)
    by_segno(text).save(picture, kind="png", scale=4, border=4)
    assert qr_code.svg(text) == drawn.getvalue().decode()
    assert points(qr_code.png(text)) == points(picture.getvalue())
    assert qr_code.png(text)[:33] == picture.getvalue()[:33]  # the head: size, depth, greys, its check number


def test_a_text_that_no_code_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_code.modules_of("x" * 4_000)
