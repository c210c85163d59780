"""Worked entries, as a French bookkeeper writes them: each case of the trade to the cent."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from encours.core.base.issue import CallError
from encours.core.entries import Accounts, Facts, letter_lines, reversal_letters, reverse_entries, write_entries
from tests.core.entries.houses import BANK, DAY, facts, frame, item, lines, receipt, rules, settled

FULL = rules()


def written(known: Facts, own: Any = None, **more: Any) -> list[tuple[str, str, str, int]]:
    """The lines that the facts make."""
    return lines(write_entries(known, own or FULL, {}, **more).entries)


def paid(kind: str = "transfer", **of_item: Any) -> Facts:
    """An invoice of 1,000 € paid whole."""
    return facts(
        [settled("a", "r", "F1", 100_000)], [item("F1", 100_000, **of_item)], [receipt("r", 100_000, kind=kind)]
    )


def test_a_transfer_pays_an_invoice() -> None:
    result = write_entries(paid(), FULL, {})
    assert lines(result.entries) == [("BQ1", "512100", "", 100_000), ("BQ1", "411000", "C1", -100_000)]
    row = result.entries.row(1, named=True)
    assert (row["day"], row["period"], row["auxiliary_name"]) == (DAY, date(2026, 3, 1), "Menuiserie C1")
    assert row["label"] == f"VIR Menuiserie C1 F1 {row['piece']}"


def test_the_bank_line_stands_on_suspense() -> None:
    assert written(paid(), rules("suspense")) == [("OD", "471000", "", 100_000), ("OD", "411000", "C1", -100_000)]


@pytest.mark.parametrize("mode", ["full", "suspense", "letters"])
def test_what_the_erp_has_booked_needs_letters_alone(mode: str) -> None:
    """Money that came with the ledger is lettered in every mode: it would be booked twice."""
    known = facts(
        [settled("a", "r", "F1", 100_000)],
        [item("F1", 100_000)],
        [receipt("r", 100_000, origin="ledger", customer_id="A:C1", ledger_account="411000")],
    )
    result = write_entries(known, rules(mode), {})
    assert not result.entries.height
    assert result.covers.select("piece", "cash").rows() == [(None, 100_000)]
    letters = letter_lines(result, known, rules(mode))
    assert letters.select("letter", "subject", "net").rows() == [
        ("AAA", "item", 100_000),
        ("AAA", "payment", -100_000),
    ]


def test_money_booked_on_another_account_is_moved_to_the_invoice() -> None:
    """It came as an advance: 4191 → 411."""
    known = facts(
        [settled("a", "r", "F1", 100_000)],
        [item("F1", 100_000)],
        [receipt("r", 100_000, origin="ledger", customer_id="A:C1", ledger_account="419100")],
    )
    assert written(known) == [("OD", "419100", "C1", 100_000), ("OD", "411000", "C1", -100_000)]


def test_discount_without_and_with_its_vat() -> None:
    """12,000 € with 20 % VAT, 2 % for early payment: 240 € less, of which 40 € are VAT."""
    known = facts(
        [settled("a", "r", "F1", 1_176_000), settled("b", "r", "F1", 24_000, "discount")],
        [item("F1", 1_200_000)],
        [receipt("r", 1_176_000)],
    )
    plain = [("BQ1", "512100", "", 1_176_000), ("BQ1", "665000", "", 24_000), ("BQ1", "411000", "C1", -1_200_000)]
    assert written(known) == plain
    taxed = [*plain[:1], ("BQ1", "665000", "", 20_000), ("BQ1", "445710", "", 4_000), *plain[2:]]
    assert written(known, rules(discount_vat=True)) == taxed


def test_a_reduced_rate_is_the_item_s_own() -> None:
    """5.5 %: 2 % of 1,055 € are 21.10 €, of which 1.10 € VAT."""
    known = facts(
        [settled("a", "r", "F1", 103_390), settled("b", "r", "F1", 2_110, "discount")],
        [item("F1", 105_500, vat_rate=550)],
        [receipt("r", 103_390)],
    )
    assert ("BQ1", "445710", "", 110) in written(known, rules(discount_vat=True))


def test_loss_on_a_doubtful_customer_with_its_vat() -> None:
    """Handbook 3.6: 654 10,000 and 44571 2,000 against 416 12,000."""
    known = facts(
        [settled("a", "r", "F1", 1_200_000, "write_off")],
        [item("F1", 1_200_000, ledger_account="416000")],
        [receipt("r", 1)],
    )
    result = written(known, rules(loss_vat=True))
    assert result == [
        ("OD", "654000", "", 1_000_000),
        ("OD", "445710", "", 200_000),
        ("OD", "416000", "C1", -1_200_000),
    ]


@pytest.mark.parametrize(
    ("became", "account"),
    [
        ({"drafted": True}, "413000"),
        ({"doubtful": True}, "416000"),
        ({"doubtful": True, "drafted": True}, "416000"),
        ({"doubtful": True, "ledger_account": "411200"}, "411200"),
        ({}, "411000"),
    ],
)
def test_where_the_ledger_names_no_account_what_became_of_an_item_says_it(became: Any, account: str) -> None:
    known = paid(**({"ledger_account": None} | became))
    assert written(known)[1] == ("BQ1", account, "C1", -100_000)
    blank = rules(accounts=Accounts(drafts="", doubtful=""))
    if account in ("413000", "416000"):
        assert written(known, blank)[1] == ("BQ1", "411000", "C1", -100_000)


def test_small_differences_either_way() -> None:
    known = facts(
        [settled("a", "r", "F1", 99_998), settled("b", "r", "F1", 2, "write_off")],
        [item("F1", 100_000)],
        [receipt("r", 99_998)],
    )
    assert ("BQ1", "658000", "", 2) in written(known)
    more = facts(
        [settled("a", "r", "F1", 100_003), settled("b", "r", "F1", -3, "write_off")],
        [item("F1", 100_000)],
        [receipt("r", 100_003)],
    )
    assert written(more) == [
        ("BQ1", "512100", "", 100_003), ("BQ1", "758000", "", -3), ("BQ1", "411000", "C1", -100_000)
    ]  # fmt: skip


def test_a_cause_brings_its_own_account() -> None:
    known = facts(
        [settled("a", "r", "F1", 90_000), settled("b", "r", "F1", 10_000, "write_off", account="709000")],
        [item("F1", 100_000)],
        [receipt("r", 90_000)],
    )
    assert ("BQ1", "709000", "", 10_000) in written(known)


def test_a_cause_names_the_root_and_the_rules_the_account() -> None:
    known = facts(
        [settled("a", "r", "F1", 98_000), settled("b", "r", "F1", 2_000, "discount", account="665")],
        [item("F1", 100_000)],
        [receipt("r", 98_000)],
    )
    assert ("BQ1", "665000", "", 2_000) in written(known)
    assert ("BQ1", "665100", "", 2_000) in written(known, rules(accounts=Accounts(discounts="665100")))
    other = facts(
        [settled("a", "r", "F1", 98_000), settled("b", "r", "F1", 2_000, "charge", account="447")],
        [item("F1", 100_000)],
        [receipt("r", 98_000)],
    )
    assert ("BQ1", "447000", "", 2_000) in written(other)


def test_a_cause_on_a_customer_s_account_bears_the_auxiliary() -> None:
    """The 5 % of a retention move to 4117, still the customer's."""
    known = facts(
        [settled("a", "r", "F1", 95_000), settled("b", "r", "F1", 5_000, "write_off", account="411700")],
        [item("F1", 100_000)],
        [receipt("r", 95_000)],
    )
    assert ("BQ1", "411700", "C1", 5_000) in written(known)


