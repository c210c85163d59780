"""A camt message as a stream of statements and entries: flat memory, and as little Python an element as can be.

expat calls back once an element; texts and end tags go to lists without any Python at all. An entry is then its
sequence of tags (its shape) and its texts. The entries of a file have few shapes: each is understood once, as a plan
that says which text is which field, and every entry of that shape is read by the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol
from xml.parsers import expat

from encours.connectors.base.xml import HostileXmlError
from encours.connectors.camt.entry import ENTRY, HEADER, Fields, Node

_STATEMENTS = frozenset(("Stmt", "Rpt", "Ntfctn"))
_ENTRY = "Ntry"
_BLOCK_BYTES = 1024 * 1024
_SHAPES_MAX = 512
#: A batch of a hundred thousand details has some five million; more without a new entry is no bank's message.
_TAGS_MAX = 16_000_000


class _Tag:
    """A tag that opens, one object for each name and currency; a tag that closes is its bare name."""

    __slots__ = ("currency", "local", "special")

    def __init__(self, name: str, currency: str | None) -> None:
        self.local = name.rpartition(":")[2]
        self.currency = currency
        self.special = self.local == _ENTRY or self.local in _STATEMENTS


class Listener(Protocol):
    """Who is told what the stream finds, in the order of the file."""

    def opens(self, namespace: str | None) -> None:
        """A statement begins."""

    def header(self, fields: Fields) -> None:
        """What stands in the statement before its first entry; comes once a statement."""

    def entry(self, fields: Fields) -> None:
        """An entry."""


class _Plan:
    """Where among the tags of one shape each field stands."""

    __slots__ = ("ended", "groups", "texts")

    def __init__(self) -> None:
        self.ended = False
        self.texts: list[tuple[str, str, int, str | None]] = []
        self.groups: list[tuple[str, _Plan]] = []

    def fill(self, marks: list[int], texts: list[str]) -> Fields:
        """The fields of an entry of this shape: a tag's text stands between its mark and that of the next tag."""
        fields: Fields = {}
        for name, kind, index, currency in self.texts:
            start, end = marks[index], marks[index + 1]
            text = (texts[start] if end - start == 1 else "".join(texts[start:end])).strip()
            if not text:
                continue
            if kind == "&":
                fields.setdefault(name, []).append(text)
            elif name not in fields:
                fields[name] = text
                if kind == "*":
                    fields[f"{name}@Ccy"] = currency
        for name, plan in self.groups:
            fields.setdefault(name, []).append(plan.fill(marks, texts))
        return fields


class _Shapes:
    """The plans of the shapes seen so far, for one kind of element."""

    def __init__(self, place: Node) -> None:
        self._place = place
        self._plans: dict[tuple[_Tag | str, ...], _Plan] = {}

    def plan(self, tags: list[_Tag | str]) -> _Plan:
        """The plan of an element whose children's tags these are."""
        shape = tuple(tags)
        plan = self._plans.get(shape)
        if plan is None:
            plan = _plan(tags, self._place)
            if len(self._plans) < _SHAPES_MAX:
                self._plans[shape] = plan
        return plan


def _plan(tags: list[_Tag | str], root: Node) -> _Plan:
    top = plan = _Plan()
    place: Node | None = root
    above: list[tuple[Node | None, _Plan]] = []
    index = -1
    for tag in tags:
        if isinstance(tag, str):
            if not above:
                top.ended = True
                break
            place, plan = above.pop()
            continue
        index += 1
        above.append((place, plan))
        place = place.below.get(tag.local) if place is not None else None
        if place is not None and place.kind == "+":
            group = _Plan()
            plan.groups.append((place.name, group))
            plan = group
        elif place is not None and place.kind:
            plan.texts.append((place.name, place.kind, index, tag.currency))
    return top


class _Collector:
    """Gathers the tags and texts of what is open, and tells the listener when it is whole.

    What closes an element is only seen when the next one opens or the file ends: end tags cost no call that way.
    """

    def __init__(self, listener: Listener) -> None:
        self.tags: list[_Tag | str] = []
        self.texts: list[str] = []
        self._marks: list[int] = []
        self._listener = listener
        self._names: dict[tuple[str, str | None] | str, _Tag] = {}
        self._headers, self._entries = _Shapes(HEADER), _Shapes(ENTRY)
        self._open: _Shapes | None = None
        self._namespace: str | None = None

    def parser(self) -> expat.XMLParserType:
        """A parser that feeds this collector."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.StartElementHandler = self._starter()
        parser.EndElementHandler = self.tags.append
        parser.CharacterDataHandler = self.texts.append
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _doctype
        return parser

    def finish(self) -> None:
        """Tells what is still open. An entry that the file does not end is none."""
        shapes, self._open = self._open, None
        if shapes is not None:
            plan = shapes.plan(self.tags)
            self._marks.append(len(self.texts))
            if shapes is self._headers:
                self._listener.header(plan.fill(self._marks, self.texts))
            elif plan.ended:
                self._listener.entry(plan.fill(self._marks, self.texts))
        self.tags.clear()
        self._marks.clear()
        self.texts.clear()

    def _starter(self) -> Callable[[str, dict[str, str]], None]:
        # Called for every element: its names are local, its one test is an attribute of the tag.
        names, texts, special = self._names, self.texts, self._special
        add_tag, add_mark = self.tags.append, self._marks.append

        def start(name: str, attributes: dict[str, str]) -> None:
            key = (name, attributes.get("Ccy")) if attributes else name
            tag = names.get(key)
            if tag is None:
                tag = names[key] = _Tag(name, attributes.get("Ccy"))
                if len(names) == 1:
                    self._root(name, attributes)
            if tag.special:
                special(tag)
                return
            add_tag(tag)
            add_mark(len(texts))

        return start

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        prefix = name.rpartition(":")[0]
        self._namespace = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns")

    def _special(self, tag: _Tag) -> None:
        self.finish()
        if tag.local == _ENTRY:
            self._open = self._entries
        else:
            self._listener.opens(self._namespace)
            self._open = self._headers


def _doctype(*_: object) -> NoReturn:
    raise HostileXmlError("the document declares a DOCTYPE, which bank and invoice messages never do")


def stream(path: Path, listener: Listener) -> None:
    """Reads the file to its end. Raises HostileXmlError, and expat.ExpatError where it breaks off or is no XML.

    What came before was told.
    """
    collector = _Collector(listener)
    parser = collector.parser()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                parser.Parse(block, False)
                if len(collector.tags) > _TAGS_MAX:
                    raise HostileXmlError("millions of elements without an entry among them")
        parser.Parse(b"", True)
    finally:
        collector.finish()
