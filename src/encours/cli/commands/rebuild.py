"""Make the copies in Parquet and all projections anew from the facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import progress, say_table


def command(
    entity: Annotated[list[str] | None, typer.Option("--entity", help="An entity; default all.")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Rebuild what is derived: copies, open and unapplied amounts, positions. Facts are only read."""
    open_installation(home)
    from encours.store.rights import job
    from encours.usecases.rebuild import rebuild

    with progress("rebuilding") as status:
        found = rebuild(job("cli"), entity or None, say=status.update)
    say_table("Rebuilt", [(name, f"{count:,}") for name, count in found.items()], ("what", "corrected"))