def test_bank_charges_and_exchange_differences() -> None:
    for kind, amount, expected in (
        ("charge", 1_500, ("BQ1", "627000", "", 1_500)),
        ("fx", 1_500, ("BQ1", "666000", "", 1_500)),
        ("fx", -1_500, ("BQ1", "766000", "", -1_500)),
    ):
        known = facts(
            [settled("a", "r", "F1", 100_000 - amount), settled("b", "r", "F1", amount, kind)],
            [item("F1", 100_000)],
            [receipt("r", 100_000 - amount)],
        )
        assert expected in written(known)


def test_a_credit_note_is_deducted() -> None:
    """900 € for 1,000 € less a credit note of 100 €: each on its own line, so that each can be lettered."""
    known = facts(
        [settled("a", "r", "F1", 100_000), settled("b", "r", "AV1", -10_000)],
        [item("F1", 100_000), item("AV1", -10_000, kind="credit_note")],
        [receipt("r", 90_000)],
    )
    assert written(known) == [
        ("BQ1", "512100", "", 90_000), ("BQ1", "411000", "C1", -100_000), ("BQ1", "411000", "C1", 10_000)
    ]  # fmt: skip
    result = write_entries(known, FULL, {})
    letters = letter_lines(result, known, FULL)
    assert letters.group_by("letter").agg(pl.col("net").sum()).sort("letter").rows() == [("AAA", 0), ("AAB", 0)]


