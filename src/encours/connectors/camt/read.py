"""camt.052, 053 and 054 of any version to receipts and statements, in flat memory whatever the file's size."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from xml.parsers import expat

import polars as pl

from encours.connectors.base.accounts import normal_account
from encours.connectors.base.bank import BankFile, Statement, clean, plain_amount
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.xml import HostileXmlError
from encours.connectors.camt.entry import Fields
from encours.connectors.camt.lines import OF_DETAIL, lines, plain_entries, raw_frame
from encours.connectors.camt.plans import Entry
from encours.connectors.camt.stream import stream
from encours.core.base.money import EXPONENTS, AmountError

_BOOKED = "BOOK"
#: The texts of a batch that stays one receipt are told up to this many details.
_DETAILS_TOLD = 50

#: The number of the first of some entries, their currency and sum, and how many they are.
_Count = tuple[int, str | None, Decimal, int]


def read(source: Source, options: Options) -> Reading:
    """The file's booked entries as receipts, one a detail where the details of a batch sum to it.

    Pending and information entries are counted and told, not taken. Element numbers of issues are entry numbers.
    """
    state = _Reader(source, options)
    try:
        stream(source.path, state)
    except HostileXmlError as error:
        action = "Ask the sender for a plain message: in UTF-8, without a DOCTYPE."
        state.file.reject(max(state.number, 1), "hostile_xml", str(error), action=action)
    except expat.ExpatError as error:
        message = f"the file breaks off or is no XML: {clean(str(error), 200)}"
        state.file.reject(max(state.number, 1), "xml_broken", message, action="Fetch the file again.")
    state.finish()
    return state.file.reading(message=state.message, details=state.details)


class _Reader:
    """What is known while the elements pass by; the listener of the stream."""

    def __init__(self, source: Source, options: Options) -> None:
        self.file = BankFile("camt", source.name, options)
        self.message: str | None = None
        self.number = 0
        self.details = 0
        self._statement: Statement | None = None
        self._default: str | None = None

    def opens(self, namespace: str | None) -> None:
        """A statement begins; what it is stands in its header."""
        self.finish()
        self.message = self.message or (namespace or "").rsplit(":", 1)[-1][:40] or None

    def finish(self) -> None:
        """The statement ends, said by the file or broken off."""
        if self._statement is not None:
            self.file.close(self._statement)
            self._statement = None

    def header(self, header: Fields) -> None:
        """What the statement says of itself: account, period, balances."""
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
        statement = self.file.open(self.number + 1, account or None, currency, key)
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

    def entries(self, entries: list[Entry]) -> None:
        """Entries of the statement: counted, and where they are booked a receipt or several."""
        first = self.number + 1
        statement = self._statement
        if statement is None:
            statement = self._statement = self.file.open(first, None, None, stray=True)
        self.details += sum(len(plan.groups) for plan, _ in entries)
        plain = lines(plain_entries(entries, first, self._default), statement.account)
        known = set(plain["number"])
        others: list[dict[str, object]] = []
        counts = _counts(plain)
        for self.number, (plan, texts) in enumerate(entries, first):
            if self.number not in known:
                others += self._entry(statement, plan.fill(texts), counts)
        for _, currency, amount, count in sorted(counts, key=lambda count: count[0]):
            statement.count(amount, currency, count)
        # A batch's details bear its number, and come one after the other as the bank wrote them.
        both = pl.concat([plain, lines(raw_frame(others), statement.account)])
        self.file.add_all(statement, both.sort("number", maintain_order=True))

    def _entry(self, statement: Statement, fields: Fields, counts: list[_Count]) -> list[dict[str, object]]:
        """The lines of an entry that takes a closer look, one a detail where it is a batch that can be split."""
        try:
            amount = plain_amount(fields.get("amount", ""))
        except AmountError as error:
            self.file.reject(self.number, "amount_impossible", str(error))
            return []
        sign = fields.get("sign")
        if sign not in ("CRDT", "DBIT"):
            self.file.reject(self.number, "sign_missing", "the entry says neither credit nor debit", f"{amount}")
            return []
        status = fields.get("status", _BOOKED)
        if status != _BOOKED:
            self.file.pending(statement, self.number, status[:20])
            return []
        signed = -amount if sign == "DBIT" else amount
        currency = fields.get("amount@Ccy") or self._default
        counts.append((self.number, currency, signed, 1))
        details = fields.get("detail", [])
        parts = _split(details, signed, currency)
        if parts is None:
            return [self._line(fields, details, signed, currency)]
        own = {name: text for name, text in fields.items() if not name.startswith("batch")}  # a detail is not the batch
        return [self._line(own, [detail], part, currency) for detail, part in zip(details, parts, strict=True)]

    def _line(self, fields: Fields, details: list[Fields], amount: Decimal, currency: str | None) -> dict[str, object]:
        only = details[0] if len(details) == 1 else {}
        line = {name: text for name, text in fields.items() if isinstance(text, str)}
        line |= {OF_DETAIL + name: text for name, text in only.items() if isinstance(text, str)}
        text = _remittance(details) or None
        return line | {
            "number": self.number, "amount": f"{amount:f}", "currency": currency, "detail.unstructured": text,
        }  # fmt: skip


def _counts(plain: pl.DataFrame) -> list[_Count]:
    sums = plain.group_by("currency").agg(pl.col("number").min(), pl.col("minor").sum(), entries=pl.len())
    return [
        (number, currency, Decimal(minor).scaleb(-EXPONENTS[currency]), entries)
        for currency, number, minor, entries in sums.iter_rows()
    ]


@lru_cache(maxsize=1024)
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
