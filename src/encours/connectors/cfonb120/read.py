"""CFONB120 statements (records 01, 04, 05, 07 of 120 characters) to receipts and statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import french_iban
from encours.connectors.base.bank import BankFile, BankLine, Statement, clean, on_account_of, reference
from encours.connectors.base.bank_codes import kind_by_sign, kind_from_cfonb
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.text import decode
from encours.core.base.money import EXPONENTS, AmountError

_WIDTH = 120
#: Last character of an amount: its units digit and its sign. é and è are { and } of the French ISO 646 code page.
_SIGNED_DIGIT = {
    **{character: (digit, 1) for digit, character in enumerate("{ABCDEFGHI")},
    **{character: (digit, -1) for digit, character in enumerate("}JKLMNOPQR")},
    "é": (0, 1),
    "è": (0, -1),
}
#: Complements (record 05) that are text to match by, in the order in which they are read out.
_TEXTS = ("LIB", "LCC", "LC2", "LCS")
#: Operations that bear the number of what came back: cheques and drafts.
_NUMBERED = ("03", "33", "34")
_PAYER_NAMES, _PAYEE_NAMES = ("NPY", "NPO"), ("NBE", "NBU")


def read(source: Source, options: Options) -> Reading:
    """The file's movements as receipts. Issue lines are text lines, or records where the file has no line breaks."""
    decoded = decode(source.path.read_bytes())
    reader = _Reader(BankFile("cfonb120", source.name, options))
    for number, record in _records(decoded.text, reader.file):
        reader.take(number, record)
    reader.finish()
    return reader.file.reading(
        encoding=decoded.encoding, complements=reader.complements, qualifiers=sorted(reader.qualifiers)
    )


def _records(text: str, file: BankFile) -> Iterator[tuple[int, str]]:
    """(line or record number, 120 characters): from lines, from a file without line breaks, from blank-cut lines."""
    lines = text.lstrip("\ufeff").split("\n")
    broken = len(lines) > 2
    count = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip("\r\x1a\x00")
        if not line.strip():
            continue
        for start in range(0, len(line), _WIDTH):
            record = line[start : start + _WIDTH]
            if not record.strip():
                continue
            count += 1
            position = number if broken else count
            if record[:2] not in ("01", "04", "05", "07"):
                message = f"{record[:2]!r} is no record of a 120-character statement (01, 04, 05, 07)"
                file.reject(position, "record_unknown", message, record)
                continue
            yield position, record.ljust(_WIDTH)


class _Movement:
    """A record 04 and the complements (05) that follow it."""

    __slots__ = ("number", "parts", "record", "statement")

    def __init__(self, number: int, record: str, statement: Statement) -> None:
        self.number = number
        self.record = record
        self.statement = statement
        self.parts: dict[str, list[str]] = {}


class _Reader:
    """The statement and the movement that are open while records pass by."""

    def __init__(self, file: BankFile) -> None:
        self.file = file
        self.complements = 0
        self.qualifiers: set[str] = set()
        self._statement: Statement | None = None
        self._stray: Statement | None = None
        self._movement: _Movement | None = None
        self._unscaled: tuple[int, str] | None = None

    def take(self, number: int, record: str) -> None:
        """One record."""
        code = record[:2]
        if code == "05":
            self._complement(number, record)
            return
        self._finish_movement()
        if code == "01":
            self._open(number, record)
        elif code == "04":
            self._movement = _Movement(number, record, self._statement or self._outside(number, record))
        else:
            self._close(number, record)

    def finish(self) -> None:
        """The end of the file."""
        self._finish_movement()
        if self._statement is not None:
            self._unclosed(self._statement)

    def _open(self, number: int, record: str) -> None:
        if self._statement is not None:
            self._unclosed(self._statement)
        self._unscaled = None
        currency = record[16:19].strip() or None
        key = record[34:40] + record[90:116]
        statement = self.file.open(number, _account(record), currency, key)
        statement.from_on = _day(record[104:110]) or _day(record[34:40])
        statement.to_on = _day(record[110:116])
        if currency is None and record[19] == " ":
            # Nothing in the record tells the scale: the first record that names the currency does.
            self._unscaled = number, record
        else:
            statement.opening = self._balance(number, record, currency)
        self._statement = statement

    def _close(self, number: int, record: str) -> None:
        statement, self._statement = self._statement, None
        if statement is None:
            message = "a closing balance (07) without its opening balance (01)"
            self.file.reject(number, "opening_missing", message, record, "Ask the bank for the whole statement.")
            return
        self._learn_currency(statement, record)
        statement.closing = self._balance(number, record, statement.currency)
        statement.to_on = _day(record[34:40]) or statement.to_on
        self.file.close(statement)

    def _learn_currency(self, statement: Statement, record: str) -> None:
        statement.currency = statement.currency or record[16:19].strip() or None
        if self._unscaled is not None and statement.currency is not None:
            statement.opening = self._balance(*self._unscaled, statement.currency)
            self._unscaled = None

    def _unclosed(self, statement: Statement) -> None:
        self.file.issues.add(
            "closing_missing",
            "the statement has no closing balance (07)",
            line=statement.number,
            severity="warning",
            action="Ask the bank for the whole statement.",
        )
        self._statement = None

    def _outside(self, number: int, record: str) -> Statement:
        self.file.issues.add(
            "movement_outside_statement",
            "a movement (04) stands outside any statement (01 … 07)",
            line=number,
            severity="warning",
            action="Ask the bank for the whole statement: without balances nothing proves that no line is missing.",
        )
        account = _account(record)
        if self._stray is None or self._stray.account != account:
            self._stray = self.file.open(number, account, record[16:19].strip() or None, stray=True)
        return self._stray

    def _balance(self, number: int, record: str, currency: str | None) -> Decimal | None:
        try:
            return _amount(record[90:104], record[19], currency)
        except AmountError as error:
            self.file.issues.add(
                "amount_impossible", f"balance: {error}", line=number, severity="warning", action="Check the balance."
            )
            return None

    def _complement(self, number: int, record: str) -> None:
        self.complements += 1
        qualifier = record[45:48].strip()
        if qualifier:
            self.qualifiers.add(qualifier)
        if self._movement is None:
            message = "a complement (05) without a movement (04) before it"
            self.file.reject(number, "complement_without_movement", message, record)
            return
        # Before qualifiers existed the text began at 41 and the amount stood at the end, as in record 04.
        text = record[48:118] if qualifier else record[40:81]
        self._movement.parts.setdefault(qualifier, []).append(text)

    def _finish_movement(self) -> None:
        movement, self._movement = self._movement, None
        if movement is None:
            return
        record, statement = movement.record, movement.statement
        self._learn_currency(statement, record)
        currency = record[16:19].strip() or statement.currency
        try:
            amount = _amount(record[90:104], record[19], currency)
        except AmountError as error:
            self.file.reject(movement.number, "amount_impossible", str(error), record)
            return
        statement.count(amount, currency)
        self.file.add(statement, _line(movement, amount, currency))


