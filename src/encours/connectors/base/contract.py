"""What a connector is: the one contract that the conformance test holds all of them to."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

import polars as pl

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Source:
    """A file to read: where it lies, and the name the user knows it by (shown in issues and used for hints)."""

    path: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """A file under its own name."""
        return cls(path, path.name)

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """The first bytes of the file; of a folder `directory` and its names, each after a NUL byte."""
        if self.path.is_dir():
            names = sorted(entry.name for entry in self.path.iterdir())
            return "\x00".join(["directory", *names]).encode("utf-8", errors="replace")[:size]
        with self.path.open("rb") as file:
            return file.read(size)


@dataclass(frozen=True)
class Options:
    """What the caller knows and the file may not.

    `entity_id`: the entity the facts belong to (None: the connector's own default, see `Reading.entity_id`).
    `mapping`: a saved column mapping of this source (connector `sheet`). `settings`: the connector's own, by name
    (a FEC's receivable accounts, a default payment term); unknown names are ignored.
    """

    entity_id: str | None = None
    mapping: Mapping[str, object] | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a file says: parts of Book tables, the issues found, and facts about the file itself.

    `tables` holds frames that `TABLES[name].conform` takes; ids are `<entity_id>:<source key>`. A frame may bear one
    column more, `line` (Int64): where in the file each row stood, so that a page can show it. `entity_id` is the
    entity used. `facts` are the file's own figures that people check by (entries, totals, period, encoding, account),
    JSON values only. `rejected` are the lines that could not be read: columns line (Int64), text (String), code.
    `named` are events of invoices and customers that the file names in its own way (`core.base.named.NAMED`): which of
    ours they are is found out when all files, and the store, are there.
    """

    kind: str
    tables: Mapping[str, pl.DataFrame]
    issues: pl.DataFrame
    entity_id: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    rejected: pl.DataFrame | None = None
    named: pl.DataFrame | None = None


@dataclass(frozen=True)
class Connector:
    """One format or service.

    `sniff(head, name)` says how sure it is that it reads this content, 0 (no) to 1 (its signature is there); it looks
    at the content and uses the name only to break ties. `confirm` (where the head of a file does not tell, as in a PDF)
    looks at the whole file: False passes it to the next surest. `read` never raises on data: what it cannot read
    becomes an issue. `write` (where a format is written) is the connector's own affair.
    """

    name: str
    title: str
    sniff: Callable[[bytes, str], float]
    read: Callable[[Source, Options], Reading]
    suffixes: tuple[str, ...] = ()
    confirm: Callable[[Source], bool] | None = None


@cache
def connectors() -> Mapping[str, Connector]:
    """Every connector of the packages beside this module, by name."""
    package = import_module("encours.connectors")
    found: dict[str, Connector] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            connector = getattr(import_module(f"encours.connectors.{module.name}"), "CONNECTOR", None)
            if connector is not None:
                found[connector.name] = connector
    return found


def recognise(source: Source) -> Connector | None:
    """The connector that is surest of the content; None where none is."""
    head = source.head()
    sure = [(connector.sniff(head, source.name), connector) for connector in connectors().values()]
    for score, connector in sorted(sure, key=lambda pair: (-pair[0], pair[1].name)):
        if score <= 0:
            return None
        if connector.confirm is None or connector.confirm(source):
            return connector
    return None
