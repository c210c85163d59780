"""MT940 and MT942 to receipts and statements: fields by the mt-940 library, one by one, so that a bad one stays one."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mt940.models import Amount
from mt940.options import Options as LibraryOptions
from mt940.tags import Statement as StatementLine
from mt940.tags import StatementASNB, StatementGLS

from encours.connectors.base.accounts import known_account, normal_account
from encours.connectors.base.bank import BankFile, BankLine, Statement, clean, on_account_of, plain_amount, reference
from encours.connectors.base.bank_codes import kind_by_sign, kind_from_gvc, kind_from_swift
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.text import decode
from encours.connectors.mt940.details import Details, details, looks_like_iban
from encours.connectors.mt940.fields import Field, Message, messages
from encours.connectors.mt940.returns import fee_apart
from encours.core.base.money import AmountError

#: The library's reading of field 61, then its two variants for banks that put an IBAN or a long reference there.
_LINES = (StatementLine(), StatementASNB(), StatementGLS())
_LIBRARY = LibraryOptions.all()
#: The library takes any three characters for the currency, so `C100323105,00` would be zero in the currency "105".
_BALANCE = re.compile(r"([DC])(\d{6})\s*([A-Z]{3})?\s*(\d[\d,.]*|,\d+)", re.ASCII)
_CURRENCY = re.compile(r"\d*([A-Z]{3})[DC]?[\d,.]", re.ASCII)
_INTERIM = frozenset(("34F", "13D", "13", "90D", "90C"))
_TYPE = re.compile(r"[A-Z]([A-Z0-9]{3})")


def read(source: Source, options: Options) -> Reading:
    """The file's entries as receipts, statement by statement; issue lines are text lines."""
    text, encoding = _text(source.path.read_bytes())
    file = BankFile("mt940", source.name, options)
    message = None
    for part in messages(text.replace("\r\n", "\n").replace("\r", "\n")):
        reader = _Message(file, part)
        reader.read()
        message = message or reader.kind
    return file.reading(message=message, encoding=encoding)


def _text(data: bytes) -> tuple[str, str]:
    """These messages come in UTF-8, the Windows page or, from Central Europe, DOS page 852: no guess beyond that."""
    decoded = decode(data)
    if decoded.encoding in ("utf-8", "utf-16", "cp1252", "cp850"):
        return decoded.text, decoded.encoding
    return data.decode("cp852"), "cp852"


class _Message:
    """One message while it is read: first what holds for all its lines, then the lines."""

    def __init__(self, file: BankFile, message: Message) -> None:
        self.file = file
        self.message = message
        self.tags = {part.tag for part in message.fields}
        interim = bool(self.tags & _INTERIM) and not self.tags & {"60F", "60M", "62F", "62M"}
        self.kind = "MT942" if interim else "MT940"

    def read(self) -> None:
        """Reads the message into the file."""
        texts = {part.tag: part for part in reversed(self.message.fields)}
        account = next((known_account(texts[tag].text) for tag in ("25", "25P") if tag in texts), None)
        number = next((texts[tag].text for tag in ("28C", "28") if tag in texts), "")
        opening = next((texts[tag] for tag in ("60F", "60M", "60") if tag in texts), None)
        stamp = texts["13D"].text if "13D" in texts else ""
        currency = self._currency(texts)
        key = f"{number}|{opening.text if opening else texts.get('20', self.message.fields[0]).text}|{stamp}"
        statement = self.file.open(self.message.line, account, currency, key, stray=self.message.stray)
        if opening is not None:
            statement.from_on, statement.opening = self._balance(opening)
        closing = next((texts[tag] for tag in ("62F", "62M", "62") if tag in texts), None)
        if closing is not None:
            statement.to_on, statement.closing = self._balance(closing)
        statement.made_on = _day(stamp[:6])
        self._lines(statement, currency)
        self.file.close(statement)

    def _currency(self, texts: dict[str, Field]) -> str | None:
        for tag in ("60F", "60M", "60", "62F", "62M", "62", "64", "65"):
            found = _BALANCE.match(texts[tag].text) if tag in texts else None
            if found and found[3]:
                return found[3]
        for tag in ("34F", "90C", "90D"):
            found = _CURRENCY.match(texts[tag].text) if tag in texts else None
            if found:
                return found[1]
        text = texts["25"].text.strip() if "25" in texts else ""
        found = re.search(r"[/\d]([A-Z]{3})$", text)
        return found[1] if found else None

    def _balance(self, field: Field) -> tuple[date | None, Decimal | None]:
        found = _BALANCE.match(field.text)
        try:
            amount = plain_amount(_with_zero(found[4])) if found else None
        except AmountError:
            amount = None
        if found is None or amount is None:
            self.file.issues.add(
                "balance_unreadable",
                f":{field.tag}: {field.text[:40]!r} is not a balance",
                line=field.line,
                severity="warning",
                action="Compare with the bank's own statement.",
            )
            return None, None
        return _day(found[2]), -amount if found[1] == "D" else amount

    def _lines(self, statement: Statement, currency: str | None) -> None:
        line: Field | None = None
        texts: list[str] = []
        for field in (*self.message.fields, None):
            if field is not None and field.tag in ("86", "NS"):
                if line is not None:
                    texts.append(field.text if field.tag == "86" else _non_swift(field.text))
                continue
            if line is not None:
                self._line(statement, currency, line, "\n".join(texts))
            line, texts = (field, []) if field is not None and field.tag == "61" else (None, [])

    def _line(self, statement: Statement, currency: str | None, field: Field, text: str) -> None:
        parts = _parse(field.text)
        if parts is None:
            self.file.reject(field.line, "line_unreadable", "field 61 is not a statement line", field.text)
            return
        mark = parts["status"].upper()
        try:
            amount = plain_amount(_with_zero(parts["amount"]))
        except AmountError as error:
            self.file.reject(field.line, "amount_impossible", str(error), field.text)
            return
        if mark.startswith("E"):
            self.file.pending(statement, field.line, "expected")
            return
        # The library's own reading of the mark: RC, a reversed credit, leaves the account; RD comes back.
        signed = amount * (-1 if Amount("1", mark, options=_LIBRARY).amount < 0 else 1)
        statement.count(signed, currency)
        value_on = _day(parts["year"] + parts["month"] + parts["day"])
        told = details(text)
        line = _bank_line(field, parts, told, signed, currency, value_on, reversed_mark=mark.startswith("R"))
        for one in fee_apart(line, told, parts["extra_details"] or ""):
            self.file.add(statement, one)


