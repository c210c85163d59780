"""What each gate of the item and of money holds, at its exact bounds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from encours.core.dunning.exact_sets import exact_set
from encours.core.dunning.gates import gates
from encours.core.dunning.holds import held_items
from encours.core.dunning.known import Rules
from tests.core.dunning.held import DAY, book, customer, days, held, item, known, receipt, seen


def event(kind: str, on: date, subject_id: str = "I", subject: str = "item", **more: Any) -> dict[str, Any]:
    return {"subject": subject, "subject_id": subject_id, "kind": kind, "on": on, **more}


def promise(due_on: date, **more: Any) -> dict[str, Any]:
    base = {"promise_id": "P", "customer_id": "C", "item_id": "I", "made_on": days(5), "due_on": due_on}
    return {**base, "kind": "promise", **more}


def dispute(amount: int, **more: Any) -> dict[str, Any]:
    return {
        "dispute_id": f"D{amount}",
        "item_id": "I",
        "amount": amount,
        "reason": "price",
        "opened_on": days(5),
        **more,
    }


def test_every_gate_says_what_it_holds_and_who_frees_it() -> None:
    found = gates()
    assert len({gate.code for gate in found}) == len(found) >= 26
    assert all(gate.sentence.strip() and gate.__doc__ for gate in found)
    # What time does not free, a person does.
    timed = {"public_holiday", "quiet_day", "contact_cap", "payment_expected"}
    assert {gate.code for gate in found if gate.task is None} == timed


def test_the_page_on_dunning_names_every_gate() -> None:
    page = (Path(__file__).parents[3] / "docs" / "dunning.md").read_text(encoding="utf-8")
    assert [gate.code for gate in gates() if f"`{gate.code}`" not in page] == []


def test_nothing_holds_a_plain_late_invoice() -> None:
    assert held(book([item("I")])) == {}


@pytest.mark.parametrize(("tables", "gate"), [
    ({"events": [event("factor:assigned", days(3))]}, "factored"),
    ({"events": [event("factor:assigned", days(3)), event("factor:returned", days(1))]}, None),
    ({"events": [event("factor:assigned", days(3), value="confidential")]}, None),
    ({"events": [event("factor:assigned", days(3), "C", "customer")]}, "factored"),
    ({"events": [event("factor:assigned", days(3), "C", "customer", value="confidential")]}, None),
    ({"events": [event("factor:assigned", days(3), "C", "customer"), event("factor:returned", days(1))]}, None),
    ({"events": [event("handed_over:agency", days(3))]}, "handed_over"),
    ({"events": [event("handed_over:agency", days(3), "C", "customer")]}, "handed_over"),
    ({"events": [event("handed_over:agency", days(41), "C", "customer")]}, None),  # owed since
    ({"events": [event("handed_over:agency", days(3)), event("handed_over:returned", days(2))]}, None),
    ({"events": [event("insolvency:opened", days(40), "C", "customer")]}, "insolvent"),
    ({"events": [event("insolvency:opened", days(41), "C", "customer")]}, None),  # supplied after the judgment
    ({"events": [event("insolvency:opened", days(9), "C", "customer"),
                 event("insolvency:annulled", days(3), "C", "customer")]}, None),
    ({"customers": [customer("C", legal_id="123 456 782 00011")]}, "intercompany"),
    ({"customers": [customer("C", legal_id="923456782")]}, None),
    ({"customers": [customer("C", segment="Intercompany")]}, "intercompany"),
    ({"events": [event("einvoice:207", days(3))]}, "einvoice_stopped"),
    ({"events": [event("einvoice:210", days(3))]}, "einvoice_stopped"),
    ({"events": [event("einvoice:213", days(3))]}, "einvoice_stopped"),
    ({"events": [event("einvoice:208", days(3)), event("einvoice:209", days(1))]}, None),
    ({"events": [event("einvoice:211", days(7))]}, "payment_sent"),
    ({"events": [event("einvoice:211", days(8))]}, None),
    ({"events": [event("credit_note:to_come", days(30))]}, "credit_note_to_come"),
    ({"events": [event("credit_note:to_come", days(31))]}, None),
    ({"events": [event("credit_note:to_come", days(3)), event("credit_note:issued", days(1))]}, None),
    ({"disputes": [dispute(100_000)]}, "disputed"),
    ({"disputes": [dispute(100_000, closed_on=days(1), outcome="rejected")]}, None),
    ({"disputes": [dispute(100_000, closed_on=days(1), outcome="credit")]}, "credit_note_to_come"),
    ({"promises": [promise(date(2026, 3, 16))]}, "promise_pending"),  # two working days after it
    ({"promises": [promise(date(2026, 3, 15))]}, None),  # a Sunday counts from the Friday before
    ({"promises": [promise(days(-9)), promise(days(4), promise_id="Q", made_on=days(3))]}, None),  # the last one counts
    ({"promises": [promise(date(2026, 3, 13), kind="payment_announced")]}, "payment_announced"),  # three working days
    ({"promises": [promise(date(2026, 3, 12), kind="payment_announced")]}, None),
])  # fmt: skip
def test_what_is_known_of_an_item_holds_all_of_it(tables: dict[str, Any], gate: str | None) -> None:
    assert held(book([item("I")], **tables)) == ({("I", gate): 100_000} if gate else {})


@pytest.mark.parametrize(("more", "events", "gate"), [
    ({"kind": "retention"}, [], "retention"),
    ({"ledger_account": "411700"}, [], "retention"),
    ({"kind": "retention", "issued_on": date(2025, 3, 18)}, [], "retention"),  # the year's last day
    ({"kind": "retention", "issued_on": date(2025, 3, 17)}, [], None),  # due by law
    ({"kind": "retention"}, [event("retention:released", days(1))], None),
    ({"kind": "retention", "issued_on": date(2024, 1, 1)}, [event("retention:opposed", days(1))], "retention"),
])  # fmt: skip
def test_a_retention_waits_for_its_release(more: dict[str, Any], events: list[Any], gate: str | None) -> None:
    assert held(book([item("I", **more)], events=events)) == ({("I", gate): 100_000} if gate else {})


@pytest.mark.parametrize(("kind", "due_on", "events", "barred"), [
    ("business", date(2021, 3, 18), [], False),  # the fifth anniversary is the last day
    ("business", date(2021, 3, 17), [], True),
    ("consumer", date(2024, 3, 18), [], False),
    ("consumer", date(2024, 3, 17), [], True),
    ("public", date(2021, 6, 1), [], True),  # four years from the 1 January that follows: 2025-12-31
    ("public", date(2022, 1, 5), [], False),
    ("consumer", date(2024, 3, 17), [event("limitation:acknowledgement", date(2025, 1, 5))], False),
    ("consumer", date(2024, 3, 17), [event("limitation:reminder", date(2025, 1, 5))], True),  # does not interrupt
    ("consumer", date(2022, 3, 17), [event("limitation:court_action", date(2024, 6, 1))], True),  # came too late
])  # fmt: skip
def test_a_lapsed_claim_is_not_demanded(kind: str, due_on: date, events: list[Any], barred: bool) -> None:
    old = item("I", due_on=due_on, issued_on=due_on - timedelta(days=30))
    found = held(book([old], customers=[customer("C", kind=kind)], events=events))
    assert found == ({("I", "time_barred"): 100_000} if barred else {})


def test_a_payment_in_part_begins_the_limitation_anew() -> None:
    old = item("I", due_on=date(2024, 1, 10), issued_on=date(2023, 12, 1))
    part = {"allocation_id": "A", "item_id": "I", "amount": 40_000, "kind": "cash", "source": "x"}
    of = book(
        [old], customers=[customer("C", kind="consumer")], allocations=[part | {"allocated_on": date(2025, 6, 1)}]
    )
    assert held(of) == {}


@pytest.mark.parametrize(("kind", "state", "held_too"), [
    ("lcr", "requested", False), ("lcr", "accepted", True), ("bor", "presented", True), ("lcr", "discounted", True),
    ("lcr", "paid", False), ("lcr", "unpaid", False), ("cheque", "presented", True),
    ("direct_debit", "requested", True), ("direct_debit", "unpaid", False),
])  # fmt: skip
def test_a_draft_under_way_holds_what_it_covers(kind: str, state: str, held_too: bool) -> None:
    draft = {"instrument_id": "L", "customer_id": "C", "kind": kind, "amount": 60_000, "currency": "EUR"}
    of = book(
        [item("I")],
        instruments=[draft | {"due_on": days(2), "state": state, "state_on": days(5)}],
        instrument_items=[{"instrument_id": "L", "item_id": "I", "amount": 60_000}],
    )
    assert held(of) == ({("I", "draft_in_progress"): 60_000} if held_too else {})


def test_the_undisputed_part_stays_chased_and_parts_add_up() -> None:
    of = book([item("I")], disputes=[dispute(30_000), dispute(5_000)], promises=[promise(days(-3), amount=20_000)])
    found = held_items(seen(of))
    assert dict(found.select("gate", "amount").iter_rows()) == {"disputed": 35_000, "promise_pending": 20_000}
    # No gate holds more than is open.
    of = book([item("I")], disputes=[dispute(70_000), dispute(50_000)])
    assert held(of) == {("I", "disputed"): 100_000}


def test_a_promise_of_a_customer_holds_its_oldest_items_up_to_the_amount() -> None:
    items = [item("A", 40_000, due_on=days(20)), item("B", 40_000, due_on=days(10)), item("Z", customer_id="D")]
    wide = promise(days(-3), item_id=None, amount=60_000)
    assert held(book(items, promises=[wide])) == {("A", "promise_pending"): 40_000, ("B", "promise_pending"): 20_000}
    wide = promise(days(-3), item_id=None)
    assert held(book(items, promises=[wide])) == {("A", "promise_pending"): 40_000, ("B", "promise_pending"): 40_000}


def test_what_was_paid_since_a_promise_is_no_longer_promised() -> None:
    paid = {
        "allocation_id": "A",
        "item_id": "I",
        "amount": 50_000,
        "kind": "cash",
        "allocated_on": days(1),
        "source": "x",
    }
    of = book([item("I")], promises=[promise(days(-3), amount=50_000)], allocations=[paid])
    assert held(of) == {}


def test_what_was_paid_since_it_was_announced_is_no_longer_announced() -> None:
    def paid(amount: int, **more: Any) -> dict[str, Any]:
        base = {"allocation_id": f"A{amount}", "item_id": "I", "amount": amount, "kind": "cash", "source": "x"}
        return {**base, "allocated_on": days(1), **more}

    said = promise(days(-1), amount=50_000, kind="payment_announced")
    items = [item("I"), item("J", due_on=days(5))]
    whole = held(book(items, promises=[said], allocations=[paid(50_000)]))
    assert whole == {}, "the rest, of which nobody spoke, is asked for"
    some = held(book(items, promises=[said], allocations=[paid(30_000)]))
    assert some == {("I", "payment_announced"): 20_000}
    before = held(book(items, promises=[said], allocations=[paid(50_000, allocated_on=days(5))]))
    assert before == {("I", "payment_announced"): 50_000}, "it had come when more was announced"
    noted = held(book(items, promises=[said], allocations=[paid(30_000, kind="credit")]))
    assert noted == {("I", "payment_announced"): 50_000}, "a credit note is no payment"
    two = [said, promise(days(-2), promise_id="Q", amount=30_000, kind="payment_announced")]
    left = held(book(items, promises=two, allocations=[paid(50_000)]))
    assert left == {("I", "payment_announced"): 30_000}, "one payment is that of one announcement"
    wide = said | {"item_id": None, "amount": 120_000}
    found = held(book(items, promises=[wide], allocations=[paid(100_000)]))
    assert found == {("J", "payment_announced"): 20_000}
    assert held(book(items, promises=[wide | {"kind": "promise"}], allocations=[paid(100_000)])) == {
        ("J", "promise_pending"): 20_000
    }


def test_an_instalment_that_was_paid_pays_no_other() -> None:
    parts = [
        promise(days(2), promise_id="P1", kind="instalment", amount=40_000),
        promise(days(-28), promise_id="P2", kind="instalment", amount=60_000),
    ]
    paid = {
        "allocation_id": "A", "item_id": "I", "amount": 40_000, "kind": "cash", "allocated_on": days(1), "source": "x",
    }  # fmt: skip
    assert held(book([item("I")], promises=parts, allocations=[paid])) == {("I", "promise_pending"): 60_000}


@pytest.mark.parametrize(("until_on", "found"), [(DAY, True), (days(1), False), (None, True)])
def test_a_person_holds_until_the_day_they_said(until_on: date | None, found: bool) -> None:
    hold = {
        "hold_id": "H",
        "entity_id": "E",
        "item_id": "I",
        "reason": "visit",
        "author": "sales",
        "until_on": until_on,
    }
    of = book([item("I"), item("J")])
    assert held(of, known(holds=[hold])) == ({("I", "manual_hold"): 100_000} if found else {})
    whole = hold | {"item_id": None, "customer_id": "C"}
    assert len(held(of, known(holds=[whole, whole | {"hold_id": "K", "until_on": days(-9)}]))) == 2
    said = held_items(seen(of, known(holds=[hold | {"until_on": days(-2)}])))["sentence"].to_list()
    assert said == ["sales holds it back: visit"]


def test_a_match_that_waits_holds_what_it_would_take() -> None:
    waits = {"receipt_id": "R", "customer_id": "C", "item_id": "I", "amount": 80_000, "confidence": 0.9}
    of = book([item("I")], receipts=[receipt("R", 80_000)])
    assert held(of, known(proposals=[waits])) == {("I", "match_waiting"): 80_000}


def test_habit_d46_d47() -> None:
    """Nine to twelve days late, ten as a rule: held until day 12. Prompt, or under three payments: not held.

    As many days as the rules allow: by default nobody is left alone for longer than five.
    """
    for late, by_rule, by_default in ((1, True, False), (6, True, False), (7, True, True), (12, True, True), (13,) * 3):
        due = DAY - timedelta(days=late)
        of = book([item("I", due_on=due)])
        alone = [{"item_id": "I", "flag": "leave_alone", "until_on": due + timedelta(days=12)}]
        for habit_days, holds in ((12, by_rule), (5, by_default)):
            found = held(of, known(Rules(habit_days=habit_days), flags=alone))
            assert found == ({("I", "payment_expected"): 100_000} if holds is True else {})
    assert held(book([item("I")]), known(flags=[{"item_id": "I", "flag": "watch"}])) == {}


def test_nobody_waits_for_a_habit_past_a_deadline() -> None:
    alone = known(flags=[{"item_id": "I", "flag": "leave_alone", "until_on": days(-5)}])
    of = book([item("I")], events=[event("deadline:insurer", days(0))])
    assert held(of, alone) == {}
    of = book([item("I")], events=[event("deadline:insurer", days(-1), known_on=days(9))])
    found = held_items(seen(of, alone))
    assert found.select("gate", "until_on").rows() == [("payment_expected", DAY)]


def advice(amount: int, on: date, item_id: str | None = None) -> dict[str, Any]:
    return {"customer_id": "C", "item_id": item_id, "amount": amount, "on": on, "source": "advice"}


@pytest.mark.parametrize(("on", "found"), [(date(2026, 3, 11), True), (date(2026, 3, 10), False)])
def test_money_holds_what_it_could_settle_for_five_working_days(on: date, found: bool) -> None:
    of = [item("I", 100_000), item("J", 100_000, due_on=days(5))]
    cash = book(of, receipts=[receipt("R", 100_000, customer_id="C", booked_on=on)])
    note = book([*of, item("N", -100_000, kind="credit_note", issued_on=on, due_on=on)])
    expected = {("I", gate): 100_000 for gate in ("unapplied_cash",)} if found else {}
    assert held(cash) == expected
    assert held(note) == ({("I", "open_credit"): 100_000} if found else {})
    told = held(book(of), known(expected=[advice(100_000, on, "J")]))
    assert told == ({("J", "remittance_advice"): 100_000} if found else {})


@pytest.mark.parametrize(("amount", "found"), [(10_000, True), (9_999, False)])
def test_below_a_twentieth_of_what_is_overdue_money_holds_nothing(amount: int, found: bool) -> None:
    of = [item("I", 150_000), item("J", 50_000, due_on=days(5))]
    cash = book(of, receipts=[receipt("R", amount, customer_id="C")])
    assert held(cash) == ({("I", "unapplied_cash"): amount} if found else {})
    note = book([*of, item("N", -amount, kind="credit_note", issued_on=days(1))])
    assert held(note) == ({("I", "open_credit"): amount} if found else {})
    told = held(book(of), known(expected=[advice(amount, days(1))]))
    assert told == ({("I", "remittance_advice"): amount} if found else {})


def test_money_is_for_the_item_of_its_amount_and_for_no_disputed_one() -> None:
    of = [item("I", 80_000), item("J", 30_000, due_on=days(5))]
    money = [receipt("R", 30_000, customer_id="C")]
    assert held(book(of, receipts=money)) == {("J", "unapplied_cash"): 30_000}
    found = held(book(of, receipts=money, disputes=[dispute(30_000, item_id="J")]))
    assert found == {("J", "disputed"): 30_000, ("I", "unapplied_cash"): 30_000}


def test_the_payer_s_money_holds_the_items_of_those_it_pays_for() -> None:
    link = {"customer_id": "D", "other_id": "C", "role": "payer"}
    of = book([item("I", customer_id="D")], customer_links=[link], receipts=[receipt("R", 100_000, customer_id="C")])
    assert held(of) == {("I", "unapplied_cash"): 100_000}


def test_money_of_nobody_holds_what_it_fits_to_the_cent() -> None:
    of = [item("A", 12_345), item("B", 54_321, due_on=days(5)), item("Z", 12_345, customer_id="D")]
    assert held(book(of, receipts=[receipt("R", 12_345)])) == {
        ("A", "unapplied_cash"): 12_345, ("Z", "unapplied_cash"): 12_345,
    }  # fmt: skip
    both = {("A", "unapplied_cash"): 12_345, ("B", "unapplied_cash"): 54_321}
    assert held(book(of, receipts=[receipt("R", 66_666)])) == both
    assert held(book(of, receipts=[receipt("R", 66_665)])) == {}
    assert held(book(of, receipts=[receipt("R", 66_666, kind="return")])) == {}


@pytest.mark.parametrize(("opens", "amount", "places"), [
    ([5, 7, 11], 5, [0]),
    ([5, 7, 11], 23, [0, 1, 2]),
    ([5, 7, 11, 13], 29, [0, 2, 3]),  # all but the second
    ([5, 7, 11, 13, 17], 31, [1, 2, 3]),  # up to the fourth, less the first
    ([5, 7, 11, 13, 17], 35, [0, 3, 4]),  # all less two
    ([5, 7, 11], 6, []),
    ([5, 7, 11], 18, [1, 2]),
    ([], 5, []),
])  # fmt: skip
def test_a_payment_run_leaves_out_one_or_two(opens: list[int], amount: int, places: list[int]) -> None:
    assert exact_set(opens, amount) == places


@pytest.mark.parametrize(("notes", "expected"), [
    ([], {"A": 50_000, "B": 45_000}),  # nothing exactly: laid on the oldest
    ([5_000, 20_000], {"A": 50_000, "B": 50_000}),  # one note taken off
    ([25_000, 30_000], {"A": 50_000, "B": 50_000, "C": 50_000}),  # both
])  # fmt: skip
def test_money_less_credit_notes_is_for_whole_items(notes: list[int], expected: dict[str, int]) -> None:
    owed = [item(name, 50_000, due_on=days(20 - n)) for n, name in enumerate("ABC")]
    old = [item(f"N{n}", -one, kind="credit_note", issued_on=days(90)) for n, one in enumerate(notes)]
    of = book([*owed, *old], receipts=[receipt("R", 95_000, customer_id="C")])
    found = {name: amount for (name, gate), amount in held(of).items() if gate == "unapplied_cash"}
    assert found == expected


def test_money_that_names_its_payer_holds_what_it_is_exactly() -> None:
    """Three of four items, one of them not due yet; nothing but the sender's name says whose it is."""
    names = [customer("C", name="Fonderie Ravel SAS"), customer("D", name="Fonderie")]
    of = [item(f"I{n}", amount, due_on=days(20 - 8 * n)) for n, amount in enumerate((70_100, 30_020, 11_003, 9_000))]
    money = receipt("R", 70_100 + 11_003 + 9_000, payer_name="FONDERIE RAVEL", remittance="VIR")
    found = held(book(of, customers=names, receipts=[money]))
    assert found == {(name, "unapplied_cash"): sum_ for name, sum_ in (("I0", 70_100), ("I2", 11_003), ("I3", 9_000))}


