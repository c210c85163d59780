"""`encours sample`: writes a sound company, refuses a wrong call with every fault, imports no Django."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def encours(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-c", "from encours.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_writes_a_book_that_check_finds_sound(tmp_path: Path) -> None:
    out = tmp_path / "company"
    made = encours("sample", str(out), "--customers", "50", "--months", "6")
    assert made.returncode == 0, made.stderr
    assert f"Written to {out}." in made.stdout
    assert (out / "truth_allocations.parquet").exists()
    assert not (out / "files").exists()
    assert encours("check", str(out)).returncode == 0


def test_a_wrong_call_names_every_fault(tmp_path: Path) -> None:
    made = encours("sample", str(tmp_path / "company"), "--customers", "3", "--months", "0")
    assert made.returncode == 2
    assert "customers: 3" in made.stderr
    assert "months: 0" in made.stderr
    assert not (tmp_path / "company").exists()


def test_an_impossible_day_is_a_wrong_call(tmp_path: Path) -> None:
    made = encours("sample", str(tmp_path / "company"), "--last-day", "2026-02-30")
    assert made.returncode == 2
    assert "--last-day" in made.stderr


def test_imports_no_django() -> None:
    script = (
        "import sys; import encours.usecases.make_sample; import encours.cli.commands.sample;"
        "print([name for name in sys.modules if name.split('.')[0] == 'django'])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
