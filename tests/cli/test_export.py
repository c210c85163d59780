"""`encours export entries`: says what would leave, writes a batch's files, and writes them once more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_READY = """
import django; django.setup()
from pathlib import Path
from encours.core.entries import Bank
from encours.store.models import Proposal
from encours.usecases.accept_match import accept_match
from encours.usecases.entry_rules import change_bank
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import job
from tests.usecases.waiting import load_waiting
import sys
load_waiting(Path(sys.argv[1]))
propose_matches(job("test"), ["A"])
for row in Proposal.objects.filter(decision="auto"):
    accept_match(job("test"), row.pk)
change_bank(job("test"), "A", "512", Bank("full", "512100", "BQ1"))
"""


def _run(*arguments: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, *arguments], env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_entries_leave_once_and_are_written_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = {"ENCOURS_HOME": str(home), "DJANGO_SETTINGS_MODULE": "encours.web.settings"}
    encours = ("-c", "from encours.cli.app import run; run()")
    _run("-m", "django", "migrate", "--verbosity", "0", **told)
    _run("-c", _READY, str(tmp_path), **told)
    dry = _run(*encours, "export", "entries", str(tmp_path / "out"), "--entity", "A", "--dry-run", **told)
    assert "3 settlements in 3 entries would leave." in dry
    first = _run(*encours, "export", "entries", str(tmp_path / "out"), "--entity", "A", **told)
    assert "3 entries, 300.00 EUR" in first
    assert "Nothing was decided" in _run(*encours, "export", "entries", str(tmp_path / "no"), "--entity", "A", **told)
    _run(*encours, "export", "entries", str(tmp_path / "again"), "--entity", "A", "--batch", "1", **told)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 4
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
