"""Where a book's tables lie: files of a folder, entries of a .zip of it, or one table's file alone."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from encours.core.base.issue import CallError, Issues
from encours.core.base.schema import TABLES

SUFFIXES = (".parquet", ".csv")
_ZIP_BYTES_MAX = 16 * 1024**3
_ZIP_RATIO_MAX = 200  # real tables of text compress to a tenth, columns of one value to a fiftieth
_ZIP_RATIO_FROM = 64 * 1024**2
_CHUNK = 1024 * 1024


@contextmanager
def table_files(path: Path, issues: Issues) -> Iterator[dict[str, Path]]:
    """Table name -> file, in the Book's order. A zip is unpacked into a folder that lives as long as the block.

    Raises CallError where the path does not exist; a zip that cannot be unpacked becomes an issue.
    """
    if not path.exists():
        raise CallError([f"{path}: there is no such folder or file"])
    if path.is_dir():
        yield _of_folder(path, issues)
    elif not zipfile.is_zipfile(path):
        name = path.stem.lower()
        yield {name: path} if name in TABLES and path.suffix.lower() in SUFFIXES else {}
    else:
        folder = Path(tempfile.mkdtemp(prefix="encours-book-"))
        try:
            yield _of_folder(folder, issues) if _unpack(path, folder, issues) else {}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _of_folder(folder: Path, issues: Issues) -> dict[str, Path]:
    found = {}
    for name in TABLES:
        files = [folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()]
        if len(files) > 1:
            issues.add(
                "two_files_of_one_table",
                f"{name} is there as Parquet and as CSV; the Parquet file was read",
                severity="warning",
                action="Remove one of the two.",
                table=name,
            )
        if files:
            found[name] = files[0]
    return found


def _unpack(path: Path, folder: Path, issues: Issues) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                member = PurePosixPath(entry.filename.replace("\\", "/"))
                if member.stem in TABLES and member.suffix in SUFFIXES and len(member.parts) <= 2:
                    # Only the last part of the name is used: an entry cannot be written outside the folder.
                    _copy(archive, entry, folder / member.name, path.stat().st_size)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        issues.add(
            "unreadable_zip", f"the archive cannot be unpacked: {error}", action="Send the folder, or zip it anew."
        )
        return False
    except Exception as error:  # zlib, lzma and bz2 each have an error of their own
        issues.add("unreadable_zip", f"the archive is damaged: {error}", action="Send the folder, or zip it anew.")
        return False
    return True


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, packed: int) -> None:
    written = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > _ZIP_BYTES_MAX or (written > _ZIP_RATIO_FROM and written > _ZIP_RATIO_MAX * packed):
                raise ValueError(f"{entry.filename} unpacks to more than any table would")
            out.write(chunk)
