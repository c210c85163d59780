"""A message put into French: looked up whole, by its pattern, by the sentences it is made of, else as it came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from encours.web.shell.format import MINUS
from encours.web.shell.issue_words.catalogue import Pattern, catalogue

_NARROW = "\u202f"
_SENTENCES_MAX = 24  # of one message: more are shown as they came
_NAMES_MAX = 4  # before a sentence, each with its colon
_AMOUNT = re.compile(r"(-?)(\d{1,30})(?:\.(\d{1,20}))?( [A-Z]{3}| \?)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d{1,2}")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


@lru_cache(maxsize=4096)
def french(message: str) -> str:
    """The French of a message; English where the catalogue has none."""
    return (
        _strictly(message)
        or _joined(message, partly=False)
        or _loosely(message, catalogue().headed(message))
        or _tail(message)
        or _loosely(message, catalogue().tailed(message))
        or _joined(message, partly=True)
        or message
    )


def _strictly(message: str) -> str | None:
    """By the catalogue, where no value holds `; ` or `: `: such a value would swallow a sentence beside this one."""
    known = catalogue().exact.get(message)
    if known is not None:
        return known
    for pattern in catalogue().candidates(message):
        found = pattern.regex.fullmatch(message)
        if found and not any("; " in value or ": " in value for value in found.groups()):
            return _filled(pattern, found.groups())
    return None


def _loosely(message: str, patterns: Iterable[Pattern]) -> str | None:
    for pattern in patterns:
        if found := pattern.regex.fullmatch(message):
            return _filled(pattern, found.groups())
    return None


def _filled(pattern: Pattern, values: tuple[str, ...]) -> str:
    return pattern.french.format(*map(_Value, values))


def _joined(message: str, *, partly: bool) -> str | None:
    """Sentences joined by `; `, the longest known one first: some have a `; ` of their own. `partly`: not all known."""
    parts = message.split("; ")
    if not 1 < len(parts) <= _SENTENCES_MAX:
        return None
    done: list[str] = []
    unknown, at = 0, 0
    while at < len(parts):
        for end in range(len(parts), at, -1):
            text = "; ".join(parts[at:end])
            found = _strictly(text) or (_tail(text) if end == at + 1 else None)
            if found is not None:
                break
        unknown += found is None
        done.append(found or parts[at])
        at = end
    return f"{_NARROW}; ".join(done) if not unknown or (partly and unknown < len(done)) else None


def _tail(message: str) -> str | None:
    """What is wrong behind a name: `terms.default: 'x' names no payment term`."""
    name, rest = "", message
    for _ in range(_NAMES_MAX):
        part, colon, rest = rest.partition(": ")
        if not colon:
            return None
        name += f": {part}" if name else part
        found = _strictly(rest)
        if found is not None:
            return f"{catalogue().words['settings'].get(name) or _unquoted(name)}\u00a0: {found}"
    return None


def _unquoted(value: str) -> str:
    """A value that the message quotes stands between French quotation marks."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return f"«\u00a0{value[1:-1]}\u00a0»"
    return value


class _Value(str):
    """A value of a message; the French says in braces how it is written.

    `{0}` as it is (a sentence is put into French, a decimal bears its comma), `{0:amount}`, `{0:date}`, `{0:percent}`,
    `{0:line|lines}` one or the other by number, `{0:ways}` as `2 by number, 1 in a list`, `{0:columns}` the words that
    the catalogue lists as `columns`.
    """

    __slots__ = ()

    def __format__(self, form: str) -> str:
        if "|" in form:
            return form.split("|")[0 if self.lstrip("-") in ("0", "1") else 1]
        if form == "amount":
            return _amount(self)
        if form == "date":
            return _DAY.sub(r"\3/\2/\1", self)
        if form == "percent":
            return self.replace("%", f"{_NARROW}%")
        if form == "ways":
            return ", ".join(_counted(part) for part in self.split(", "))
        if form:
            return _words(self, catalogue().words[form])
        if _DECIMAL.fullmatch(self):
            return self.replace(".", ",")
        return _strictly(self) or _unquoted(self)


def _amount(value: str) -> str:
    found = _AMOUNT.fullmatch(value)
    if found is None:
        return str(value)
    sign, whole, cents, currency = found.groups()
    text = f"{int(whole):,}".replace(",", _NARROW) + (f",{cents}" if cents else "")
    return f"{MINUS if sign else ''}{text}{(currency or '').replace(' ', chr(0xA0))}"


def _counted(part: str) -> str:
    """`2 by number`: how many were found in which way."""
    number, _, way = part.partition(" ")
    return f"{number} {catalogue().words['ways'].get(way, way)}"


def _words(value: str, words: Mapping[str, str]) -> str:
    """`amount or debit or credit`: each by its word."""
    return " ou ".join(words.get(word, word) for word in value.split(" or ")) if value not in words else words[value]
