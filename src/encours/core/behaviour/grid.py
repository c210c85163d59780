"""The grid on which payments are counted: days from the due date, daily near it, coarser far from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Daily cells from so many days before the due date to so many after it.
DAILY_FROM, DAILY_TO = -28, 42
_BEFORE = (-400, -120, -90, -70, -56, -49, -42, -35)
_AFTER = tuple(range(DAILY_TO + 1, 106, 7)) + tuple(range(113, 354, 30))
#: First day of each cell from the due date; the last entry is the end of the last cell. What is later is "never".
STARTS: Int32 = np.array([*_BEFORE, *range(DAILY_FROM, DAILY_TO + 1), *_AFTER, 383], dtype=np.int32)
CELLS = len(STARTS) - 1
FIRST, END = int(STARTS[0]), int(STARTS[-1])
#: Cell of each day from FIRST on.
CELL_OF: Int16 = np.repeat(np.arange(CELLS), np.diff(STARTS)).astype(np.int16)
#: A day that never comes (days since 1970).
NEVER = 2**30
