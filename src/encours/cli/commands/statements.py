"""Serve published statements to customers: a process of its own that knows nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from encours.cli.report import CallError

#: What the process is given of the environment: no database, no secret.
_KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")


def command(
    host: Annotated[str, typer.Option(help="The address to listen on; the reverse proxy's side.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8010,
    folder: Annotated[
        Path | None, typer.Option(help="The folder of published statements; default `published` in the data folder.")
    ] = None,
) -> None:
    """Serve until stopped. Links are published from Encours once a public address is set in Settings."""
    chosen = folder or Path(os.environ.get("ENCOURS_HOME", "var")) / "published"
    if not (chosen / "key").is_file():
        raise CallError([f"nothing was ever published in {chosen}: set the public address, then publish a statement"])
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = [sys.executable, "-m", "encours.cli.published", str(chosen.resolve()), host, str(port)]
    sys.stdout.flush()
    os.execve(sys.executable, own, environment)
