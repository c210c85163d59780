"""The files that go with messages: kept once by their digest, whole on the disk before a message names them."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from encours.connectors.base.outgoing import Attachment
from encours.core.base.issue import CallError
from encours.store.models import Message, MessageFile
from encours.usecases.invoice_copies import copies, zipped
from encours.usecases.letter_files import Chased, statement_pdf
from encours.usecases.letters import says
from encours.usecases.message_values import QR, Content, Subject

_PNG = "image/png"


def attachments_of(
    of: Subject, content: Content, wanted: dict[str, object], copies_of: Sequence[str]
) -> list[Attachment]:
    """The QR picture, the statement and the copies of a message; more than the megabytes allowed go as one archive.

    Raises CallError where even the archive is too large.
    """
    files = [] if content.qr_png is None else [Attachment("qr.png", _PNG, content.qr_png, QR)]
    if wanted["statement"]:
        items: Sequence[Chased] = of.items
        pdf = statement_pdf(of.entity.pk, of.customer.customer_id, of.day, of.language, items)
        account = of.customer.customer_id.removeprefix(f"{of.entity.pk}:")
        name = f"{says.word(of.language, 'file_statement')}-{_plain(account)}-{of.day}.pdf"
        files.append(Attachment(name, "application/pdf", pdf))
    found = copies(copies_of) if copies_of else []
    size = sum(len(one.content) for one in found) + sum(len(one.content) for one in files)
    limit = int(str(wanted["megabytes"])) * 1_000_000
    if found and (wanted["copies"] == "zip" or size > limit):
        packed = zipped(found)
        if len(packed) > limit:
            raise CallError([f"the copies are larger than the {wanted['megabytes']} MB that a message may have"])
        name = f"{says.word(of.language, 'file_copies')}-{of.day}.zip"
        return [*files, Attachment(name, "application/zip", packed)]
    return files + [Attachment(one.name, one.content_type, one.content) for one in found]


def written(message: Message, files: Sequence[Attachment]) -> list[MessageFile]:
    """Keeps the bytes; the rows that name them are the caller's to keep."""
    rows = []
    for file in files:
        digest = hashlib.sha256(file.content).hexdigest()
        path = Path("messages") / digest[:2] / digest
        _write(Path(settings.HOME) / path, file.content)
        rows.append(
            MessageFile(
                message=message, name=file.name[:255], content_type=file.content_type, sha256=digest,
                path=path.as_posix(), inline=file.inline,
            )
        )  # fmt: skip
    return rows


def read_files(message: Message) -> list[Attachment]:
    """The files of a message as they were kept. Raises CallError for one that is lost or was changed."""
    return [read_file(row) for row in sorted(message.files.all(), key=lambda one: one.pk)]


def read_file(row: MessageFile) -> Attachment:
    """One file of a message as it was kept. Raises CallError for one that is lost or was changed."""
    path = Path(settings.HOME) / row.path
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise CallError([f"the file {row.name} of this message is no longer what was approved"])
    return Attachment(row.name, row.content_type, content, row.inline)


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.stat().st_size == len(content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def _plain(text: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in text)