def test_a_credit_note_against_an_invoice_needs_letters_alone() -> None:
    known = facts(
        [settled("a", "r", "F1", 10_000, "credit", credit_item_id="A:AV1")],
        [item("F1", 100_000), item("AV1", -10_000, kind="credit_note")],
        [receipt("r", 90_000)],
    )
    result = write_entries(known, FULL, {})
    assert not result.entries.height
    assert result.covers["cash"].to_list() == [0]
    letters = letter_lines(result, known, FULL)
    assert sorted(letters.select("letter", "net").rows()) == [("aaa", -10_000), ("aaa", 100_000)]


def test_an_advance_is_used_up() -> None:
    """An advance received (4191) set against its invoice."""
    known = facts(
        [settled("a", "r", "F1", 30_000, "credit", credit_item_id="A:AC1")],
        [item("F1", 100_000), item("AC1", -30_000, kind="down_payment", ledger_account="419100")],
        [receipt("r", 1)],
    )
    assert sorted(written(known)) == [("OD", "411000", "C1", -30_000), ("OD", "419100", "C1", 30_000)]


def test_netting_with_a_supplier_account() -> None:
    known = facts(
        [settled("a", "r", "F1", 40_000, "netting"), settled("b", "r", "F1", 60_000)],
        [item("F1", 100_000)],
        [receipt("r", 60_000)],
    )
    assert written(known) == [
        ("BQ1", "401000", "F1", 40_000), ("BQ1", "512100", "", 60_000), ("BQ1", "411000", "C1", -100_000)
    ]  # fmt: skip


def test_netting_with_nobody_s_supplier_account_waits_and_says_what_is_missing() -> None:
    known = facts(
        [settled("a", "r", "F1", 40_000, "netting"), settled("b", "r", "F1", 60_000)],
        [item("F1", 100_000)],
        [receipt("r", 60_000)],
    )
    result = write_entries(known, rules(supplier_codes={"C2": "F2"}), {})
    assert lines(result.entries) == [("BQ1", "512100", "", 60_000), ("BQ1", "411000", "C1", -60_000)]
    why = "nobody has said which supplier customer C1 is: give its account in the accounts and journals"
    assert result.held.select("allocation_id", "reason").rows() == [("A:a", why)]
    kept = [settled("a", "r", "F1", 40_000, "netting", account="4117"), settled("b", "r", "F1", 60_000)]
    held_back = facts(kept, [item("F1", 100_000)], [receipt("r", 60_000)])
    assert ("BQ1", "411700", "C1", 40_000) in written(held_back, rules(supplier_codes={}))  # a retention stays its own


def test_a_retention_is_paid_on_its_own_account() -> None:
    """5 % kept on works until their release: 4117."""
    assert written(paid(kind="transfer", ledger_account=None) ) == [
        ("BQ1", "512100", "", 100_000), ("BQ1", "411000", "C1", -100_000)
    ]  # fmt: skip
    known = facts(
        [settled("a", "r", "RG1", 5_000)],
        [item("RG1", 5_000, kind="retention", ledger_account=None)],
        [receipt("r", 5_000)],
    )
    assert written(known) == [("BQ1", "512100", "", 5_000), ("BQ1", "411700", "C1", -5_000)]


