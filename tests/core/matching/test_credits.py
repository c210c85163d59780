"""Credit notes whose text names the invoice that they cancel."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from encours.core.matching.credits import by_name


class Noted(NamedTuple):
    """An invoice, or a note of 50 EUR, of customer C."""

    item_id: str
    number: str
    open: int
    label: str | None = None
    customer_id: str = "C"
    currency: str = "EUR"


_BIG, _OTHER = Noted("1", "FA-0012", 10_000), Noted("2", "FA-0013", 10_000)


def note(label: str | None, item_id: str = "N") -> Noted:
    return Noted(item_id, "AV-1", -5_000, label)


@pytest.mark.parametrize(("label", "named"), [
    ("AVOIR SUR FACTURE FA-0012, RETOUR", "1"),
    ("avoir (fa0012)", "1"),
    ("AVOIR FA-0012 FA-0013", None),  # two: which one is a guess
    ("AVOIR FA-00120", None),
    ("RETOUR", None),
    (None, None),
])  # fmt: skip
def test_a_note_goes_to_the_one_invoice_that_its_text_names(label: str | None, named: str | None) -> None:
    pairs = by_name([note(label)], [_BIG, _OTHER])
    assert [item.item_id for _, item in pairs] == ([named] if named else [])


@pytest.mark.parametrize("item", [
    _BIG._replace(open=4_999), _BIG._replace(customer_id="D"), _BIG._replace(currency="USD"),
    _BIG._replace(number="012"),
])  # fmt: skip
def test_it_stays_alone_where_it_exceeds_it_or_is_another_account_s_or_the_number_says_little(item: Noted) -> None:
    assert by_name([note(f"AVOIR {item.number}")], [item]) == []


def test_an_invoice_goes_to_the_first_note_that_names_it() -> None:
    first, second = note("FA-0012", "N1"), note("FA-0012", "N2")
    assert by_name([first, second], [_BIG]) == [(first, _BIG)]
