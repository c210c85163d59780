"""What the words of compiled functions promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import encours.core

#: Numbers and truths, alone or several: what a function may return that counts no references.
_NUMBER = r"(int|bool|float|np\.u?int64)"
_PLAIN = re.compile(rf"None|{_NUMBER}|tuple\[{_NUMBER}(, {_NUMBER})*\]")


def _lean_functions() -> list[tuple[str, ast.FunctionDef]]:
    sources = sorted(Path(encours.core.__file__).parent.rglob("*.py"))
    return [
        (path.name, node)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(word) == "lean" for word in node.decorator_list)
    ]


def test_a_lean_function_returns_no_array() -> None:
    """Its caller would give up a reference that nobody had counted: the array could be freed while it is read."""
    functions = _lean_functions()
    assert functions
    wrong = [
        f"{file}: {node.name} returns {ast.unparse(node.returns) if node.returns else 'what it does not say'}"
        for file, node in functions
        if node.returns is None or not _PLAIN.fullmatch(ast.unparse(node.returns))
    ]
    assert not wrong, wrong
