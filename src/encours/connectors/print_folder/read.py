"""What the provider and the post say of letters: a table of proofs, in French or English, of any common spelling."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

POSTED, DELIVERED, REFUSED, RETURNED = "posted", "delivered", "refused", "returned"
_HEADINGS = {
    "file": ("file", "fichier", "nomfichier", "document", "pli"),
    "status": ("status", "statut", "etat", "evenement", "event"),
    "on": ("date", "le", "jour", "datestatut", "datedepot", "dateevenement", "on"),
    "tracking": ("tracking", "trackingnumber", "suivi", "numerodesuivi", "nsuivi", "numerolrar", "recommande", "lrar"),
    "detail": ("detail", "motif", "reason", "commentaire", "comment"),
}
_STATUS = {
    POSTED: ("posted", "depose", "deposee", "poste", "postee", "prisencharge", "affranchi", "accepted", "mailed"),
    DELIVERED: ("delivered", "distribue", "distribuee", "remis", "remise", "arsigne", "signed"),
    REFUSED: ("refused", "refuse", "refusee"),
    RETURNED: (
        "returned", "npai", "pnd", "retour", "retourne", "retournee", "nonreclame", "unclaimed",
        "destinataireinconnu", "undeliverable",
    ),
}  # fmt: skip
_BYTES_MAX = 20_000_000


@dataclass(frozen=True)
class Proof:
    """A row: `file` or `tracking` names the letter; `status` is one of the words above."""

    line: int
    file: str
    status: str
    on: date
    tracking: str
    detail: str


def read_proofs(content: bytes) -> tuple[list[Proof], list[tuple[int, str]]]:
    """(proofs, faults as (line, sentence)). Never raises on data."""
    if len(content) > _BYTES_MAX:
        return [], [(1, "the file is larger than a list of proofs can be")]
    text = _decoded(content)
    lines = text.splitlines()
    if not lines:
        return [], [(1, "the file is empty")]
    delimiter = max(";,\t", key=lines[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        return [], [(1, f"this is no table: {error}")]
    columns = {name: at for at, cell in enumerate(rows[0]) if (name := _known(cell, _HEADINGS)) is not None}
    missing = [name for name in ("status", "on") if name not in columns]
    if missing or not {"file", "tracking"} & set(columns):
        return [], [(1, "a list of proofs has a status, a date, and a file or a tracking number")]
    proofs: list[Proof] = []
    faults: list[tuple[int, str]] = []
    for line, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            found = _proof(line, {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()})
            if isinstance(found, Proof):
                proofs.append(found)
            else:
                faults.append(found)
    return proofs, faults


def _proof(line: int, cells: dict[str, str]) -> Proof | tuple[int, str]:
    status = _known(cells["status"], _STATUS)
    on = _day(cells["on"])
    file, tracking = cells.get("file", ""), cells.get("tracking", "")
    if status is None:
        return line, f"{cells['status'][:60]!r} says nothing that is known of a letter"
    if on is None:
        return line, f"{cells['on'][:30]!r} is no date"
    if not file and not tracking:
        return line, "the row names no letter"
    return Proof(line, file[:128], status, on, tracking[:64], cells.get("detail", "")[:255])


def _known(text: str, words: dict[str, tuple[str, ...]]) -> str | None:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    key = re.sub(r"[^a-z0-9]", "", plain)
    return next((name for name, spellings in words.items() if key in spellings), None)


def _day(text: str) -> date | None:
    iso, french = re.match(r"(\d{4})-(\d\d)-(\d\d)", text), re.match(r"(\d\d)[/.](\d\d)[/.](\d{4})", text)
    parts = iso.groups() if iso else french.groups()[::-1] if french else None
    try:
        return date(*map(int, parts)) if parts else None
    except ValueError:
        return None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").replace("\0", "")