def _bank_line(
    field: Field,
    parts: dict[str, Any],
    told: Details,
    amount: Decimal,
    currency: str | None,
    value_on: date | None,
    *,
    reversed_mark: bool,
) -> BankLine:
    customer = (parts["customer_reference"] or "").strip()
    account = told.account or (normal_account(customer) if looks_like_iban(customer) else None)
    extra = (parts["extra_details"] or "").strip()
    text = told.remittance if extra in told.remittance or extra == told.name else f"{told.remittance} {extra}"
    if told.reason and told.reason not in text:
        text = f"{text} {told.reason}"
    kind = "return" if reversed_mark or told.returned else _kind(parts["id"], told.code, amount >= 0)
    paid_in = (amount >= 0) != (kind == "return")
    return BankLine(
        number=field.line,
        booked_on=_entry_day(parts, value_on) or value_on,
        amount=amount,
        currency=currency,
        kind=kind,
        value_on=value_on,
        payer_name=clean(told.name, 140),
        payer_account=account[:64] if account else None,
        remittance=on_account_of(
            clean(text), clean(told.on_account_of, 140), clean(told.name, 140) if paid_in else None
        ),
        end_to_end_id=reference(told.end_to_end),
        bank_reference=reference(parts["bank_reference"]),
    )


def _parse(text: str) -> dict[str, Any] | None:
    # Some banks wrap the field anywhere: joined, it is read again.
    for candidate in (text, text.replace("\n", "", 1)):
        for tag in _LINES:
            found = tag.re.match(candidate)
            if found:
                return found.groupdict()
    return None


def _kind(type_code: str | None, gvc: str | None, credit: bool) -> str:
    found = kind_from_gvc(gvc, credit) if gvc else None
    if found is None and type_code and (bare := _TYPE.fullmatch(type_code.strip())):
        found = kind_from_swift(bare[1], credit)
    return found or kind_by_sign(credit)


def _entry_day(parts: dict[str, Any], value_on: date | None) -> date | None:
    """The booking day, whose year is the one that brings it nearest to the value day."""
    month, day = parts["entry_month"] or "", parts["entry_day"] or ""
    if value_on is None or not (month.isdigit() and day.isdigit()):
        return None
    near = [found for year in (-1, 0, 1) if (found := _civil(value_on.year + year, int(month), int(day)))]
    return min(near, key=lambda found: abs(found - value_on), default=None)


def _day(text: str) -> date | None:
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        return None
    year = int(text[:2])
    return _civil((1900 if year >= 70 else 2000) + year, int(text[2:4]), int(text[4:]))


def _civil(year: int, month: int, day: int) -> date | None:
    """The day; 29 to 31 of a shorter month is its last day, as banks that count 30 days a month write it."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _with_zero(text: str) -> str:
    return f"0{text}" if text.startswith(",") else text


def _non_swift(text: str) -> str:
    """The words of a bank's own field: each line without its two-digit number."""
    return " ".join(re.sub(r"^\d{2}", "", line).strip() for line in text.split("\n"))
