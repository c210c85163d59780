"""Show Encours with a sample company: its files through the real path, a ready user, the web application."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from encours.cli.installation import open_installation
from encours.cli.report import progress


def command(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    home: Annotated[
        Path | None, typer.Option("--home", help="The data folder; default ENCOURS_HOME, else var/demo.")
    ] = None,
    customers: Annotated[int, typer.Option(help="How many customers the company has.")] = 120,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    exit_when_ready: Annotated[bool, typer.Option("--exit-when-ready", help="Leave once the page answers.")] = False,
) -> None:
    """Build the sample company (once), then serve it on 127.0.0.1 with a user that is ready."""
    folder = open_installation(home or Path(os.environ.get("ENCOURS_HOME") or "var/demo").resolve())
    from encours.cli.serving import prepare, ready, serving, wait
    from encours.usecases.build_demo import build_demo

    with progress("building the sample company") as status:
        demo = build_demo(folder, customers, say=status.update)
    prepare()
    with serving("127.0.0.1", port, workers=1, worker=True) as processes:
        address = f"http://127.0.0.1:{port}/"
        ready(address)
        print(f"\n  {demo.company}: {demo.customers:,} customers, {demo.items:,} invoices and credit notes")
        print(f"  Open     {address}\n  User     {demo.email}\n  Password {demo.password}\n", flush=True)
        if exit_when_ready:
            return
        print("  Ctrl+C stops it. The next start finds everything as you left it.", flush=True)
        if not no_browser:
            webbrowser.open(address)
        raise typer.Exit(wait(processes))
