"""Golden files: small inputs of our own making in a connector's `golden/` folder, and what is read from each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

import encours.connectors
from encours.connectors.base.contract import Connector, Options, Reading, Source, connectors

_ROOT = Path(encours.connectors.__path__[0])
_SUFFIX = ".expected.json"


def golden_inputs(connector: Connector) -> list[Path]:
    """The inputs of a connector's golden folder: files, or folders for a connector that reads folders."""
    folder = _ROOT / connector.name / "golden"
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.endswith(_SUFFIX) and path.name[0] not in "._")


def all_golden() -> list[tuple[Connector, Path]]:
    """Every connector with each of its inputs."""
    return [(connector, path) for connector in connectors().values() for path in golden_inputs(connector)]


def name_of(case: tuple[Connector, Path]) -> str:
    """`camt/statement.xml`."""
    return f"{case[0].name}/{case[1].name}"


def expected_path(path: Path) -> Path:
    """Where the expectation of an input lies."""
    return path.with_name(path.name + _SUFFIX)


def as_json(reading: Reading) -> str:
    """A reading as text that a person can review as a diff: one row a line."""
    parts = {
        "kind": reading.kind,
        "entity_id": reading.entity_id,
        "facts": dict(reading.facts),
        "issues": _rows(reading.issues),
        "rejected": _rows(reading.rejected),
        **({} if reading.named is None else {"named": _rows(reading.named)}),
        "tables": {name: _rows(frame) for name, frame in sorted(reading.tables.items())},
    }
    lines = []
    for key, value in parts.items():
        if key == "tables":
            tables = ",\n".join(f"  {json.dumps(name)}: {_listed(rows, 3)}" for name, rows in value.items())
            lines.append(f' "tables": {{\n{tables}\n }}')
        elif isinstance(value, list):
            lines.append(f' "{key}": {_listed(value, 2)}')
        elif key == "facts":
            facts = ",\n".join(f"  {json.dumps(name)}: {_line(fact)}" for name, fact in value.items())
            lines.append(f' "facts": {{\n{facts}\n }}')
        else:
            lines.append(f' "{key}": {_line(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_golden(connector: Connector, path: Path) -> Reading:
    """An input read as the golden test reads it."""
    return connector.read(Source.of(path), Options())


def _rows(frame: pl.DataFrame | None) -> list[dict[str, Any]]:
    if frame is None:
        return []
    return [{key: value for key, value in row.items() if value is not None} for row in frame.iter_rows(named=True)]


def _listed(rows: list[Any], indent: int) -> str:
    if not rows:
        return "[]"
    pad = " " * indent
    return "[\n" + ",\n".join(pad + _line(row) for row in rows) + "\n" + " " * (indent - 1) + "]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
