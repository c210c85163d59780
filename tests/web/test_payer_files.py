"""How customers pay as files: what the pages say, in the same units, of nobody whom one may not see."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from encours.store.models import Customer, Item, ItemPrediction, PayerProfile, User
from encours.usecases import clock
from encours.usecases.payment_habit import habit_of
from encours.usecases.rights import actor_of
from encours.usecases.show_customer import show_customer
from encours.usecases.viewing import Viewing
from tests.web.cast import Town

_PAYERS, _ITEMS = "/signals/payers", "/customer/items/A:0"


def _csv(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _xlsx(client: Client, address: str) -> list[dict[str, Any]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(client.get(address).content)).get_sheet_by_index(0)
    head, *lines = sheet.to_python()
    return [dict(zip(head, line, strict=True)) for line in lines]


def _viewing(town: Town) -> Viewing:
    actor = actor_of(town.users["alice"])
    return Viewing(actor, actor.entities, clock.today())


def test_every_payer_has_a_row_of_the_pages_figures(town: Town, client_of: Callable[[str], Client]) -> None:
    PayerProfile.objects.filter(customer_id="A:0").update(
        figures=PayerProfile.objects.get(customer_id="A:0").figures
        | {"share_full": 0.92, "channel": "cheque", "changed_on": "2026-01-05", "changed_days": 9.0, "change_t": 5.0}
    )
    habit = habit_of(_viewing(town), "A:0")
    assert habit is not None
    assert habit.money is not None
    assert habit.alone is not None
    rows = _csv(client_of("alice"), f"{_PAYERS}.csv")
    assert len(rows) == PayerProfile.objects.count() == 8
    row = next(one for one in rows if one["Customer"] == "Zirconia 0")
    assert (row["Entity"], row["Account"], row["Profile"]) == ("A", "0", "Late but reliable")
    assert float(row["Payments known"]) == habit.payments
    assert float(row["Usual delay in days"]) == habit.figures["delay_median"]
    assert float(row["Nine in ten by day"]) == habit.figures["delay_p90"]
    assert row["Run days"] == "on Tuesdays"
    assert (row["On run days, %"], row["In full at once, %"], row["In parts, %"]) == ("85.0", "92.0", "5.0")
    assert (row["Pays by"], row["Promises due"], row["Promises kept"]) == ("Cheque", "4.0", "3.0")
    assert (row["Habit changed on"], row["Habit changed by days"]) == ("2026-01-05", "9.0")
    assert (row["Next money about"], row["Next money"]) == (habit.money.on.isoformat(), "12345.67")
    assert row["Leave alone until"] == habit.alone.until_on.isoformat()
    assert (row["Money left alone"], row["Cost of the delays a year"]) == ("1234.56", "987.00")
    assert row["Signals"] == ""


def test_a_signal_stands_with_its_payer_and_what_may_be_chance_is_no_change(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    figures = PayerProfile.objects.get(customer_id="A:1").figures
    unsure = figures | {"changed_on": "2026-01-05", "changed_days": 9.0, "change_t": 2.0}
    PayerProfile.objects.filter(customer_id="A:1").update(figures=unsure)
    rows = _csv(client_of("alice"), f"{_PAYERS}.csv")
    row = next(one for one in rows if one["Customer"] == "Zirconia 1")
    assert (row["Signals"], row["Probability in %"]) == ("First time late", "31.0")
    assert row["Since"] == (clock.today() - timedelta(days=3)).isoformat()
    assert row["Why"].startswith("Always on time")
    assert (row["Habit changed on"], row["Habit changed by days"], row["Money left alone"]) == ("", "", "")


def test_who_pays_for_an_account_is_named_where_it_may_be_seen(town: Town, client_of: Callable[[str], Client]) -> None:
    PayerProfile.objects.filter(customer_id="A:0").update(payer_id="A:1")
    seen = next(one for one in _csv(client_of("alice"), f"{_PAYERS}.csv") if one["Customer"] == "Zirconia 0")
    assert (seen["Paid by account"], seen["Paid by"], seen["Signals"]) == ("1", "Zirconia 1", "First time late")
    own = _csv(client_of("colette"), f"{_PAYERS}.csv")  # whose portfolio is A:0 alone
    assert [(one["Customer"], one["Paid by"], one["Signals"]) for one in own] == [("Zirconia 0", "", "")]


@pytest.mark.parametrize(("name", "entities"), [("victor", {"B"}), ("claude", {"A"}), ("alice", {"A", "B"})])
def test_the_file_of_payers_holds_ones_own_entities(
    name: str, entities: set[str], town: Town, client_of: Callable[[str], Client]
) -> None:
    assert {row["Entity"] for row in _csv(client_of(name), f"{_PAYERS}.csv")} == entities


def test_open_items_leave_with_their_expected_day_and_chances(town: Town, client_of: Callable[[str], Client]) -> None:
    page = show_customer(_viewing(town), "A:0")
    assert page is not None
    rows = _csv(client_of("alice"), f"{_ITEMS}.csv")
    assert [row["Number"] for row in rows] == [item.number for item in page.items]
    late = ItemPrediction.objects.get(item_id="A:0:late")
    row = next(row for row in rows if row["Open"] == "1234.56")
    assert (row["Entity"], row["Account"], row["Customer"], row["Kind"]) == ("A", "0", "Zirconia 0", "Invoice")
    assert (row["Days late"], row["Amount"], row["Currency"]) == ("60.0", "1234.56", "EUR")
    days = (late.p50_on, late.p10_on, late.p90_on, late.expected_on)
    said = (row["Expected on"], row["Not before (P10)"], row["Not after (P90)"], row["On average on"])
    assert said == tuple(day.isoformat() for day in days)
    assert (row["Late, %"], row["Unpaid after 90 days, %"], row["In parts, %"]) == ("100.0", "2.0", "5.0")
    assert (row["What it rests on"], row["Payments known"]) == ("The model of this book", "40.0")
    assert row["What moved it"].startswith("Payment is promised")
    note = next(row for row in rows if row["Open"].startswith("-"))
    assert (note["Expected on"], note["Late, %"], note["Days late"]) == ("", "", "")


def test_what_no_day_can_be_named_of_has_none_in_the_file(town: Town, client_of: Callable[[str], Client]) -> None:
    far = clock.today() + timedelta(days=400)
    days = dict.fromkeys(("p10_on", "p50_on", "p90_on", "expected_on"), far)
    ItemPrediction.objects.filter(item_id="A:0:late").update(kind="p90_passed", **days)
    row = next(row for row in _csv(client_of("alice"), f"{_ITEMS}.csv") if row["Open"] == "1234.56")
    assert (row["Expected on"], row["Not after (P90)"], row["Remark"]) == ("", "", "not foreseeable, beyond the habit")
    assert row["Unpaid after 90 days, %"] == "2.0"


def test_a_past_day_lists_what_was_open_and_expects_nothing(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    client.get(f"/help/?on={clock.today() - timedelta(days=1)}&reading=known")
    rows = _csv(client, f"{_ITEMS}.csv")
    assert len(rows) == 3
    assert "Expected on" not in rows[0]


@pytest.mark.parametrize("address", [_PAYERS, _ITEMS])
def test_a_name_stays_a_text_in_both_files(address: str, town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    for name in ("=1+1", "+33 1", "@SUM(A1)"):
        Customer.objects.filter(customer_id="A:0").update(name=name)
        assert f"'{name}" in {row["Customer"] for row in _csv(client, f"{address}.csv")}
        assert name in {row["Customer"] for row in _xlsx(client, f"{address}.xlsx")}


def test_a_number_stays_a_text_and_amounts_are_numbers(town: Town, client_of: Callable[[str], Client]) -> None:
    Item.objects.filter(item_id="A:0:late").update(number="=2+2", label="@x")
    client = client_of("alice")
    row = next(row for row in _csv(client, f"{_ITEMS}.csv") if row["Open"] == "1234.56")
    assert (row["Number"], row["Label"]) == ("'=2+2", "'@x")
    sheet = next(row for row in _xlsx(client, f"{_ITEMS}.xlsx") if row["Number"] == "=2+2")
    assert (sheet["Open"], sheet["Late, %"]) == (1234.56, 100.0)


def test_french_files_have_french_headings(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    head = client_of("alice").get(f"{_PAYERS}.csv").content.decode("utf-8-sig").splitlines()[0]
    assert "Retard usuel en jours" in head
    assert "Ne pas relancer jusqu’au" in head
    head = client_of("alice").get(f"{_ITEMS}.csv").content.decode("utf-8-sig").splitlines()[0]
    assert "Attendu le;Au plus tôt (P10);Au plus tard (P90)" in head


def test_the_pages_offer_the_files(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    signals = client.get("/signals/?view=changed&q=nobody").content.decode()
    assert f'href="{_PAYERS}.csv"' in signals
    assert f'href="{_PAYERS}.xlsx"' in signals
    assert 'href="/customer/items/A:0.csv?level=siren"' in client.get("/customer/A:0?level=siren").content.decode()
