"""Fields of plain data (TOML, JSON) read one by one; every fault is kept, with its place, and said at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

#: So long is the level of a touch: a step whose code is longer would never be known as done.
RUNG_MAX = 32
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MISSING = object()


class Fault(str):
    """What is wrong with one field: the whole sentence, and beside it the place and the field that it is about.

    `wanted`: what the field must be, where its value is of another kind; `short`: the sentence without its place.
    """

    place: str
    field: str
    wanted: str

    def __new__(cls, sentence: str, place: str, field: str, wanted: str = "") -> Fault:
        """The sentence as a text that knows its field."""
        made = super().__new__(cls, sentence)
        made.place, made.field, made.wanted = place, field, wanted
        return made

    @property
    def short(self) -> str:
        """The sentence as it stands beside its field."""
        return f"it must be {self.wanted}" if self.wanted else self.removeprefix(f"{self.place}: ")


class Fields:
    """The fields of one mapping. `place` names it in faults; `close()` says which names nobody asked for."""

    def __init__(self, data: Any, place: str, faults: list[str]) -> None:
        self.place, self.faults, self.asked = place, faults, set[str]()
        if not isinstance(data, Mapping):
            faults.append(f"{place}: this is no group of fields")
            data = {}
        self.data: Mapping[str, Any] = data

    def take(self, name: str, read: Callable[[Any], Any], wanted: str, default: Any = _MISSING) -> Any:
        """A field as `read` gives it; its default where it is absent or null. Where it is wrong, a fault and None."""
        self.asked.add(name)
        value = self.data.get(name)
        if value is None:
            if default is _MISSING:
                self.faults.append(Fault(f"{self.place}: {name} is missing", self.place, name, wanted))
                return None
            return default
        try:
            return read(value)
        except (ValueError, TypeError, InvalidOperation):
            said = f"{self.place}: {name} is {value!r}, but must be {wanted}"
            self.faults.append(Fault(said, self.place, name, wanted))
            return None if default is _MISSING else default

    def close(self) -> None:
        """A fault for each name that is not known here."""
        for name in sorted(set(map(str, self.data)) - self.asked):
            self.faults.append(f"{self.place}: {name} is not known here")


def word(value: Any) -> str:
    """A code: small letters, digits and _, at most 40."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise ValueError
    return value


def rung(value: Any) -> str:
    """A step's code: a word of at most RUNG_MAX, so that what left is found again under it."""
    if len(word(value)) > RUNG_MAX:
        raise ValueError
    return str(value)


def text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number between two others."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return read


def amount(value: Any) -> Decimal:
    """An amount of whole units, not negative, with at most three decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError
    found = Decimal(str(value))
    if not found.is_finite() or found < 0 or found > 10**13 or found != round(found, 3):
        raise ValueError
    return found


def yes(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError
    return value


def one_of(words: Sequence[str]) -> Callable[[Any], str]:
    """One of some words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return read


def several(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    """A list."""

    def each(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            raise ValueError
        return tuple(read(one) for one in value)

    return each


def named(value: Any) -> dict[str, str]:
    """Names by language; a plain text is English."""
    if isinstance(value, str):
        return {"en": text(value)}
    if not isinstance(value, Mapping) or not value:
        raise ValueError
    return {text(language): text(name) for language, name in value.items()}


def span(value: Any) -> tuple[str, str]:
    """Two times of a day in order, like 09:00 and 18:00."""
    begin, end = several(text)(value)
    if not _HOUR.fullmatch(begin) or not _HOUR.fullmatch(end) or begin >= end:
        raise ValueError
    return begin, end
