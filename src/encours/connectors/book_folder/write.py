"""Writing a Book as a folder: every table, empty ones with their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from encours.connectors.book_folder.folder import SUFFIXES
from encours.core.base.book import Book
from encours.core.base.issue import CallError

#: Read back twice as fast as zstd, at twice the size: a book is read far more often than it is moved.
COMPRESSION: Literal["lz4"] = "lz4"


def write_book(book: Book, path: Path | str, file_format: str = "parquet") -> None:
    """Each table of the Book as `<table>.parquet` or `<table>.csv` (UTF-8, ISO dates, integer minor units).

    A table's file of the other format is removed, so that the folder says one thing. Raises CallError for another
    format or a path that is a file.
    """
    suffix = f".{file_format}"
    folder = Path(path)
    faults = [] if suffix in SUFFIXES else [f"{file_format!r} is neither parquet nor csv"]
    if folder.exists() and not folder.is_dir():
        faults.append(f"{folder} is a file, not a folder")
    if faults:
        raise CallError(faults)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in book.tables().items():
        target = folder / f"{name}{suffix}"
        # Written beside and moved: a reader never sees half a table.
        part = target.with_suffix(suffix + ".part")
        if suffix == ".parquet":
            frame.write_parquet(part, compression=COMPRESSION)
        else:
            frame.write_csv(part)
        part.replace(target)
        for other in SUFFIXES:
            if other != suffix:
                (folder / f"{name}{other}").unlink(missing_ok=True)
