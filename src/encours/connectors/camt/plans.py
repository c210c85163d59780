"""What a stretch of a camt message holds: understood once for each shape, then read off by position.

A stretch begins with the tag of a statement or of an entry and ends before the next such tag. Its tags are as they
stand between the angle brackets (`Amt Ccy="EUR"`, `/Amt`), and to each belongs the text that follows it. The entries
of a file have few shapes (sequences of tags), so each shape is walked once and gives a plan that says which text is
which field.
"""

from __future__ import annotations

import re
from typing import Protocol

from encours.connectors.camt.entry import ENTRY, HEADER, Fields, Node

STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
STRETCHES = (*STATEMENTS, "Ntry")
_SHAPES_MAX = 512
_CURRENCY = re.compile(r"""\sCcy\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class Listener(Protocol):
    """Who is told what the stream finds, in the order of the file."""

    def opens(self, namespace: str | None) -> None:
        """A statement begins."""

    def header(self, fields: Fields) -> None:
        """What stands in the statement before its first entry; comes once a statement."""

    def entry(self, fields: Fields) -> None:
        """An entry."""


class Teller:
    """Tells a listener what each stretch of the file holds."""

    def __init__(self, listener: Listener, namespace: str | None) -> None:
        self._listener = listener
        self._namespace = namespace
        self._plans: dict[str, _Plan] = {}

    def tell(self, tags: list[str], texts: list[str]) -> None:
        """Tells one stretch; what stands before the first statement is none. An entry that is not ended is none."""
        shape = "<".join(tags)
        plan = self._plans.get(shape)
        if plan is None:
            plan = _plan(tags)
            if len(self._plans) < _SHAPES_MAX:
                self._plans[shape] = plan
        if plan.stretch == "Ntry":
            if plan.ended:
                self._listener.entry(plan.fill(texts))
        elif plan.stretch in STATEMENTS:
            self._listener.opens(self._namespace)
            self._listener.header(plan.fill(texts))


class _Plan:
    """Where among the texts of a stretch of one shape each field stands."""

    __slots__ = ("ended", "groups", "stretch", "texts")

    def __init__(self, stretch: str = "") -> None:
        self.stretch = stretch
        self.ended = False
        self.texts: list[tuple[str, str, int, str | None]] = []
        self.groups: list[tuple[str, _Plan]] = []

    def fill(self, texts: list[str]) -> Fields:
        """The fields of a stretch of this shape."""
        fields: Fields = {}
        for name, kind, index, currency in self.texts:
            text = texts[index].strip()
            if not text:
                continue
            if kind == "&":
                fields.setdefault(name, []).append(text)
            elif name not in fields:
                fields[name] = text
                if kind == "*":
                    fields[f"{name}@Ccy"] = currency
        for name, plan in self.groups:
            fields.setdefault(name, []).append(plan.fill(texts))
        return fields


def _plan(tags: list[str]) -> _Plan:
    top = plan = _Plan(_local(tags[0]))
    place: Node | None = ENTRY if top.stretch == "Ntry" else HEADER
    above: list[tuple[Node | None, _Plan]] = []
    top.ended = tags[0].endswith("/")
    for index, tag in enumerate(tags[1:] if not top.ended else (), 1):
        if not tag.startswith("/"):
            above.append((place, plan))
            place = place.below.get(_local(tag)) if place is not None else None
            plan = _noted(plan, place, index, tag)
        if tag.startswith("/") or tag.endswith("/"):
            if not above:
                top.ended = True
                break
            place, plan = above.pop()
    return top


def _noted(plan: _Plan, place: Node | None, index: int, tag: str) -> _Plan:
    """Notes in the plan what the tag that opens there is; the plan of what stands inside it."""
    if place is None or not place.kind:
        return plan
    if place.kind == "+":
        group = _Plan()
        plan.groups.append((place.name, group))
        return group
    if not tag.endswith("/"):
        currency = _CURRENCY.search(tag)
        plan.texts.append((place.name, place.kind, index, (currency[1] or currency[2]) if currency else None))
    return plan


def _local(tag: str) -> str:
    name = tag.rstrip("/").split(None, 1)
    return name[0].rpartition(":")[2] if name else ""
