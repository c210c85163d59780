"""Floor 4: `encours …`. One module for each command in `commands/`, found by its file, imported when called."""

from __future__ import annotations


def main() -> None:
    """The console script."""
    from encours.cli.app import run

    run()
