"""What no reader of the repository should find in it, and what every module must have."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from tests.house.tree import ROOT, python_files, tracked

# Spelled apart, so that this file does not hold what it looks for.
_REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
        ("crates", "io"),
    )
]
_MACHINE = re.compile(
    "(?<![\\w.$}-])/(?:" + "|".join(("wor" + "k", "roo" + "t", "tm" + "p", "opt/" + "pypi")) + r")/\w"
)
_BINARY = (".png", ".jpg", ".ico", ".woff2", ".mo", ".pdf", ".xlsx", ".ods", ".zip", ".parquet", ".gz", ".sqlite3")


def _texts() -> list[tuple[str, str]]:
    paths = [path for path in tracked() if not path.endswith(_BINARY)]
    return [(path, (ROOT / path).read_bytes().decode("utf-8", "replace")) for path in paths]


def test_no_registry_is_named() -> None:
    """Dependencies are named by version and hash, so that any mirror serves them."""
    found = [(path, host) for path, text in _texts() for host in _REGISTRIES if host in text.lower()]
    assert not found


def test_no_path_of_a_machine() -> None:
    found = [(path, match.group()) for path, text in _texts() for match in _MACHINE.finditer(text)]
    assert not found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_locked_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.findall(r"^([a-z0-9.-]+)==(.*\n(?:[ \t].*\n)*)", text, flags=re.MULTILINE)
    assert [name for name, rest in entries if "--hash=sha256:" not in rest] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["postgres"]
    if "dev" in lock:
        wanted = wanted + project["dependency-groups"]["dev"]
    missing = {_name(requirement) for requirement in wanted} - {_name(name) for name, _ in entries}
    assert not missing, f"call `make lock`: {lock} lacks {sorted(missing)}"


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def test_every_module_says_what_it_is_for() -> None:
    """One line at the head of each module; an empty `__init__.py` needs none."""
    silent = []
    for path in python_files():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        first = (ast.get_docstring(tree) or "").split("\n")[0]
        if tree.body and not first.strip():
            silent.append(path)
    assert not silent


def test_every_ignore_gives_its_reason() -> None:
    """`# type: ignore` and `# noqa` name what they silence and say why behind it."""
    bare = re.compile(r"#\s*(?:type:\s*ignore|noqa)\b(?!(?:\[[\w, -]+\]|:\s*[A-Z0-9, ]+)\s+[#-]?\s*\w)")
    found = []
    for path in python_files():
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        found += [f"{path}:{number}" for number, line in enumerate(lines, 1) if bare.search(line)]
    assert not [place for place in found if "tests/house/test_tidy.py" not in place]
