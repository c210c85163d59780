"""OFX as a run of tags and values, whether SGML without end tags or XML, well-formed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from encours.connectors.base.text import decode

_NAMES = (
    *("STMTRS", "CCSTMTRS", "INVSTMTRS", "BANKTRANLIST", "STMTTRN", "STMTTRNP"),
    *("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "BANKACCTTO", "CCACCTTO"),
    *("BANKID", "BRANCHID", "ACCTID", "BROKERID", "CURDEF", "DTSTART", "DTEND"),
    *("LEDGERBAL", "AVAILBAL", "BALAMT", "DTASOF", "CURRENCY", "ORIGCURRENCY", "CURSYM", "CURRATE", "PAYEE"),
    *("TRNTYPE", "DTPOSTED", "DTAVAIL", "VALUEDATE", "DTTRADE", "TRNAMT", "FITID", "NAME", "MEMO"),
    *("CHECKNUM", "CHKNUM", "REFNUM"),
)
#: Only what is read is found, so that a flood of other tags costs nothing.
_TAG = re.compile(rf"<(/?)({'|'.join(sorted(_NAMES, key=len, reverse=True))})\s*(/?)>([^<]*)", re.IGNORECASE)
_CHARSET = re.compile(rb"(?:CHARSET|ENCODING)\s*[:=]\s*\"?([A-Za-z0-9_-]+)", re.IGNORECASE)
#: What headers call them -> Python codec. USASCII and NONE say nothing: such files hold whatever the bank had.
_CODECS = {
    "1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    "8859-1": "latin-1",
    "ISO-8859-1": "latin-1",
    "ISO8859-1": "latin-1",
    "8859-15": "iso8859-15",
    "ISO-8859-15": "iso8859-15",
}
_VALUE_MAX = 16_000


def text_of(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 where valid, else what the header says, else what fits."""
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    for name in _CHARSET.findall(data[:2048]):
        codec = _CODECS.get(name.decode("ascii", "replace").upper())
        if codec:
            return data.decode(codec, errors="replace"), codec
    decoded = decode(data)
    return decoded.text, decoded.encoding


def scan(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, tag, value): an end tag comes as `/TAG`; a start tag bears the text up to the next tag."""
    line, position = 1, 0
    for found in _TAG.finditer(text):
        line += text.count("\n", position, found.start())
        position = found.start()
        closing, tag, _, value = found.groups()
        tag = tag.upper()
        if closing:
            yield line, f"/{tag}", ""
            continue
        value = value[:_VALUE_MAX].strip()
        yield line, tag, unescape(value) if "&" in value else value
