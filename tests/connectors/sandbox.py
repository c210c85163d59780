"""A read in a process of its own with bounds on memory and time, so that a reader that runs away is only told."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MB = 1024 * 1024
#: Address space is more than memory: libraries and thread stacks are mapped, not used.
_MAPPED_MB = 3_072


@dataclass(frozen=True)
class Outcome:
    """What came of a read: `fault` says how it died, None where it gave a reading."""

    name: str
    fault: str | None
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    rows: int = 0
    codes: tuple[str, ...] = ()


def read_in_sandbox(connector: str, paths: Sequence[Path], *, seconds: int, megabytes: int) -> list[Outcome]:
    """Reads the files one after the other in a child under limits; a child that dies is told, the next takes over.

    `seconds` of CPU are for each file, `megabytes` of resident memory for the child.
    """
    outcomes: list[Outcome] = []
    left = list(paths)
    while left:
        told, fault = _run(connector, left, seconds, megabytes)
        outcomes += told
        left = left[len(told) :]
        if left and fault:
            outcomes.append(Outcome(left.pop(0).name, fault))
    return outcomes


def _run(connector: str, paths: Sequence[Path], seconds: int, megabytes: int) -> tuple[list[Outcome], str | None]:
    command = [sys.executable, "-m", "tests.connectors.sandbox", connector, str(seconds), str(megabytes)]
    root = Path(__file__).resolve().parents[2]
    environment = {"PYTHONPATH": f"{root / 'src'}:{root}", "POLARS_MAX_THREADS": "1", "HOME": str(paths[0].parent)}
    fault = None
    try:
        run = subprocess.run(
            [*command, *map(str, paths)],
            capture_output=True,
            text=True,
            cwd=root,
            timeout=seconds * 4 * len(paths),
            check=False,
            env=environment,
        )
        output = run.stdout
        if run.returncode:
            fault = (run.stderr.strip().splitlines() or [f"died with code {run.returncode}"])[-1]
    except subprocess.TimeoutExpired as error:
        output, fault = (error.stdout or b"").decode(), "does not end"
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [Outcome(**{**row, "fault": None, "codes": tuple(row["codes"])}) for row in rows], fault


def _child(connector: str, seconds: str, megabytes: str, *paths: str) -> None:
    from benchmarks.harness import own_peak_mb
    from encours.connectors.base.contract import Options, Source, connectors

    space = (int(megabytes) + _MAPPED_MB) * _MB
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    for path in paths:
        before = _cpu()
        resource.setrlimit(resource.RLIMIT_CPU, (int(before) + int(seconds) + 1, resource.RLIM_INFINITY))
        reading = connectors()[connector].read(Source.of(Path(path)), Options())
        outcome = {
            "name": Path(path).name,
            "cpu_seconds": round(_cpu() - before, 3),
            "peak_mb": round(own_peak_mb()),
            "rows": sum(frame.height for frame in reading.tables.values()),
            "codes": reading.issues["code"].unique().sort().to_list(),
        }
        print(json.dumps(outcome), flush=True)
        del reading


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _child(*sys.argv[1:])
