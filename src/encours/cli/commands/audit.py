"""Prove the audit: every entry is there, unchanged, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import BAD_DATA

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.callback()
def audit() -> None:
    """Prove the audit: every entry is there, unchanged, in order."""


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="A digest written down before: finds a chain cut at its end.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Walk the chain; exit 1 where it is broken. Write the printed digest down elsewhere for the next time."""
    open_installation(home, migrate=False)
    from encours.store import audit as chain

    verdict = chain.verify(head)
    for number, fault in verdict.faults:
        print(f"entry {number}: {fault}")
    print(f"{verdict.entries:,} entries, {'the chain is whole' if verdict.intact else 'THE CHAIN IS BROKEN'}.")
    print(f"Last digest: {verdict.head}")
    if not verdict.intact:
        raise typer.Exit(BAD_DATA)
