"""The catalogue of French wordings: this folder’s TOML files, read once; a pattern is found by a word of its own."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_HOME = Path(__file__).parent
#: A blank that must not end a line: before high punctuation, inside quotation marks.
_NARROW_BEFORE = re.compile(r" (?=[;?!])")
_BEFORE = re.compile(r" (?=[:»])|(?<=«) ")


@dataclass(frozen=True)
class Pattern:
    """A message with values: what it looks like in English, how French says it (`str.format`)."""

    regex: re.Pattern[str]
    french: str


@dataclass
class Catalogue:
    """`exact` sentences; patterns by first word, or by last where they begin with a value; lists of `words` by name."""

    exact: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    by_first: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    by_last: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    others: list[Pattern] = field(default_factory=list)

    def candidates(self, message: str) -> Iterator[Pattern]:
        """The patterns that may fit, those with the most words of their own first."""
        yield from self.headed(message)
        yield from self.tailed(message)

    def headed(self, message: str) -> list[Pattern]:
        """Those that begin with the message's first word."""
        return self.by_first.get(message.partition(" ")[0], [])

    def tailed(self, message: str) -> list[Pattern]:
        """Those that begin with a value and end with the message's last word, or with a value."""
        return [*self.by_last.get(message.rpartition(" ")[2], []), *self.others]


def sections() -> dict[str, dict[str, str]]:
    """The files' entries by section: `sentences` of ours, `elsewhere` those of libraries, and lists of words."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(_HOME.glob("*.toml")):
        for section, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if twice := found[section].keys() & entries.keys():
                raise ValueError(f"{path.name}: in another file too: {', '.join(sorted(twice))}")
            found[section] |= {english: typeset(text) for english, text in entries.items()}
    return dict(found)


def typeset(text: str) -> str:
    """The text with the unbreakable blanks of French before high punctuation and inside quotation marks."""
    return _BEFORE.sub("\u00a0", _NARROW_BEFORE.sub("\u202f", text))


@cache
def catalogue() -> Catalogue:
    """All wordings, compiled once."""
    parts = sections()
    sentences = parts.pop("sentences") | parts.pop("elsewhere")
    made = Catalogue(words=parts)
    for english in sorted(sentences, key=lambda text: -len(text.replace("{}", ""))):
        if "{}" not in english:
            made.exact[english] = sentences[english]
            continue
        _bucket(made, english).append(Pattern(_regex(english), sentences[english]))
    return made


def _regex(english: str) -> re.Pattern[str]:
    """A value ends where the text after it first stands and is not tried again: a hostile value costs no time."""
    first, *between, last = map(re.escape, english.split("{}"))
    return re.compile(first + "".join(f"(?>(.*?){text})" for text in between) + f"(.*?){last}", re.DOTALL)


def _bucket(made: Catalogue, english: str) -> list[Pattern]:
    first, last = english.partition(" ")[0], english.rpartition(" ")[2]
    if "{}" not in first:
        return made.by_first[first]
    return made.by_last[last] if "{}" not in last else made.others
