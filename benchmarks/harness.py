"""Measures a call in a process of its own, and prints each figure beside the bar it must hold.

A benchmark is a module of this folder with `main(argv: list[str] | None = None) -> int`:

    def read_book(path: str) -> dict[str, int]:            # a function of the module, its arguments picklable
        ...                                                # what it returns comes back as `Measured.value`

    def main(argv: list[str] | None = None) -> int:
        call = arguments("FEC of a million lines into a book", argv)      # --out FILE, --scale 0.1
        lines = call.scaled(1_000_000)
        run = measure(read_book, "…", lines)
        return report(call, [
            Figure("CPU time", run.cpu_seconds, "s", at_most=6),
            Figure("peak memory", run.peak_mb, "MB", at_most=1_500),
            Figure("lines", lines),                                       # a figure without a bar is only shown
        ])
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
_KB = 1024


@dataclass(frozen=True)
class Measured:
    """What a call cost: `cpu_seconds` counts ended child processes too, `peak_mb` is the height of resident memory."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    value: Any = None


@dataclass(frozen=True)
class Figure:
    """One line of the report. With `at_most` or `at_least` it is held to that bar, otherwise only shown."""

    what: str
    value: float | str
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; None where there is none. A text never holds a bar."""
        if self.at_most is None and self.at_least is None:
            return None
        if isinstance(self.value, str):
            return False
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True)
class Call:
    """How a benchmark was called: its name and title, where the JSON goes, the share of the full size."""

    name: str
    title: str
    out: Path | None = None
    scale: float = 1.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def scaled(self, full_size: int) -> int:
        """The full size times `--scale`, at least one."""
        return max(1, round(full_size * self.scale))


def arguments(
    title: str, argv: Sequence[str] | None = None, *, options: Mapping[str, Mapping[str, Any]] | None = None
) -> Call:
    """Reads `--out` and `--scale`, and the benchmark's own `options` (flag → argparse's keywords) into `extra`."""
    name = _name_of(Path(sys._getframe(1).f_code.co_filename))
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=title)
    parser.add_argument("--out", type=Path, help="write the figures as JSON into this file")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size (bars are meant for 1)")
    for flag, keywords in (options or {}).items():
        parser.add_argument(flag, **keywords)
    found = vars(parser.parse_args(argv))
    return Call(name, title, found.pop("out"), found.pop("scale"), found)


def _name_of(path: Path) -> str:
    """What `python -m benchmarks.…` calls the benchmark in a file: a package's `__main__` bears the package's name."""
    parts = path.resolve().relative_to(Path(__file__).resolve().parent).with_suffix("").parts
    return ".".join(part for part in parts if not part.startswith("__"))


def measure(function: Callable[..., Any], /, *args: Any, warm: bool = False, **kwargs: Any) -> Measured:
    """Runs `function(*args, **kwargs)` in a fresh Python process and says what it cost.

    The start of the interpreter and the import of the function's module are not counted. With `warm` the function
    runs once before, uncounted (imports inside it, caches). Raises RuntimeError with the child's traceback.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(there, function, args, kwargs, warm))
    child.start()
    there.close()
    try:
        outcome = here.recv()
    except EOFError:
        outcome = "the process died without a word (out of memory?)"
    child.join()
    if isinstance(outcome, Measured):
        return outcome
    raise RuntimeError(f"{getattr(function, '__name__', function)}: {outcome} (exit code {child.exitcode})")


def _run(
    there: Connection, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], warm: bool
) -> None:
    try:
        if warm:
            function(*args, **kwargs)
        wall, cpu = time.perf_counter(), cpu_seconds()
        value = function(*args, **kwargs)
        cost = Measured(time.perf_counter() - wall, cpu_seconds() - cpu, peak_mb(), value)
        there.send(cost)
    except BaseException:
        there.send(traceback.format_exc())


def cpu_seconds() -> float:
    """CPU time of this process, its threads and its ended children, in seconds."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_mb() -> float:
    """Highest resident memory of this process, or of its largest ended child, in MB (1024² bytes)."""
    return max(own_peak_mb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _KB)


def own_peak_mb() -> float:
    """Highest resident memory of this program alone, in MB (1024² bytes).

    On Linux getrusage of a child begins with the size of the process it was forked from, also after exec: a reader
    started by a large test process would be blamed for it. The kernel's own mark begins anew with the program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB


def report(call: Call, figures: Sequence[Figure], facts: Mapping[str, Any] | None = None) -> int:
    """Prints the figures beside their bars, writes `--out`; 1 where a bar is not held, else 0."""
    from rich.console import Console
    from rich.table import Table

    size = "" if call.scale == 1 else f" (at {call.scale:g} of the full size)"
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(call.title + size, style="bold", highlight=False, markup=False)
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for header, justify in (("figure", "left"), ("measured", "right"), ("bar", "right"), ("", "left")):
        table.add_column(header, justify=justify)  # type: ignore[arg-type]  # rich's Literal, ours a plain tuple
    for figure in figures:
        table.add_row(figure.what, _said(figure.value, figure.unit), _bar(figure), _verdict(figure.holds))
    console.print(table)
    if call.out:
        call.out.parent.mkdir(parents=True, exist_ok=True)
        call.out.write_text(_json(as_record(call, figures, facts)), encoding="utf-8")
    return 1 if any(figure.holds is False for figure in figures) else 0


def as_record(call: Call, figures: Sequence[Figure], facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A benchmark's outcome as it stands in the results file."""
    return {
        "title": call.title,
        "scale": call.scale,
        "holds": all(figure.holds is not False for figure in figures),
        "figures": [asdict(figure) | {"holds": figure.holds} for figure in figures],
        "facts": dict(facts or {}),
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def merge(results: Path, records: Mapping[str, Any]) -> None:
    """Puts the records of some benchmarks into the results file; the others' stay as they are."""
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    results.write_text(_json({**known, **records}), encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n"


def _said(value: float | str, unit: str) -> str:
    if isinstance(value, str):
        return value
    number = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else f"{value:,.3g}"
    return f"{number} {unit}".rstrip()


def _bar(figure: Figure) -> str:
    sides = [("≥", figure.at_least), ("≤", figure.at_most)]
    return " and ".join(f"{sign} {_said(limit, figure.unit)}" for sign, limit in sides if limit is not None)


def _verdict(holds: bool | None) -> str:
    return {True: "[green]holds[/]", False: "[red]NOT HELD[/]", None: ""}[holds]
