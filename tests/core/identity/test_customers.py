"""A buyer on an e-invoice and an account of the ledger: the same company or not."""

from __future__ import annotations

import polars as pl

from encours.core.identity.customers import same_customers

_CUSTOMERS = {"customer_id": pl.String, "entity_id": pl.String, "legal_id": pl.String, "vat_id": pl.String}
_ITEMS = {"entity_id": pl.String, "customer_id": pl.String, "number": pl.String, "amount": pl.Int64}


def _customers(*rows: tuple[str, str | None, str | None], entity: str = "E") -> pl.DataFrame:
    return pl.DataFrame([(name, entity, legal, vat) for name, legal, vat in rows], schema=_CUSTOMERS, orient="row")


def _items(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame([("E", *row) for row in rows], schema=_ITEMS, orient="row")


def _renames(known: pl.DataFrame, guests: pl.DataFrame, *items: pl.DataFrame) -> list[tuple[str, str]]:
    theirs, ours = items or (_items(), _items())
    return same_customers(known, guests, theirs, ours).rows()


def test_the_legal_number_says_it_whatever_its_form() -> None:
    known = _customers(("E:C1", "732 829 320 00074", None), ("E:C2", "552100554", None))
    assert _renames(known, _customers(("E:732829320", "732829320", None))) == [("E:732829320", "E:C1")]


def test_the_vat_id_says_it_where_no_legal_number_does() -> None:
    known = _customers(("E:C1", None, "FR 44 732829320"))
    assert _renames(known, _customers(("E:x", None, "FR44732829320"))) == [("E:x", "E:C1")]


def test_two_accounts_of_one_company_are_told_apart_by_the_invoice_or_not_at_all() -> None:
    known = _customers(("E:C1", "732829320", None), ("E:C2", "732829320", None))
    guest = _customers(("E:732829320", "732829320", None))
    assert _renames(known, guest) == []
    theirs, ours = _items(("E:C2", "FA-1", 100)), _items(("E:732829320", "FA 1", 100))
    assert _renames(known, guest, theirs, ours) == [("E:732829320", "E:C2")]


def test_an_invoice_of_another_amount_says_nothing() -> None:
    known, guest = _customers(("E:C1", None, None)), _customers(("E:x", None, None))
    assert _renames(known, guest, _items(("E:C1", "FA-1", 100)), _items(("E:x", "FA-1", 101))) == []


def test_other_legal_numbers_are_never_the_same() -> None:
    known, guest = _customers(("E:C1", "111111111", None)), _customers(("E:x", "222222222", None))
    assert _renames(known, guest, _items(("E:C1", "FA-1", 100)), _items(("E:x", "FA-1", 100))) == []


def test_another_entity_is_another_world() -> None:
    known = _customers(("F:C1", "732829320", None), entity="F")
    assert _renames(known, _customers(("E:x", "732829320", None))) == []
