"""A payer that only earlier matches know is named also when nothing fits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.matching.books import DAY, book, item, receipt
from encours.core.base.book import Book
from encours.core.matching import propose

_IBAN = "FR7630001007941234567890185"


def _book(*last: dict[str, Any], payers: tuple[str, ...] = ("c1",) * 14, **more: Any) -> Book:
    """`payers`: whose invoice each earlier receipt of the account paid; then `last`, and two open items of c1."""
    numbers = range(len(payers))
    old = [item(f"FA{place:05}", 10_000 + place, customer) | {"open": 0} for place, customer in enumerate(payers)]
    paid = [
        receipt(f"r{place:02}", 10_000 + place, None, 20, payer_account=_IBAN, payer_name=f"SIEGE {place} NORD", **more)
        for place in numbers
    ]
    letters: list[dict[str, Any]] = [
        {
            "entity_id": "E", "allocation_id": f"a{place}", "receipt_id": f"r{place:02}",
            "item_id": old[place]["item_id"], "amount": 10_000 + place, "kind": "cash", "allocated_on": DAY,
            "source": "erp",
        }
        for place in numbers
    ]  # fmt: skip
    still = [item("FA90001", 55_500), item("FA90002", 66_600)]
    return book([*old, *still], [*paid, *last], allocations=letters)


def _said(of: Book) -> dict[str, Any]:
    rows = propose(of, DAY + timedelta(days=60)).decisions.filter(receipt_id="last").to_dicts()
    return dict(rows[0])


def test_an_account_that_paid_before_names_the_customer_where_nothing_fits() -> None:
    of = _book(receipt("last", 123_456, "VIREMENT RECU", payer_account=_IBAN, payer_name="INCONNU AU BATAILLON"))
    told = _said(of)
    assert (told["decision"], told["customer_id"], told["rule"]) == ("none", "c1", "no_fit")


def test_a_learned_payer_is_never_taken_for_no_customer() -> None:
    of = _book(receipt("last", 123_456, "INDEMNITE ASSURANCE TVA", payer_account=_IBAN))
    assert (_said(of)["rule"], _said(of)["customer_id"]) == ("no_fit", "c1")
    strange = _book(receipt("last", 123_456, "INDEMNITE ASSURANCE TVA", payer_account="DE89370400440532013000"))
    assert (_said(strange)["rule"], _said(strange)["customer_id"]) == ("not_from_customer", None)


def test_an_account_that_paid_for_several_names_nobody() -> None:
    of = _book(
        receipt("last", 123_456, "VIREMENT RECU", payer_account=_IBAN), payers=("c1", "c2", "c1", "c2", "c1", "c2")
    )
    assert _said(of)["customer_id"] is None
