"""Floor 4: `encours …`. One module for each command in `commands/`, found by its file, imported when called."""

from __future__ import annotations

import gc

#: Objects made before the collector looks for cycles. A start makes hundreds of thousands that all stay: at Python's
#: own 700 it is searched for nothing, and a match of 10,000 receipts takes a tenth longer.
_COLLECT_AFTER = 100_000


def main() -> None:
    """The console script."""
    gc.set_threshold(_COLLECT_AFTER)
    from encours.cli.app import run

    run()
