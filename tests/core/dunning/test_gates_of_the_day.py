"""What keeps a message from leaving on a day, at its exact bounds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from encours.core.dunning.freshness import freshness
from encours.core.dunning.holds import held_actions
from encours.core.dunning.known import Rules
from encours.core.dunning.plan import plan
from encours.core.dunning.scenario import Scenario, Scenarios, Step
from tests.core.dunning.held import DAY, actions, book, customer, days, item, known, receipt, rows, seen, stays

SOURCE = {"entity_id": "E", "source": "bank", "every_days": 1}


def touch(sent_on: date, **more: Any) -> dict[str, Any]:
    base = {"touch_id": f"T{sent_on}{more.get('item_id', '')}{more.get('channel', '')}", "customer_id": "C"}
    return {**base, "channel": "email", "sent_on": sent_on, **more}


def test_nothing_keeps_a_plain_message() -> None:
    assert stays(book([item("I")])) == {}


@pytest.mark.parametrize(("last_on", "every", "stale"), [
    (date(2026, 3, 16), 1, False),  # two working days: the usual one, and one of grace
    (date(2026, 3, 13), 1, True),
    (date(2026, 3, 10), 5, False),
    (date(2026, 3, 9), 5, True),
])  # fmt: skip
@pytest.mark.parametrize("source", ["bank", "ledger"])
def test_stale_data_hold_everything(source: str, last_on: date, every: int, stale: bool) -> None:
    fresh = known(freshness=[SOURCE | {"source": source, "last_on": last_on, "every_days": every}])
    assert stays(book([item("I"), item("Z", customer_id="D")]), fresh) == (
        {"CEUR": f"{source}_stale", "DEUR": f"{source}_stale"} if stale else {}
    )


@pytest.mark.parametrize(("source", "last_on", "stale"), [
    ("bank", date(2026, 5, 6), True),  # a payment of the 7th, a file late since the 8th, which is no rest for SEPA
    ("bank", date(2026, 5, 7), False),
    ("ledger", date(2026, 5, 6), False),
])  # fmt: skip
def test_a_public_holiday_is_no_rest_for_the_bank_s_file(source: str, last_on: date, stale: bool) -> None:
    late = known(freshness=[SOURCE | {"source": source, "last_on": last_on}])
    found = stays(book([item("I")]), late, date(2026, 5, 11))
    assert found == ({"CEUR": f"{source}_stale"} if stale else {})


def test_a_missing_file_holds_those_who_pay_into_its_account() -> None:
    paid = {"allocation_id": "A", "receipt_id": "R", "item_id": "P", "amount": 5_000, "kind": "cash", "source": "x"}
    of = book(
        [item("I"), item("P", 5_000), item("Z", customer_id="D"), item("Q", 7_000, customer_id="D"),
         item("N", customer_id="X")],
        receipts=[receipt("R", 5_000, account="512A", booked_on=days(30)),
                  receipt("S", 7_000, account="512B", booked_on=days(30))],
        allocations=[paid | {"allocated_on": days(30)},
                     paid | {"allocation_id": "B", "receipt_id": "S", "item_id": "Q", "amount": 7_000,
                             "allocated_on": days(30)}],
    )  # fmt: skip
    late = known(freshness=[SOURCE | {"account": "512A", "last_on": days(9)},
                            SOURCE | {"account": "512B", "last_on": days(1)}])  # fmt: skip
    # C pays into the late account, D into the other; where X pays nobody knows.
    assert stays(of, late) == {"CEUR": "bank_stale", "XEUR": "bank_stale"}


def _payer(amounts: list[int], ask: int) -> Any:
    """C owes `ask`, and has paid so much into 512A every tenth day before."""
    paid = [days(60 - 10 * n) for n in range(len(amounts))]
    return book(
        [item("I", ask), *(item(f"P{n}", amount) for n, amount in enumerate(amounts))],
        receipts=[receipt(f"R{n}", amount, account="512A", booked_on=paid[n]) for n, amount in enumerate(amounts)],
        allocations=[
            {"allocation_id": f"A{n}", "receipt_id": f"R{n}", "item_id": f"P{n}", "amount": amount, "kind": "cash",
             "source": "x", "allocated_on": paid[n]} for n, amount in enumerate(amounts)
        ],
    )  # fmt: skip


@pytest.mark.parametrize(("amounts", "ask", "last_on", "stale"), [
    ([10_000, 70_000, 20_000, 10_000, 10_000], 140_000, days(9), True),
    ([10_000, 70_000, 20_000, 10_000, 10_000], 140_001, days(9), False),  # twice the most so far: most of it stands
    ([10_000, 70_000, 20_000, 10_000, 10_000], 180_000, days(12), True),  # in twelve days it has paid two at once
    ([10_000, 70_000, 20_000, 10_000], 140_001, days(9), True),  # too few payments to say
])  # fmt: skip
def test_a_missing_file_holds_no_more_than_the_payer_may_have_paid(
    amounts: list[int], ask: int, last_on: date, stale: bool
) -> None:
    late = known(freshness=[SOURCE | {"account": "512A", "last_on": last_on}])
    assert stays(_payer(amounts, ask), late) == ({"CEUR": "bank_stale"} if stale else {})


def test_holidays_are_those_of_the_customer_s_country() -> None:
    of = book([item("I"), item("Z", customer_id="D")], customers=[customer("C"), customer("D", country="DE")])
    assert stays(of, day=date(2026, 7, 14)) == {"CEUR": "public_holiday", "DEUR": "public_holiday"}  # we are closed
    assert stays(of, day=date(2026, 6, 8)) == {}
    assert stays(of, known(Rules(country="DE")), date(2026, 7, 14)) == {}
    assert stays(of, known(Rules(country=None)), date(2026, 12, 26)) == {
        "CEUR": "quiet_day", "DEUR": "public_holiday",
    }  # fmt: skip


def test_quiet_days_of_the_week() -> None:
    of = book([item("I")])
    assert stays(of, day=date(2026, 3, 21)) == {"CEUR": "quiet_day"}
    assert stays(of, day=date(2026, 3, 20)) == {}
    assert stays(of, known(Rules(quiet_days=("friday",))), date(2026, 3, 20)) == {"CEUR": "quiet_day"}
    assert stays(of, known(Rules(quiet_days=("2026-03-18",)))) == {"CEUR": "quiet_day"}


@pytest.mark.parametrize(("money", "gate"), [
    ({"amount": 90_000}, "just_paid"),
    ({"amount": 88_501}, "just_paid"),  # nobody is asked for less than 15 euros
    ({"amount": 88_500}, None),  # more is asked for than what has come
    ({"amount": 90_000, "booked_on": days(7)}, "just_paid"),  # five working days
    ({"amount": 90_000, "booked_on": days(8)}, None),
    ({"amount": 90_000, "kind": "return"}, None),
    ({"amount": 90_000, "customer_id": "D"}, None),
    ({"amount": 90_000, "customer_id": None, "remittance": "FACT 2026-00017"}, "just_paid"),
    ({"amount": 90_000, "customer_id": None}, None),  # of nobody
])  # fmt: skip
def test_who_has_just_paid_is_not_asked_for_less(money: dict[str, Any], gate: str | None) -> None:
    of = book([item("I", 60_000, number="2026-00017"), item("J", 30_000), item("Z", customer_id="D")],
              receipts=[receipt("R", **({"customer_id": "C"} | money))])  # fmt: skip
    assert stays(of).get("CEUR") == gate


@pytest.mark.parametrize(("notes", "gate"), [
    ([10_000], "just_paid"),
    ([9_999], None),
    ([10_001], None),
    ([10_000, 700], "just_paid"),  # one of two
    ([4_000, 6_000], "just_paid"),  # both
    ([4_000, 6_000, 700], None),
])  # fmt: skip
def test_who_takes_off_a_credit_note_has_just_paid_all_the_same(notes: list[int], gate: str | None) -> None:
    """900 asked, 800 came: with old credit notes of 100 to the cent that is all of it."""
    old = [
        item(f"N{n}", -note, kind="credit_note", issued_on=days(90), due_on=days(90)) for n, note in enumerate(notes)
    ]
    of = book([item("I", 90_000), *old], receipts=[receipt("R", 80_000, customer_id="C")])
    assert stays(of).get("CEUR") == gate


PELC = [
    customer("C", name="Pelcidron Traiteur SA"),
    customer("D", name="Boulangerie Duval"),
    customer("X", name="Xylo"),
]


@pytest.mark.parametrize(("money", "gate"), [
    ({"remittance": "VIR PELC TRAI SA VOS FACT FA26-"}, "perhaps_paid"),  # the bank cut both
    ({"remittance": "VIR TRAI PELC"}, "perhaps_paid"),
    ({"remittance": "VIR PELCID REGLT"}, "perhaps_paid"),
    ({"remittance": "VIR PELC REGLT"}, None),  # four letters are in too many names
    ({"remittance": "VIR PELC TRAI", "amount": 88_500}, None),
    ({"remittance": "VIR PELC TRAI", "booked_on": days(8)}, None),
    ({"remittance": "VIR XYLO PELC TRAI"}, "perhaps_paid"),  # two are named; either may have paid
])  # fmt: skip
def test_money_that_may_be_the_payer_s_holds_no_more_than_it_is(money: dict[str, Any], gate: str | None) -> None:
    of = book([item("I", 90_000), item("Z", 200_000, customer_id="D")], customers=PELC,
              receipts=[receipt("R", **({"amount": 90_000} | money))])  # fmt: skip
    assert stays(of) == ({"CEUR": gate} if gate else {})


def test_a_word_of_earlier_money_says_whose_it_may_be() -> None:
    """The treasury of Valbrac pays for a town of another name; what everybody writes says nothing."""
    past = _by_cheque(kind="transfer")
    past["receipts"][0]["remittance"] = "VIR TRESORERIE VALBRAC FACTURE"
    said = {"TRESORERIE VALBRAC FA26-001": "perhaps_paid", "VIR FACTURE": "perhaps_paid", "VIR SOMEBODY": None}
    for text, gate in said.items():
        money = [*past["receipts"], receipt("R", 150_000, remittance=text)]
        of = book([item("I"), item("OP", 5_000)], receipts=money, allocations=past["allocations"])
        assert stays(of).get("CEUR") == gate, text


def test_who_has_paid_by_a_sure_match_has_taken_off_its_credit_notes() -> None:
    """J is paid by a match; I is to the cent what an old credit note is."""
    for credit, held_ in ((30_000, 1), (29_999, 0)):
        note = item("N", -credit, kind="credit_note", issued_on=days(90))
        of = book([item("I", 30_000), item("J", 60_000), note], receipts=[receipt("R", 60_000, customer_id="C")])
        match = {"receipt_id": "R", "item_id": "J", "amount": 60_000, "confidence": 1.0}
        of_day = seen(of, known(proposals=[match]))
        rest = actions(of_day).with_columns(amount=pl.lit(30_000, dtype=pl.Int64))
        assert held_actions(of_day, rest).height == held_


def test_a_beginning_of_many_names_is_nobody_s() -> None:
    """Five bakeries may have sent it, six say nothing."""
    for count in (5, 6):
        names = [customer(f"B{n}", name=f"Boulangerie {letter}") for n, letter in enumerate("UVWXYZ"[:count])]
        of = book([item(f"I{n}", 50_000, customer_id=f"B{n}") for n in range(count)], customers=names,
                  receipts=[receipt("R", 60_000, remittance="VIR BOULANG")])  # fmt: skip
        assert len(stays(of)) == (5 if count == 5 else 0)


def test_an_account_of_two_payers_may_be_of_either() -> None:
    shared = [{"customer_id": one, "kind": "iban", "value": "FR76SHARED", "source": "erp"} for one in ("C", "D")]
    of = book([item("I"), item("Z", customer_id="D"), item("Y", customer_id="X")], payer_aliases=shared,
              receipts=[receipt("R", 100_000, payer_account="FR76SHARED")])  # fmt: skip
    assert {name: gate for name, gate in stays(of).items() if name != "XEUR"} == dict.fromkeys(
        ("CEUR", "DEUR"), "perhaps_paid"
    )


def _by_cheque(ago: int = 60, kind: str = "cheque", later: int = 0) -> dict[str, list[dict[str, Any]]]:
    """C's payment by cheque, so many days ago, and `later` transfers since."""
    paid = [receipt("P", 5_000, kind=kind, booked_on=days(ago))]
    paid += [receipt(f"P{n}", 5_000, booked_on=days(ago - 1 - n)) for n in range(later)]
    letters = [
        {"allocation_id": one["receipt_id"], "receipt_id": one["receipt_id"], "item_id": f"O{one['receipt_id']}",
         "amount": 5_000, "kind": "cash", "source": "x", "allocated_on": one["booked_on"]} for one in paid
    ]  # fmt: skip
    return {"receipts": paid, "allocations": letters}


