"""What money probably is that the engine holds for no customer's: by its rule, and by the bank's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from encours.store.models import Decision, Receipt
from encours.usecases.mark_not_customer import mark_not_customers
from encours.usecases.viewing import Viewing

#: The engine's rules that say so, and what the money is where no word tells more.
RULES = {"not_from_customer": "other", "money_out": "payment_made", "return_fee": "bank_fee"}
#: Words of French and English banks, the most telling first: a refund of VAT is a matter of tax.
_WORDS = (
    ("own_transfer", r"\bINTERNE\b|\bTRESORERIE\b|\bNIVELLEMENT\b|\bCASH POOL|\bOWN (ACCOUNT|TRANSFER)"),
    ("tax", r"\bTVA\b|\bDGFIP\b|\bIMPOTS?\b|\bURSSAF\b|\bVAT\b|\bTAX\b"),
    ("loan", r"\bEMPRUNT\b|\bPRET\b|\bLOAN\b"),
    ("interest", r"\bINTERETS?\b|\bINTEREST\b"),
    ("bank_fee", r"\bFRAIS\b|\bCOMMISSIONS?\b|\bFEES?\b"),
    ("supplier_refund", r"\bREMB(T|OURSEMENT)?\b|\bREFUND\b"),
)


def likely_reason(rule: str, text: str | None) -> str | None:
    """One of `mark_not_customer.REASONS`; None where the engine does not hold the money for no customer's."""
    if rule != "not_from_customer":
        return RULES.get(rule)
    return next((reason for reason, words in _WORDS if re.search(words, (text or "").upper())), RULES[rule])


def set_aside(viewing: Viewing, receipt_ids: Sequence[str], rule: str) -> tuple[list[Decision], list[str]]:
    """Marks receipts that one rule holds for no customer's, each as what it probably is: (marked, what kept the others
    back). Raises NotAllowedError."""
    rows = viewing.facts(Receipt).filter(receipt_id__in=receipt_ids).values_list("receipt_id", "remittance")
    by_reason: dict[str, list[str]] = {}
    for receipt_id, text in rows:
        by_reason.setdefault(likely_reason(rule, text) or "other", []).append(receipt_id)
    done: list[Decision] = []
    faults: list[str] = []
    for reason, ids in by_reason.items():
        marked, kept_back = mark_not_customers(viewing.actor, ids, reason)
        done, faults = done + marked, faults + kept_back
    return done, faults
