"""Money that has come and is not applied: what it fits is probably paid, and nobody is called for it."""

from __future__ import annotations

import polars as pl

from encours.core.base.book import Book
from encours.core.behaviour import know_payers, predict, study
from encours.core.behaviour.history import history
from encours.core.behaviour.shifts.probably_paid import SHIFT
from tests.core.behaviour.books import book_of, day
from tests.core.behaviour.test_payers import _PROMPT, paid

_DAY = 170


def company(money: list[tuple[str, str | None, int]]) -> Book:
    """A prompt payer with three unpaid late items of 1,000, 2,000 and 3,000, and receipts (id, customer, amount)."""
    rows = paid(_PROMPT, "P")
    late = [
        {"item_id": f"O{n}", "customer_id": "P", "issued_on": day(130), "due_on": day(140 + n), "amount": 100_000 * n}
        for n in (1, 2, 3)
    ]
    fixed = {"entity_id": "E", "account": "B", "booked_on": day(_DAY - 2), "currency": "EUR", "kind": "transfer"}
    receipts = pl.DataFrame(
        [{"receipt_id": name, "customer_id": who, "amount": amount, **fixed, "origin": "bank"}
         for name, who, amount in money], infer_schema_length=None,
    )  # fmt: skip
    return book_of([*(item for item, _ in rows), *late], [letter for _, letter in rows], receipts=receipts)


def found(money: list[tuple[str, str | None, int]]) -> dict[str, float]:
    """The items that are probably paid, with their chance."""
    book = company(money)
    rows = SHIFT.find(book.as_of(day(_DAY)), history(book, day(_DAY)), day(_DAY))
    return dict(zip(rows["item_id"], rows["kept"], strict=True))


def test_the_very_amount_the_oldest_items_or_all() -> None:
    assert found([("R", "P", 200_000)]) == {"O2": 0.9}
    assert set(found([("R", "P", 600_000)])) == {"O1", "O2", "O3"}
    assert set(found([("R", "P", 100_000), ("S", "P", 200_000)])) == {"O1", "O2"}
    assert found([("R", "P", 123_456)]) == {}
    assert found([("R", None, 200_000)]) == {}
    assert found([("R", "P", -200_000)]) == {}


def test_it_is_expected_within_days_and_nobody_is_called_for_it() -> None:
    book = company([("R", "P", 200_000)])
    told = predict(book, day(_DAY))
    row = told.items.filter(item_id="O2").row(0, named=True)
    assert row["shift"] == "probably_paid"
    assert row["p50_on"] <= day(_DAY + 5)
    flags = know_payers(book, study(book, day(_DAY)), told).flags
    kinds = dict(zip(flags["item_id"], flags["kind"], strict=True))
    assert (kinds["O2"], kinds["O1"]) == ("watch", "p90_passed")
    assert "not applied yet" in flags.filter(item_id="O2")["sentence"].item()


def test_a_match_that_waits_for_a_person_counts_by_its_confidence() -> None:
    waits = pl.DataFrame({"item_id": ["O3"], "confidence": [0.7]})
    told = predict(company([("R", None, 300_000)]), day(_DAY), proposals=waits).items
    assert dict(zip(told["item_id"], told["shift"], strict=True)) == {"O1": None, "O2": None, "O3": "probably_paid"}


def test_our_own_backlog_is_no_sign_of_a_payer() -> None:
    """Six late items of a prompt payer: it vanishes and slips, but not where their money waits to be applied."""
    rows = paid(_PROMPT[:18], "P")
    late = [
        {"item_id": f"O{n}", "customer_id": "P", "issued_on": day(126), "due_on": day(140 + 4 * n), "amount": 5_000}
        for n in range(6)
    ]
    book = book_of([*(item for item, _ in rows), *late], [letter for _, letter in rows])
    of = study(book, day(175))

    def alerts(proposals: pl.DataFrame | None) -> set[str]:
        return set(know_payers(book, of, predict(book, day(175), proposals=proposals)).alerts["alert"])

    assert {"vanishing", "slipping"} <= alerts(None)
    assert not alerts(pl.DataFrame({"item_id": [f"O{n}" for n in range(6)], "confidence": [0.95] * 6}))
