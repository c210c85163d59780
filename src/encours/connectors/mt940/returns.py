"""A direct debit that came back with the banks' charges in one amount: the charges become a line of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from encours.connectors.base.bank import BankLine, plain_amount
from encours.connectors.mt940.details import Details
from encours.core.base.money import AmountError

#: Field 61's last part: `/OCMT/EUR100,00/` what was collected, `/CHGS/EUR3,00/` charges and interest for its return.
_PAID = re.compile(r"/OCMT/[A-Z]{3}([\d,.]+)")
_TAKEN = re.compile(r"/CHGS/[A-Z]{3}([\d,.]+)")
#: What the line of the charges says: no number of an item, which it would seem to settle.
_FEE = "RETURN CHARGES"


def fee_apart(line: BankLine, told: Details, extra: str) -> list[BankLine]:
    """The line; of a return whose original amount and charges are told and make its amount, the two as two lines.

    `extra`: the last part of field 61. Where only one of them is told, or they make another amount, nothing is cut.
    """
    paid, taken = (
        _amount(found[1] if (found := form.search(extra)) else text)
        for form, text in ((_PAID, told.paid), (_TAKEN, told.taken))
    )
    if line.kind != "return" or line.amount >= 0 or not paid or not taken or paid + taken != -line.amount:
        return [line]
    fee = replace(line, amount=-taken, remittance=_FEE, end_to_end_id=None)
    return [replace(line, amount=-paid), fee]


def _amount(text: str | None) -> Decimal | None:
    """The first amount of a text; banks write the currency before it, or nothing."""
    found = re.search(r"\d[\d.,]*", text or "")
    try:
        return plain_amount(found[0]) if found else None
    except AmountError:
        return None