@pytest.mark.parametrize(("past", "deposit", "gate"), [
    ({}, {}, "deposit_waiting"),
    ({"kind": "transfer"}, {}, None),
    ({"later": 4}, {}, "deposit_waiting"),  # one of the last five
    ({"later": 5}, {}, None),
    ({}, {"amount": 98_500}, None),  # not all of it can be in there
    ({}, {"booked_on": days(7)}, "deposit_waiting"),
    ({}, {"booked_on": days(8)}, None),
    ({}, {"kind": "card"}, None),
    ({}, {"kind": "transfer"}, None),
    ({}, {"customer_id": "D"}, None),
])  # fmt: skip
def test_a_deposit_that_nobody_broke_down_holds_who_pays_that_way(
    past: dict[str, Any], deposit: dict[str, Any], gate: str | None
) -> None:
    before = _by_cheque(**past)
    old = [item(f"O{one['receipt_id']}", 5_000) for one in before["receipts"]]
    money = receipt("R", **({"amount": 300_000, "kind": "cheque", "remittance": "CHQ 3456722"} | deposit))
    of = book([item("I"), item("Z", customer_id="D"), *old],
              receipts=[*before["receipts"], money], allocations=before["allocations"])  # fmt: skip
    assert stays(of).get("CEUR") == gate
    assert "DEUR" not in stays(of) or deposit.get("customer_id")


