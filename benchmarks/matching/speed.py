"""How fast receipts are matched: `encours match` from Parquet to Parquet, start-up included, and its growth with size.

The books are stocks of the standard profile with three open items a receipt. The command runs as a user would run it,
in a process of its own; the growth with size is taken in one warm process, where start-up does not flatter it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.harness import Call, Figure, arguments, measure, report
from benchmarks.matching.generate import generate
from benchmarks.matching.profile import PROFILES

_LARGE, _SMALL, _ITEMS_PER_RECEIPT, _SEED = 1_000_000, 10_000, 3.0, 1
_ROUNDS = 3


@dataclass(frozen=True)
class Run:
    """What one call of the command took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float


def write_case(folder: Path, receipts: int) -> int:
    """A book of so many receipts in `folder`; its open items."""
    standard = PROFILES["standard"]
    crowded = replace(standard, items_per_receipt=(_ITEMS_PER_RECEIPT, standard.items_per_receipt[1]))
    case = generate(crowded, receipts, "stock", _SEED)
    case.write(folder)
    return case.book.items.height


def command(book: Path, out: Path) -> Run:
    """`encours match` on a book, in a process of its own. Raises RuntimeError where it fails."""
    words = [str(Path(sys.executable).parent / "encours"), "match", str(book), "--out", str(out)]
    started = time.perf_counter()
    with Path(os.devnull).open("w") as nothing:
        process = os.posix_spawn(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)])
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return Run(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def warm_seconds(books: list[Path]) -> list[float]:
    """Wall time of each book in one process that has matched before, the fastest of some rounds for the small ones."""
    from encours.usecases.match_receipts import match_book_folder

    match_book_folder(books[0])
    found = []
    for number, book in enumerate(books):
        times = []
        for _ in range(_ROUNDS if number + 1 < len(books) else 1):
            started = time.perf_counter()
            match_book_folder(book)
            times.append(time.perf_counter() - started)
        found.append(min(times))
    return found


def main(argv: list[str] | None = None) -> int:
    """A million receipts, ten thousand, and the time a receipt takes in both."""
    call = arguments("Matching from Parquet to Parquet", argv)
    sizes = [_SMALL, max(_SMALL, call.scaled(_LARGE))]
    with tempfile.TemporaryDirectory(prefix="encours-speed-") as scratch:
        folders = [Path(scratch) / str(size) for size in sizes]
        items = [measure(write_case, folder, size).value for folder, size in zip(folders, sizes, strict=True)]
        books = [folder / "book" for folder in folders]
        small = min((command(books[0], folders[0] / "out") for _ in range(_ROUNDS)), key=lambda run: run.cpu_seconds)
        large = command(books[1], folders[1] / "out")
        warm = measure(warm_seconds, books).value
    each = [seconds / size * 1e6 for seconds, size in zip(warm, sizes, strict=True)]
    return report(call, _figures(call, sizes, items, small, large, each))


def _figures(call: Call, sizes: list[int], items: list[int], small: Run, large: Run, each: list[float]) -> list[Figure]:
    full = call.scale >= 1  # start-up weighs too much in less
    return [
        Figure("receipts, the large book", sizes[1]),
        Figure("open items", items[1]),
        Figure("wall time", round(large.wall_seconds, 1), "s"),
        Figure("CPU time", round(large.cpu_seconds, 1), "s"),
        Figure("receipts a second", round(sizes[1] / large.wall_seconds), at_least=30_000 if full else None),
        Figure("peak memory", round(large.peak_mb), "MB", at_most=3_000),
        Figure("receipts, the small book", sizes[0]),
        Figure("open items of it", items[0]),
        Figure("wall time of it", round(small.wall_seconds, 2), "s"),
        Figure("CPU time of it, start-up included", round(small.cpu_seconds, 2), "s", at_most=3),
        Figure("warm, a receipt of the small book", round(each[0], 1), "µs"),
        Figure("warm, a receipt of the large book", round(each[1], 1), "µs"),
        Figure("growth of the time a receipt takes", round(each[1] / each[0], 2), "×", at_most=1.5),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
