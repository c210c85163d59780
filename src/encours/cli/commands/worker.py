"""Do the jobs that pages asked for, and the nightly chain when its hour has come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation


def command(
    once: Annotated[bool, typer.Option("--once", help="Do what waits, then leave.")] = False,
    hour: Annotated[int, typer.Option(help="The hour of the nightly chain, 0 to 23; -1 for never.")] = 3,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Work until stopped."""
    open_installation(home)
    from encours.cli.serving import run_worker

    run_worker(once=once, hour=hour)
