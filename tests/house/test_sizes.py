"""The ratchet: a function has at most 70 lines, a file at most 500; the exceptions of sizes.toml may only shrink."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, python_files

FUNCTION_LINES, FILE_LINES = 70, 500


def _over_size(path: str) -> Iterator[tuple[str, int]]:
    source = (ROOT / path).read_text(encoding="utf-8")
    lines = source.count("\n")
    if lines > FILE_LINES:
        yield path, lines
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}::{node.name}", length


def test_nothing_outgrows_its_size() -> None:
    found = dict(entry for path in python_files() for entry in _over_size(path))
    allowed = tomllib.loads((Path(__file__).parent / "sizes.toml").read_text(encoding="utf-8"))
    grown = {name: lines for name, lines in found.items() if lines > allowed.get(name, 0)}
    assert not grown, f"longer than a function's {FUNCTION_LINES} or a file's {FILE_LINES} lines, split them: {grown}"
    loose = {name: lines for name, lines in allowed.items() if found.get(name, 0) < lines}
    assert not loose, f"these have shrunk: lower them in sizes.toml, or take them out: {loose}"
