"""One credit for many customers: matched to the batch that made it, line by line; without it nothing is guessed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.book import Book
from encours.core.matching import Proposals, propose
from encours.core.matching.batches import QUOTES_EVENT
from tests.core.matching.books import DAY, book, item, receipt

_DUE = DAY + timedelta(days=40)
_END = DAY + timedelta(days=90)


def _instrument(key: str, amount: int, customer: str, batch: str = "LCR2026-01", **more: Any) -> dict[str, Any]:
    base = {"instrument_id": f"E:{batch}:{key}", "customer_id": customer, "kind": "lcr", "amount": amount}
    rest = {"currency": "EUR", "due_on": _DUE, "state": "presented", "state_on": DAY + timedelta(days=20)}
    return {**base, **rest, "batch_id": batch, **more}


def _quotes(instrument: dict[str, Any], text: str) -> dict[str, Any]:
    name = instrument["instrument_id"]
    base = {"subject": "customer", "subject_id": instrument["customer_id"], "kind": f"{QUOTES_EVENT}{name}"}
    return {**base, "on": instrument["state_on"], "value": text, "detail": name}


def _ties(instrument: dict[str, Any], *items: tuple[str, int]) -> list[dict[str, Any]]:
    name = instrument["instrument_id"]
    return [{"instrument_id": name, "item_id": item_id, "amount": amount} for item_id, amount in items]


def _three() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Three customers, their drafts of one batch, and what each draft covers."""
    items = [item("FA1001", 12_000, "c1"), item("FA1002", 8_050, "c2"), item("FA1003", 5_000, "c3")]
    drafts = [_instrument("1", 12_000, "c1"), _instrument("2", 8_050, "c2"), _instrument("3", 5_000, "c3")]
    covers = [
        row for draft, one in zip(drafts, items, strict=True) for row in _ties(draft, (one["item_id"], one["amount"]))
    ]
    return items, drafts, covers


def _money(amount: int, text: str | None, **more: Any) -> dict[str, Any]:
    return receipt("R1", amount, text, day=41, kind=more.pop("kind", "draft"), payer_name=None, **more)


def _decided(found: Proposals, receipt_id: str = "R1") -> dict[str, Any]:
    return found.decisions.filter(receipt_id=receipt_id).row(0, named=True)


def _lines(found: Proposals, receipt_id: str = "R1") -> list[tuple[str, int, str]]:
    rows = found.allocations.filter(receipt_id=receipt_id).sort("item_id", "kind")
    return rows.select("item_id", "amount", "kind").rows()


def test_total_count_and_reference_agree_and_it_posts() -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(25_050, "REMISE LCR LCR2026-01 NB 3")], instruments=drafts, instrument_items=covers)
    found = propose(known, _END)
    decided = _decided(found)
    assert (decided["decision"], decided["rule"]) == ("auto", "batch")
    assert decided["customer_id"] is None
    assert _lines(found) == [
        ("E:c1:FA1001", 12_000, "cash"),
        ("E:c2:FA1002", 8_050, "cash"),
        ("E:c3:FA1003", 5_000, "cash"),
    ]
    assert found.proven == {"R1"}


def test_without_a_count_a_person_looks() -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(25_050, "REMISE LCR LCR2026-01")], instruments=drafts, instrument_items=covers)
    decided = _decided(propose(known, _END))
    assert (decided["decision"], decided["confidence"]) == ("review", 0.99)


def test_another_number_of_lines_speaks_against_it() -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(25_050, "LCR2026-01 4 EFFETS")], instruments=drafts, instrument_items=covers)
    decided = _decided(propose(known, _END))
    assert decided["decision"] == "review"
    assert "another number of lines" in decided["reason"]


def test_not_named_but_of_its_kind_total_and_day() -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(25_050, "VIREMENT")], instruments=drafts, instrument_items=covers)
    decided = _decided(propose(known, _END))
    assert (decided["decision"], decided["rule"]) == ("review", "batch")
    assert "the text does not name it" in decided["reason"]


@pytest.mark.parametrize("more", [{"kind": "transfer"}, {"booked_on": _DUE + timedelta(days=25)}, {"currency": "USD"}])
def test_neither_named_nor_of_its_kind_day_or_currency_is_no_batch(more: dict[str, Any]) -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(25_050, "VIREMENT") | more], instruments=drafts, instrument_items=covers)
    assert _decided(propose(known, _END))["rule"] != "batch"


def test_what_the_bank_kept_is_a_charge_on_the_largest() -> None:
    items, drafts, covers = _three()
    known = book(items, [_money(24_800, "REMISE LCR LCR2026-01")], instruments=drafts, instrument_items=covers)
    found = propose(known, _END)
    assert _lines(found)[:2] == [("E:c1:FA1001", 11_750, "cash"), ("E:c1:FA1001", 250, "charge")]
    assert "2.50 EUR less came: a charge" in _decided(found)["reason"]