def test_a_cheque_lies_in_collection_until_the_bank_has_it() -> None:
    assert written(paid("cheque")) == [
        ("CH", "511200", "", 100_000),
        ("CH", "411000", "C1", -100_000),
        ("BQ1", "512100", "", 100_000),
        ("BQ1", "511200", "", -100_000),
    ]
    straight = rules(accounts=Accounts(cheques_in_collection=""))
    assert written(paid("cheque"), straight) == written(paid())


def test_a_draft_paid_and_a_draft_that_the_bank_bought() -> None:
    assert written(paid("draft", ledger_account="413000"))[:2] == [
        ("CH", "511300", "", 100_000), ("CH", "413000", "C1", -100_000)
    ]  # fmt: skip
    bought = written(paid("draft", ledger_account="413000", discounted=True))
    assert bought[0] == ("CH", "519000", "", 100_000)
    assert bought[3] == ("BQ1", "519000", "", -100_000)


def test_a_bounced_cheque_opens_the_invoice_again() -> None:
    known = facts(
        [settled("a", "back", "F1", -100_000)],
        [item("F1", 100_000)],
        [receipt("back", -100_000, kind="return", returns_receipt_id="A:r")],
    )
    assert written(known) == [("BQ1", "512100", "", -100_000), ("BQ1", "411000", "C1", 100_000)]


def test_vat_on_receipts_becomes_due_with_the_money() -> None:
    """Services: 1,200 € received make 200 € of VAT due, 44574 → 44571."""
    known = facts([settled("a", "r", "F1", 120_000)], [item("F1", 120_000)], [receipt("r", 120_000)])
    assert written(known, rules(receipts_vat=True)) == [
        ("BQ1", "512100", "", 120_000),
        ("BQ1", "445740", "", 20_000),
        ("BQ1", "445710", "", -20_000),
        ("BQ1", "411000", "C1", -120_000),
    ]


def test_money_for_another_entity_goes_through_451_on_both_sides() -> None:
    other = item("F9", 100_000, item_id="B:F9", entity_id="B", customer_id="B:C2")
    known = facts([settled("a", "r", "F9", 100_000, item_id="B:F9")], [other], [receipt("r", 100_000)])
    entries = write_entries(known, FULL, {}).entries
    assert lines(entries.filter(pl.col("entity_id") == "A")) == [
        ("BQ1", "512100", "", 100_000), ("BQ1", "451000", "", -100_000)
    ]  # fmt: skip
    assert lines(entries.filter(pl.col("entity_id") == "B")) == [
        ("OD", "451000", "", 100_000), ("OD", "411000", "C2", -100_000)
    ]  # fmt: skip
    assert entries["piece"].n_unique() == 2


def test_an_advance_stands_on_4191_and_is_applied_later() -> None:
    row = {"advance_id": "advance:7", "entity_id": "A", "receipt_id": "A:r", "customer_id": "A:C1", "amount": 100_000}
    advances = pl.DataFrame([row | {"on": DAY, "undone_on": None}], schema_overrides={"undone_on": pl.Date})
    known = facts([], [], [receipt("r", 100_000)], advances=advances)
    assert written(known) == [("BQ1", "512100", "", 100_000), ("BQ1", "419100", "C1", -100_000)]
    applied = facts(
        [settled("a", "r", "F1", 70_000, from_advance=70_000)],
        [item("F1", 70_000)],
        [receipt("r", 100_000, customer_id="A:C1")],
    )
    assert written(applied) == [("OD", "419100", "C1", 70_000), ("OD", "411000", "C1", -70_000)]


