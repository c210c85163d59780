"""Legal caps: each rule lets its own limit pass and warns one day beyond it."""

from __future__ import annotations

from datetime import date

import pytest

from encours.core.terms import parse_term
from encours.core.terms.caps import CAPS, Case, caps_for, check_invoice, check_term

# (case, terms that keep the cap, terms that exceed it, the rule)
CASES = [
    (Case(agreed=False), ["30 jours à la livraison", "30 jours"], ["31 jours", "30 fdm"], "b2b_nothing_agreed"),
    (
        Case(),
        ["60 jours", "45 jours fin de mois", "fin de mois + 45 jours", "30 fdm"],
        ["61 jours", "60 fdm", "45 fdm le 10"],
        "b2b_agreed",
    ),
    (Case(summary=True), ["45 jours"], ["46 jours", "45 jours fin de mois", "60 jours"], "b2b_summary"),
    (Case(sector="perishables"), ["30 jours à la livraison"], ["31 jours à la livraison"], "perishables"),
    (
        Case(sector="perishables", summary=True),
        ["fin de décade 30 jours"],
        ["fin de mois 30 jours"],
        "perishables_summary",
    ),
    (Case(sector="live_cattle"), ["20 jours"], ["21 jours"], "live_cattle"),
    (Case(sector="alcohol"), ["fin de mois + 30 jours"], ["fin de mois + 31 jours"], "alcohol"),
    (Case(sector="wine"), ["60 jours", "45 fdm"], ["61 jours"], "wine"),
    (Case(sector="transport"), ["30 jours"], ["30 fdm", "31 jours"], "transport"),
    (Case(sector="green_machines"), ["55 fdm"], ["56 fdm"], "green_machines"),
    (Case(sector="farm_machines"), ["110 fdm"], ["111 fdm"], "farm_machines"),
    (Case(sector="snow_sports"), ["90 jours"], ["91 jours"], "snow_sports"),
    (Case(sector="leather"), ["54 fdm"], ["55 fdm"], "leather"),
    (Case(sector="toys"), ["75 jours"], ["95 jours", "76 jours"], "toys"),
    (Case(sector="watches"), ["74 jours", "59 fdm"], ["75 jours"], "watches"),
    (Case(sector="grand_export"), ["90 jours"], ["91 jours"], "grand_export"),
    (Case(buyer="public"), ["30 jours"], ["31 jours"], "public_state"),
    (Case(buyer="public", public_body="hospital"), ["50 jours"], ["51 jours"], "public_hospital"),
    (Case(buyer="public", public_body="undertaking"), ["60 jours"], ["45 jours fin de mois"], "public_undertaking"),
]


@pytest.mark.parametrize(("case", "kept", "exceeded", "rule"), CASES, ids=[row[3] for row in CASES])
def test_each_cap(case: Case, kept: list[str], exceeded: list[str], rule: str) -> None:
    assert [cap.name for cap in caps_for(case)] == [rule]
    for text in kept:
        assert check_term(parse_term(text), case, 2026) == [], text
    for text in exceeded:
        (warning,) = check_term(parse_term(text), case, 2026)
        assert warning.cap.name == rule
        assert warning.days_over >= 1


def test_every_cap_is_tested() -> None:
    assert {row[3] for row in CASES} == {cap.name for cap in CAPS}


def test_no_cap_for_consumers_and_books() -> None:
    for case in (Case(buyer="consumer"), Case(sector="books")):
        assert check_term(parse_term("180 jours"), case, 2026) == []


def test_a_warning_proves_itself_in_both_languages() -> None:
    (warning,) = check_term(parse_term("65 jours"), Case(), 2026)
    assert warning.days_over == 5
    assert warning.text().startswith("Between businesses the most that can be agreed is 60 days")
    assert "C. com. L441-10 I" in warning.text("fr")
    assert f"{warning.due_on:%d/%m/%Y}" in warning.text("fr")


def test_an_invoice_may_use_the_latest_of_the_allowed_terms() -> None:
    issued_on = date(2026, 10, 22)  # 60 net is 21 December, 45 days end of month (A) is 31 December
    assert check_invoice(issued_on, date(2026, 12, 31), Case()) == []
    (warning,) = check_invoice(issued_on, date(2027, 1, 1), Case())
    assert warning.allowed_on == date(2026, 12, 31)


def test_toys_have_a_season() -> None:
    toys = Case(sector="toys")
    assert check_invoice(date(2026, 9, 30), date(2027, 1, 3), toys) == []
    assert check_invoice(date(2026, 10, 1), date(2026, 12, 15), toys) == []
    assert check_invoice(date(2026, 10, 1), date(2026, 12, 16), toys)
