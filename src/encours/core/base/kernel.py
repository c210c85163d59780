"""Compiled functions: what stands under `@kernel` runs on plain arrays at the speed of C.

The compiled code is kept beside the source, else in the user's cache or in NUMBA_CACHE_DIR; where nothing may be
written it is compiled anew by every process.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numba
from numba.np import linalg

from encours.core.base.kernel_cache import keep

_Function = TypeVar("_Function", bound=Callable[..., object])


def _load_arrays() -> None:
    """Loads what numba knows of arrays, as some kernel would, but without asking SciPy for a BLAS.

    No kernel multiplies matrices, and to load SciPy's linear algebra takes a fifth of a second of every start.
    """

    def without() -> None:
        raise ImportError

    asks, linalg.ensure_blas = linalg.ensure_blas, without
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = asks


_load_arrays()


def kernel(function: _Function) -> _Function:
    """The function compiled on its first call; its twin in plain Python stays reachable as `.py_func`."""
    return _compiled(function, no_cfunc_wrapper=True)


def inner(function: _Function) -> _Function:
    """A compiled function that only compiled ones call: without its door to Python it compiles sooner."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def lean(function: _Function) -> _Function:
    """An inner function that makes no array and returns none: it counts no references.

    Counting them for each array of the tables that are handed over takes longer than what most inner functions do.
    """
    return _compiled(function, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compiled(function: _Function, **options: Any) -> _Function:
    dispatcher = numba.njit(nogil=True, **options)(function)
    with suppress(RuntimeError):  # no folder to keep it in: a read-only installation without a home
        keep(dispatcher)
    return cast("_Function", dispatcher)
