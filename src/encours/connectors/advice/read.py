"""A remittance advice in a file that was written for people: its lines, what does not tie, and what was not read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import PurePosixPath

from encours.connectors.advice.lines import AdviceLineText, AdviceText, read_text
from encours.connectors.advice.mail import Mail, is_mail, read_mail
from encours.connectors.advice.text import plain_text, read_pdf
from encours.connectors.base.contract import Options, Reading, Source
from encours.core.base.issue import Issues
from encours.core.base.money import AmountError, is_currency, to_minor

_FILE_BYTES_MAX, _LINES_MAX = 50 << 20, 5_000
#: How an advice calls itself.
_TITLE = re.compile(
    r"(?i)\bavis\s+(?:de\s+|d['\u2019])(?:virement|r[èe]glement|paiement|op[ée]ration)"
    r"|\b(?:remittance|payment) advice\b|\bzahlungsavis\b"
    r"|\b(?:d[ée]tail|bordereau|lettre)s?\s+(?:de\s+|du\s+)(?:notre\s+|votre\s+)?(?:virement|r[èe]glement|paiement)"
)
_TITLE_WITHIN = 4_000
_SHEETS = (".csv", ".tsv", ".xlsx", ".xls", ".ods")


def sniff(head: bytes, name: str) -> float:
    """0.8 for a mail's header; 0.42 for a PDF (`confirm` looks into it); 0.55 for a text that calls itself one."""
    if b"%PDF-" in head[:1024]:
        return 0.42
    if is_mail(head):
        return 0.8
    if b"\x00" in head[:4096] or not head.strip():
        return 0.0
    text = plain_text(head)
    rows = [row for row in text.splitlines() if row.strip()][:60]
    if not _TITLE.search(text[:_TITLE_WITHIN]) or sum(";" in row or "\t" in row for row in rows) * 3 > len(rows):
        return 0.0
    return 0.55 if read_text(text).lines else 0.0


def confirm(source: Source) -> bool:
    """Whether a PDF calls itself an advice and has a line of one; anything else was told by its head."""
    if b"%PDF-" not in source.head(1024):
        return True
    if source.path.stat().st_size > _FILE_BYTES_MAX:
        return False
    text = read_pdf(source.path.read_bytes())
    return bool(_TITLE.search(text[:_TITLE_WITHIN])) and bool(read_text(text).lines)


def read(source: Source, options: Options) -> Reading:
    """No table: fact `advice` has the lines, `advice_head` total, fee, payer and day, for who keeps advices.

    Amounts in minor units. A sheet attached to a mail is left to the page of advices, which reads it.
    """
    issues = Issues(source.name)
    if source.path.stat().st_size > _FILE_BYTES_MAX:
        issues.add("file_too_large", "an advice is smaller than 50 MB", action="Send it in a smaller form.")
        return Reading("advice", {}, issues.frame(), options.entity_id, {"advice": []})
    data = source.path.read_bytes()
    mail = read_mail(data) if is_mail(data[:65536]) else None
    found = best(told_by(data, mail))
    if mail is not None and not found.lines:
        _say_sheets(mail, issues)
    said = str(options.settings.get("currency") or "")
    currency = found.currency or (said if is_currency(said) else "EUR")
    lines = _in_minor(found, currency, issues)
    say(found, len(lines), issues)
    form = "mail" if mail is not None else "pdf" if b"%PDF-" in data[:1024] else "text"
    facts = {"advice": lines, "advice_head": _head(found, form, currency)}
    return Reading("advice", {}, issues.frame(), options.entity_id, facts)


def told_by(data: bytes, mail: Mail | None) -> list[AdviceText]:
    """What each text of a file says: the pages of a PDF, a mail's bodies and attachments, a text."""
    if mail is None:
        return [read_text(read_pdf(data) if b"%PDF-" in data[:1024] else plain_text(data))]
    texts = list(mail.texts)
    for one in mail.attached:
        if b"%PDF-" in one.data[:1024]:
            texts.append(read_pdf(one.data))
        elif PurePosixPath(one.name).suffix.lower() in (".txt", ".html", ".htm"):
            texts.append(plain_text(one.data))
    return [with_sender(read_text(text), mail) for text in texts]


def best(found: Iterable[AdviceText]) -> AdviceText:
    """The one whose lines make its total, else the one with the most lines: a mail says the same more than once."""
    return max(found, key=lambda one: (bool(one.lines) and one.ties, len(one.lines)), default=AdviceText((), None))


def with_sender(found: AdviceText, mail: Mail) -> AdviceText:
    """The advice with the mail's sender as payer and its day, where the text says neither."""
    return replace(found, payer_name=found.payer_name or mail.sender, paid_on=found.paid_on or mail.sent_on)


def say(found: AdviceText, kept: int, issues: Issues) -> None:
    """What was not read, what does not tie; or that all is well."""
    for line, text in found.unread:
        issues.add(
            "advice_line_unread",
            f"a line without a number or an amount was not read: {text[:120]}",
            line=line,
            severity="warning",
            action="Add it on the page of the advice where it pays an invoice.",
        )
    if not kept:
        issues.add(
            "no_lines",
            "no line of the advice has a number and an amount",
            line=1,
            severity="warning",
            action="Check the file: a picture without text cannot be read; type what it says into a sheet.",
        )
    elif not found.ties:
        issues.add(
            "advice_total_differs",
            "the lines of the advice do not make its total",
            line=found.total_line,
            severity="warning",
            action="Compare it with what the payer sent; a line may be missing.",
        )
    if kept:
        text = "a remittance advice; it is followed once its money comes"
        issues.add("advice_read", text, severity="info", action="Nothing to do.")


def _say_sheets(mail: Mail, issues: Issues) -> None:
    for one in mail.attached:
        if PurePosixPath(one.name).suffix.lower() in _SHEETS:
            issues.add(
                "sheet_attached",
                f"the sheet attached to the mail was not read: {one.name}",
                line=1,
                severity="warning",
                action="Take the mail in on the page of advices, or import the sheet by itself.",
            )


def _in_minor(found: AdviceText, currency: str, issues: Issues) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    for one in found.lines[:_LINES_MAX]:
        try:
            lines.append(_as_fact(one, currency))
        except AmountError as error:
            issues.add("bad_amount", str(error), line=one.line, action="Correct the line and send the advice again.")
    return lines


def _as_fact(one: AdviceLineText, currency: str) -> dict[str, object]:
    """A line as the connector `sheet` gives those of a sheet."""
    return {
        "number": one.number,
        "currency": currency,
        "reason": one.reason,
        "customer_hint": None,
        "line": one.line,
        "amount": to_minor(one.amount, currency),
        "deducted": to_minor(one.deducted, currency),
        "document_on": one.document_on.isoformat() if one.document_on else None,
    }


def _head(found: AdviceText, source: str, currency: str) -> dict[str, object]:
    def minor(amount: Decimal | None) -> int | None:
        try:
            return None if amount is None else to_minor(amount, currency)
        except AmountError:
            return None

    return {
        "source": source,
        "currency": currency,
        "total": minor(found.total),
        "fee": minor(found.fee) or 0,
        "reference": found.reference,
        "paid_on": found.paid_on.isoformat() if found.paid_on else None,
        "payer_name": found.payer_name,
        "payer_account": found.payer_account,
    }
