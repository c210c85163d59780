"""Why a bank gave a payment back: its code, or the words of its label, as one sentence."""

from __future__ import annotations

import re

#: Reason codes of SEPA returns by what a credit controller does about them.
_CODES = {
    "the bank's reason {}: the debtor's account is wrong, closed or blocked": "AC01 AC04 AC06 AC13 BE04",
    "the bank's reason {}: insufficient funds": "AM04",
    "the bank's reason {}: collected twice": "AM05",
    "the bank's reason {}: no valid mandate": "MD01 MD02",
    "the bank's reason {}: the debtor or his bank refused it": "MD06 SL01 MS02",
    "the bank's reason {}: the debtor has died": "MD07",
    "the bank's reason {}: not told": "MS03",
    "the bank's reason {}: the data of the collection are wrong": "AG01 AG02 BE05 RC01 FF01 CNOR DNOR",
}
_OF_CODE = {code: said for said, codes in _CODES.items() for code in codes.split()}
_CODE = re.compile(rf"\b({'|'.join(sorted(_OF_CODE))})\b")
#: Words of labels, most of all of cheques, which bear no code.
_WORDS = {
    "the bank's reason: insufficient funds": r"\b(PROVISION|SANS PROV|INSUFFISAN\w*|INSUFFICIENT)\b",
    "the bank's reason: payment was stopped": r"\b(OPPOSITION|OPPO|PERTE|VOL)\b",
    "the bank's reason: the account is closed or blocked": r"\bCOMPTE (CLOS|CLOTURE|SOLDE|BLOQUE)\w*|ACCOUNT CLOSED",
    "the bank's reason: the cheque is not in order": r"\b(SIGNATURE|ENDOS\w*|NON CONFORME|IRREGULIER\w*)\b",
    "the bank's reason: the debtor or his bank refused it": r"\b(CONTESTATION|CONTESTE|REFUS\w*)\b",
}
_OF_WORDS = tuple((re.compile(pattern), said) for said, pattern in _WORDS.items())


def reason_said(text: str | None) -> str | None:
    """The sentence for a return's text (cleaned, upper case); None where it tells no reason."""
    code = _CODE.search(text or "")
    if code:
        return _OF_CODE[code.group()].replace("{}", code.group())
    return next((said for words, said in _OF_WORDS if words.search(text or "")), None)
