"""Differences on the screen: summed by cause, customer, month and owner; each with its proof; nothing of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import Decision, DifferenceLine, Proposal
from encours.usecases import clock
from tests.web.cast import Town

_PAGE = "/cash/differences/"


@pytest.fixture
def differences(town: Town) -> list[DifferenceLine]:
    """A discount and a bank charge booked in A, a short payment left open in A, a rounding in B."""
    made = []
    rows = (
        ("A", 0, "discount", "discount", 2_400, 2_400, "accounting"),
        ("A", 1, "bank_charge", "charge", 1_500, 1_500, "treasury"),
        ("A", 1, "price_short", "", 10_000, 0, "sales"),
        ("B", 0, "rounding", "write_off", 3, 3, "cash_application"),
    )
    for entity, number, cause, kind, amount, worth, owner in rows:
        item = f"{entity}:{number}:{'late' if kind else 'next'}"
        proposal = Proposal.objects.create(
            entity_id=entity, receipt_id=f"{entity}:{number}:r", decision="review", rule="by_hand", confidence=1.0,
            reason="", state="accepted",
        )  # fmt: skip
        Decision.objects.create(
            entity_id=entity, act="accept_match", proposal=proposal, subject_id=proposal.receipt_id,
            decided_at=clock.now(),
        )  # fmt: skip
        made.append(
            DifferenceLine.objects.create(
                proposal=proposal, entity_id=entity, item_id=item, cause=cause, kind=kind,
                amount=amount, worth=worth, account="665", owner=owner, proof="the terms offer it",
            )
        )  # fmt: skip
    return made


def test_what_was_left_open_and_is_settled_since_is_no_difference_any_more(
    client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    DifferenceLine.objects.filter(kind="").update(item_id="A:1:late")  # the town's accepted match settles it
    page = client_of("alice").get(f"{_PAGE}?entity=A").context["page"]
    assert {row.key for row in page.groups} == {"discount", "bank_charge"}


def test_sums_are_those_of_the_rows(
    town: Town, client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    client = client_of("alice")
    page = client.get(f"{_PAGE}?entity=A").context["page"]
    assert {(row.key, row.booked, row.open) for row in page.groups} == {
        ("discount", 2_400, 0), ("bank_charge", 1_500, 0), ("price_short", 0, 10_000),
    }  # fmt: skip
    assert page.totals == [("EUR", 3, 3_900, 10_000)]
    assert page.given_up == [("EUR", 3_900)]
    month = f"{clock.today():%Y-%m}"
    for by, key in (("customer", "A:1"), ("month", month), ("owner", "sales")):
        groups = client.get(f"{_PAGE}?entity=A&by={by}").context["page"].groups
        assert key in {row.key for row in groups}
        assert sum(row.amount for row in groups) == 13_900


@pytest.mark.parametrize(
    ("query", "causes"),
    [
        ("cause=discount", {"discount"}),
        ("customer=A:1", {"bank_charge", "price_short"}),
        ("owner=treasury", {"bank_charge"}),
        ("state=open", {"price_short"}),
        ("month=1999-01", set()),
    ],
)
def test_it_is_narrowed(
    query: str, causes: set[str], town: Town, client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    page = client_of("alice").get(f"{_PAGE}?entity=A&{query}").context["page"]
    assert {row.cause for row in page.rows} == causes


def test_a_match_that_was_undone_costs_nothing(
    town: Town, client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    Proposal.objects.filter(pk=differences[0].proposal_id).update(state="undone")
    page = client_of("alice").get(f"{_PAGE}?entity=A").context["page"]
    assert "discount" not in {row.cause for row in page.rows}


def test_the_file_holds_what_the_page_shows(
    town: Town, client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    sheet = client_of("claude").get(f"{_PAGE}export.csv?cause=price_short").content.decode()
    assert "Price difference" in sheet
    assert "100.00" in sheet
    assert "Bank charge" not in sheet
    assert "BAS-" not in sheet


def test_nothing_of_another_entity_or_outside_a_portfolio(
    town: Town, client_of: Callable[[str], Client], differences: list[DifferenceLine]
) -> None:
    assert {row.entity_id for row in client_of("victor").get(_PAGE).context["page"].rows} == {"B"}
    for name in ("colette", "nemo"):
        assert client_of(name).get(_PAGE).context["page"].empty_book
