"""Serve the web application on this machine, with its worker beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation


def command(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(help="Web processes.")] = 2,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start no worker for jobs beside it.")] = False,
    home: Annotated[Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME.")] = None,
) -> None:
    """Bring the database up, collect static files, and serve until stopped."""
    open_installation(home)
    from encours.cli.serving import prepare, serving, wait

    prepare()
    with serving(host, port, workers=workers, worker=not no_worker) as processes:
        print(f"Encours listens on http://{host}:{port}/ (Ctrl+C stops it)", flush=True)
        raise typer.Exit(wait(processes))