@pytest.mark.parametrize(("text", "found"), [
    ("VIR FA26-000781 ET SUIVANTE", True), ("PAIEMENT 26000781/82", True), ("FACT 000781", True), ("FACT 781", False),
])  # fmt: skip
def test_money_that_quotes_an_item_holds_it(text: str, found: bool) -> None:
    of = [item("I", number="FA26-000780", due_on=days(20)), item("J", number="FA26-000781")]
    money = receipt("R", 250_000, remittance=text)
    expected = {("J", "unapplied_cash"): 100_000, ("I", "unapplied_cash"): 100_000}
    assert held(book(of, receipts=[money])) == (expected if found else {})


def test_money_from_an_account_that_paid_before_is_its_payer_s() -> None:
    before = receipt("B", 5_000, booked_on=days(60), payer_account="FR76X")
    letter = {"allocation_id": "A", "receipt_id": "B", "item_id": "P", "amount": 5_000, "kind": "cash", "source": "x"}
    of = [item("P", 5_000, issued_on=days(90), due_on=days(60)), item("I")]
    money = receipt("R", 60_000, payer_account="FR76X")
    paid = [letter | {"allocated_on": days(60)}]
    assert held(book(of, receipts=[before, money], allocations=paid)) == {("I", "unapplied_cash"): 60_000}


