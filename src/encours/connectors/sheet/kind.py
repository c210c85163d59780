"""What a kind of sheet is: its fields with the headings people give them, and how its rows become Book tables."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib import import_module
from typing import Literal

import polars as pl

from encours.connectors.sheet.mapping import Mapping as SheetMapping
from encours.core.base.issue import Issues

#: How surely a heading marked `~` means its field: enough where nothing else does.
WEAK = 0.55

Type = Literal["text", "date", "amount", "sign", "currency"]


@dataclass(frozen=True)
class Field:
    """One field: headings that mean it (normal form, likeliest first), its type, how telling it is of its kind.

    `many`: several columns may fill it, their texts are joined. `pattern`: a regular expression over the normal heading
    that means it too.
    """

    type: Type
    headings: tuple[str, ...]
    weight: float = 1.0
    many: bool = False
    pattern: str | None = None

    @cached_property
    def meanings(self) -> Mapping[str, tuple[float, float]]:
        """Heading -> how surely it means this field where it stands alone, and where it stands among other words."""
        found = {}
        for rank, known in enumerate(self.headings):
            words = known.removeprefix("~")
            if known.startswith("~"):
                found[words] = (WEAK, 0.0)
            else:
                found[words] = (max(0.75, 1 - 0.008 * rank), 0.4 - 0.002 * rank if len(words) >= 4 else 0.0)
        return found


@dataclass(frozen=True)
class Parsed:
    """A sheet read by its mapping, before it becomes tables.

    `rows`: line, currency (where the kind has money), every field of the kind (text, pl.Date or Int64 minor units;
    null where no column fills it). `buckets`: for an aged balance, field name -> heading.
    """

    rows: pl.DataFrame
    mapping: SheetMapping
    entity: str
    as_of: date | None
    name: str
    headings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """Tables of the Book, facts that people check by, and events whose subjects the file names (`Reading.named`)."""

    tables: Mapping[str, pl.DataFrame]
    facts: Mapping[str, object] = field(default_factory=dict)
    named: pl.DataFrame | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of sheet.

    `required`: groups of which one field must be mapped for the kind to be thought of at all. `needed`: groups of which
    one must hold a value in each row; a row without is rejected. `total_field`: the amount that a total line sums.
    `never`: a regular expression over normal headings that says the sheet is something else.
    """

    name: str
    title: str
    fields: Mapping[str, Field]
    required: tuple[tuple[str, ...], ...]
    needed: tuple[tuple[str, ...], ...]
    build: Callable[[Parsed, Issues], Built]
    money: bool = True
    total_field: str | None = None
    never: str | None = None


def fields(spec: str) -> dict[str, Field]:
    """Fields from lines `name type weight[*]: heading; heading; /pattern/`; indented lines go on.

    `*` marks a field that several columns may fill, `~` a heading that means it only where nothing else does.
    """
    found: dict[str, Field] = {}
    for line in re.sub(r"\n +", " ", spec.strip()).splitlines():
        if not line.strip():
            continue
        head, _, tail = line.partition(":")
        name, kind, weight = head.split()
        words = [word.strip() for word in tail.split(";") if word.strip()]
        patterns = [word.strip("/") for word in words if word.startswith("/")]
        headings = tuple(word for word in words if not word.startswith("/"))
        found[name] = Field(
            kind,  # type: ignore[arg-type]  # the spec's words are those of Type; the tests read every kind
            headings,
            float(weight.rstrip("*")),
            weight.endswith("*"),
            "|".join(patterns) or None,
        )
    return found


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of the folder `kinds`, by name."""
    package = import_module("encours.connectors.sheet.kinds")
    found = [
        import_module(f"{package.__name__}.{module.name}").KIND
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    return {kind.name: kind for kind in found}