def test_named_but_of_another_total_is_said_and_never_guessed() -> None:
    items, drafts, covers = _three()
    rest = [item("FA2001", 9_999, "c1")]
    known = book(items + rest, [_money(9_999, "REMISE LCR LCR2026-01")], instruments=drafts, instrument_items=covers)
    found = propose(known, _END)
    assert (_decided(found)["decision"], _decided(found)["rule"]) == ("none", "batch_differs")
    assert found.allocations.height == 0


def test_a_line_refused_before_the_credit_is_not_in_it() -> None:
    items, drafts, covers = _three()
    drafts[2]["state"] = "unpaid"
    known = book(items, [_money(20_050, "REMISE LCR LCR2026-01")], instruments=drafts, instrument_items=covers)
    found = propose(known, _END)
    assert [line[0] for line in _lines(found)] == ["E:c1:FA1001", "E:c2:FA1002"]


def test_lines_by_number_by_amount_and_whole_balance() -> None:
    items = [
        *(item("FA1001", 7_000, "c1"), item("FA1009", 7_000, "c1")),
        *(item("FA1002", 3_000, "c2"), item("FA1003", 4_000, "c2")),
        *(item("FA1004", 1_000, "c3"), item("FA1005", 2_500, "c3"), item("FA1006", -500, "c3")),
    ]
    drafts = [_instrument("1", 7_000, "c1"), _instrument("2", 4_000, "c2"), _instrument("3", 3_000, "c3")]
    events = [_quotes(drafts[0], "FA-1009")]
    known = book(items, [_money(14_000, "LCR2026-01")], instruments=drafts, events=events)
    found = propose(known, _END)
    assert _lines(found) == [
        ("E:c1:FA1009", 7_000, "cash"),
        ("E:c2:FA1003", 4_000, "cash"),
        ("E:c3:FA1004", 1_000, "cash"),
        ("E:c3:FA1005", 2_500, "cash"),
        ("E:c3:FA1006", -500, "cash"),
    ]
    assert "lines tied by their amount alone: 2" in _decided(found)["reason"]


def test_a_line_without_an_item_stays_on_the_receipt() -> None:
    items = [item("FA1001", 7_000, "c1"), item("FA1002", 3_000, "c2"), item("FA1003", 3_000, "c2")]
    drafts = [_instrument("1", 7_000, "c1"), _instrument("2", 3_000, "c2")]
    known = book(items, [_money(10_000, "LCR2026-01")], instruments=drafts)
    found = propose(known, _END)
    assert _lines(found) == [("E:c1:FA1001", 7_000, "cash")]
    assert "lines without an open item: 1, 30.00 EUR in all" in _decided(found)["reason"]
    assert "30.00 EUR stay on the receipt" in _decided(found)["reason"]


def test_two_batches_alike_are_a_choice_and_each_is_used_once() -> None:
    items = [item("FA1001", 5_000, "c1"), item("FA1002", 5_000, "c2")]
    drafts = [_instrument("1", 5_000, "c1", "LOT-001"), _instrument("1", 5_000, "c2", "LOT-002")]
    money = [receipt(name, 5_000, "REMISE LCR", day=41, kind="draft") for name in ("R1", "R2")]
    found = propose(book(items, money, instruments=drafts), _END)
    assert set(found.decisions["decision"]) == {"review"}
    assert set(found.decisions["alternatives"]) == {2}
    assert sorted(found.allocations["item_id"]) == ["E:c1:FA1001", "E:c2:FA1002"]


def test_drafts_of_one_file_are_credited_by_due_date() -> None:
    items = [item("FA1001", 5_000, "c1"), item("FA1002", 6_000, "c2")]
    later = _DUE + timedelta(days=30)
    drafts = [_instrument("1", 5_000, "c1"), _instrument("2", 6_000, "c2", due_on=later)]
    money = [_money(5_000, "ECHEANCE LCR"), receipt("R2", 6_000, "ECHEANCE LCR", day=71, kind="draft")]
    found = propose(book(items, money, instruments=drafts), _END)
    assert _lines(found, "R1") == [("E:c1:FA1001", 5_000, "cash")]
    assert _lines(found, "R2") == [("E:c2:FA1002", 6_000, "cash")]


