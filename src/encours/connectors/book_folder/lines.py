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
#: Lines that a cell with line breaks may take where a file is read line by line.
_JOINED_MAX = 50
_LINE_END, _RETURN, _QUOTE, _COMMA = (ord(one) for one in '\n\r",')
#: What stands before a quote that opens and after one that closes; a doubled quote closes and opens again.
_BEFORE, _AFTER = (_LINE_END, _COMMA, _QUOTE), (_LINE_END, _RETURN, _COMMA, _QUOTE)


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
    try:
        return _read_blocks(path, names, wanted)
    except (_NotPlainError, UnicodeDecodeError, pl.exceptions.PolarsError):
        return _read_line_by_line(path, names, wanted)


class _NotPlainError(ValueError):
    """The file is not one table of rows under the rules of RFC 4180."""


def _read_blocks(path: Path, names: list[str], wanted: list[str]) -> Lines:
    found = [Lines(pl.DataFrame(schema={**dict.fromkeys(wanted, pl.String()), "line": pl.Int64()}))]
    with path.open("rb") as file:
        file.readline()
        line, rest = 2, b""
        while True:
            # A row that is longer than a block is tried again with twice as much.
            block = file.read(max(_BLOCK_BYTES, len(rest)))
            data = rest + block
            if not block:
                data += b"" if data.endswith(b"\n") else b"\n"
            rows = _rows(np.frombuffer(data, dtype=np.uint8), last=not block)
            whole, rest = data[: rows.until], data[rows.until :]
            if whole:
                found.append(_read_block(whole, rows, line, names, wanted))
                line += whole.count(b"\n")
            if not block:
                break
            if len(rest) > _LINE_BYTES_MAX:
                raise _NotPlainError
    return Lines(pl.concat([one.cells for one in found]), [bad for one in found for bad in one.bad])


@dataclass
class _Rows:
    """The rows of a block, all arrays of one length: where each ends, how many cells it has, lines before it.

    A row is as long as it is quoted: a line break inside a quoted cell makes one row of two lines.
    """

    ends: np.ndarray[Any, Any]
    cells: np.ndarray[Any, Any]
    lines: np.ndarray[Any, Any]
    until: int


def _rows(data: np.ndarray[Any, Any], last: bool) -> _Rows:
    """The rows that end in the block, which begins with a row; raises _NotPlainError where quotes stand astray."""
    breaks, commas = np.flatnonzero(data == _LINE_END), np.flatnonzero(data == _COMMA)
    returns, quotes = np.flatnonzero(data == _RETURN), np.flatnonzero(data == _QUOTE)
    ends = breaks
    if len(quotes):
        # Before an even number of quotes stands what is not quoted.
        ends, commas, returns = (at[np.searchsorted(quotes, at) % 2 == 0] for at in (breaks, commas, returns))
    until = int(ends[-1]) + 1 if len(ends) else 0
    quotes = quotes[: np.searchsorted(quotes, until)]
    returns = returns[: np.searchsorted(returns, until)]
    lone = (data[returns + 1] != _LINE_END).any()
    before = data[quotes[::2] - 1][int(len(quotes) > 0 and quotes[0] == 0) :]
    if lone or not np.isin(before, _BEFORE).all() or not np.isin(data[quotes[1::2] + 1], _AFTER).all():
        raise _NotPlainError
    if last and until < len(data):
        raise _NotPlainError
    lines = np.searchsorted(breaks, np.concatenate([[0], ends[:-1] + 1])) if len(ends) else ends
    return _Rows(ends, np.diff(np.searchsorted(commas, ends), prepend=0) + 1, lines, until)


def _read_block(data: bytes, rows: _Rows, line: int, names: list[str], wanted: list[str]) -> Lines:
    begins = np.concatenate([[0], rows.ends[:-1] + 1])
    length = rows.ends + 1 - begins
    first = np.frombuffer(data, dtype=np.uint8)[begins]
    empty = (length == 1) | ((length == 2) & (first == _RETURN))
    good = (rows.cells == len(names)) & ~empty
    bad = []
    for n in np.flatnonzero(~good & ~empty):
        text = data[begins[n] : rows.ends[n]].decode("utf-8").rstrip("\r")
        bad.append(
            (line + int(rows.lines[n]), "ragged_line", f"{rows.cells[n]} cells under {len(names)} headings", text)
        )
    if not good.all():
        data = np.frombuffer(data, dtype=np.uint8)[np.repeat(good, length)].tobytes()
    positions = [str(names.index(name)) for name in wanted]
    numbers = pl.Series("line", rows.lines[good] + line, dtype=pl.Int64)
    if not data:
        return Lines(pl.DataFrame(schema={**dict.fromkeys(wanted, pl.String()), "line": pl.Int64()}), bad)
    read = pl.read_csv(
        data, has_header=False, infer_schema=False, schema={str(n): pl.String() for n in range(len(names))}
    )
    if read.height != len(numbers):
        raise _NotPlainError
    cells = read.select(pl.col(at).alias(name) for at, name in zip(positions, wanted, strict=True))
    return Lines(_saying(cells.with_columns(numbers), wanted), bad)


def _read_line_by_line(path: Path, names: list[str], wanted: list[str]) -> Lines:
    """The slow way for a file that is not one table of UTF-8 text: every line on its own."""
    at = [names.index(name) for name in wanted]
    rows: list[tuple[Any, ...]] = []
    bad: list[tuple[int, str, str, str]] = []
    csv.field_size_limit(_LINE_BYTES_MAX)
    with path.open("rb") as file:
        lines = file.readlines()[1:]
    n = 0
    while n < len(lines):
        taken, cells, fault = _row(lines, n, len(names))
        if fault is not None:
            bad.append((n + 2, *fault, lines[n].decode("utf-8", errors="replace").rstrip("\r\n")))
        elif cells:
            rows.append((*(cells[k] or None for k in at), n + 2))
        n += taken
    schema = {**dict.fromkeys(wanted, pl.String()), "line": pl.Int64()}
    return Lines(_saying(pl.DataFrame(rows, schema=schema, orient="row"), wanted), bad)


def _saying(rows: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """The rows that say something."""
    return rows.filter(pl.any_horizontal(pl.col(wanted).is_not_null()))


def _row(lines: list[bytes], n: int, width: int) -> tuple[int, list[str], tuple[str, str] | None]:
    """How many lines the row takes, its cells (none: the line says nothing), and the code and words of its fault."""
    raw = lines[n]
    if not _is_utf8(raw):
        return 1, [], ("not_utf8", "the line is not UTF-8 text")
    if not raw.strip():
        return 1, [], None
    try:
        cells = _cells(raw)
    except csv.Error as error:
        for more in range(2, _JOINED_MAX + 1) if raw.count(b'"') % 2 else ():
            if (joined := _joined(lines[n : n + more], width)) is not None:
                return more, joined, None
        return 1, [], ("bad_quotes", f"the line cannot be read: {error}")
    if len(cells) != width:
        return 1, [], ("ragged_line", f"{len(cells)} cells under {width} headings")
    return 1, cells, None


def _joined(lines: list[bytes], width: int) -> list[str] | None:
    """The cells of lines that are one row, one of its cells with line breaks inside; None where they are not."""
    raw = b"".join(lines)
    if raw.count(b'"') % 2 or not _is_utf8(raw):
        return None
    try:
        cells = _cells(raw)
    except csv.Error:
        return None
    return cells if len(cells) == width else None


def _cells(raw: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(raw.decode("utf-8").rstrip("\r\n")), strict=True), [])


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
