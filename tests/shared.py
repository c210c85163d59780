"""Where the sample files lie that are kept beside the repository and never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


def shared_root() -> Path:
    """The folder with the sample files: the variable ENCOURS_SHARED, else `shared` beside the repository."""
    return Path(os.environ.get("ENCOURS_SHARED") or _ROOT.parent / "shared")


def shared_path(relative: str) -> Path:
    """The path of a sample file or folder; skips the calling test, or module, where there is none."""
    path = shared_root() / relative
    if not path.exists():
        pytest.skip(f"no sample file {relative}: set ENCOURS_SHARED to their folder", allow_module_level=True)
    return path
