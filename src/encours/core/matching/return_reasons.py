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
#: The two digits of the French interbank list, as a statement's text bears them (MOTIF 20): drafts have reasons of
#: their own.
_FRENCH = {
    "the bank's reason {}: the debtor's account is wrong, closed or blocked": "12 14 16 34",
    "the bank's reason {}: insufficient funds": "20",
    "the bank's reason {}: collected twice": "64",
    "the bank's reason {}: no valid mandate": "31 66",
    "the bank's reason {}: the debtor or his bank refused it": "58 63 80",
    "the bank's reason {}: the debtor has died": "35",
    "the bank's reason {}: not told": "59",
    "the bank's reason {}: the data of the collection are wrong": "13 18 52 54 57 60 88 99",
    "the bank's reason {}: the debtor disputes the draft, its amount or its due date": "70 73 74",
    "the bank's reason {}: the debtor says that it is paid already": "71",
    "the bank's reason {}: the debtor asks for more time": "75",
    "the bank's reason {}: the debtor paid a part only": "90",
    "the bank's reason {}: a court's decision, the debtor may be insolvent": "32",
    "the bank's reason {}: asked back by who presented it": "04 05 65",
    "the bank's reason {}: the draft is not in order": "01 02 03 06 39 72",
    "the bank's reason {}: too late": "61 76",
}
_OF_FRENCH = {code: said for said, codes in _FRENCH.items() for code in codes.split()}
_FRENCH_CODE = re.compile(r"\bMOTIF:? ?(\d\d)\b")
#: Words of labels, most of all of cheques, which bear no code.
_WORDS = {
    "the bank's reason: insufficient funds": r"\b(PROVISION|SANS PROV|INSUFFISAN\w*|INSUFFICIENT|DECKUNG|UNGEDECKT)\b",
    "the bank's reason: payment was stopped": r"\b(OPPOSITION|OPPO|PERTE|VOL)\b",
    "the bank's reason: the account is closed or blocked": (
        r"\bCOMPTE (CLOS|CLOTURE|SOLDE|BLOQUE)\w*|ACCOUNT CLOSED|\bKONTO (ERLOSCHEN|AUFGELOEST|AUFGELÖST|GESPERRT)\b"
    ),
    "the bank's reason: the cheque is not in order": r"\b(SIGNATURE|ENDOS\w*|NON CONFORME|IRREGULIER\w*)\b",
    "the bank's reason: the debtor or his bank refused it": r"\b(CONTESTATION|CONTESTE|REFUS\w*|WIDERSPRUCH)\b",
}
_OF_WORDS = tuple((re.compile(pattern), said) for said, pattern in _WORDS.items())


def reason_said(text: str | None) -> str | None:
    """The sentence for a return's text (cleaned, upper case); None where it tells no reason."""
    code = _CODE.search(text or "")
    if code:
        return _OF_CODE[code.group()].replace("{}", code.group())
    french = next((one for one in _FRENCH_CODE.findall(text or "") if one in _OF_FRENCH), None)
    if french:
        return _OF_FRENCH[french].replace("{}", french)
    return next((said for words, said in _OF_WORDS if words.search(text or "")), None)