def test_what_items_say_of_the_way_counts_and_a_deposit_of_too_many_says_nothing() -> None:
    for count in (20, 21):
        owed = [item(f"I{n}", 50_000, customer_id=f"K{n}", payment_method="cheque") for n in range(count)]
        of = book(owed, customers=[customer(f"K{n}") for n in range(count)],
                  receipts=[receipt("R", 70_000, kind="cheque")])  # fmt: skip
        assert len(stays(of)) == (20 if count == 20 else 0)


def test_a_match_tells_who_has_paid_and_its_money_counts_whole() -> None:
    """Proposed for J, but nobody has said so: 40 of the 300 euros of I may be a credit note that it took off."""
    of = book([item("I", 30_000), item("J", 60_000)], receipts=[receipt("R", 86_000)])
    match = {"receipt_id": "R", "item_id": "J", "amount": 60_000}
    more = known(proposals=[match, match | {"item_id": "I", "amount": 26_000}])
    of_day = seen(of, more)
    rest = actions(of_day).with_columns(amount=pl.lit(4_000, dtype=pl.Int64))
    found = held_actions(of_day, rest)
    assert found.select("gate", "until_on", "task").rows() == [("just_paid", date(2026, 3, 24), "apply_receipt")]
    assert "860.00 EUR" in found["sentence"][0]


