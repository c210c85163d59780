"""What money probably is that is no customer's: a word that the clerk need not choose."""

from __future__ import annotations

import pytest

from encours.usecases.aside_likely import RULES, likely_reason
from encours.usecases.mark_not_customer import REASONS


@pytest.mark.parametrize(
    ("rule", "text", "reason"),
    [
        ("not_from_customer", "VIREMENT INTERNE TRESORERIE", "own_transfer"),
        ("not_from_customer", "Remboursement crédit TVA DGFIP", "tax"),
        ("not_from_customer", "INTERETS CREDITEURS", "interest"),
        ("not_from_customer", "DEBLOCAGE PRET 00123", "loan"),
        ("not_from_customer", "REMBT ASSURANCE SINISTRE", "supplier_refund"),
        ("not_from_customer", "PRETORIA SARL", "other"),  # a part of a word is no word
        ("not_from_customer", None, "other"),
        ("money_out", "VIREMENT INTERNE", "payment_made"),
        ("return_fee", "FRAIS IMPAYE", "bank_fee"),
        ("no_fit", "VIREMENT INTERNE", None),
        ("", "", None),
    ],
)
def test_the_likely_reason(rule: str, text: str | None, reason: str | None) -> None:
    assert likely_reason(rule, text) == reason


def test_every_rule_says_a_reason_that_there_is() -> None:
    assert set(RULES.values()) <= set(REASONS)
