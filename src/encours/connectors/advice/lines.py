"""The lines of an advice out of running text: a number and an amount on one line, a total, a reference, a day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import is_iban, normal_account

_TEXT_MAX, _LINES_MAX, _ROW_MAX = 400_000, 5_000, 2_000
_AMOUNT = re.compile(
    r"(?<![\w/.,-])(-\s?)?(\d{1,3}(?:[ .\u00a0\u202f']\d{3})+[.,]\d{2}|\d{1,3}(?:,\d{3})+\.\d{2}"
    r"|\d+[.,]\d{2})(?:\s?(-))?(?![\w/]|[.,]\d)"
)
_DAY = re.compile(r"\b(\d{2})[/.-](\d{2})[/.-](\d{4}|\d{2})\b|\b(\d{4})-(\d{2})-(\d{2})\b")
_NUMBER = re.compile(r"(?<![\w/])[A-Z0-9][A-Z0-9/_.-]*\d[A-Z0-9/_.-]*(?![\w])", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?i)\b(total|montant (?:du|de votre|de notre) (?:virement|r[èe]glement|paiement)|net [àa] payer|net pay[ée]"
    r"|amount paid|payment amount|montant vers[ée]|net payout)\b"
)
_FEE = re.compile(r"(?i)\b(commissions?|frais|fees?)\b")
_REFERENCE = re.compile(
    r"(?i)\b(?:notre r[ée]f(?:[ée]rence)?|r[ée]f(?:[ée]rence)? (?:du )?(?:virement|paiement|r[èe]glement)"
    r"|payment ref(?:erence)?|avis (?:de r[èe]glement |de paiement |de virement )?n[o°]?"
    r"|remittance (?:advice )?(?:no|number))\W{0,4}([A-Z0-9][A-Z0-9/_.-]{3,34})"
)
_PAID_ON = re.compile(r"(?i)\b(date (?:de |du )?(?:paiement|r[èe]glement|virement|valeur)|payment date|paid on|le)\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_CREDIT = re.compile(r"(?i)\bavoirs?\b|\bcredit note|\bnote de cr[ée]dit|^\W*(?:AV|CN)[-_ ]?\d")
#: What the heading of a column, or the line itself, calls what was taken off.
_TAKEN_OFF = re.compile(
    r"(?i)\b(escompte|discount|skonto|commissions?|frais|fees?|retenue(?: de garantie| [àa] la source)?|holdback"
    r"|withholding(?: tax)?|WHT|RFA|ristournes?|rabais|rebates?|d[ée]ductions?|remise(?: de fin d['\u2019]ann[ée]e)?"
    r"|p[ée]nalit[ée]s?(?: logistiques?)?|penalt(?:y|ies))\b"
)
#: Who pays, as advices name it.
_PAYER = re.compile(
    r"(?im)^[^\w\n]{0,8}(?:[ée]metteur|donneur d['\u2019]ordre|payeur|tireur|d[ée]biteur|de la part de|votre client"
    r"|payer|paid by|sender|ordering (?:party|customer)|remitter)\b[ \t]*[:-][ \t]*([^\n:]{2,80}?)"
    r"[ \t]*(?:[ \t]{3}.*)?$"
)
_CURRENCY = re.compile(r"\b(EUR|USD|GBP|CHF)\b|€")


@dataclass(frozen=True)
class AdviceLineText:
    """One line: a number, what is paid for it, what was taken off and for what, in units of the currency."""

    line: int
    number: str
    amount: Decimal
    deducted: Decimal = Decimal(0)
    document_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AdviceText:
    """What a text says: its lines, the total that it states (None: it states none), and how the payment is named.

    `unread`: rows between its lines (line, text) that have a number or an amount and not both. `total_line`: where the
    total stands.
    """

    lines: tuple[AdviceLineText, ...]
    total: Decimal | None
    fee: Decimal = Decimal(0)
    reference: str | None = None
    paid_on: date | None = None
    payer_account: str | None = None
    currency: str | None = None
    payer_name: str | None = None
    unread: tuple[tuple[int, str], ...] = ()
    total_line: int | None = None

    @property
    def ties(self) -> bool:
        """Whether the lines, less the fee, make the stated total; without one there is nothing to tie."""
        return self.total is None or sum((line.amount for line in self.lines), Decimal(0)) - self.fee == self.total


def read_text(text: str) -> AdviceText:
    """The advice in a text. A credit note counts against the others where the stated total says so."""
    rows = [row[:_ROW_MAX] for row in text[:_TEXT_MAX].splitlines()[:_LINES_MAX]]
    told = _Rows()
    for number, row in enumerate(rows, start=1):
        told.take(number, row)
    lines = _signed(told.found, told.notes, told.total, told.fee)
    reference = next((match[1] for row in rows if (match := _REFERENCE.search(row))), None)
    accounts = (normal_account(match[0]) for row in rows for match in _IBAN.finditer(row.upper()))
    currency, payer = _CURRENCY.search(text), _PAYER.search("\n".join(rows))
    return AdviceText(
        tuple(lines), told.total, told.fee, reference, told.paid_on,
        next((one for one in accounts if is_iban(one)), None),
        ("EUR" if currency[0] == "€" else currency[0]) if currency else None,
        payer[1].strip(" .;,") if payer else None, told.between(), told.total_line,
    )  # fmt: skip


class _Rows:
    """What the rows have said so far."""

    def __init__(self) -> None:
        self.found: list[AdviceLineText] = []
        self.notes: list[int] = []  # places of the credit notes among them
        self.total: Decimal | None = None
        self.total_line: int | None = None
        self.fee = Decimal(0)
        self.paid_on: date | None = None
        self._heading: str | None = None
        self._unread: list[tuple[int, str]] = []

    def take(self, number: int, row: str) -> None:
        """Reads one row."""
        amounts = [_decimal(match) for match in _AMOUNT.finditer(row)]
        if _PAID_ON.search(row) and self.paid_on is None and not amounts:
            self.paid_on = _day(row)
        called = _TAKEN_OFF.search(row)
        if not amounts:
            self._heading = called[1] if called else self._heading
            if _names_of(row):
                self._unread.append((number, row.strip()))
        elif _TOTAL.search(row):
            self.total, self.total_line = amounts[-1], number
        elif (line := _line(number, row, amounts, called[1] if called else self._heading)) is not None:
            if _CREDIT.search(row):
                self.notes.append(len(self.found))
            self.found.append(line)
        elif _FEE.search(row):
            self.fee += abs(amounts[-1])
        else:
            self._unread.append((number, row.strip()))

    def between(self) -> tuple[tuple[int, str], ...]:
        """The rows among the lines, or from them to the total, that were not read: what stands elsewhere is prose."""
        if not self.found:
            return ()
        first, last = self.found[0].line, max(self.found[-1].line, self.total_line or 0)
        return tuple(one for one in self._unread if first < one[0] < last)


def _names_of(row: str) -> list[str]:
    """What may be a number of an item, in the order of the row."""
    bare = _AMOUNT.sub(" ", _IBAN.sub(" ", _DAY.sub(" ", row)))
    names = [one.strip("./-_") for one in _NUMBER.findall(bare)]
    return [one for one in names if len(re.sub(r"[^0-9A-Za-z]", "", one)) >= 3]


def _line(number: int, row: str, amounts: list[Decimal], called: str | None) -> AdviceLineText | None:
    """A line of a number and one to three amounts: paid; gross and paid; gross, taken off and paid."""
    names = _names_of(row)
    if not names:
        return None
    paid, taken = amounts[-1], Decimal(0)
    if len(amounts) >= 3 and amounts[-3] - abs(amounts[-2]) == amounts[-1]:
        taken = abs(amounts[-2])
    elif len(amounts) == 2 and 0 < amounts[0] - amounts[1] <= amounts[0] / 5:
        taken = amounts[0] - amounts[1]
    return AdviceLineText(number, names[0], paid, taken, _day(row), called if taken else None)


def _signed(found: list[AdviceLineText], notes: list[int], total: Decimal | None, fee: Decimal) -> list[AdviceLineText]:
    """The lines with credit notes as negative amounts where only so they make the total."""
    whole = sum((line.amount for line in found), Decimal(0)) - fee
    if total is None or whole == total:
        return found
    turned = [
        replace(line, amount=-line.amount) if place in notes and line.amount > 0 else line
        for place, line in enumerate(found)
    ]
    return turned if sum((line.amount for line in turned), Decimal(0)) - fee == total else found


def _decimal(match: re.Match[str]) -> Decimal:
    digits = re.sub(r"[ \u00a0\u202f']", "", match[2])
    whole, mark = re.sub(r"[.,]", "", digits[:-3]), digits[-2:]
    value = Decimal(f"{whole or '0'}.{mark}")
    return -value if match[1] or match[3] else value


def _day(row: str) -> date | None:
    match = _DAY.search(row)
    if match is None:
        return None
    try:
        if match[4]:
            return date(int(match[4]), int(match[5]), int(match[6]))
        year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
        return date(year, int(match[2]), int(match[1]))
    except ValueError:
        return None