@pytest.mark.parametrize(("confidence", "held"), [(None, 0), (0.9, 0), (0.899, 1)])
def test_money_that_a_sure_match_uses_up_to_the_cent_holds_nothing_else(confidence: float | None, held: int) -> None:
    of = book([item("I", 30_000), item("J", 60_000)], receipts=[receipt("R", 60_000, customer_id="C")])
    match = {"receipt_id": "R", "item_id": "J", "amount": 60_000, "confidence": confidence}
    of_day = seen(of, known(proposals=[match]))
    rest = actions(of_day).with_columns(amount=pl.lit(30_000, dtype=pl.Int64))
    assert held_actions(of_day, rest).height == held


def test_below_a_twentieth_of_the_overdue_a_payment_holds_no_message() -> None:
    of = book([item("I", 60_000)], receipts=[receipt("R", 2_999, customer_id="C")])
    of_day = seen(of)
    little = actions(of_day).with_columns(amount=pl.lit(2_000, dtype=pl.Int64))
    assert held_actions(of_day, little).is_empty()


@pytest.mark.parametrize(("sent", "until_on"), [
    ([1, 3], None),
    ([1, 3, 6], days(0)),  # the oldest of the three is a week old tomorrow
    ([1, 3, 7], None),
    ([1, 2, 3, 6], days(-3)),  # of four, the second oldest must be a week old
])  # fmt: skip
def test_contacts_are_counted_by_the_week(sent: list[int], until_on: date | None) -> None:
    # One message about two items is one contact; the portal is none.
    made = [touch(days(ago), item_id=name) for ago in sent for name in ("I", "J")]
    made += [touch(days(n), channel="portal") for n in range(5)]
    of_day = seen(book([item("I"), item("J"), item("Z", customer_id="D")], touches=made))
    found = held_actions(of_day, actions(of_day))
    assert found.select("action_id", "gate", "until_on").rows() == (
        [("CEUR", "contact_cap", until_on)] if until_on else []
    )


