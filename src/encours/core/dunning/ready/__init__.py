"""Ready-made scenarios: one TOML file each, found by being here."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from encours.core.dunning.reading import read_scenarios
from encours.core.dunning.scenario import Scenarios


@cache
def ready_scenarios() -> Scenarios:
    """Every ready-made scenario, the most particular first."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")]
    read = (tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(files, key=lambda file: file.name))
    return read_scenarios({"scenarios": list(read)})
