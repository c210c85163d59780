"""The floors of the house hold: import-linter's contracts, and a command line that starts without the web."""

from __future__ import annotations

import subprocess
import sys

from tests.house.tree import ROOT


def test_arrows_point_only_down() -> None:
    run = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_help_starts_neither_django_nor_the_engines() -> None:
    """Help must be there at once: what it imports is looked at, its time is a benchmark's affair."""
    script = (
        "import sys; from encours.cli.app import app, LazyCommands\n"
        "found = []\n"
        "for name in [None, *LazyCommands().list_commands(None)]:\n"
        "    try: app([name, '--help'] if name else ['--help'])\n"
        "    except SystemExit: pass\n"
        "    heavy = {'django', 'polars', 'numpy', 'lxml', 'rich', 'pydantic'} & set(sys.modules)\n"
        "    if heavy: sys.exit(f'the help of {name or chr(34) * 2} imports {sorted(heavy)}')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
