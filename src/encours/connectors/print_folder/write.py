"""Handing a batch of letters to the provider's folder: whole or not at all, and never twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

_LINES = 6
INDEX = (
    "file", "sha256", "pages", "bytes", "service", "reference", "customer", "currency", "amount",
    *(f"line{n}" for n in range(1, _LINES + 1)),
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A letter to be printed. `amount` in minor units, `scale` their decimals; `address` line by line."""

    name: str
    content: bytes
    pages: int
    service: str
    reference: str
    customer: str
    currency: str
    amount: int
    scale: int
    address: tuple[str, ...]


@dataclass(frozen=True)
class Control:
    """A batch as it was handed over: `total` by currency in minor units, `sha256` of its index, `files`: name ->
    (sha256, pages)."""

    letters: int
    pages: int
    size: int
    total: dict[str, int]
    sha256: str
    files: dict[str, tuple[str, int]]


def handed_over(folder: Path, marks: Path, batch: str) -> Control | None:
    """What the batch held when it was given its name in the provider's folder; None: it was not.

    The provider may have taken it away since: then the mark is there and the folder it was written in is not.
    """
    mark = marks / f"{batch}.mark"
    if not mark.is_file() or _aside(folder, batch).is_dir():
        return None
    noted = json.loads(mark.read_text())
    return Control(**{**noted, "files": {name: (digest, pages) for name, (digest, pages) in noted["files"].items()}})


def hand_over(folder: Path, marks: Path, batch: str, sheets: Sequence[Sheet]) -> Control:
    """Writes the batch into the provider's folder, unless it was handed over already; says what it held.

    `marks`: a folder of our own on any disk, where what was begun is noted. Raises OSError.
    """
    if (found := handed_over(folder, marks, batch)) is not None:
        return found
    aside, mark = _aside(folder, batch), marks / f"{batch}.mark"
    mark.unlink(missing_ok=True)  # what it promised is not there: the folder is written anew before it promises again
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    index = _index(sheets)
    control = _control(sheets, index)
    for sheet in sheets:
        _write(aside / sheet.name, sheet.content)
    _write(aside / "index.csv", index)
    _write(aside / "control.csv", _control_file(batch, control))
    _sync(aside)
    marks.mkdir(parents=True, exist_ok=True)
    part = mark.with_suffix(".part")
    _write(part, json.dumps(asdict(control)).encode())
    part.replace(mark)
    _sync(marks)
    aside.rename(folder / batch)  # the moment at which the letters are the provider's
    _sync(folder)
    return control


def _aside(folder: Path, batch: str) -> Path:
    return folder / f".{batch}.part"


def _index(sheets: Sequence[Sheet]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(INDEX)
    for sheet in sheets:
        lines = [*sheet.address[:_LINES], *[""] * (_LINES - len(sheet.address))]
        amount = f"{Decimal(sheet.amount).scaleb(-sheet.scale):.{sheet.scale}f}"
        digest = hashlib.sha256(sheet.content).hexdigest()
        row = [sheet.name, digest, sheet.pages, len(sheet.content), sheet.service, sheet.reference, sheet.customer]
        writer.writerow([_plain(cell) for cell in (*row, sheet.currency, amount, *lines)])
    return out.getvalue().encode("utf-8")


def _plain(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t") else text


def _control(sheets: Sequence[Sheet], index: bytes) -> Control:
    total: dict[str, int] = {}
    for sheet in sheets:
        total[sheet.currency] = total.get(sheet.currency, 0) + sheet.amount
    pages, size = sum(sheet.pages for sheet in sheets), sum(len(sheet.content) for sheet in sheets)
    files = {sheet.name: (hashlib.sha256(sheet.content).hexdigest(), sheet.pages) for sheet in sheets}
    digest = hashlib.sha256(index).hexdigest()
    return Control(len(sheets), pages, size, dict(sorted(total.items())), digest, files)


def _control_file(batch: str, control: Control) -> bytes:
    rows = [("batch", batch), ("letters", control.letters), ("pages", control.pages), ("bytes", control.size)]
    rows += [(f"total_minor_{currency}", minor) for currency, minor in control.total.items()]
    rows.append(("index_sha256", control.sha256))
    return "".join(f"{name};{value}\r\n" for name, value in rows).encode()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
