"""The shape of a FEC file: where its columns are, and the bytes repaired so that one line is one line."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from encours.connectors.base.text import detect_encoding

#: Canonical names of the 18 columns (LPF art. A47 A-1) and of their variants, in lower case without accents.
_NAMES = {
    "journalcode": "journal",
    "journallib": "journal_name",
    "ecriturenum": "number",
    "ecrituredate": "date",
    "comptenum": "account",
    "comptelib": "account_name",
    "compauxnum": "aux",
    "compteauxnum": "aux",
    "compauxlib": "aux_name",
    "compteauxlib": "aux_name",
    "pieceref": "piece",
    "piecedate": "piece_date",
    "ecriturelib": "label",
    "debit": "debit",
    "credit": "credit",
    "montant": "amount",
    "sens": "direction",
    "ecriturelet": "letter",
    "datelet": "letter_date",
    "montantdevise": "foreign_amount",
    "idevise": "foreign_currency",
}
_SIGNATURE = ("journalcode", "ecriturenum", "ecrituredate", "comptenum", "ecriturelib")
REQUIRED = ("journal", "number", "date", "account")
_PIECE = 65536
_DUE = re.compile(r"eche|datedue|duedate|datelim")


@dataclass(frozen=True)
class Layout:
    """Where a FEC's columns stand. `names` maps a canonical name to its position; `columns` counts all of them."""

    separator: str
    names: dict[str, int]
    columns: int
    quoted: bool

    @property
    def missing(self) -> list[str]:
        """What a FEC cannot be read without."""
        absent = [name for name in REQUIRED if name not in self.names]
        if not ({"debit", "credit"} <= self.names.keys() or {"amount", "direction"} <= self.names.keys()):
            absent.append("debit and credit (or montant and sens)")
        return absent


@dataclass(frozen=True)
class Repaired:
    """A FEC as UTF-8 bytes with `\\n` line ends, and what the file was before."""

    data: bytes
    encoding: str
    embedded_cr: int


def sure(head: bytes, name: str) -> float:
    """How sure it is that this is a FEC: its field names stand in the first line, in any case."""
    line = _fold(_first_line(_readable(head)))
    found = sum(field in line for field in _SIGNATURE)
    return 1.0 if found == len(_SIGNATURE) else 0.6 if found >= 4 else 0.0


def layout_of(data: bytes) -> Layout:
    """The layout that the first line of repaired bytes declares."""
    header = _first_line(data.decode("utf-8", errors="replace") if len(data) < 65536 else _readable(data[:65536]))
    separator = max("\t|;,", key=header.count)
    cells = header.split(separator)
    names: dict[str, int] = {}
    for position, cell in enumerate(cells):
        folded = _fold(cell)
        canonical = _NAMES.get(folded)
        if canonical is None and position >= 18 and _DUE.search(folded):
            canonical = "due"
        if canonical is not None:
            names.setdefault(canonical, position)
    return Layout(separator, names, len(cells), '"' in header)


def repair(data: bytes) -> Repaired:
    """UTF-8 bytes with plain line ends: `CR CR LF`, lone CR, byte-order marks, DOS and Windows pages."""
    encoding = "utf-8" if _is_utf8(data) else detect_encoding(data)
    data = _uncut(data) if encoding == "utf-8" else data.decode(encoding, errors="replace").encode("utf-8")
    embedded = 0
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        if b"\n" in data[:65536]:
            doubled = data.count(b"\r\n")
            data = data.replace(b"\r\n", b"\n") if doubled else data
            embedded = data.count(b"\r")
            data = data.replace(b"\r", b" ") if embedded else data
        else:
            data = data.replace(b"\r", b"\n")
    return Repaired(data.replace(b"\x00", b" ") if b"\x00" in data else data, encoding.removesuffix("-sig"), embedded)


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8 without a byte-order mark, learnt piece by piece: a ledger's text takes its space."""
    if data.startswith(codecs.BOM_UTF8):
        return False
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(data)
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _uncut(data: bytes) -> bytes:
    """The bytes with U+FFFD for a last character of which only the beginning is there."""
    for back in range(1, min(4, len(data) + 1)):
        lead = data[-back]
        if lead < 0x80:
            break
        if lead >= 0xC0:
            length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data[:-back] + "\ufffd".encode() if back < length else data
    return data


def _readable(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="replace")
    return head.decode("utf-8", errors="replace")


def _first_line(text: str) -> str:
    return re.split(r"[\r\n]", text.lstrip("\ufeff\r\n "), maxsplit=1)[0][:65536]


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ï»¿", "")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9|;,]", "", plain.lower())
