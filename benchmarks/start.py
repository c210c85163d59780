"""How soon the command line answers: help and a wrong call, in a fresh process each."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.harness import Figure, arguments, report

_ROUNDS = 15


def _seconds(words: list[str]) -> float:
    """The fastest of some rounds: what the command itself takes, whatever else the machine is doing."""
    command = [Path(sys.executable).parent / "encours", *words]
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return min(times)


def main(argv: list[str] | None = None) -> int:
    """Wall time of `encours --help`, of a command's help and of a wrong option."""
    call = arguments(f"Start of the command line, the fastest of {_ROUNDS}", argv)
    figures = [
        Figure("encours --help", _seconds(["--help"]), "s", at_most=0.5),
        Figure("encours check --help", _seconds(["check", "--help"]), "s", at_most=0.5),
        Figure("encours check, wrong option", _seconds(["check", "--no-such-option"]), "s", at_most=0.5),
    ]
    return report(call, figures)


if __name__ == "__main__":
    sys.exit(main())
