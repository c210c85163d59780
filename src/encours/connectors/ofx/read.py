"""OFX to receipts and statements, tolerant of what banks really write."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import french_iban, known_account
from encours.connectors.base.bank import BankFile, BankLine, Statement, clean, reference
from encours.connectors.base.bank_codes import kind_by_sign, kind_from_label
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.ofx.scan import scan, text_of
from encours.core.base.money import AmountError, parse_decimal

_STATEMENTS = frozenset(("STMTRS", "CCSTMTRS", "INVSTMTRS"))
_ENTRY, _PENDING = "STMTTRN", "STMTTRNP"
_ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
_OTHER_SIDE = ("BANKACCTTO", "CCACCTTO")
_HEADER = frozenset(("BANKID", "BRANCHID", "ACCTID", "CURDEF", "DTSTART", "DTEND", "BROKERID"))
#: TRNTYPE -> kind of a credit, kind of a debit. CREDIT and DEBIT only repeat the sign.
_TYPES = {
    "XFER": ("transfer", "out"),
    "DIRECTDEP": ("transfer", "out"),
    "REPEATPMT": ("transfer", "out"),
    "PAYMENT": ("transfer", "out"),
    "DIRECTDEBIT": ("direct_debit", "out"),
    "CHECK": ("cheque", "out"),
    "CASH": ("cash", "out"),
    "ATM": ("cash", "out"),
    "POS": ("card", "out"),
    "INT": ("other", "other"),
    "DIV": ("other", "other"),
    "FEE": ("other", "other"),
    "SRVCHG": ("other", "other"),
}
_NUMBER_MAX = 40


def read(source: Source, options: Options) -> Reading:
    """The file's transactions as receipts; issue lines are text lines."""
    text, encoding = text_of(source.path.read_bytes())
    reader = _Reader(BankFile("ofx", source.name, options))
    for line, tag, value in scan(text):
        reader.take(line, tag, value)
    reader.finish()
    return reader.file.reading(encoding=encoding, bad_amounts=reader.bad_amounts)


class _Reader:
    """The statement and the transaction that are open while tags pass by."""

    def __init__(self, file: BankFile) -> None:
        self.file = file
        self.bad_amounts = 0
        self._line = 1
        self._header: dict[str, str] = {}
        self._inside = False
        self._statement: Statement | None = None
        self._entry: dict[str, str] | None = None
        self._entry_line = 1
        self._pending = False
        self._part = ""

    def take(self, line: int, tag: str, value: str) -> None:
        """One tag."""
        if tag in _STATEMENTS:
            self.finish()
            self._line, self._inside, self._header = line, True, {}
        elif tag in (_ENTRY, _PENDING):
            self._finish_entry()
            self._entry, self._entry_line, self._pending = {}, line, tag == _PENDING
        elif tag in (f"/{_ENTRY}", f"/{_PENDING}", "/BANKTRANLIST"):
            self._finish_entry()
        elif tag[0] == "/" and tag[1:] in _STATEMENTS:
            self.finish()
        elif tag[0] == "/":
            self._part = "" if tag[1:] == self._part else self._part
        elif self._entry is not None:
            self._take_entry(tag, value)
        else:
            self._take_header(line, tag, value)

    def finish(self) -> None:
        """The end of a statement, said by the file or not."""
        self._finish_entry()
        if self._inside:
            self.file.close(self._opened())
        self._statement, self._inside, self._part = None, False, ""

    def _take_entry(self, tag: str, value: str) -> None:
        if tag in (*_OTHER_SIDE, "CURRENCY", "ORIGCURRENCY", "PAYEE"):
            self._part = tag
        elif value and self._entry is not None:
            key = f"{self._part}/{tag}" if self._part in (*_OTHER_SIDE, "ORIGCURRENCY", "CURRENCY") else tag
            self._entry.setdefault(key, value)

    def _take_header(self, line: int, tag: str, value: str) -> None:
        if tag in ("LEDGERBAL", "AVAILBAL", *_ACCOUNTS):
            self._part = tag
        elif self._part == "LEDGERBAL" and tag == "BALAMT" and self._inside:
            self._opened().closing = self._balance(value, line)
        elif self._part == "LEDGERBAL" and tag == "DTASOF" and self._inside:
            statement = self._opened()
            statement.to_on = statement.to_on or _day(value)
        elif tag in _HEADER and value and self._inside:
            self._header.setdefault(tag, value)

    def _opened(self) -> Statement:
        if self._statement is None:
            header = self._header
            currency = header.get("CURDEF", "").upper()[:8] or None
            start, end = _day(header.get("DTSTART", "")), _day(header.get("DTEND", ""))
            self._statement = self.file.open(self._line, _account(header), currency, f"{start}|{end}")
            self._statement.from_on, self._statement.to_on = start, end
        return self._statement

    def _finish_entry(self) -> None:
        entry, self._entry = self._entry, None
        self._part = ""
        if entry is None:
            return
        if not self._inside and self._statement is None:
            self._statement = self.file.open(self._entry_line, None, None, stray=True)
        statement = self._opened()
        try:
            amount = _amount(entry.get("TRNAMT", ""))
        except AmountError as error:
            self.bad_amounts += 1
            self.file.reject(self._entry_line, "amount_impossible", f"TRNAMT: {error}", str(entry))
            return
        if self._pending:
            self.file.pending(statement, self._entry_line, "pending")
            return
        # CURRENCY: the amount is in that currency; ORIGCURRENCY: it was converted to the account's.
        currency = (entry.get("CURRENCY/CURSYM") or statement.currency or "").upper()[:8] or None
        statement.count(amount, currency)
        self.file.add(statement, _line(entry, self._entry_line, amount, currency))

    def _balance(self, text: str, line: int) -> Decimal | None:
        try:
            return _amount(text) if text.strip() else None
        except AmountError as error:
            self.file.issues.add(
                "balance_unreadable",
                f"BALAMT: {error}",
                line=line,
                severity="warning",
                action="Check it with the bank.",
            )
            return None


