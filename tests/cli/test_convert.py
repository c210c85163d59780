"""`encours convert`: exit codes, the readable summary, and a help page that loads no engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.journeys.ledgers import Ledger


def convert(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    call = [sys.executable, "-c", "from encours.cli import main; main()", "convert", *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_good_files_exit_0_and_are_summed_up(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000)
    path = ledger.write(tmp_path, "123456789FEC20241231.txt")
    done = convert(str(path), "--out", str(tmp_path / "out"), "--term", "30 jours")
    assert done.returncode == 0, done.stderr
    assert "123456789" in done.stdout
    assert (tmp_path / "out" / "items.parquet").exists()


def test_bad_data_exits_1_and_a_wrong_call_2(tmp_path: Path) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(bytes(range(256)))
    assert convert(str(bad), "--out", str(tmp_path / "out")).returncode == 1
    wrong = convert(str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--format", "xml")
    assert wrong.returncode == 2
    assert "PATH" in wrong.stderr
    assert "--format" in wrong.stderr
    assert convert(str(bad), "--out", str(tmp_path / "out"), "--term", "jamais").returncode == 2