def contact(name: str, **more: Any) -> dict[str, Any]:
    return {"contact_id": name, "customer_id": "C", "role": "accounts_payable", **more}


@pytest.mark.parametrize(("contacts", "channel", "gate"), [
    ([], "email", None),  # nobody to write to is no gate: it is a gap of the master data
    ([contact("1", email="a@x.example", opt_out="email")], "email", "opted_out"),
    ([contact("1", email="a@x.example", opt_out="sms, email")], "email", "opted_out"),
    ([contact("1", email="a@x.example", opt_out="sms")], "email", None),
    ([contact("1", email="a@x.example", opt_out="email"), contact("2", email="b@x.example")], "email", None),
    ([contact("1", email="a@x.example", opt_out="email", address="1 rue X")], "letter", None),
    ([contact("1", email="a@x.example", bounced_on=days(3))], "email", "bounced_address"),
    ([contact("1", email="a@x.example", bounced_on=days(3)), contact("2", email="b@x.example")], "email", None),
    ([contact("1", phone="0102030405", opt_out="all")], "sms", "opted_out"),
])  # fmt: skip
def test_addresses_that_work_and_channels_that_are_wanted(
    contacts: list[dict[str, Any]], channel: str, gate: str | None
) -> None:
    assert stays(book([item("I")], contacts=contacts), channel=channel) == ({"CEUR": gate} if gate else {})


@pytest.mark.parametrize(("amount", "gate"), [(2_500, None), (2_499, "under_floor")])
def test_the_floor_counts_all_that_one_message_asks_for(amount: int, gate: str | None) -> None:
    of = book([item("I", 500), item("J", amount - 500), item("Y", 26, currency="JPY"), item("K", 100, currency="USD")])
    floors = known(Rules(floors={"EUR": Decimal(25), "JPY": Decimal("25.5")}))
    assert stays(of, floors) == ({"CEUR": gate} if gate else {})


def _bank(every_day: int, without: set[date], last: date = DAY) -> Any:
    """Receipts of each working day of eight weeks; on the days `without` none."""
    worked = [last - timedelta(days=n) for n in range(56) if (last - timedelta(days=n)).weekday() < 5]
    made = [receipt(f"{day}{n}", 100, booked_on=day) for day in worked for n in range(every_day) if day not in without]
    of = book([item("I", issued_on=day, due_on=day) | {"item_id": f"I{day}"} for day in worked])
    return of.replace(receipts=rows("receipts", *made))


def _fresh(of: Any, day: date = DAY) -> dict[str, tuple[date, int]]:
    return {row[1]: row[2:4] for row in freshness(of, day).iter_rows()}


