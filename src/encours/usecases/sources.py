"""Files, folders and archives that a user hands over, as single sources; archives are unpacked with care."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from encours.connectors.base.contract import Connector, Source, recognise
from encours.core.base.issue import CallError, Issues

_CHUNK = 1024 * 1024
_FILES_MAX = 20_000
_BYTES_MAX = 8 * 1024**3
#: Real bank and ledger files pack to a tenth or a thirtieth; a bomb packs to a thousandth.
_RATIO_MAX, _RATIO_FROM = 200, 64 * 1024**2
_ARCHIVES = frozenset((".xlsx", ".xlsm", ".ods", ".zip"))
_REPORTS = ("issues.csv", "rejected.csv", "unpaired.csv", "summary.json")
_IGNORED = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Found:
    """A single file: whether the user named it, its digest and the connector that reads it (None: no one does)."""

    source: Source
    named: bool
    digest: str
    connector: Connector | None


def find_sources(given: Sequence[Source], scratch: Path, issues: list[Issues]) -> list[Found]:
    """Every single file behind the given ones, in their order; the same content is taken once.

    Folders are walked in the order of their names, archives unpacked below `scratch`. Raises CallError where a given
    path does not exist.
    """
    if faults := [f"{source.path}: there is no such file or folder" for source in given if not source.path.exists()]:
        raise CallError(faults)
    found: list[Found] = []
    seen: dict[str, str] = {}
    for source, named in _singles(given, scratch, issues):
        digest = _digest(source.path)
        if digest in seen:
            note = Issues(source.name)
            note.add(
                "duplicate_file",
                f"the file is the same as {seen[digest]}, byte for byte, and was read once",
                severity="info",
                action="Nothing to do.",
            )
            issues.append(note)
            continue
        seen[digest] = source.name
        found.append(Found(source, named, digest, recognise(source)))
    return found


def _singles(given: Sequence[Source], scratch: Path, issues: list[Issues]) -> Iterator[tuple[Source, bool]]:
    for number, source in enumerate(given):
        if source.path.is_dir():
            for path in sorted(source.path.rglob("*")):
                # A link may point anywhere: only what lies in the folder was handed over.
                if path.is_file() and not path.is_symlink() and not _is_noise(path.name) and not _is_report(path):
                    inner = Source(path, str(path.relative_to(source.path)))
                    yield from _unpacked(inner, scratch / f"{number}-{path.stem}", issues, False)
        else:
            yield from _unpacked(source, scratch / f"{number}", issues, True)


def _unpacked(source: Source, folder: Path, issues: list[Issues], named: bool) -> Iterator[tuple[Source, bool]]:
    """The source itself, or the files of an archive that no connector reads as a whole (an XLSX is a zip too)."""
    if not zipfile.is_zipfile(source.path) or source.head(2) != b"PK" or _read_as_a_whole(source):
        yield source, named
        return
    note = Issues(source.name)
    try:
        yield from ((inner, False) for inner in _unpack(source, folder))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        note.add("archive_refused", f"the archive is not unpacked: {error}", action="Send the files themselves.")
        issues.append(note)
    except Exception as error:  # zlib, lzma and bz2 each have an error of their own
        note.add("archive_refused", f"the archive is damaged: {error}", action="Send the files themselves.")
        issues.append(note)


def _read_as_a_whole(source: Source) -> bool:
    """Whether a connector reads this archive itself; text that shows through an unpacked entry is not its own."""
    connector = recognise(source)
    return connector is not None and not _ARCHIVES.isdisjoint(connector.suffixes)


def _unpack(source: Source, folder: Path) -> list[Source]:
    """The archive's files under names of our own: nothing is written outside `folder`. Raises ValueError for a bomb."""
    packed, total, inner = source.path.stat().st_size, 0, []
    with zipfile.ZipFile(source.path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_link(entry)]
        if len(entries) > _FILES_MAX:
            raise ValueError(f"it holds {len(entries)} files; at most {_FILES_MAX} are read")
        folder.mkdir(parents=True, exist_ok=True)
        for number, entry in enumerate(entries):
            name = PurePosixPath(entry.filename.replace("\\", "/"))
            if _is_noise(name.name) or name.name.startswith("._"):
                continue
            target = folder / f"{number}{name.suffix[:10]}"
            with archive.open(entry) as packed_file, target.open("wb") as out:
                while chunk := packed_file.read(_CHUNK):
                    total += len(chunk)
                    if total > _BYTES_MAX or (total > _RATIO_FROM and total > _RATIO_MAX * packed):
                        raise ValueError(f"{entry.filename} unpacks to more than any real file would")
                    out.write(chunk)
            inner.append(Source(target, f"{source.name}/{name}"))
    return inner


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _is_noise(name: str) -> bool:
    return name.lower() in _IGNORED


def _is_report(path: Path) -> bool:
    """What Encours wrote beside a book's tables is about the book, not of it."""
    beside = any((path.parent / f"receipts{suffix}").exists() for suffix in (".parquet", ".csv"))
    return beside and (path.name in _REPORTS or path.name.startswith("truth_"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
