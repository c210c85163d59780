"""Run the nightly chain: copies, receipts, positions, trends; one that died goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import parse_day, progress, say_table


def command(
    day: Annotated[str | None, typer.Option("--day", help="The day; default today.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Do every step anew.")] = False,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Run the nightly chain."""
    wanted = parse_day(day, "--day")
    open_installation(home)
    from encours.usecases import clock
    from encours.usecases.run_nightly import run_nightly

    with progress("nightly chain") as status:
        run = run_nightly(wanted or clock.today(), again=again, say=status.update)
    say_table(f"Nightly chain of {run.day}", list(run.summary.items()), ("step", "done"))
