"""The pages of the forecast: what they say, in both languages; what leaves as a file; currencies never in one sum."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation
from python_calamine import CalamineWorkbook

from encours.store import parquet
from encours.store.models import CashForecast, ForecastCustomer, ForecastWeek, PaymentModel, User
from encours.usecases import clock
from encours.usecases.deciding import write_fact
from encours.web.shell import format as form
from tests.web.cast import Town

_PARTS = (
    "weeks", "days", "customers", "items", "changes", "accuracy", "horizons", "trust", "reliability", "left-out",
)  # fmt: skip


def _rows(client: Client, address: str) -> list[list[str]]:
    text = client.get(address).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=","))


def test_the_page_says_how_much_from_whom_and_how_sure(town: Town, client_of: Callable[[str], Client]) -> None:
    text = client_of("alice").get("/forecast/?of=A").content.decode()
    assert "1,400,000" not in text  # 14,000.00 in minor units
    assert "14,000" in text
    assert "between 11,200 and 16,800" in text
    assert "Zirconia 0" in text
    assert "777 EUR assigned to the factor" in text
    assert "Basalte" not in text.split("<main", 1)[1].split("</nav>", 1)[1]


def test_the_page_is_french(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    text = client_of("alice").get("/forecast/?of=A").content.decode()
    for words in ("Prévision d’encaissements", "Facturation à venir", "Nouvelles factures", "cédés au factor"):
        assert words in text


def test_past_forecasts_say_that_they_were_reckoned_afterwards(town: Town, client_of: Callable[[str], Client]) -> None:
    text = client_of("alice").get("/forecast/?of=A&part=accuracy").content.decode()
    assert "reckoned afterwards, from what was known on their day" in text
    assert "11.1%" in text  # of what came, off by a ninth
    changes = client_of("alice").get("/forecast/?of=A&part=changes").content.decode()
    assert "was reckoned afterwards, from what was known that day" in changes
    assert re.search(r"1,500 EUR were expected on \d.* and 1,750 EUR are now", changes)
    assert "a week ago" not in changes, "the former forecast may be two or three weeks old"
    assert "since last week" not in text + changes
    with translation.override("en"):
        before, today = (form.day(clock.today() - timedelta(days=back)) for back in (7, 0))
    assert f"What changed since {before}, and why?" in changes
    steps = client_of("alice").get("/forecast/changes.csv?of=A").content.decode()
    assert f"Forecast of {before}" in steps
    assert f"Forecast of {today}" in steps


@pytest.mark.parametrize("part", _PARTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_table_leaves_as_a_file(part: str, kind: str, town: Town, client_of: Callable[[str], Client]) -> None:
    answer = client_of("alice").get(f"/forecast/{part}.{kind}?of=A")
    assert answer.status_code == 200
    assert f"cash-forecast-{part}-EUR-" in answer.headers["Content-Disposition"]
    if kind == "xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        assert len(rows) > 1
    assert client_of("alice").get(f"/forecast/nothing.{kind}?of=A").status_code == 404


def test_how_far_to_trust_the_dates_is_said_with_the_duel_and_its_day(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    client = client_of("alice")
    text = client.get("/forecast/?of=A&part=accuracy").content.decode()
    said = (
        "How far to trust the dates",
        "from 4,321 payments",
        "over the last four weeks",
        "81% were paid within it, 8% earlier and 11% later",
        "Each payer’s own median",
        "it holds",
    )
    for words in said:
        assert words in text
    row = PaymentModel.objects.get(entity_id="A")
    row.trial |= {"thin": "own_past", "thin_duel": {"forecasts": 1312.0, "model": 5.44, "own_past": 4.96}}
    row.save()
    few = client.get("/forecast/?of=A&part=accuracy").content.decode()
    assert "fewer than 20 payments (1,312 dates): the model was 5.4 days off, their own past 5.0." in few
    assert "So their own past says when they pay." in few
    picture = client.get("/forecast/chart/reliability/?of=A").content.decode()
    assert "Of 120 items with a said chance of 4% of being late, 6% were late" in picture
    PaymentModel.objects.filter(entity_id="A").update(trial={}, drift={})
    bare = client.get("/forecast/?of=A&part=accuracy").content.decode()
    assert "How far to trust the dates" in bare
    assert "Each payer’s own median" not in bare
    head, *rows = _rows(client, "/forecast/trust.csv?of=B")
    assert [row[head.index("Used")] for row in rows] == ["yes", "", ""]
    assert [row[head.index("Days off")] for row in rows] == ["1.2", "1.9", "7.3"]


def test_the_file_of_items_holds_each_item_s_chances_by_week(town: Town, client_of: Callable[[str], Client]) -> None:
    head, *rows = _rows(client_of("alice"), "/forecast/items.csv?of=A")
    weeks = [place for place, label in enumerate(head) if label.startswith("Paid in the week from")]
    assert len(weeks) == 13
    told = [[float(row[place]) for place in weeks] for row in rows if row[weeks[0]]]
    assert told
    assert all(0 < sum(row) <= 100.7 for row in told)
    assert any(row[head.index("Unpaid after 90 days, %")] for row in rows)
    assert client_of("nemo").get("/forecast/orders.csv?of=A").status_code == 403


def test_the_file_of_orders_is_that_of_the_customers_one_may_see(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    day = clock.today()
    for number in (0, 1):
        order = {"order_id": f"A:o{number}", "customer_id": f"A:{number}", "amount": 250_000, "currency": "EUR",
                 "ordered_on": day, "status": "released", "invoice_on": day}  # fmt: skip
        write_fact("orders", order, "A")
    parquet.stamp("A", clock.now())
    head, *rows = _rows(client_of("alice"), "/forecast/orders.csv?of=A")
    assert [(row[0], row[head.index("Status")], row[head.index("Amount")]) for row in rows] == [
        ("o0", "Order released", "2500.00"), ("o1", "Order released", "2500.00"),
    ]  # fmt: skip
    assert [row[0] for row in _rows(client_of("colette"), "/forecast/orders.csv?of=A")[1:]] == ["o0"]


def test_the_file_of_weeks_holds_the_page_s_sums(town: Town, client_of: Callable[[str], Client]) -> None:
    head, *rows = _rows(client_of("alice"), "/forecast/weeks.csv?of=A")
    said = sum(round(float(row[head.index("Expected cash")]) * 100) for row in rows)
    kept = ForecastWeek.objects.filter(forecast__before_on__isnull=False, entity_id="A", source="total")
    assert said == sum(kept.values_list("mean", flat=True))
    names = {row[2] for row in _rows(client_of("colette"), "/forecast/customers.csv?of=A")[1:]}
    assert names == {"Zirconia 0"}


def test_currencies_are_shown_apart(town: Town, client_of: Callable[[str], Client]) -> None:
    made = CashForecast.objects.get(entity_id="A", before_on__isnull=False)
    for row in ForecastWeek.objects.filter(forecast=made):
        row.pk, row.currency, row.mean = None, "USD", 5
        row.save(force_insert=True)
    other = ForecastCustomer.objects.filter(forecast=made).first()
    assert other is not None
    ForecastCustomer.objects.create(
        forecast=made, entity_id="A", customer_id=other.customer_id, currency="USD", name=other.name, open=9, soon=9,
        expected=9, later=0, weeks=other.weeks,
    )  # fmt: skip
    client = client_of("alice")
    page = client.get("/forecast/?of=A").context["page"]
    assert (page.head.currency, page.head.currencies) == ("EUR", ["EUR", "USD"])
    dollars = client.get("/forecast/?of=A&currency=USD&part=customers").context["page"]
    assert [row.customer_id for row in dollars.customers] == [other.customer_id]
    overview = client.get("/?entity=A").context["page"]
    assert overview.coming[0].total == sum(week.total.mean for week in page.weeks[:4])


def test_a_scenario_that_says_nothing_is_refused_in_words(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    assert "choose one of the scenarios" in client.get("/forecast/scenario/?of=A&rule=x").content.decode()
    unseen = client.get("/forecast/scenario/?of=A&rule=customer_lost&customer=B:0").content.decode()
    assert "choose a customer of whom something is open" in unseen
    assert client.get("/forecast/scenario.csv?of=A&rule=x").status_code == 404


def test_a_past_day_without_a_forecast_says_so(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    text = client.get("/forecast/?on=2020-01-31&reading=known").content.decode()
    assert "No forecast of that day is kept" in text


def test_a_limited_day_shows_no_entity_sums(town: Town, client_of: Callable[[str], Client]) -> None:
    text = client_of("colette").get("/?entity=A").content.decode()
    assert "open items of your portfolio" in text
    accuracy = client_of("colette").get("/forecast/?of=A&part=accuracy").content.decode()
    assert "Accuracy is that of the whole entity" in accuracy
