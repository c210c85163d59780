"""Copies of invoices that go with a message: the documents as they were imported, one by one or as an archive."""

from __future__ import annotations

import io
import mimetypes
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from encours.store.models import Document, Item
from encours.usecases import clock
from encours.usecases.rights import job
from encours.usecases.show_item import read_document
from encours.usecases.viewing import Viewing

#: Kinds of documents that are a copy of the invoice, the best first: what people read before what machines read.
_KINDS = ("invoice", "e_invoice")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # archives of the same files are the same bytes


@dataclass(frozen=True)
class Copy:
    """A file of an item, as it was imported."""

    item_id: str
    number: str
    name: str
    content_type: str
    content: bytes


def copies(item_ids: Sequence[str]) -> list[Copy]:
    """The copy of each item that has one, in the items' order; parts of one number that share a file give it once.

    An item without a copy, or whose file is no longer what was imported, is left out: compare the ids.
    """
    items = {row.item_id: row for row in Item.objects.filter(item_id__in=list(item_ids), is_current=True)}
    rows = Document.objects.filter(item_id__in=list(items), kind__in=_KINDS, is_current=True)
    best: dict[str, Document] = {}
    for row in sorted(rows, key=lambda row: (_KINDS.index(row.kind), row.document_id)):
        best.setdefault(row.item_id, row)
    viewing = Viewing(job("letters"), tuple(sorted({row.entity_id for row in items.values()})), clock.today())
    found: list[Copy] = []
    read: set[str] = set()
    names: set[str] = set()
    for item_id in item_ids:
        document = best.get(item_id)
        if document is None or document.sha256 in read:
            continue
        if (content := read_document(viewing, document.document_id)) is not None:
            read.add(document.sha256)
            name = _free(content[0], items[item_id].number, names)
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            found.append(Copy(item_id, items[item_id].number, name, kind, content[1]))
    return found


def with_copy(item_ids: Sequence[str]) -> list[str]:
    """Those of the items of which a copy was imported, in their order."""
    rows = Document.objects.filter(item_id__in=list(item_ids), kind__in=_KINDS, is_current=True)
    known = set(rows.values_list("item_id", flat=True))
    return [one for one in item_ids if one in known]


def zipped(files: Sequence[Copy]) -> bytes:
    """The copies as one archive; the same copies are the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            archive.writestr(zipfile.ZipInfo(one.name, _EPOCH), one.content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _free(name: str, number: str, names: set[str]) -> str:
    """A file name that no other copy of the message bears."""
    plain = "".join(sign for sign in name if sign.isprintable() and sign not in '/\\:*?"<>|') or "copy"
    if plain.casefold() in names:
        safe = "".join(sign if sign.isalnum() else "-" for sign in number)
        plain = f"{PurePath(plain).stem}-{safe}-{len(names)}{PurePath(plain).suffix}"
    names.add(plain.casefold())
    return plain
