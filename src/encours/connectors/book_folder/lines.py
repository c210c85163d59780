"""CSV lines to text columns with their line numbers: a line that is not one is set aside, the others are kept."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

_BLOCK_BYTES = 32 * 1024 * 1024
_LINE_BYTES_MAX = 1024 * 1024 * 1024
_HEADER_BYTES = 64 * 1024


@dataclass
class Lines:
    """`cells` are text columns with the column `line` (Int64, from 1); `bad` are (line, code, message, text)."""

    cells: pl.DataFrame
    bad: list[tuple[int, str, str, str]] = field(default_factory=list)


def header(path: Path) -> list[str]:
    """The names in the first line; empty where there is none."""
    with path.open("rb") as file:
        first = file.readline(_HEADER_BYTES).decode("utf-8-sig", errors="replace")
    try:
        names = next(csv.reader([first], strict=True), [])
    except csv.Error:
        return []
    return [name.strip() for name in names]


def read_lines(path: Path, names: list[str], wanted: list[str]) -> Lines:
    """The wanted columns of a CSV file as text. `names` are its header's; a repeated name counts once, the first."""
    import pyarrow as pa  # here: to load it takes a tenth of a second of each start, and most books are Parquet

    try:
        return _read_arrow(path, names, wanted, _BLOCK_BYTES)
    except pa.ArrowInvalid as error:
        size = path.stat().st_size
        if "straddling" in str(error) and _BLOCK_BYTES < size < _LINE_BYTES_MAX:
            try:
                return _read_arrow(path, names, wanted, size + 1)
            except pa.ArrowInvalid:
                pass
    return _read_line_by_line(path, names, wanted)


def _read_arrow(path: Path, names: list[str], wanted: list[str], block_bytes: int) -> Lines:
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    invalid: list[tuple[int, int, str]] = []

    def set_aside(row: Any) -> str:
        invalid.append((row.number, row.actual_columns, row.text))
        return "skip"

    positions = {name: str(names.index(name)) for name in wanted}
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=block_bytes, skip_rows=1, column_names=[str(n) for n in range(len(names))]
        ),
        parse_options=pa_csv.ParseOptions(
            newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=set_aside
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={position: pa.large_string() for position in positions.values()},
            include_columns=list(positions.values()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    cells = frame.rename({position: name for name, position in positions.items()})
    good, aside = _line_numbers(cells, [number for number, _, _ in invalid])
    bad = [
        (line, "ragged_line", f"{found} cells under {len(names)} headings", text)
        for line, (_, found, text) in zip(aside, invalid, strict=True)
    ]
    # An empty line comes as a row of nothing.
    rows = cells.with_columns(line=good).filter(pl.any_horizontal(pl.col(wanted).is_not_null()))
    return Lines(rows, bad)


def _line_numbers(cells: pl.DataFrame, skipped: list[int]) -> tuple[pl.Series, list[int]]:
    # Arrow counts rows from 1 with the header; a row that was set aside keeps its number. A line break inside a
    # quoted cell makes one row of two lines.
    numbers = np.arange(2, cells.height + len(skipped) + 2)
    if skipped:
        numbers = np.setdiff1d(numbers, np.asarray(skipped), assume_unique=True)
    numbers = numbers[: cells.height]
    breaks = cells.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))).to_series()
    until = np.concatenate([[0], breaks.cum_sum().cast(pl.Int64).to_numpy()])
    aside = [number + int(until[np.searchsorted(numbers, number)]) for number in skipped]
    return pl.Series("line", numbers + until[:-1], dtype=pl.Int64), aside


def _read_line_by_line(path: Path, names: list[str], wanted: list[str]) -> Lines:
    """The slow way for a file that is not one table of UTF-8 text: every line on its own."""
    at = [names.index(name) for name in wanted]
    rows: list[tuple[Any, ...]] = []
    bad: list[tuple[int, str, str, str]] = []
    csv.field_size_limit(_LINE_BYTES_MAX)
    with path.open("rb") as file:
        next(file, b"")
        for line, raw in enumerate(file, start=2):
            text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
            if not text.strip():
                continue
            fault = None if _is_utf8(raw) else ("not_utf8", "the line is not UTF-8 text")
            cells: list[str] = []
            if fault is None:
                try:
                    cells = next(csv.reader(io.StringIO(text), strict=True), [])
                except csv.Error as error:
                    fault = ("bad_quotes", f"the line cannot be read: {error}")
            if fault is None and len(cells) != len(names):
                fault = ("ragged_line", f"{len(cells)} cells under {len(names)} headings")
            if fault is None:
                rows.append((*(cells[n] or None for n in at), line))
            else:
                bad.append((line, *fault, text))
    schema = {**dict.fromkeys(wanted, pl.String()), "line": pl.Int64()}
    return Lines(pl.DataFrame(rows, schema=schema, orient="row"), bad)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
