"""CFONB240 detail of operations (records 31, 34, 39 of 240 characters): drafts and direct debits that came back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import french_iban
from encours.connectors.base.bank import clean
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.instruments import Drawn, InstrumentFile, scaled
from encours.connectors.base.text import decode, fixed_records
from encours.core.base.money import AmountError

_WIDTH = 240
#: First figure of the operation: 2 transfers, 6 drafts, 8 direct debits. A second figure of 0 is the operation itself,
#: any other one its return.
_KINDS = {"6": "lcr", "8": "direct_debit"}
_TRANSFER = "2"


def read(source: Source, options: Options) -> Reading:
    """Returned drafts and direct debits as unpaid instruments; transfers are the bank statement's and only counted.

    Issue lines are text lines (records, in a file without line breaks).
    """
    decoded = decode(source.path.read_bytes())
    reader = _Reader(InstrumentFile("cfonb240", source.name, options))
    for number, record in fixed_records(decoded.text, _WIDTH):
        reader.take(number, record)
    return reader.finish(decoded.encoding)


class _Reader:
    """The set of operations that is open while records pass by."""

    def __init__(self, file: InstrumentFile) -> None:
        self.file = file
        self._set = 0
        self._sum = Decimal(0)
        self._transfers, self._transferred = 0, Decimal(0)

    def take(self, number: int, record: str) -> None:
        """One record."""
        code = record[:2]
        if code == "31":
            self._set += 1
            self._sum = Decimal(0)
            self.file.account = self.file.account or _account(record[21:42]) or _account(record[77:98])
        elif code == "34":
            self._operation(number, record)
        elif code == "39":
            self._close(number, record)
        else:
            message = f"{code!r} is no record of a 240-character file (31, 34, 39)"
            self.file.reject(number, "record_unknown", message, record)

    def finish(self, encoding: str) -> Reading:
        """The reading; a file of transfers says that it adds nothing to the statement."""
        if self._transfers:
            self.file.issues.add(
                "transfers_detail",
                f"{self._transfers} transfers of {self._transferred:.2f} EUR are told in detail; "
                "the statement holds the money",
                severity="info",
                action="Import the bank statement.",
            )
        return self.file.reading(encoding=encoding, transfers=self._transfers)

    def _operation(self, number: int, record: str) -> None:
        operation = record[8:10]
        try:
            amount = scaled(record[228:240], "EUR")
        except AmountError as error:
            self.file.reject(number, "amount_impossible", str(error), record)
            return
        self._sum += amount
        settled_on = _day(record[10:16])
        if operation[0] == _TRANSFER:
            self._transfers, self._transferred = self._transfers + 1, self._transferred + amount
            return
        kind = _KINDS.get(operation[0])
        if kind is None or settled_on is None:
            code = "operation_unknown" if kind is None else "date_missing"
            message = f"operation {operation!r} is not known" if kind is None else "the operation has no date"
            self.file.reject(number, code, message, record)
            return
        text = clean(record[128:216])
        returned = operation[1] != "0"
        reference = clean(record[222:228])
        self.file.add(
            Drawn(
                line=number,
                batch=f"{record[10:16]}-{self._set}",
                key=reference or clean(record[122:128]) or str(number),
                kind=kind,
                debtor=clean(record[42:66]),
                debtor_account=_account(record[21:42]),
                amount=amount,
                currency="EUR",
                due_on=_day(record[216:222]) or settled_on,
                state="unpaid" if returned else "paid",
                state_on=settled_on,
                quotes=" ".join(dict.fromkeys(one for one in (text, reference) if one)) or None,
                reason=(operation if returned else None),
            )
        )

    def _close(self, number: int, record: str) -> None:
        try:
            self.file.told(number, "total", scaled(record[228:240], "EUR"), self._sum)
        except AmountError:
            self.file.issues.add(
                "total_missing", "the set has no total", line=number, severity="warning", action="Check the file."
            )


def _account(rib: str) -> str | None:
    try:
        return french_iban(rib[:5], rib[5:10], rib[10:21])
    except ValueError:
        return None


def _day(text: str) -> date | None:
    if not (text.isascii() and text.isdigit()) or len(text) != 6:
        return None
    try:
        return date(2000 + int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None
