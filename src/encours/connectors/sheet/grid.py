"""Any sheet as one grid of text cells with its row numbers: CSV and TSV of any separator, XLSX, XLS, ODS."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine

from encours.connectors.base.text import decode

SEPARATORS = ";\t,|"
#: Stands before the text of a cell that was a number: it is written with a point, whatever the other cells do.
TYPED_NUMBER = "\x01"
_CHUNK_ROWS = 50_000
_COLUMNS_MAX = 512
_CELL_CHARACTERS_MAX = 100_000
_TOP_ROWS = 400
_UNPACKED_BYTES_MAX = 1 << 30
_RATIO_MAX = 150
_RATIO_FROM_BYTES = 20 << 20
_FILE_BYTES_MAX = 1 << 30

ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class UnreadableSheetError(ValueError):
    """The file is no sheet, is damaged, or unpacks to far more than a sheet would; the message says which."""


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet: columns c0, c1, … (String, trimmed, null where empty) and `line` (from 1).

    Empty rows are left out. `sheet` is None for text files, `separator` and `encoding` None for workbooks.
    `others` are the workbook's further sheets that hold something.
    """

    cells: pl.DataFrame
    sheet: str | None = None
    separator: str | None = None
    encoding: str | None = None
    others: tuple[str, ...] = ()
    damaged: tuple[tuple[int, str], ...] = ()

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.cells.width - 1

    def top(self, rows: int = _TOP_ROWS) -> list[list[str | None]]:
        """The first rows as lists, for looking at."""
        return [list(row[1:]) for row in self.cells.head(rows).iter_rows()]


def read_grid(path: Path, sheet: str | None = None) -> Grid:
    """The grid of a file; of a workbook the named sheet, else the one with the most cells among the first ten.

    Raises UnreadableSheetError.
    """
    if path.stat().st_size > _FILE_BYTES_MAX:
        raise UnreadableSheetError("the file is larger than 1 GB")
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(ZIP_MAGIC) or magic == OLE_MAGIC:
        return _workbook(path, sheet)
    return _text(path)


def _text(path: Path) -> Grid:
    decoded = decode(path.read_bytes())
    text = plain_newlines(decoded.text)
    separator = detect_separator(text)
    damaged: list[tuple[int, str]] = []
    cells = _frame(_csv_rows(text, separator, damaged))
    return Grid(cells, separator=separator, encoding=decoded.encoding, damaged=tuple(damaged))


def plain_newlines(text: str) -> str:
    """Lone CR (old Macintosh exports) and CR CR LF as LF; NUL bytes out."""
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\x00", "").removeprefix("\ufeff")


def detect_separator(text: str) -> str:
    """The separator that splits most lines into the same number of cells; `;` wins a tie with `,`."""
    lines = [line for line in text[: 256 * 1024].split("\n")[:120] if line.strip()][:60]
    declared = next((line[4:5] for line in lines[:1] if line.lower().startswith("sep=")), "")
    if declared and declared in SEPARATORS:
        return declared
    best, best_score = ",", 0.0
    for separator in SEPARATORS:
        counts = [len(row) for row in safe_csv(lines, separator)]
        wide = [count for count in counts if count > 1]
        if not wide:
            continue
        usual = max(set(wide), key=lambda width: (wide.count(width), width))
        score = wide.count(usual) / len(counts) * min(usual, 8) ** 0.5
        if score > best_score * 1.001:
            best, best_score = separator, score
    return best


def safe_csv(lines: Iterable[str], separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return []


def _csv_rows(text: str, separator: str, damaged: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            damaged.append((line, str(error)))
            continue
        if line == 1 and len(row) == 1 and row[0].lower().startswith("sep="):
            continue
        yield line, row


def _workbook(path: Path, wanted: str | None) -> Grid:
    if path.open("rb").read(4) == ZIP_MAGIC:
        _refuse_bomb(path)
    # calamine is Rust: what it does not foresee comes as a panic, which is no Exception.
    try:
        book = python_calamine.load_workbook(str(path))
        sizes = {}
        for name in book.sheet_names[:10]:
            sheet = book.get_sheet_by_name(name)
            # The heights that calamine gives for a sheet of one cell are those of an empty one.
            sizes[name] = 0 if sheet.end is None else (sheet.end[0] + 1) * (sheet.end[1] + 1)
        filled = [name for name in sizes if sizes[name]]
        chosen = wanted if wanted in book.sheet_names else max(sizes, key=lambda name: sizes[name], default=None)
        if chosen is None:
            return Grid(_frame(iter(())))
        sheet = book.get_sheet_by_name(chosen)
        first = (sheet.start[0] if sheet.start else 0) + 1
        rows = ((first + index, [_cell(value) for value in row]) for index, row in enumerate(sheet.iter_rows()))
        return Grid(_frame(rows), sheet=chosen, others=tuple(name for name in filled if name != chosen))
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        raise UnreadableSheetError(f"the workbook cannot be opened: {str(error)[:200]}") from None


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableSheetError(f"the workbook is damaged: {error}") from None
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if unpacked > _UNPACKED_BYTES_MAX or (unpacked > _RATIO_FROM_BYTES and unpacked / packed > _RATIO_MAX):
        raise UnreadableSheetError("the workbook unpacks to far more than a sheet holds")


def _cell(value: Any) -> str:
    """A typed cell as text: numbers as Excel shows them (15 digits), dates ISO, a midnight time dropped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        shown = format(value, ".15g")
        return TYPED_NUMBER + (format(value, "f") if "e" in shown else shown)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time | timedelta):
        return str(value)
    return str(value)


def _frame(rows: Iterator[tuple[int, list[str]]]) -> pl.DataFrame:
    parts: list[pl.DataFrame] = []
    lines: list[int] = []
    columns: list[list[str | None]] = []
    for line, row in rows:
        cells = [_trimmed(cell) for cell in row[:_COLUMNS_MAX]]
        if not any(cell is not None for cell in cells):
            continue
        while len(columns) < len(cells):
            columns.append([None] * len(lines))
        lines.append(line)
        for index, column in enumerate(columns):
            column.append(cells[index] if index < len(cells) else None)
        if len(lines) >= _CHUNK_ROWS:
            parts.append(_chunk(lines, columns))
            lines, columns = [], [[] for _ in columns]
    parts.append(_chunk(lines, columns))
    return pl.concat(parts, how="diagonal")


def _trimmed(cell: str) -> str | None:
    text = cell[:_CELL_CHARACTERS_MAX].strip(" \t\r\n\u00a0\u202f\ufeff")
    return text or None


def _chunk(lines: list[int], columns: list[list[str | None]]) -> pl.DataFrame:
    data: dict[str, pl.Series] = {"line": pl.Series(lines, dtype=pl.Int64)}
    data |= {f"c{index}": pl.Series(column, dtype=pl.String) for index, column in enumerate(columns)}
    return pl.DataFrame(data)