def test_a_batch_that_is_settled_leaves_other_money_of_its_total_alone() -> None:
    items = [item("FA1001", 5_000, "c1"), item("FA2001", 5_000, "c9")]
    paid = {
        "allocation_id": "a", "item_id": "E:c1:FA1001", "amount": 5_000, "kind": "cash", "allocated_on": DAY,
        "source": "letters",
    }  # fmt: skip
    draft = _instrument("1", 5_000, "c1")
    covers = _ties(draft, ("E:c1:FA1001", 5_000))
    money = [receipt("R1", 5_000, "FA2001", day=41, kind="draft")]
    found = propose(book(items, money, instruments=[draft], instrument_items=covers, allocations=[paid]), _END)
    assert _lines(found) == [("E:c9:FA2001", 5_000, "cash")]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("REMISE CHEQUES 0004711", {"kind": "cheque"}),
        ("REMISE LCR 77", {"kind": "draft"}),
        ("REMISE CB TPE 12345", {"kind": "transfer"}),
        (None, {"kind": "card"}),
        ("PAYOUT 2026-02-14", {"kind": "transfer", "payer_name": "Stripe Payments Europe"}),
    ],
)
def test_money_for_many_without_its_file_is_never_guessed(text: str | None, more: dict[str, Any]) -> None:
    items = [item("FA1001", 5_000, "c1"), item("FA1002", 6_000, "c2")]
    found = propose(book(items, [receipt("R1", 11_000, text, day=41, **more)]), _END)
    decided = _decided(found)
    assert (decided["decision"], decided["rule"]) == ("none", "batch_missing")
    assert decided["reason"] == "a remittance of several customers: its file is missing"


def test_a_cheque_that_quotes_its_invoice_is_matched_as_ever() -> None:
    found = propose(
        book([item("FA1001", 5_000, "c1")], [receipt("R1", 5_000, "REMISE CHQ FA1001", kind="cheque")]), _END
    )
    assert _lines(found) == [("E:c1:FA1001", 5_000, "cash")]


_amounts = st.integers(1, 50_000)


@st.composite
def _books(draw: st.DrawFn) -> Book:
    """Batches with and without ties, quotes and open items; money of their totals, of parts, of anything."""
    items: list[dict[str, Any]] = []
    drafts: list[dict[str, Any]] = []
    covers: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    money: list[dict[str, Any]] = []
    for batch in range(draw(st.integers(1, 3))):
        total = 0
        for line in range(draw(st.integers(1, 4))):
            customer, amount = f"c{draw(st.integers(1, 3))}", draw(_amounts)
            number = f"FA{1000 + len(items)}"
            open_amount = draw(st.sampled_from([amount, amount, amount, amount + 100, 7]))
            items.append(item(number, open_amount, customer))
            one = _instrument(str(line), amount, customer, f"LOT-0{batch}")
            one["state"] = draw(st.sampled_from(["presented", "presented", "unpaid"]))
            drafts.append(one)
            way = draw(st.sampled_from(["tie", "quote", "nothing"]))
            covers += _ties(one, (items[-1]["item_id"], amount)) if way == "tie" else []
            events += [_quotes(one, number)] if way == "quote" else []
            total += amount
        came = total - draw(st.sampled_from([0, 0, total // 50, total // 2]))
        text = draw(st.sampled_from([f"REMISE LCR LOT-0{batch}", f"LOT-0{batch} NB {line + 1}", "REMISE LCR", None]))
        if came:
            money.append(receipt(f"R{batch}", came, text, day=41, kind=draw(st.sampled_from(["draft", "transfer"]))))
    return book(items, money, instruments=drafts, instrument_items=covers, events=events)


@settings(max_examples=60, deadline=None)
@given(_books())
def test_whatever_is_proposed_sums_and_uses_nothing_twice(known: Book) -> None:
    found = propose(known, date(2026, 6, 30))
    batched = found.decisions.filter(rule="batch")["receipt_id"]
    lines = found.allocations.filter(pl.col("receipt_id").is_in(batched.implode()))
    assert lines["allocation_id"].is_unique().all()
    cash = dict(lines.filter(kind="cash").group_by("receipt_id").agg(pl.col("amount").sum()).iter_rows())
    for receipt_id, amount, reason in (
        known.receipts.join(found.decisions.filter(rule="batch"), on="receipt_id")
        .select("receipt_id", "amount", "reason")
        .iter_rows()
    ):
        rest = amount - cash[receipt_id]
        assert rest >= 0
        assert (rest == 0) or "stay on the receipt" in reason
    auto = found.decisions.filter(decision="auto", rule="batch")["receipt_id"]
    for receipt_id in auto:
        assert cash[receipt_id] == known.receipts.filter(receipt_id=receipt_id)["amount"][0]
    paid = dict(found.allocations.group_by("item_id").agg(pl.col("amount").sum()).iter_rows())
    for item_id, amount in known.items.select("item_id", "amount").iter_rows():
        assert paid.get(item_id, 0) <= amount


def test_a_cheque_without_a_name_is_one_customers_and_its_slip_says_whose() -> None:
    found = propose(
        book([item("FA1001", 5_000, "c1")], [receipt("R1", 5_000, "CHQ 1346329", day=41, kind="cheque")]), _END
    )
    decided = _decided(found)
    assert (decided["decision"], decided["rule"]) == ("none", "batch_missing")
    assert decided["reason"] == "a cheque without a name: its deposit slip says whose it is"
