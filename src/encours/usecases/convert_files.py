"""Converts real-world files into a book folder, with the issues and the rejected lines beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from encours.connectors.base.contract import Source
from encours.connectors.book_folder import write_book
from encours.core.base.issue import concat_issues
from encours.usecases.read_files import FilesRead, ReadOptions, read_files
from encours.usecases.tie_events import tie_events

_REJECTED = {"file": pl.String(), "line": pl.Int64(), "text": pl.String(), "code": pl.String()}


def convert_files(paths: list[Path], out: Path, options: ReadOptions, file_format: str = "parquet") -> FilesRead:
    """Reads the paths into one Book and writes it to `out`, with `issues.csv` and `rejected.csv`.

    Raises CallError for a path that does not exist, a wrong setting or a wrong format.
    """
    result = read_files([Source.of(path) for path in paths], options)
    book, untied = tie_events(result.book, result.named)
    result = replace(result, book=book)
    checked = concat_issues([result.issues, untied, book.check()])
    write_book(result.book, out, file_format)
    checked.write_csv(out / "issues.csv")
    rejected_lines(result).write_csv(out / "rejected.csv")
    result.unpaired.join(
        result.book.receipts.select("receipt_id", "account", "booked_on", "amount", "currency", "remittance"),
        on="receipt_id",
        how="left",
    ).write_csv(out / "unpaired.csv")
    return replace(result, issues=checked)


def rejected_lines(result: FilesRead) -> pl.DataFrame:
    """file, line, text, code of every line that could not be read."""
    frames = [
        file.rejected.select(pl.lit(file.name).alias("file"), "line", "text", "code")
        for file in result.files
        if file.rejected is not None and file.rejected.height
    ]
    return pl.concat([pl.DataFrame(schema=_REJECTED), *frames])
