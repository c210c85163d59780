"""The days that no waiting may pass: limitation by the kind of customer, and what insurers and factors have set."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.usecases.payer_deadlines import deadlines
from encours.usecases.predict_payments import predict_payments
from tests.core.behaviour.books import book_of, day
from tests.core.behaviour.test_payers import paid, unpaid

_DUE = date(2024, 2, 29)
_LATE = [9, 11, 10, 12, 8, 10, 11, 9, 10, 12, 10, 11, 9, 10, 12, 11, 10, 9, 11, 10]


def test_claims_are_barred_by_the_kind_of_customer_and_an_event_sets_a_day() -> None:
    kinds = {"B": "business", "C": "consumer", "P": "public"}
    items = [
        {"item_id": f"{name}1", "customer_id": name, "issued_on": _DUE, "due_on": _DUE, "amount": 100} for name in kinds
    ]
    customers = pl.DataFrame({"customer_id": list(kinds), "name": list(kinds), "kind": list(kinds.values())})
    events = pl.DataFrame(
        {"subject": ["item", "item"], "subject_id": ["B1", "C1"], "kind": ["deadline:insurer", "einvoice:204"],
         "on": [date(2024, 5, 1)] * 2}
    )  # fmt: skip
    found = deadlines(book_of(items, customers=customers, events=events))
    assert sorted(found.rows()) == [
        ("B1", date(2024, 5, 1)),
        ("B1", date(2029, 2, 28)),
        ("C1", date(2026, 2, 28)),
        ("P1", date(2028, 2, 29)),
    ]


def test_predict_leaves_nobody_alone_beyond_a_deadline() -> None:
    rows = paid(_LATE, "L")
    items, letters = [*(item for item, _ in rows), unpaid("L", 160)[0]], [letter for _, letter in rows]
    # A day to come is known from the day on which somebody told it.
    limit = pl.DataFrame(
        {"subject": ["item"], "subject_id": ["L-open"], "kind": ["deadline:factor"], "on": [day(168)],
         "known_on": [day(150)]}
    )  # fmt: skip
    free = predict_payments(book_of(items, letters), day(166)).payers.flags
    bound = predict_payments(book_of(items, letters, events=limit), day(166)).payers.flags
    assert free["until_on"].item() > day(168)
    assert bound["until_on"].item() == day(167)


def test_predict_leaves_nobody_alone_who_is_on_alert() -> None:
    """The same payer, whose draft came back a few days ago: the app watches it, and so does the command."""
    rows = paid(_LATE, "L")
    items, letters = [*(item for item, _ in rows), unpaid("L", 160)[0]], [letter for _, letter in rows]
    back = pl.DataFrame(
        {"instrument_id": ["N"], "customer_id": ["L"], "kind": ["lcr"], "amount": [5_000], "currency": ["EUR"],
         "due_on": [day(160)], "state": ["unpaid"], "state_on": [day(162)]}
    )  # fmt: skip
    found = predict_payments(book_of(items, letters, instruments=back), day(166)).tables
    assert found["alerts"]["alert"].to_list() == ["returned"]
    flag = found["predictions"].filter(item_id="L-open").row(0, named=True)
    assert (flag["flag"], flag["leave_until_on"]) == ("watch", None)
    weeks = found["weeks"].filter(item_id="L-open")
    assert weeks.height == 13
    assert 0.5 < weeks["p"].sum() <= 1
