"""Compiled functions come back from their files, and can be built into those that are compiled beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

_SOURCE = """
import numpy as np
from encours.core.base.kernel import inner, kernel

@inner
def doubled(numbers):
    return np.sort(numbers) * 2

@kernel
def largest(numbers):
    return doubled(numbers)[-1]

@kernel
def smallest(numbers):
    return doubled(numbers)[0]
"""
_NUMBERS = np.array([3, 1, 2])


def _loaded(folder: Path) -> ModuleType:
    """The kernels as a new process has them: nothing compiled yet."""
    spec = importlib.util.spec_from_file_location("some_kernels", folder / "some_kernels.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_was_compiled_is_taken_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "some_kernels.py").write_text(_SOURCE, encoding="utf-8")
    first = _loaded(tmp_path)
    assert first.largest(_NUMBERS) == 6
    assert sum(first.largest.stats.cache_misses.values()) == 1

    again = _loaded(tmp_path)
    assert again.largest(_NUMBERS) == 6
    assert sum(again.largest.stats.cache_hits.values()) == 1
    [kept] = again.largest.overloads.values()
    assert kept.library._shared_module is None, "what only the optimiser needs was read"

    # Compiled now, with an inner function that comes from its file.
    assert again.smallest(_NUMBERS) == 2
    assert sum(again.smallest.stats.cache_misses.values()) == 1
    assert sum(again.doubled.stats.cache_hits.values()) == 1

    [kept] = again.doubled.overloads.values()
    assert kept.library.get_pointer_to_function(kept.fndesc.llvm_cpython_wrapper_name) == 0, "it has no door to Python"
