"""camt.052, 053 and 054 of any version to receipts and statements, in flat memory whatever the file's size."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from encours.connectors.base import xml
from encours.connectors.base.accounts import normal_account
from encours.connectors.base.bank import BankFile, BankLine, Statement, clean, plain_amount, reference
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.camt.entry import ENTRY, HEADER, Fields, Shapes, collect
from encours.connectors.camt.kinds import kind_of
from encours.connectors.camt.party import counterparty
from encours.core.base.money import AmountError

_TAGS = ("{*}Stmt", "{*}Rpt", "{*}Ntfctn", "{*}Ntry")
_BOOKED = "BOOK"
#: The texts of a batch that stays one receipt are told up to this many details.
_DETAILS_TOLD = 50


def read(source: Source, options: Options) -> Reading:
    """The file's booked entries as receipts, one a detail where the details of a batch sum to it.

    Pending and information entries are counted and told, not taken. Element numbers of issues are entry numbers.
    """
    state = _Reader(source, options)
    try:
        for event, element in xml.iterate(source.path, *_TAGS):
            state.take(event, element)
    except xml.HostileXmlError as error:
        state.file.reject(1, "hostile_xml", str(error), action="Ask the sender for the message without a DOCTYPE.")
    except etree.XMLSyntaxError as error:
        state.file.reject(
            max(state.entry, 1),
            "xml_broken",
            f"the file breaks off or is no XML: {clean(str(error), 200)}",
            action="Fetch the file again.",
        )
    state.finish()
    return state.file.reading(message=state.message, details=state.details)


class _Reader:
    """What is known while the elements pass by."""

    def __init__(self, source: Source, options: Options) -> None:
        self.file = BankFile("camt", source.name, options)
        self.message: str | None = None
        self.entry = 0
        self.details = 0
        self._element: Any = None
        self._statement: Statement | None = None
        self._default: str | None = None
        self._shapes = Shapes(ENTRY)

    def take(self, event: str, element: Any) -> None:
        """One start or end event of a statement or an entry."""
        if not element.tag.endswith("Ntry"):
            if event == "start":
                self.message = self.message or _message(element)
                self._element, self._statement = element, None
            else:
                self._finish_statement(element)
                xml.free(element)
        elif event == "start":
            if self._statement is None and self._element is not None:
                self._open(self._element)
        else:
            self._entry(element)
            xml.free(element)

    def finish(self) -> None:
        """Closes what a broken file left open."""
        if self._statement is not None:
            self.file.close(self._statement)
            self._statement = None

    def _finish_statement(self, element: Any) -> None:
        if self._statement is None:
            self._open(element)
        elif self._statement.closing is None or self._statement.opening is None:
            self._balances(self._statement, collect(element, HEADER))
        self.finish()
        self._element = None

    def _open(self, element: Any) -> None:
        header = collect(element, HEADER)
        account = header.get("iban") or header.get("account") or header.get("old_account")
        account = normal_account(account)[:64] if account else None
        balances = header.get("balance", [])
        currency = header.get("currency")
        self._default = currency or next((code for part in balances if (code := part.get("amount@Ccy"))), None)
        start = _day(header.get("from")) or _day(header.get("from_day"))
        end = _day(header.get("to")) or _day(header.get("to_day"))
        known = [start, end, header.get("sequence"), *(f"{sorted(part.items())}" for part in balances)]
        # A bank numbers its messages anew each time: the message's id only serves where nothing else does.
        key = "|".join(map(str, known)) if any(known) else header.get("id") or ""
        statement = self.file.open(max(self.entry + 1, 1), account or None, currency, key)
        statement.from_on, statement.to_on = start, end
        statement.made_on = _day(header.get("made"))
        self._balances(statement, header)
        self._statement = statement

    def _balances(self, statement: Statement, header: Fields) -> None:
        opened: dict[str, tuple[Decimal, date | None]] = {}
        for balance in header.get("balance", ()):
            code = balance.get("code") or balance.get("old_code") or ""
            try:
                amount = plain_amount(balance.get("amount", ""))
            except AmountError as error:
                self.file.issues.add("amount_impossible", str(error), line=statement.number, severity="warning")
                continue
            signed = -amount if balance.get("sign") == "DBIT" else amount
            day = _day(balance.get("day")) or _day(balance.get("stamp"))
            if code in ("OPBD", "PRCD"):
                opened.setdefault(code, (signed, day))
            elif code == "CLBD":
                statement.closing = signed
                statement.to_on = statement.to_on or day
            statement.currency = statement.currency or balance.get("amount@Ccy")
        opening = opened.get("OPBD") or opened.get("PRCD")
        if opening is not None:
            statement.opening = opening[0]
            statement.from_on = statement.from_on or opening[1]

    def _entry(self, element: Any) -> None:
        self.entry += 1
        statement = self._statement
        if statement is None:
            statement = self._statement = self.file.open(self.entry, None, None, stray=True)
        fields = self._shapes.collect(element)
        details = fields.get("detail", [])
        self.details += len(details)
        try:
            amount = plain_amount(fields.get("amount", ""))
        except AmountError as error:
            self.file.reject(self.entry, "amount_impossible", str(error))
            return
        sign = fields.get("sign")
        if sign not in ("CRDT", "DBIT"):
            self.file.reject(self.entry, "sign_missing", "the entry says neither credit nor debit", f"{amount}")
            return
        status = fields.get("status", _BOOKED)
        if status != _BOOKED:
            self.file.pending(statement, self.entry, status[:20])
            return
        signed = -amount if sign == "DBIT" else amount
        currency = fields.get("amount@Ccy") or self._default
        statement.count(signed, currency)
        parts = _split(details, signed, currency)
        if parts is None:
            self.file.add(statement, self._line(statement, fields, details, signed, currency))
            return
        for detail, part in zip(details, parts, strict=True):
            self.file.add(statement, self._line(statement, fields, [detail], part, currency))

    def _line(
        self, statement: Statement, fields: Fields, details: list[Fields], amount: Decimal, currency: str | None
    ) -> BankLine:
        only = details[0] if len(details) == 1 else {}
        credit = amount >= 0
        kind = kind_of(fields, only, credit)
        name, account = counterparty(only, statement.account, kind, credit)
        text = _remittance(details) or only.get("info") or fields.get("info")
        end_to_end = reference(only.get("end_to_end"))
        own = reference(only.get("bank_reference")) or reference(only.get("transaction")) or end_to_end
        whole = reference(fields.get("bank_reference")) or reference(fields.get("reference"))
        # The bank's number of a batch is the same for all its details: theirs tell them apart.
        mark = f"{whole}|{own}" if whole and own else whole or own
        return BankLine(
            number=self.entry,
            booked_on=_day(fields.get("booked")),
            amount=amount,
            currency=currency,
            kind=kind,
            value_on=_day(fields.get("value")),
            payer_name=clean(name, 140),
            payer_account=account,
            remittance=clean(text),
            end_to_end_id=end_to_end,
            bank_reference=mark,
        )


def _message(element: Any) -> str | None:
    namespace = etree.QName(element).namespace or ""
    return namespace.rsplit(":", 1)[-1][:40] or None


def _day(text: str | None) -> date | None:
    """The day of an ISO date or time stamp: its first ten characters, in the bank's own zone."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _split(details: list[Fields], total: Decimal, currency: str | None) -> list[Decimal] | None:
    """The signed amount of each detail in the account's currency where they sum to the entry; else None."""
    if len(details) < 2:
        return None
    plain: list[Decimal] = []
    signed: list[Decimal] = []
    for detail in details:
        amount = _detail_amount(detail, currency)
        if amount is None:
            return None
        sign = detail.get("sign")
        plain.append(-amount if total < 0 else amount)
        signed.append(plain[-1] if sign is None else -amount if sign == "DBIT" else amount)
    if sum(signed) == total:
        return signed
    return plain if sum(plain) == total else None


def _detail_amount(detail: Fields, currency: str | None) -> Decimal | None:
    for name in ("amount", "transaction_amount", "counter_amount", "instructed_amount"):
        if name in detail and detail.get(f"{name}@Ccy") == currency:
            try:
                return plain_amount(detail[name])
            except AmountError:
                return None
    return None


def _remittance(details: list[Fields]) -> str:
    if len(details) == 1 and "structured" not in details[0]:
        return " ".join(details[0].get("unstructured", ()))
    parts: list[str] = []
    for detail in details[:_DETAILS_TOLD]:
        for name in ("unstructured", "structured"):
            parts += [text for text in detail.get(name, ()) if text not in parts]
    return " ".join(parts)