def test_what_a_match_proposes_of_a_receipt_is_not_held_a_second_time() -> None:
    of = book([item("I"), item("J", due_on=days(5))], receipts=[receipt("R", 100_000, customer_id="C")])
    waits = {"receipt_id": "R", "customer_id": "C", "item_id": "J", "amount": 100_000, "confidence": 0.9}
    assert held(of, known(proposals=[waits])) == {("J", "match_waiting"): 100_000}


def test_no_order_of_rows_changes_what_is_held() -> None:
    of = book(
        [item(f"I{n}", 10_000 + n % 3, due_on=days(10 + n % 4)) for n in range(12)],
        receipts=[receipt(f"R{n}", 10_001, customer_id="C") for n in range(3)],
        disputes=[dispute(4_000, item_id="I3")],
    )
    turned = of.replace(**{name: frame.reverse() for name, frame in of.tables().items()})
    one, other = (held_items(seen(each)).sort(pl.all()) for each in (of, turned))
    assert one.equals(other)


def test_quoted_items_less_a_credit_note_are_held_whole() -> None:
    """A, B and a note of 1,000 quoted, 500 paid: all of both, and nothing of C."""
    owed = [item(name, 75_000, number=f"2026-0001{n}", due_on=days(20 - n)) for n, name in enumerate("CAB")]
    note = item("N", -100_000, kind="credit_note", issued_on=days(90))
    of = book([*owed, note], receipts=[receipt("R", 50_000, customer_id="C", remittance="2026-00011 2026-00012 AV1")])
    found = {name: amount for (name, gate), amount in held(of).items() if gate == "unapplied_cash"}
    assert found == {"A": 75_000, "B": 75_000}


def test_a_number_quoted_by_mistake_leaves_the_amount_to_say_whose_it_is() -> None:
    """The text names an item of D, the amount is to the cent what C owes."""
    of = book([item("I", 45_017), item("Z", 99_000, customer_id="D", number="2026-00011")],
              receipts=[receipt("R", 45_017, remittance="N/REF 2026-00012")])  # fmt: skip
    assert held(of).get(("I", "unapplied_cash")) == 45_017
    told = of.replace(receipts=of.receipts.with_columns(remittance=pl.lit("N/REF 2026-00011")))
    assert held(told).get(("Z", "unapplied_cash")) == 45_017, "a part of what it quotes"
    twice = of.replace(receipts=told.receipts.with_columns(amount=pl.lit(120_000, dtype=pl.Int64)))
    assert ("Z", "unapplied_cash") in held(twice)
