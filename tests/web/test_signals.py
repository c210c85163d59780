"""Signals and habits on the screens: whose, in which words, sorted, filtered, as files; nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from encours.store.models import PayerProfile, PaymentModel, Signal, User
from encours.usecases import clock
from encours.web.shell import format as form
from tests.web.cast import Town


def test_the_first_line_says_when_the_next_money_comes_how_sure_and_why(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    page = " ".join(client_of("alice").get("/customer/A:0").content.decode().split())
    day = clock.today()
    with translation.override("en"):
        around, first, last = (form.day(day + timedelta(days=n), "EEE d MMM") for n in (9, 5, 16))
    assert "≈ 12,300 EUR" in page
    assert f"around <strong>{around}</strong> (8 times of 10 between {first} and {last})" in page
    assert "because 2 invoices due by" in page
    assert "usually pays 12 days late" in page
    assert "leaving alone is not accepting the terms" in page
    assert "987 EUR a year" in page
    assert "on Tuesdays (85% of them)" in page


def test_french_says_it_too(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    page = " ".join(client_of("alice").get("/customer/A:0").content.decode().split())
    assert "Prochain règlement" in page
    assert "8 fois sur 10 entre" in page
    assert "ne pas relancer n’est pas accepter" in page
    assert "Next money" not in page


def test_an_item_says_when_it_is_expected_and_what_moved_it(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    late = client_of("alice").get("/item/A:0:late").content.decode()
    assert "8 fois sur 10 entre" in late
    assert "Le règlement est promis" in late
    assert "ne pas relancer jusqu’au" in late
    coming = client_of("alice").get("/item/A:0:next").content.decode()
    assert "plus de six mois" in coming, "an end beyond half a year is not told as a day"
    assert "en retard à" in coming


def test_each_list_holds_its_customers(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    rows = {view: client.get(f"/signals/?entity=A&view={view}").context["page"].rows for view in
            ("changed", "alone", "passed")}  # fmt: skip
    assert [(row.customer_id, row.kind, row.is_new) for row in rows["changed"]] == [("A:1", "first_late", True)]
    assert [one.item_id for one in rows["changed"][0].evidence] == ["A:1:late", "A:0:late"]
    assert [(row.customer_id, row.items, row.amount, row.cost) for row in rows["alone"]] == [
        ("A:0", 1, 123_456, 98_700)
    ]
    assert [(row.customer_id, row.items, row.own_p90) for row in rows["passed"]] == [("A:1", 1, 66)]


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("view=changed&kind=returned", []),
        ("view=changed&kind=first_late", ["A:1"]),
        ("view=changed&q=zirconia%201", ["A:1"]),
        ("view=changed&q=nobody", []),
        ("view=changed&state=new", ["A:1"]),
        ("view=changed&state=gone", []),
        ("view=nonsense&sort=nonsense&page=99", ["A:1"]),
        ("view=alone&sort=-cost", ["A:0"]),
    ],
)
def test_it_is_narrowed_and_sorted(query: str, seen: list[str], town: Town, client_of: Callable[[str], Client]) -> None:
    page = client_of("alice").get(f"/signals/?entity=A&{query}").context["page"]
    assert [row.customer_id for row in page.rows] == seen


def test_what_is_gone_stands_no_more(town: Town, client_of: Callable[[str], Client]) -> None:
    Signal.objects.filter(entity_id="A").update(gone_on=clock.today())
    client = client_of("alice")
    assert client.get("/signals/?entity=A").context["page"].rows == []
    assert [row.customer_id for row in client.get("/signals/?entity=A&state=gone").context["page"].rows] == ["A:1"]
    assert "First time late" not in client.get("/customer/A:1").content.decode()


def test_a_portfolio_sees_its_own_and_evidence_of_its_own(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("colette")  # sees A:0 alone
    assert [row.customer_id for row in client.get("/signals/?view=alone").context["page"].rows] == ["A:0"]
    for view in ("changed", "passed"):
        assert client.get(f"/signals/?view={view}").context["page"].rows == []
    assert client.get("/signals/").context["page"].counts == {"changed": 0, "alone": 1, "passed": 0}


@pytest.mark.parametrize("view", ["changed", "alone", "passed"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_list_leaves_as_a_file(view: str, kind: str, town: Town, client_of: Callable[[str], Client]) -> None:
    answer = client_of("alice").get(f"/signals/export.{kind}?view={view}&entity=A")
    assert answer.status_code == 200
    if kind == "csv":
        lines = answer.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 2
        assert "Zirconia" in lines[1]


def test_before_the_first_night_it_says_what_to_do(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    PaymentModel.objects.all().delete()
    PayerProfile.objects.all().delete()
    client = client_of("alice")
    assert "Aucune habitude connue" in client.get("/signals/").content.decode()
    assert "next-title" not in client.get("/customer/A:0").content.decode()


def test_a_past_day_shows_no_habit_of_today(town: Town, client_of: Callable[[str], Client]) -> None:
    on = f"?on={clock.today() - timedelta(days=1)}&reading=known"
    assert "next-title" not in client_of("alice").get(f"/customer/A:0{on}").content.decode()
