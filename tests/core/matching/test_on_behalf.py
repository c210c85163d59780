"""A payer that says for whose account it pays nominates that customer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import propose


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("REGLEMENT — P/C Garage Lemoine", True),
        ("VIR POUR LE COMPTE DE GARAGE LEMOINE", True),
        ("PAID ON BEHALF OF GARAGE LEMOINE", True),
        ("VIREMENT RECU", False),
        ("COMPTE DE RESULTAT", False),
    ],
)
def test_for_whose_account_it_is_paid_nominates_the_customer(text: str, meant: bool) -> None:
    items = [item("F1", 41_000, "GARAGE LEMOINE"), item("F2", 99_000, "GARAGE LEMOINE"), item("F3", 41_000, "AUTRE")]
    money = receipt("r", 41_000, text, payer_name="HOLDING PONANT", payer_account="FR7630001007941234567890185")
    told = propose(book(items, [money]), DAY + timedelta(days=60)).decisions.row(0, named=True)
    assert (told["customer_id"] == "GARAGE LEMOINE") is meant, told
    assert told["decision"] != "auto"
