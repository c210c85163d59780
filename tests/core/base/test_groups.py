"""Who pays for whom, and the part of a Book that some customers own."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from core import ledgers
from encours.core.base.book import Book
from encours.core.base.groups import payers


def customers(*ids: str) -> pl.DataFrame:
    """Customers of these ids."""
    return pl.DataFrame(
        {"customer_id": list(ids), "name": list(ids), "kind": "business"}, schema_overrides={"customer_id": pl.String}
    )


def links(*pairs: tuple[str, str]) -> pl.DataFrame:
    """Payer links."""
    rows = [(one, other, "payer") for one, other in pairs]
    return pl.DataFrame(
        rows, schema=["customer_id", "other_id", "role"], orient="row", schema_overrides={"role": pl.String}
    )


def test_chains_are_followed_and_others_pay_themselves() -> None:
    frame, cycles = payers(customers("A", "B", "C", "D"), links(("A", "B"), ("B", "C")))
    assert dict(frame.iter_rows()) == {"A": "C", "B": "C", "C": "C", "D": "D"}
    assert cycles == []


def test_members_of_a_cycle_pay_for_themselves() -> None:
    frame, cycles = payers(customers("A", "B", "C", "D"), links(("A", "B"), ("B", "C"), ("C", "B"), ("D", "D")))
    assert dict(frame.iter_rows()) == {"A": "B", "B": "B", "C": "C", "D": "D"}
    assert cycles == [["B", "C"], ["D"]]


def test_only_payer_links_make_a_group() -> None:
    other = links(("A", "B")).with_columns(role=pl.lit("site"))
    book = Book.of(customers=customers("A", "B"), customer_links=pl.concat([other, links(("B", "A"))]))
    assert dict(book.paying_groups().iter_rows()) == {"A": "A", "B": "A"}


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF")), max_size=8, unique_by=lambda p: p[0]
    )
)
def test_a_payer_pays_for_itself(pairs: list[tuple[str, str]]) -> None:
    frame, _ = payers(customers(*"ABCDEF"), links(*pairs))
    payer = dict(frame.iter_rows())
    assert all(payer[payer[name]] == payer[name] for name in "ABCDEF")


@settings(max_examples=25)
@given(facts=ledgers.ledgers())
def test_the_parts_of_a_book_hold_every_item_once(facts: dict[str, list[dict[str, object]]]) -> None:
    book = ledgers.book_of(facts)
    parts = [book.select([name]) for name in ledgers.CUSTOMERS]
    assert Book.concat(parts).items.sort("item_id", "known_on").height == book.items.height
    for part, name in zip(parts, ledgers.CUSTOMERS, strict=True):
        assert set(part.items["customer_id"]) <= {name}
        assert set(part.allocations["item_id"]) <= set(part.items["item_id"])
        assert set(part.allocations["receipt_id"].drop_nulls()) <= set(part.receipts["receipt_id"])


def test_everything_of_a_customer_goes_with_it() -> None:
    day = date(2026, 1, 1)
    book = Book.of(
        customers=customers("A", "B"),
        receipts=pl.DataFrame(
            [("R1", "A", "S1"), ("R2", "B", "S2")], schema=["receipt_id", "customer_id", "statement_id"], orient="row"
        ).with_columns(
            entity_id=pl.lit("E"),
            account=pl.lit("X"),
            booked_on=day,
            amount=1,
            currency=pl.lit("EUR"),
            kind=pl.lit("transfer"),
            origin=pl.lit("bank"),
        ),
        statements=pl.DataFrame(
            {"statement_id": ["S1", "S2"], "account": "X", "currency": "EUR", "entries": 1, "total": 1}
        ),
        events=pl.DataFrame({"subject": "customer", "subject_id": ["A", "B"], "kind": "x", "on": [day, day]}),
        rates=pl.DataFrame({"currency": ["USD"], "on": [day], "rate": [1.1]}),
    )
    part = book.select(["A"])
    assert part.receipts["receipt_id"].to_list() == ["R1"]
    assert part.statements["statement_id"].to_list() == ["S1"]
    assert part.events["subject_id"].to_list() == ["A"]
    assert part.rates.height == 1