def _line(movement: _Movement, amount: Decimal, currency: str | None) -> BankLine:
    record, parts, credit = movement.record, movement.parts, amount >= 0
    kind = kind_from_cfonb(record[32:34].strip(), credit) or kind_by_sign(credit)
    payer_side = credit != (kind == "return")
    names = (*_PAYER_NAMES, *_PAYEE_NAMES) if payer_side else (*_PAYEE_NAMES, *_PAYER_NAMES)
    accounts = ("CPY", "CBE") if payer_side else ("CBE", "CPY")
    texts = [record[48:79], *(text for name in _TEXTS for text in parts.get(name, ()))]
    texts += [text for text in parts.get("", ()) if text.strip()]
    texts += _of_return(record) if kind == "return" else []
    own_reference = [record[81:88].strip(" 0"), record[104:120].strip(" 0"), _part(parts, "REF", 35, 70) or ""]
    account = _first(parts, accounts)
    payer, ultimate = (clean(_first(parts, (name,)), 140) for name in _PAYER_NAMES)
    return BankLine(
        number=movement.number,
        booked_on=_day(record[34:40]),
        amount=amount,
        currency=currency,
        kind=kind,
        value_on=_day(record[42:48]),
        payer_name=clean(_first(parts, names), 140),
        payer_account=account.split()[0] if account and account.split() else None,
        remittance=on_account_of(clean(" ".join(texts)), ultimate, payer if payer_side else None),
        end_to_end_id=reference(_part(parts, "RCN", 0, 35)),
        # A cheque or remittance number alone repeats: with the label it is the line's own mark.
        bank_reference=" ".join([clean(record[48:79]) or "", *own_reference]) if any(own_reference) else None,
    )


def _of_return(record: str) -> list[str]:
    """What the movement of a return tells beside its texts: the number of the cheque or draft, and the reason.

    The reason is a number of the interbank list: its two digits alone would be any number of a text.
    """
    number, code = record[81:88].strip(" 0"), record[40:42]
    told = [record[81:88].strip()] if number and record[32:34] in _NUMBERED else []
    return told + ([f"MOTIF {code}"] if code.isascii() and code.isdigit() and code != "00" else [])


def _first(parts: dict[str, list[str]], names: tuple[str, ...]) -> str | None:
    return next((text for name in names for text in parts.get(name, ()) if text.strip()), None)


def _part(parts: dict[str, list[str]], name: str, start: int, end: int) -> str | None:
    return next((text[start:end].strip() for text in parts.get(name, ()) if text[start:end].strip()), None)


def _account(record: str) -> str | None:
    """The IBAN of the record's account (its RIB key is computed), else its bare number."""
    bank, branch, account = record[2:7], record[11:16], record[21:32]
    try:
        return french_iban(bank, branch, account)
    except ValueError:
        return "".join(f"{bank}{branch}{account}".split()) or None


def _amount(text: str, decimals: str, currency: str | None) -> Decimal:
    """13 digits and a signed one; `decimals` is position 20, blank: those of the currency. Raises AmountError."""
    digit, sign = _SIGNED_DIGIT.get(text[-1:], (0, 0))
    whole = text[:-1].replace(" ", "0")
    if not sign or not (whole.isascii() and whole.isdigit()):
        raise AmountError(f"{text!r} is not an amount of 13 digits and a signed digit")
    scale = int(decimals) if decimals in "0123456789" else EXPONENTS.get(currency or "")
    if scale is None:
        raise AmountError(f"{text!r} has neither decimals nor a currency that tells them")
    return Decimal(sign * (int(whole) * 10 + digit)).scaleb(-scale)


def _day(text: str) -> date | None:
    """A DDMMYY date; blanks, zeros and impossible days are none."""
    if not (text.isascii() and text.isdigit()) or len(text) != 6:
        return None
    year = int(text[4:])
    try:
        return date((1900 if year >= 70 else 2000) + year, int(text[2:4]), int(text[:2]))
    except ValueError:
        return None
