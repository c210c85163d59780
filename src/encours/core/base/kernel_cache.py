"""Compiled code taken from its file with as little else as can be: a start waits for forty functions.

numba makes ready for compiling whenever it takes compiled code from a file: it loads all that it knows of Python and
NumPy, and it reads what the optimiser would need to build each function into another one. Where nothing is compiled
that is a quarter of the time in which ten thousand receipts are matched; here it waits until something is.
"""

# mypy: disable-error-code="no-untyped-call,import-untyped"
# Neither numba nor llvmlite tell the types of their own functions.

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target
from numba.core.runtime.nrt import rtsys

#: The versions of numba whose insides were read; any other keeps its code in its own way, only a little slower.
_KNOWN = "0.68."


class _Library(JITCodeLibrary):
    """Compiled code; what another function would be compiled with is read when one is."""

    _bitcode: bytes | None = None
    _object: bytes = b""

    @classmethod
    def _unserialize(cls, codegen: Any, state: tuple[str, str, Any]) -> Any:
        name, kind, data = state
        if kind != "object":
            return super()._unserialize(codegen, state)
        library = codegen.create_library(name)
        library._object, library._bitcode = data
        library.enable_object_caching()
        library._set_compiled_object(library._object)
        library._finalize_final_module()
        return library

    def _get_module_for_linking(self) -> Any:
        if self._bitcode is not None:
            self._shared_module, self._bitcode = llvm.parse_bitcode(self._bitcode), None
            self._codegen._engine._load_defined_symbols(self._shared_module)
        return super()._get_module_for_linking()

    def get_pointer_to_function(self, name: str) -> int:
        """Where a function of this library begins; 0 where it has none of that name."""
        if self._bitcode is not None and name.encode() in self._object:
            self._codegen._engine._defined_symbols.add(name)
        found: int = super().get_pointer_to_function(name)
        return found


class _Cache(FunctionCache):
    """A function's file; to read it takes numba's reference counts and nothing more."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, None where the file has none."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def keep(dispatcher: Any) -> None:
    """Keeps what a dispatcher compiles beside its source, else in the user's cache or NUMBA_CACHE_DIR.

    Raises RuntimeError where no such folder can be written.
    """
    if not numba.__version__.startswith(_KNOWN):
        dispatcher.enable_caching()
        return
    cpu_target.target_context.codegen()._library_class = _Library
    dispatcher._cache = _Cache(dispatcher.py_func)