def test_how_far_the_books_reach_is_read_from_them() -> None:
    assert _fresh(_bank(20, set())) == {"bank": (DAY, 1)}
    assert _fresh(_bank(20, set()).replace(receipts=rows("receipts"))) == {"ledger": (DAY, 4)}
    assert _fresh(_bank(20, {days(0), days(1)}))["bank"] == (days(2), 1)
    # One entry a day may well be missing for four days; five in a row are no chance.
    assert _fresh(_bank(1, {days(0), days(1)}))["bank"] == (days(2), 4)
    # A busy day without any entry is a file that is missing; a quiet one is not.
    assert _fresh(_bank(20, {date(2026, 3, 12)}))["bank"] == (date(2026, 3, 11), 1)
    assert _fresh(_bank(1, {date(2026, 3, 12)}))["bank"][0] == DAY
    # Where entries come on nineteen of twenty days it is waited for, three working days.
    assert _fresh(_bank(1, {date(2026, 3, 13)}))["bank"][0] == date(2026, 3, 12)
    assert _fresh(_bank(1, {date(2026, 3, 13), days(20), days(30)}))["bank"][0] == DAY
    # Asked for again for ten working days, then taken as a day without entries.
    assert _fresh(_bank(20, {date(2026, 3, 4)}))["bank"][0] == date(2026, 3, 3)
    assert _fresh(_bank(20, {date(2026, 3, 3)}))["bank"][0] == DAY


def test_a_statement_says_that_a_day_had_no_entries() -> None:
    of = _bank(20, {date(2026, 3, 12)})
    said = {"statement_id": "S", "account": "512", "currency": "EUR", "entries": 0, "total": 0}
    stated = rows("statements", said | {"from_on": date(2026, 3, 12), "to_on": date(2026, 3, 12)})
    assert _fresh(of.replace(statements=stated))["bank"] == (DAY, 1)


def _stated(days_: list[date], without: set[date]) -> pl.DataFrame:
    """A statement a day with its balances; those `without` did not come."""
    return rows("statements", *(
        {"statement_id": f"{day}", "account": "512", "currency": "EUR", "entries": 1, "total": 100, "from_on": day,
         "to_on": day, "opening": 100 * n, "closing": 100 * (n + 1)}
        for n, day in enumerate(days_) if day not in without
    ))  # fmt: skip


@pytest.mark.parametrize(("without", "last_on"), [
    (set(), DAY),
    ({DAY}, date(2026, 3, 17)),
    ({date(2026, 3, 12)}, date(2026, 3, 11)),  # its closing balance is nobody's opening balance
    ({date(2026, 3, 4)}, date(2026, 3, 3)),  # asked for again for ten working days
    ({date(2026, 3, 3)}, DAY),
])  # fmt: skip
def test_statements_tell_of_one_that_is_missing(without: set[date], last_on: date) -> None:
    of = _bank(1, without)
    worked = [DAY - timedelta(days=n) for n in range(56, -1, -1) if (DAY - timedelta(days=n)).weekday() < 5]
    assert _fresh(of.replace(statements=_stated(worked, without)))["bank"] == (last_on, 1)


def test_a_day_without_entries_does_not_vouch_for_the_file_before_it() -> None:
    """The statement of the 13th opens with a balance that only itself closes with: that of the 12th is missing."""
    worked = [DAY - timedelta(days=n) for n in range(56, -1, -1) if (DAY - timedelta(days=n)).weekday() < 5]
    missing, quiet = date(2026, 3, 12), date(2026, 3, 13)
    stated = _stated(worked, {missing}).with_columns(
        opening=pl.when(pl.col("to_on") == quiet).then("closing").otherwise("opening")
    )
    of = _bank(1, {missing, quiet})
    assert _fresh(of.replace(statements=stated))["bank"] == (date(2026, 3, 11), 1)


def test_two_statements_of_one_day_vouch_for_each_other() -> None:
    worked = [DAY - timedelta(days=n) for n in range(56, -1, -1) if (DAY - timedelta(days=n)).weekday() < 5]
    day = date(2026, 3, 12)
    # The morning's closes with 50 more, the afternoon's opens with it; in whatever order they stand.
    whole = _stated(worked, set())
    one, other = (
        whole.filter(pl.col("to_on") == day).with_columns(statement_id=pl.lit(name)) for name in ("morning", "late")
    )
    half = pl.col("opening") + 50
    parts = [other.with_columns(opening=half), one.with_columns(closing=half), whole.filter(pl.col("to_on") != day)]
    assert _fresh(_bank(1, set()).replace(statements=pl.concat(parts)))["bank"] == (DAY, 1)


