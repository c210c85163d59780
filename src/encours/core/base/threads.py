"""Work side by side: kernels let go of the interpreter, so that threads use every processor."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Share = TypeVar("_Share")
_Done = TypeVar("_Done")
#: More do not help: what stands between the kernels is done by one.
WORKERS = min(4, os.cpu_count() or 1)


def side_by_side(work: Callable[[_Share], _Done], shares: Sequence[_Share]) -> list[_Done]:
    """`work` done on each share, in their order."""
    if len(shares) < 2 or WORKERS < 2:
        return [work(share) for share in shares]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, shares))
