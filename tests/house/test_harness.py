"""The benchmarks' harness: what it measures is true, and a bar that is not held is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness import Call, Figure, measure, merge, report

_ROOT = Path(__file__).resolve().parents[2]


def _hold_memory(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def _burn(rounds: int) -> int:
    return sum(number * number for number in range(rounds))


def _fail() -> None:
    raise ValueError("no such book")


def test_peak_memory_is_the_childs_own() -> None:
    ballast = b"x" * (200 * 1024 * 1024)  # written to: pages of zeros are not resident
    small, large = measure(_hold_memory, 1), measure(_hold_memory, 150)
    assert 140 < large.peak_mb - small.peak_mb < 170
    assert small.peak_mb < len(ballast) / 1024**2


def test_a_program_is_not_blamed_for_the_size_of_the_one_that_started_it() -> None:
    """A reader in its sandbox is judged by its own memory, however large the test process has grown."""
    code = "from benchmarks.harness import own_peak_mb; print(own_peak_mb())"
    ballast = b"x" * (300 * 1024 * 1024)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT)
    assert float(told.stdout) < 100 < len(ballast) / 1024**2


def test_cpu_time_is_counted_and_the_value_comes_back() -> None:
    run = measure(_burn, 3_000_000)
    assert run.cpu_seconds > 0.01
    assert run.value == _burn(3_000_000)


def test_a_failure_comes_back_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match="no such book"):
        measure(_fail)


@pytest.mark.parametrize(("value", "code"), [(5, 0), (7, 1), ("not measured", 1)])
def test_a_bar_not_held_is_an_exit_code(tmp_path: Path, value: float | str, code: int) -> None:
    out = tmp_path / "figures.json"
    figures = [Figure("CPU time", value, "s", at_most=6), Figure("lines", 1_000)]
    assert report(Call("fec", "FEC into a book", out), figures) == code
    record = json.loads(out.read_text())
    assert record["holds"] is (code == 0)
    assert [figure["holds"] for figure in record["figures"]] == [code == 0, None]


def test_merging_keeps_the_other_benchmarks(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    merge(results, {"fec": {"holds": True}, "camt": {"holds": True}})
    merge(results, {"camt": {"holds": False}})
    assert json.loads(results.read_text()) == {"fec": {"holds": True}, "camt": {"holds": False}}