def test_another_currency() -> None:
    """1,100 USD invoiced at 1.10 are 1,000 €; at 1.12 on the day of payment 982.14 €: 17.86 € lost."""
    rates = frame("rates", [
        {"currency": "USD", "on": date(2026, 1, 14), "rate": 1.10}, {"currency": "USD", "on": DAY, "rate": 1.12},
    ])  # fmt: skip
    known = facts(
        [settled("a", "r", "F1", 110_000)],
        [item("F1", 110_000, currency="USD")],
        [receipt("r", 110_000, currency="USD")],
        rates=rates,
    )
    assert written(known) == [
        ("BQ1", "512100", "", 98_214), ("BQ1", "666000", "", 1_786), ("BQ1", "411000", "C1", -100_000)
    ]  # fmt: skip
    row = write_entries(known, FULL, {}).entries.row(0, named=True)
    assert (row["foreign_amount"], row["foreign_currency"]) == (110_000, "USD")
    without = write_entries(facts(
        [settled("a", "r", "F1", 110_000)], [item("F1", 110_000, currency="USD")], [receipt("r", 110_000)]
    ), FULL, {})  # fmt: skip
    assert without.held["reason"].to_list() == ["no rate of USD is known on 2026-01-15"]
    assert not without.covers.height


def test_a_sealed_month_is_booked_in_the_first_open_one() -> None:
    result = write_entries(paid(), FULL, {"A": date(2026, 4, 1)})
    assert set(result.entries["day"]) == {date(2026, 4, 1)}
    assert result.covers["period"].to_list() == [date(2026, 4, 1)]


def test_a_bank_account_that_nobody_has_set_waits() -> None:
    known = facts([settled("a", "r", "F1", 1)], [item("F1", 1)], [receipt("r", 1, account="FR00")])
    result = write_entries(known, FULL, {})
    assert result.held["reason"].to_list() == ["nobody has said how bank account FR00 is kept"]
    assert not result.entries.height


def test_what_is_not_there_is_a_wrong_call() -> None:
    with pytest.raises(CallError, match="not there"):
        write_entries(facts([settled("a", "r", "F1", 1)], [], []), FULL, {})


def test_a_counter_entry_mirrors_what_left() -> None:
    entries = write_entries(paid(), FULL, {}).entries
    back = reverse_entries(entries, date(2026, 4, 2))
    assert [row[3] for row in lines(back)] == [-100_000, 100_000]
    assert set(back["day"]) == {date(2026, 4, 2)}
    assert back["reverses"].to_list() == entries["piece"].to_list()
    assert set(back["piece"]) != set(entries["piece"])
    assert back["label"][1].startswith("CONTREPASSATION VIR Menuiserie C1 F1")
    seen = {("A", "411000"): "AAC"}
    letters = reversal_letters(back, entries, seen)
    assert letters.select("letter", "net").rows() == [("AAD", -100_000), ("AAD", 100_000)]
    assert seen == {("A", "411000"): "AAD"}
    assert not reverse_entries(entries.clear(), DAY).height


def test_a_rest_that_comes_later_makes_the_letter_whole() -> None:
    """600 of 1,000: a small letter; when 400 come, one capital letter takes in all three lines."""
    first = facts([settled("a", "r", "F1", 60_000)], [item("F1", 100_000)], [receipt("r", 60_000)])
    part = write_entries(first, FULL, {})
    assert set(letter_lines(part, first, FULL)["letter"]) == {"aaa"}
    earlier = part.entries.filter(pl.col("role") == "claim").select(
        "piece", "account", "auxiliary", "item_id", "receipt_id", "role", "day", "net", undone=pl.lit(value=False)
    )
    rest = facts(
        [settled("b", "s", "F1", 40_000)],
        [item("F1", 100_000)],
        [receipt("s", 40_000)],
        earlier=earlier,
        seen={("A", "411000"): "aaa"},
    )
    letters = letter_lines(write_entries(rest, FULL, {}), rest, FULL)
    assert set(letters["letter"]) == {"AAB"}
    assert sorted(letters["net"]) == [-60_000, -40_000, 100_000]


def test_the_bank_account_is_the_batch_s() -> None:
    assert set(write_entries(paid(), FULL, {}).covers["bank"]) == {BANK}
