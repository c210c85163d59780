"""The locks hold what they install needs: pip takes nothing without a hash, so a missing name stops a new machine."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_whatever_a_locked_package_needs_is_locked_too(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    locked = {
        canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE)
    }
    missing = [
        f"{name} needs {one.name}"
        for name in sorted(locked)
        for one in _needs(name)
        if canonicalize_name(one.name) not in locked
    ]
    assert len(locked) > 20
    assert not missing, "call `make lock`"


def _needs(name: str) -> list[Requirement]:
    """What an installed package needs here without extras; of one that this machine leaves out, nothing is known."""
    try:
        named = [Requirement(one) for one in requires(name) or []]
    except PackageNotFoundError:
        return []
    return [one for one in named if one.marker is None or one.marker.evaluate({"extra": ""})]
