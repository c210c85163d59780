"""What a stretch of a camt message holds: understood once for each shape, then read off by position.

A stretch begins with the tag of a statement or of an entry and ends before the next such tag. Its tags are as they
stand between the angle brackets (`Amt Ccy="EUR"`, `/Amt`), and to each belongs the text that follows it. The entries
of a file have few shapes (sequences of tags), so each shape is walked once and gives a plan that says which text is
which field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol

from encours.connectors.camt.entry import ENTRY, HEADER, Fields, Node

STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
STRETCHES = (*STATEMENTS, "Ntry")
_SHAPES_MAX = 512
#: Once an entry's shape was seen so often, a pattern of it is made: that is slow, and reading by it three times faster.
_SEEN_OFTEN = 64
#: Patterns made for a file, and how many of them are tried on an entry, the latest first.
_PATTERNS_MAX, _PATTERNS_TRIED = 32, 3
_TAGS_MAX = 500
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|apos|quot));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": '"'}
#: Entries told at once: enough to be read by column, few enough to stay small in memory.
_ENTRIES_MAX = 4096
_CURRENCY = re.compile(r"""\sCcy\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class Listener(Protocol):
    """Who is told what the stream finds, in the order of the file."""

    def opens(self, namespace: str | None) -> None:
        """A statement begins."""

    def header(self, fields: Fields) -> None:
        """What stands in the statement before its first entry; comes once a statement."""

    def entries(self, stretches: list[Entry]) -> None:
        """Entries of the statement, one after the other."""


class Teller:
    """Tells a listener what each stretch of the file holds, entries by the thousand. `flush` comes last."""

    def __init__(self, listener: Listener, namespace: str | None) -> None:
        self._listener = listener
        self._namespace = namespace
        self._plans: dict[str, Plan] = {}
        self._entries: list[Entry] = []
        self._patterns: list[tuple[re.Pattern[str], Plan]] = []

    def tell(self, tags: list[str], texts: list[str]) -> None:
        """Tells one stretch; what stands before the first statement is none. An entry that is not ended is none."""
        shape = "<".join(tags)
        plan = self._plans.get(shape)
        if plan is None:
            plan = _plan(tags)
            if len(self._plans) < _SHAPES_MAX:
                self._plans[shape] = plan
        if plan.stretch == "Ntry":
            if plan.end >= 0:
                self._add(plan, plan.pick(texts))
                plan.seen += 1
                if plan.seen == _SEEN_OFTEN and len(tags) < _TAGS_MAX and len(self._patterns) < _PATTERNS_MAX:
                    self._patterns.insert(0, (plan.pattern(tags), plan))
        elif plan.stretch in STATEMENTS:
            self.flush()
            self._listener.opens(self._namespace)
            self._listener.header(plan.fill(plan.pick(texts)))

    def tell_known(self, text: str, start: int) -> int:
        """Tells the entry that begins here where its shape is one often seen of late; its end, or -1."""
        for place, (pattern, plan) in enumerate(self._patterns[:_PATTERNS_TRIED]):
            if match := pattern.match(text, start):
                if place:
                    self._patterns.insert(0, self._patterns.pop(place))
                texts = match.groups()
                if text.find("&", start, match.end()) >= 0:
                    texts = tuple(map(spelled_out, texts))
                self._add(plan, texts)
                return match.end()
        return -1

    def _add(self, plan: Plan, texts: tuple[str, ...]) -> None:
        self._entries.append((plan, texts))
        if len(self._entries) >= _ENTRIES_MAX:
            self.flush()

    def flush(self) -> None:
        """Tells the entries that wait."""
        if self._entries:
            entries, self._entries = self._entries, []
            self._listener.entries(entries)


class Plan:
    """Which of a stretch's texts are fields, and of which name. `pick` takes these texts out of all.

    `texts`: name, kind (as in `entry.paths`), place among the texts picked, currency of an amount. `groups`: name and
    plan of each group that stands inside. `picked`: the tags whose texts are picked; `end`: the tag that ends the
    element, -1 where none does. `seen`: how often the shape was told.
    """

    __slots__ = ("end", "groups", "pick", "picked", "seen", "stretch", "texts")

    def __init__(self, stretch: str = "") -> None:
        self.stretch = stretch
        self.end = -1
        self.seen = 0
        self.picked: list[int] = []
        self.pick: Callable[[list[str]], tuple[str, ...]] = tuple
        self.texts: list[tuple[str, str, int, str | None]] = []
        self.groups: list[tuple[str, Plan]] = []

    def pattern(self, tags: list[str]) -> re.Pattern[str]:
        """What matches an element of this shape, the texts to pick being its groups."""
        picked = set(self.picked)
        texts = ("([^<]*)" if place in picked else "[^<]*" for place in range(self.end))
        spelled = (f"<{re.escape(tag)}>" for tag in tags)
        return re.compile("".join(tag + text for tag, text in zip(spelled, (*texts, ""), strict=False)))

    def fill(self, texts: Sequence[str]) -> Fields:
        """The fields of a stretch of this shape, from the texts picked."""
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


#: An entry: the plan of its shape, and the texts that its plan picked.
Entry = tuple[Plan, tuple[str, ...]]


def _plan(tags: list[str]) -> Plan:
    top = plan = Plan(_local(tags[0]))
    place: Node | None = ENTRY if top.stretch == "Ntry" else HEADER
    above: list[tuple[Node | None, Plan]] = []
    picked = top.picked
    top.end = 0 if tags[0].endswith("/") else -1
    for index, tag in enumerate(tags[1:] if top.end else (), 1):
        if not tag.startswith("/"):
            above.append((place, plan))
            place = place.below.get(_local(tag)) if place is not None else None
            plan, known = _noted(plan, place, len(picked), tag)
            picked += [index] * known
        if tag.startswith("/") or tag.endswith("/"):
            if not above:
                top.end = index
                break
            place, plan = above.pop()
    top.pick = _picker(picked)
    return top


def _noted(plan: Plan, place: Node | None, at: int, tag: str) -> tuple[Plan, bool]:
    """Notes in the plan what the tag that opens there is; the plan of what stands inside it, and whether it has a text.

    `at`: the place of that text among those picked.
    """
    if place is None or not place.kind:
        return plan, False
    if place.kind == "+":
        group = Plan()
        plan.groups.append((place.name, group))
        return group, False
    if tag.endswith("/"):
        return plan, False
    currency = _CURRENCY.search(tag)
    plan.texts.append((place.name, place.kind, at, (currency[1] or currency[2]) if currency else None))
    return plan, True


def _picker(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    # itemgetter gives a bare text for one place, and takes none for none.
    return itemgetter(*places) if len(places) > 1 else lambda texts: tuple(texts[place] for place in places)


def spelled_out(text: str) -> str:
    """The text with its entities and character references spelled out."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    hexadecimal, number, name = match.groups()
    return _ENTITIES[name] if name else chr(int(hexadecimal, 16) if hexadecimal else int(number))


def _local(tag: str) -> str:
    name = tag.rstrip("/").split(None, 1)
    return name[0].rpartition(":")[2] if name else ""