def test_a_ledger_is_late_only_where_the_bank_has_moved_since() -> None:
    """A company that rests in August has no late ledger."""
    of = _bank(20, set())
    rest = of.replace(items=of.items.filter(pl.col("issued_on") < days(20)))
    assert _fresh(rest)["ledger"] == (days(21), 4)
    both = rest.replace(receipts=of.receipts.filter(pl.col("booked_on") < days(14)))
    assert "ledger" not in _fresh(both)


def test_what_became_known_later_was_not_known() -> None:
    of = _bank(20, set())
    late = of.receipts.with_columns(known_on=pl.when(pl.col("booked_on") > days(5)).then(days(-1)))
    assert _fresh(of.replace(receipts=late))["bank"] == (days(5), 1)


def test_a_public_holiday_is_no_missing_day() -> None:
    day = date(2026, 5, 20)
    of = _bank(20, {date(2026, 5, 8), date(2026, 5, 14)}, day)  # both are worked by TARGET, not in France
    assert _fresh(of, day)["bank"] == (day, 1)


def test_an_account_that_was_closed_is_not_waited_for() -> None:
    assert "bank" not in _fresh(_bank(20, {days(n) for n in range(35)}))
    assert freshness(book([item("I")]), DAY).is_empty()


def test_d45_each_reason_has_its_own_code() -> None:
    """What keeps an automatic reminder back, one customer each. Of "three touches" ours has no count for ever: a
    scenario ends when its last step has been taken (`ladder_ended`)."""
    names = ("plain", "disputed", "paused", "unmatched", "twice", "fresh")
    customers = [customer(name) for name in names]
    items = [item(f"I-{name}", customer_id=name) for name in names]
    told = [
        touch(days(ago), customer_id=name, item_id=f"I-{name}", channel=channel, level=level, touch_id=f"{name}{ago}")
        for name, ago, channel, level in (
            ("twice", 3, "call", None), ("twice", 5, "call", None), ("fresh", 1, "email", None),
        )
    ]  # fmt: skip
    dispute = {"dispute_id": "D", "item_id": "I-disputed", "amount": 100_000, "reason": "price", "opened_on": days(2)}
    money = receipt("R", 100_000, customer_id="unmatched")
    of = book(items, customers=customers, touches=told, disputes=[dispute], receipts=[money])
    hold = {"hold_id": "H", "entity_id": "E", "customer_id": "paused", "reason": "visit", "author": "sales"}
    step = Step("mail", {"en": "Reminder"}, 1, "due", 3, "email", "reminder", mode="automatic")
    sme = Scenarios((Scenario("sme", {"en": "All"}, 1, (), (step,), pause_days=2),))
    more = known(Rules(cap=2), holds=[hold])
    found = plan(of, DAY, sme, more)
    assert found.actions["customer_id"].to_list() == ["plain"]
    assert dict(found.held.select("customer_id", "reason").iter_rows()) == {
        "disputed": "disputed", "paused": "manual_hold", "unmatched": "unapplied_cash", "twice": "contact_cap",
        "fresh": "paused",
    }  # fmt: skip
    stale = known(Rules(cap=2), holds=[hold], freshness=[SOURCE | {"last_on": days(5)}])
    held = plan(of, DAY, sme, stale)
    assert not held.actions.height
    assert dict(held.held.select("customer_id", "reason").iter_rows())["plain"] == "bank_stale"


def test_three_silent_days_of_a_busy_account_are_a_rest_and_no_lost_file() -> None:
    week = {date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 11)}
    assert _fresh(_bank(20, week))["bank"] == (DAY, 1)
    assert _fresh(_bank(20, week - {date(2026, 3, 11)}))["bank"] == (date(2026, 3, 8), 1)