def _amount(text: str) -> Decimal:
    if len(text) > _NUMBER_MAX:
        raise AmountError(f"{text[:_NUMBER_MAX]!r}… is not an amount")
    return parse_decimal(text)


def _line(entry: dict[str, str], number: int, amount: Decimal, currency: str | None) -> BankLine:
    credit = amount >= 0
    name, memo = clean(entry.get("NAME"), 140), clean(entry.get("MEMO"))
    cheque = entry.get("CHECKNUM") or entry.get("CHKNUM")
    typed = _TYPES.get(entry.get("TRNTYPE", "").upper())
    kind = kind_from_label(name, credit) or kind_from_label(memo, credit) or (typed and typed[not credit])
    texts = [name, memo if memo != name else None, clean(cheque, 40), clean(entry.get("REFNUM"), 64)]
    other = entry.get("BANKACCTTO/ACCTID") or entry.get("CCACCTTO/ACCTID")
    return BankLine(
        number=number,
        booked_on=_day(entry.get("DTPOSTED", "")) or _day(entry.get("DTTRADE", "")),
        amount=amount,
        currency=currency,
        kind=kind or kind_by_sign(credit),
        value_on=_day(entry.get("DTAVAIL", "")) or _day(entry.get("VALUEDATE", "")),
        payer_name=name,
        payer_account=known_account(other) if other else None,
        remittance=clean(" ".join(text for text in texts if text)),
        bank_reference=reference(entry.get("FITID")),
    )


def _account(header: dict[str, str]) -> str | None:
    """The IBAN where bank, branch and account are those of a French account, else the number as it stands."""
    number = header.get("ACCTID", "")
    try:
        return french_iban(header.get("BANKID", ""), header.get("BRANCHID", ""), number[:11])
    except ValueError:
        return known_account(number)


def _day(text: str) -> date | None:
    """YYYYMMDD with or without a time; some banks write DDMMYY or DDMMYYYY; zeros are no date."""
    digits = (re.match(r"\d+", text.strip(), re.ASCII) or [""])[0]
    if len(digits) == 6:
        return _civil(2000 + int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    if len(digits) < 8:
        return None
    found = _civil(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    if found is not None and 1900 <= found.year <= 2200:
        return found
    return _civil(int(digits[4:8]), int(digits[2:4]), int(digits[:2]))


def _civil(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
