"""Floor 4: `encours …`. One module for each command in `commands/`, found by its file, imported when called."""

from __future__ import annotations

import gc

#: Objects made before the collector looks for cycles. A start makes hundreds of thousands that all stay: at Python's
#: own 700 it is searched for nothing, and a match of 10,000 receipts takes a sixth longer.
_COLLECT_AFTER = 300_000


def main() -> None:
    """The console script."""
    gc.set_threshold(_COLLECT_AFTER)
    from encours.cli.app import run

    try:
        run()
    finally:
        gc.freeze()  # on leaving Python would look through all of it once more: a tenth of a second
