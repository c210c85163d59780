"""What a remittance advice says, whatever it came in: a sheet, a PDF with text, an e-mail with attachments, a text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from encours.connectors.advice import AdviceText, is_mail, plain_text, read_mail, read_pdf, read_text
from encours.connectors.advice.read import say, with_sender
from encours.connectors.base.contract import HEAD_BYTES, Options, Source
from encours.connectors.sheet.detect import detect
from encours.connectors.sheet.grid import UnreadableSheetError, read_grid
from encours.connectors.sheet.propose import mapping_of
from encours.connectors.sheet.read import read as read_sheet
from encours.core.base.issue import CallError, Issues
from encours.core.base.money import AmountError, is_currency, to_minor

LINES_MAX = 5_000
#: So much of what was read is kept beside the advice.
_TEXT_KEPT = 20_000
_BYTES_MAX = 20 << 20
_NO_LINE = "no line of the advice has a number and an amount"


@dataclass(frozen=True)
class AdviceSaid:
    """What the caller knows of an advice that the file may not say; None leaves it to the file."""

    form: str = "advice"
    currency: str | None = None
    total: int | None = None
    fee: int | None = None
    paid_on: date | None = None
    reference: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True)
class AdviceRead:
    """A reading: `source` (sheet, pdf, mail, text), its lines as AdviceLine has them, what is said, the text read.

    `issues`: line, code, severity, message, action of what was not read or does not tie.
    """

    source: str
    lines: list[dict[str, Any]]
    said: AdviceSaid
    text: str = ""
    issues: tuple[dict[str, Any], ...] = field(default=())

    @property
    def ties(self) -> bool:
        """Whether the lines, less the fee, make the stated total."""
        return self.said.total is None or sum(one["amount"] for one in self.lines) - (self.said.fee or 0) == (
            self.said.total
        )


def read_advice(name: str, content: bytes, said: AdviceSaid, currency: str) -> AdviceRead:
    """The advice in a file. Of a mail the one part counts that makes its total, else the one with the most lines.

    Raises CallError where no line of it can be read, or its currency is none.
    """
    if len(content) > _BYTES_MAX:
        raise CallError(["an advice is smaller than 20 MB"])
    if content.startswith(b"%PDF-"):
        return _from_text("pdf", read_pdf(content), said, currency)
    if is_mail(content[:HEAD_BYTES]):
        return _from_mail(content, said, currency)
    sheet = _from_sheet(name, content, said, currency)
    return sheet or _from_text("text", plain_text(content), said, currency)


def _from_mail(content: bytes, said: AdviceSaid, currency: str) -> AdviceRead:
    mail, found = read_mail(content), []
    known = replace(said, payer_name=said.payer_name or mail.sender, paid_on=said.paid_on or mail.sent_on)
    texts = list(mail.texts)
    for one in mail.attached:
        if one.data.startswith(b"%PDF-"):
            texts.append(read_pdf(one.data))
        elif (sheet := _of_part(lambda one=one: _from_sheet(one.name, one.data, known, currency))) is not None:
            found.append(sheet)
    for text in texts:
        told = with_sender(read_text(text), mail)
        part = _of_part(lambda told=told, text=text: _of_told("mail", told, text, said, currency))
        if part is not None:
            found.append(part)
    if not found:
        raise CallError([_NO_LINE])
    return max(found, key=lambda one: (one.ties and one.said.total is not None, len(one.lines)))


def _of_part(read: Any) -> AdviceRead | None:
    """What a part of a mail says; None where it says nothing: another part may."""
    try:
        return cast("AdviceRead | None", read())
    except CallError:
        return None


def _from_text(source: str, text: str, said: AdviceSaid, currency: str) -> AdviceRead:
    return _of_told(source, read_text(text), text, said, currency)


def _of_told(source: str, found: AdviceText, text: str, said: AdviceSaid, currency: str) -> AdviceRead:
    money = said.currency or found.currency or currency
    _check(money, len(found.lines))
    lines = [
        {
            "line": one.line, "number": one.number, "amount": _minor(one.amount, money),
            "deducted": _minor(one.deducted, money), "document_on": one.document_on, "reason": one.reason,
        }
        for one in found.lines
    ]  # fmt: skip
    told = replace(
        said,
        currency=money,
        total=said.total if said.total is not None or found.total is None else _minor(found.total, money),
        fee=said.fee if said.fee is not None else _minor(found.fee, money),
        paid_on=said.paid_on or found.paid_on,
        reference=said.reference or found.reference,
        payer_name=said.payer_name or found.payer_name,
        payer_account=said.payer_account or found.payer_account,
    )
    issues = Issues()
    say(found, len(lines), issues)
    return AdviceRead(source, lines, told, text[:_TEXT_KEPT], told_issues(issues.frame().to_dicts()))


def _from_sheet(name: str, content: bytes, said: AdviceSaid, currency: str) -> AdviceRead | None:
    """The lines of a sheet; None where the content is none, or no column of it means a number and an amount."""
    with tempfile.TemporaryDirectory(prefix="encours-advice-") as scratch:
        path = Path(scratch) / f"advice{Path(name).suffix[:8]}"
        path.write_bytes(content)
        try:
            grid = read_grid(path)
        except (UnreadableSheetError, OSError):
            return None
        mapping = mapping_of(detect(grid, "advice"), grid, name)
        named = {column.field for column in mapping.columns} if mapping is not None else set()
        if mapping is None or "number" not in named or not {"amount", "gross"} & named:
            return None
        money = said.currency or currency
        options = Options("advice", mapping.to_json(), {"currency": money})
        reading = read_sheet(Source(path, name), options)
    lines = cast("list[dict[str, Any]]", reading.facts.get("advice") or [])
    if not any(one["number"] for one in lines):
        return None
    told = {one["currency"] for one in lines if one["currency"]}
    money = said.currency or (told.pop() if len(told) == 1 else money)
    _check(money, len(lines))
    return AdviceRead("sheet", dated(lines), replace(said, currency=money), "", told_issues(reading.issues.to_dicts()))


def told_issues(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """What the reader said, without what is only for information: as JSON."""
    names = ("line", "code", "severity", "message", "action")
    return tuple({name: row[name] for name in names} for row in rows if row["severity"] != "info")[:200]


def dated(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with their days as days: a reading's facts are JSON."""
    return [
        {**one, "document_on": date.fromisoformat(one["document_on"]) if one["document_on"] else None} for one in lines
    ]


def _check(currency: str, count: int) -> None:
    faults = [] if is_currency(currency) else [f"{currency} is no currency"]
    if not count:
        faults.append(_NO_LINE)
    if count > LINES_MAX:
        faults.append(f"an advice has at most {LINES_MAX} lines")
    if faults:
        raise CallError(faults)


def _minor(amount: Decimal, currency: str) -> int:
    try:
        return to_minor(amount, currency)
    except AmountError as error:
        raise CallError([str(error)]) from error
