"""CFONB160 remittances of drafts (records 03, 06, 07, 08 of 160 characters) to instruments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import french_iban
from encours.connectors.base.bank import clean
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.instruments import Drawn, InstrumentFile, scaled
from encours.connectors.base.text import decode, fixed_records
from encours.core.base.money import AmountError

_WIDTH = 160
#: Operation code: 60 drafts that we draw (LCR), 61 drafts that the debtor made out (BOR).
_KINDS = {"60": "lcr", "61": "bor"}
#: Acceptance, position 79 of a draft: 0 without, 1 accepted, 2 a promissory note, 3 to be accepted.
_PROMISSORY = "2"
#: Position 79 of the header: how the bank takes it in. 1 discounts it before it is due, 3 and 4 collect it.
_DISCOUNTED = ("1", "2")


def read(source: Source, options: Options) -> Reading:
    """The file's drafts as instruments under their remittance. Issue lines are text lines (records, without breaks)."""
    decoded = decode(source.path.read_bytes())
    reader = _Reader(InstrumentFile("cfonb160", source.name, options))
    for number, record in fixed_records(decoded.text, _WIDTH):
        reader.take(number, record)
    return reader.file.reading(encoding=decoded.encoding)


class _Reader:
    """The remittance that is open while records pass by."""

    def __init__(self, file: InstrumentFile) -> None:
        self.file = file
        self._batch: str | None = None
        self._remitted_on: date | None = None
        self._state = "presented"
        self._count, self._sum = 0, Decimal(0)

    def take(self, number: int, record: str) -> None:
        """One record; 07 (the drawee's bank and address) says nothing that is needed."""
        code = record[:2]
        if code == "03":
            self._open(number, record)
        elif code == "06":
            self._draft(number, record)
        elif code == "08":
            self._close(number, record)
        elif code != "07":
            message = f"{code!r} is no record of a remittance of drafts (03, 06, 07, 08)"
            self.file.reject(number, "record_unknown", message, record)

    def _open(self, number: int, record: str) -> None:
        self._remitted_on = _day(record[24:30])
        if self._remitted_on is None:
            self.file.issues.add(
                "date_missing", "the remittance has no date", line=number, severity="warning", action="Check the file."
            )
        account = _account(record[81:102])
        self.file.account = self.file.account or account
        said = clean(record[149:160])
        self._batch = said or f"{record[24:30].strip() or 'undated'}-{record[4:12].strip()}"
        self._state = "discounted" if record[78] in _DISCOUNTED else "presented"
        self._count, self._sum = 0, Decimal(0)

    def _draft(self, number: int, record: str) -> None:
        if self._batch is None:
            self.file.reject(number, "no_header", "a draft (06) without the header (03) of its remittance", record)
            return
        try:
            amount = scaled(record[102:114], "EUR")
        except AmountError as error:
            self.file.reject(number, "amount_impossible", str(error), record)
            return
        self._count, self._sum = self._count + 1, self._sum + amount
        due_on = _day(record[118:124])
        remitted_on = self._remitted_on or _day(record[124:130]) or due_on
        if due_on is None or remitted_on is None:
            self.file.reject(number, "date_missing", "the draft has no due date", record)
            return
        drawee, drawer = clean(record[20:30]), clean(record[149:160])
        self.file.add(
            Drawn(
                line=number,
                batch=self._batch,
                key=drawer or drawee or record[4:12].strip(),
                kind="bor" if record[78] == _PROMISSORY else _KINDS.get(record[2:4], "lcr"),
                debtor=clean(record[30:54]),
                debtor_account=_account(record[81:102]),
                amount=amount,
                currency="EUR",
                due_on=due_on,
                state=self._state,
                state_on=remitted_on,
                quotes=" ".join(dict.fromkeys(one for one in (drawer, drawee) if one)) or None,
            )
        )

    def _close(self, number: int, record: str) -> None:
        try:
            self.file.told(number, "total", scaled(record[102:114], "EUR"), self._sum)
        except AmountError:
            self.file.issues.add(
                "total_missing",
                "the remittance has no total",
                line=number,
                severity="warning",
                action="Check the file.",
            )
        self._batch = None


def _account(rib: str) -> str | None:
    """The IBAN of bank, branch and account (5 + 5 + 11 characters)."""
    try:
        return french_iban(rib[:5], rib[5:10], rib[10:21])
    except ValueError:
        return None


def _day(text: str) -> date | None:
    """A DDMMYY date; blanks, zeros and impossible days are none."""
    if not (text.isascii() and text.isdigit()) or len(text) != 6:
        return None
    try:
        return date(2000 + int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None
