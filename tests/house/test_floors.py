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
        "import sys; from encours.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'django', 'polars', 'numpy', 'lxml', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'help imports {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
