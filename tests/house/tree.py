"""The files of the repository, for the tests that look at the house itself."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("src", "tests", "benchmarks", "scripts")


@cache
def tracked() -> tuple[str, ...]:
    """Paths of every tracked file, relative to the root; those on disk where there is no git."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return tuple(str(path.relative_to(ROOT)) for folder in _FOLDERS for path in (ROOT / folder).rglob("*.*"))
    return tuple(path for path in listed.split("\0") if path and (ROOT / path).is_file())


def python_files() -> list[str]:
    """The tracked Python files; migrations are Django's own writing."""
    return [path for path in tracked() if path.endswith(".py") and "/migrations/" not in path]
