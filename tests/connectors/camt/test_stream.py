"""The fast walk over a camt file finds what a slow, obvious one over lxml's tree finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from benchmarks.camt import write_camt
from encours.connectors.base.contract import Options, Source
from encours.connectors.base.xml import HostileXmlError
from encours.connectors.camt import CONNECTOR
from encours.connectors.camt.entry import ENTRY, HEADER, Fields, Node
from encours.connectors.camt.plans import Entry
from encours.connectors.camt.stream import stream
from tests.connectors.golden import golden_inputs

_CAMT = golden_inputs(CONNECTOR)


class _Heard:
    def __init__(self) -> None:
        self.opened: list[str | None] = []
        self.headers: list[Fields] = []
        self.entered: list[Fields] = []

    def opens(self, namespace: str | None) -> None:
        self.opened.append(namespace)

    def header(self, fields: Fields) -> None:
        self.headers.append(fields)

    def entries(self, entries: list[Entry]) -> None:
        self.entered += [plan.fill(texts) for plan, texts in entries]


def _collect(element: Any, place: Node) -> Fields:
    fields: Fields = {}
    _walk(element, place, fields)
    return fields


def _walk(element: Any, place: Node, fields: Fields) -> None:
    for child in element:
        known = place.below.get(etree.QName(child).localname)
        if known is None:
            continue
        text = (child.text or "").strip()
        if known.kind == "+":
            fields.setdefault(known.name, []).append(_collect(child, known))
            continue
        if known.kind == "&" and text:
            fields.setdefault(known.name, []).append(text)
        elif known.kind in (".", "*") and text and known.name not in fields:
            fields[known.name] = text
            if known.kind == "*":
                fields[f"{known.name}@Ccy"] = child.get("Ccy")
        _walk(child, known, fields)


def _slow(path: Path) -> tuple[list[Fields], list[Fields]]:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True)
    root = etree.parse(str(path), parser).getroot()
    statements = [e for e in root.iter() if etree.QName(e).localname in ("Stmt", "Rpt", "Ntfctn")]
    headers = [_collect(statement, HEADER) for statement in statements]
    entries = [_collect(e, ENTRY) for s in statements for e in s if etree.QName(e).localname == "Ntry"]
    return headers, entries


def _fast(path: Path) -> _Heard:
    heard = _Heard()
    stream(path, heard)
    return heard


@pytest.mark.parametrize("path", _CAMT, ids=lambda path: path.name)
def test_golden_files(path: Path) -> None:
    heard = _fast(path)
    assert (heard.headers, heard.entered) == _slow(path)


def test_a_file_of_the_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "camt.xml"
    write_camt(path, 500)
    heard = _fast(path)
    assert len(heard.entered) == 500
    assert (heard.headers, heard.entered) == _slow(path)


_NAMES = sorted({name for place in (HEADER, ENTRY) for name in place.below} | {"Dbtr", "Nm", "Cd", "Other", "Id"})
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)


@st.composite
def _elements(draw: st.DrawFn, depth: int = 3) -> str:
    name = draw(st.sampled_from(_NAMES))
    text = draw(_TEXTS).replace("&", "&amp;").replace("<", draw(st.sampled_from(["&lt;", "&#60;", "&#x3C;"])))
    text = text.replace("]]>", "")
    inside = "".join(draw(st.lists(_elements(depth - 1), max_size=3))) if depth else ""
    attribute = draw(st.sampled_from(["", ' Ccy="EUR"', " x='>' Ccy = 'USD' ", ' y="/>"']))
    tail = draw(st.sampled_from(["", "\n  ", " ", "\r\n"]))
    if not text and not inside:
        return f"<{name}{attribute}/>{tail}"
    return f"<{name}{attribute}>{text}{inside}</{name}>{tail}"


#: What a bank hardly ever writes between two elements; nothing most often.
_REMARKS = st.sampled_from(["", "", "", "<!-- c > -->", "<![CDATA[ a < b ]]>", "<?x y?>"])


@given(st.lists(st.lists(_elements(), max_size=4), min_size=1, max_size=4), st.sampled_from(["", "n:"]), _REMARKS)
def test_any_entries(
    tmp_path_factory: pytest.TempPathFactory, entries: list[list[str]], prefix: str, remark: str
) -> None:
    """Whatever stands in entries of whatever nesting, with prefixes, comments, entities and blanks."""
    # Each shape comes twice, the second time read by its pattern.
    body = "".join(f"<{prefix}Ntry>{remark.join(parts)}</{prefix}Ntry >\n" for parts in entries for _ in range(2))
    path = tmp_path_factory.mktemp("any") / "camt.xml"
    declared = ' xmlns:n="urn:x"' if prefix else ""
    path.write_text(f"<Document{declared}><{prefix}Stmt>{body}</{prefix}Stmt></Document>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("encours.connectors.camt.plans._SEEN_OFTEN", 1)
        assert _fast(path).entered == _slow(path)[1]


def test_an_entry_that_breaks_off_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_text("<Document><Stmt><Id>1</Id><Ntry><Amt>1</Amt></Ntry><Ntry><Amt>2</Amt>", encoding="utf-8")
    heard = _Heard()
    with pytest.raises(expat.ExpatError):
        stream(path, heard)
    assert heard.headers == [{"id": "1"}]
    assert heard.entered == [{"amount": "1", "amount@Ccy": None}]


@pytest.mark.parametrize("block", [7, 64, 1000])
def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    path = tmp_path / "camt.xml"
    write_camt(path, 20)
    path.write_text(path.read_text(encoding="utf-8").replace("Client", "Café &amp; Cie > Né"), encoding="utf-8")
    monkeypatch.setattr("encours.connectors.camt.stream._BLOCK_BYTES", block)
    monkeypatch.setattr("encours.connectors.camt.plans._SEEN_OFTEN", 5)
    heard = _fast(path)
    assert (heard.headers, heard.entered) == _slow(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "windows-1252", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "camt.xml"
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?><D><Stmt><Ntry><Amt>é</Amt></Ntry></Stmt></D>'
    path.write_text(text, encoding=encoding)
    assert _fast(path).entered == _slow(path)[1] == [{"amount": "é", "amount@Ccy": None}]


def test_a_doctype_is_refused_wherever_it_hides(tmp_path: Path) -> None:
    path = tmp_path / "hostile.xml"
    path.write_text("<!--" + "-x" * 2_000_000 + '--><!DOCTYPE r [<!ENTITY x "y">]><Document/>', encoding="utf-8")
    with pytest.raises(HostileXmlError):
        stream(path, _Heard())


@pytest.mark.parametrize("encoding", ["ISO-888859-1", "I1", "utf-7", "rot13"])
def test_an_encoding_that_there_is_not(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "camt.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?><D><Stmt/></D>', encoding="ascii")
    reading = CONNECTOR.read(Source.of(path), Options())
    assert reading.issues["severity"].to_list() == ["error"]
