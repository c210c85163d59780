"""A camt message as a stream of statements and entries: flat memory, and as little Python an element as can be.

expat first walks the whole file without a call back: it says whether the file is well formed, how far, and whether
anything but tags and texts stands in it (comments, CDATA). Where nothing else does, which is how banks write, the
text is then simply cut at its angle brackets, or read by the pattern of a shape that was seen before. Otherwise expat
hands out tags and texts one by one: the same stretches, three times slower.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from encours.connectors.base.xml import HostileXmlError
from encours.connectors.camt.plans import STRETCHES, Listener, Teller, spelled_out

_BLOCK_BYTES = 1024 * 1024
#: A batch of a hundred thousand details has some five million; more without a new entry is no bank's message.
_TAGS_MAX = 16_000_000
#: Encodings that Python and expat read alike, a block at a time.
_ENCODINGS = {"utf-8": "utf-8-sig", "us-ascii": "ascii", "iso-8859-1": "latin-1"}
_PREFIX = re.compile(rb"\sxmlns:([A-Za-z_][\w.-]*)\s*=")
_PREFIXES_MAX = 8
#: A tag, whatever its attributes hold, and the text after it.
_TAG = re.compile(r"""<((?:[^<>"']|"[^"]*"|'[^']*')*)>([^<]*)""")

_Stretch = tuple[list[str], list[str]]


def stream(path: Path, listener: Listener) -> None:
    """Reads the file to its end. Raises HostileXmlError, and expat.ExpatError where it breaks off or is no XML.

    What came before was told.
    """
    form = _Form.of(path)
    teller = Teller(listener, form.namespace)
    try:
        if form.encoding:
            _cut(path, form, teller)
        else:
            for tags, texts in _parsed(path):
                teller.tell(tags, texts)
    finally:
        teller.flush()
    if form.error:
        raise form.error


@dataclass
class _Form:
    """What expat says of a file: how far it is well formed, and the encoding where it can be cut at its brackets."""

    namespace: str | None = None
    encoding: str | None = "utf-8-sig"
    prefixes: frozenset[str] = frozenset()
    end: int = 0
    error: expat.ExpatError | None = None

    @classmethod
    def of(cls, path: Path) -> _Form:
        """Walks the file. Raises HostileXmlError at a DOCTYPE or an encoding that there is not."""
        form = cls()
        parser = expat.ParserCreate()
        parser.StartElementHandler = form._root(parser)
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _doctype
        parser.XmlDeclHandler = form._declared
        parser.CommentHandler = parser.StartCdataSectionHandler = form._unusual
        parser.ProcessingInstructionHandler = form._unusual
        tail = b""
        try:
            for block in _blocks(path):
                form.end += len(block)
                parser.Parse(block, False)
                form._names(tail + block)
                tail = block[-100:]
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            form.end, form.error = parser.ErrorByteIndex, error
        except HostileXmlError:
            raise
        except (LookupError, ValueError) as error:  # an encoding that there is not, or that expat cannot have
            raise HostileXmlError(f"{error}: it is none that messages use") from None
        return form

    def _root(self, parser: expat.XMLParserType) -> Callable[[str, dict[str, str]], None]:
        def start(name: str, attributes: dict[str, str]) -> None:
            prefix = name.rpartition(":")[0]
            self.namespace = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns")
            parser.StartElementHandler = None

        return start

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        self.encoding = _ENCODINGS.get((encoding or "utf-8").lower())

    def _unusual(self, *_: object) -> None:
        self.encoding = None

    def _names(self, block: bytes) -> None:
        if b"xmlns:" in block:
            self.prefixes |= {name.decode("ascii", "replace") for name in _PREFIX.findall(block)}
        if len(self.prefixes) > _PREFIXES_MAX or b"\x00" in block:
            self.encoding = None


def _blocks(path: Path, end: int | None = None) -> Iterator[bytes]:
    left = end
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES if left is None else min(_BLOCK_BYTES, left)):
            yield block
            left = None if left is None else left - len(block)


def _cut(path: Path, form: _Form, teller: Teller) -> None:
    """Tells the stretches of a text that holds nothing but tags and texts."""
    prefix = f"(?:(?:{'|'.join(map(re.escape, sorted(form.prefixes)))}):)?" if form.prefixes else ""
    begin = re.compile(rf"<{prefix}(?:{'|'.join(STRETCHES)})(?=[\s/>])")
    decoder = codecs.getincrementaldecoder(form.encoding or "utf-8")(errors="replace")
    rest, looked, begun = "", 0, False
    for block in chain(_blocks(path, form.end), [b""]):
        rest += decoder.decode(block)
        # The last tag of a block may be cut within its name.
        whole = rest.rfind("<") if block else len(rest)
        start = _tell(teller, begin, rest, 0 if begun else _next(begin, rest, looked, whole), looked, whole)
        begun = start >= 0
        kept = start if begun else max(whole, 0)
        rest, looked = rest[kept:], max(whole - kept, begun)
        _bound(rest)
    if begun:
        teller.tell(*_pieces(rest if rest.rfind("<") < rest.rfind(">") else rest[: rest.rfind("<")]))


def _tell(teller: Teller, begin: re.Pattern[str], text: str, start: int, looked: int, whole: int) -> int:
    """Tells the stretches from `start` on that end before `whole`; where the last one begins, -1 where none is open.

    The text up to `looked` is known to hold no further beginning.
    """
    while start >= 0:
        end = teller.tell_known(text, start)
        if end < 0:
            end = _next(begin, text, max(start + 1, looked), whole)
            if end < 0:
                break
            teller.tell(*_pieces(text[start:end]))
        start = _next(begin, text, end, whole)
    return start


def _next(begin: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = begin.search(text, start, max(end, 0))
    return match.start() if match else -1


def _bound(rest: str) -> None:
    if len(rest) > 3 * _TAGS_MAX and rest.count("<") > _TAGS_MAX:
        raise HostileXmlError("millions of elements without an entry among them")


def _pieces(text: str) -> _Stretch:
    """The tags of a stretch and the text after each."""
    if text.count("<") == text.count(">"):
        parts = text.replace(">", "<").split("<")
        tags, texts = parts[1::2], parts[2::2]
    else:  # a bracket stands in a text or in an attribute
        found = _TAG.findall(text)
        tags, texts = [tag for tag, _ in found], [after for _, after in found]
    return tags, [spelled_out(after) for after in texts] if "&" in text else texts


def _parsed(path: Path) -> Iterator[_Stretch]:
    """The same stretches from expat's calls, up to where the file breaks off."""
    collector = _Collector()
    parser = collector.parser()
    try:
        for block in chain(_blocks(path), [b""]):
            parser.Parse(block, not block)
            yield from collector.take()
    except expat.ExpatError:
        pass
    collector.close()
    yield from collector.take()


class _Collector:
    """Gathers tags and texts as expat calls them out."""

    def __init__(self) -> None:
        self._done: list[_Stretch] = []
        self._tags: list[str] = []
        self._texts: list[str] = []
        self._parts: list[str] = []

    def parser(self) -> expat.XMLParserType:
        """A parser that feeds this collector."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._parts.append
        return parser

    def take(self) -> list[_Stretch]:
        """The stretches that are whole. Raises HostileXmlError where one is endless."""
        if len(self._tags) > _TAGS_MAX:
            raise HostileXmlError("millions of elements without an entry among them")
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Ends the stretch that is open."""
        self._text()
        if self._tags:
            self._done.append((self._tags, self._texts))
        self._tags, self._texts = [], []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] in STRETCHES:
            self.close()
        currency = attributes.get("Ccy")
        self._tag(name if currency is None else f'{name} Ccy="{currency}"')

    def _end(self, name: str) -> None:
        self._tag(f"/{name}")

    def _tag(self, tag: str) -> None:
        self._text()
        self._tags.append(tag)

    def _text(self) -> None:
        if self._tags:
            self._texts.append("".join(self._parts))
        self._parts.clear()


def _doctype(*_: object) -> NoReturn:
    raise HostileXmlError("the document declares a DOCTYPE, which bank and invoice messages never do")
