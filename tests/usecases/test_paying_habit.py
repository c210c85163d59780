"""A customer's habit of paying and quoting comes from standing matches, and an undone one is unlearned."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from encours.core.matching.paying_habit import PayingHabit
from encours.store.models import MatchDisagreement, Proposal, ProposalLine, Receipt, User
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.paying_habit import paying_habit_of
from encours.usecases.propose_matches import propose_matches
from encours.usecases.show_desk import Desk, show_desk
from encours.usecases.undo_match import undo_match
from encours.usecases.viewing import Viewing
from encours.web.shell import paying_words
from tests.kept import import_once
from tests.usecases.books import DAY, frame, small_book
from tests.usecases.clerks import person
from tests.usecases.paying import MONTHS, monthly_book, monthly_rows
from tests.web.habits import keep_habits

pytestmark = pytest.mark.django_db


def _viewing() -> Viewing:
    return Viewing(job("test"), ("A",), clock.today())


def _known() -> PayingHabit:
    known = paying_habit_of(_viewing(), "A:0")
    assert known is not None
    return known


def _desk(receipt_id: str) -> Desk:
    desk = show_desk(_viewing(), receipt_id)
    assert desk is not None
    return desk


def test_imported_letters_and_accepted_matches_teach_and_an_undone_one_is_unlearned(tmp_path: Path) -> None:
    import_once(monthly_book(MONTHS + 1, MONTHS), tmp_path / "book")
    known = _known()
    assert [(one.name, one.times, one.of) for one in known.ways] == [("balance", MONTHS, MONTHS)]
    assert [(one.name, one.digits, one.times) for one in known.styles] == [("tail", 5, MONTHS)]
    propose_matches(job("test"), ["A"])
    done = accept_match(job("test"), Proposal.objects.get(receipt_id=f"A:v{MONTHS}", state=Proposal.State.OPEN).pk)
    assert (_known().payments, _known().ways[0].times) == (MONTHS + 1, MONTHS + 1)
    assert done.decision is not None
    undo_match(job("test"), done.decision.pk, "wrong")
    assert _known() == known


def test_a_letter_judged_wrong_teaches_nothing(tmp_path: Path) -> None:
    import_once(monthly_book(MONTHS, MONTHS), tmp_path / "book")
    letter = [[f"A:FA-2025-0{4100 + n}", 10_000 + n, "cash"] for n in range(2)]
    MatchDisagreement.objects.create(
        entity_id="A", receipt_id="A:v0", digest="d", origin="replay", found_on=DAY, booked_on=DAY, lettered_on=DAY,
        amount=20_001, currency="EUR", customer_id="A:0", rule="one", stratum="amount_only", decision="review",
        confidence=0.9, reason="", ours=[], letter=letter, apart=0, verdict="ours",
    )  # fmt: skip
    assert _known().payments == MONTHS - 1


def test_a_credit_of_many_customers_and_what_we_draw_are_no_habit_of_theirs(tmp_path: Path) -> None:
    import_once(monthly_book(MONTHS, MONTHS), tmp_path / "book")
    Receipt.objects.filter(receipt_id="A:v0").update(kind="direct_debit")
    Receipt.objects.filter(receipt_id="A:v1").update(amount=900_000)
    assert _known().payments == MONTHS - 2


def test_the_desk_says_what_speaks_for_a_proposal_and_what_against(tmp_path: Path) -> None:
    import_once(monthly_book(MONTHS + 1, MONTHS), tmp_path / "book")
    propose_matches(job("test"), ["A"])
    last = f"A:v{MONTHS}"
    with translation.override("en"):
        assert paying_words.evidence(_desk(last).habit) == [
            ("good", "Settles: all that is open, 6 of 6 times"), ("good", "Quotes: the last 5 digits, 6 of 6 times"),
        ]  # fmt: skip
        Receipt.objects.filter(receipt_id=last).update(remittance="VIR RECU", amount=10_600, unapplied=10_600)
        proposal = Proposal.objects.get(receipt_id=last, state=Proposal.State.OPEN)
        ProposalLine.objects.filter(proposal=proposal).exclude(item_id=f"A:FA-2025-0{4100 + 2 * MONTHS}").delete()
        assert paying_words.evidence(_desk(last).habit) == [
            ("slip", "Settles: one invoice at a time, never in 6 payments; usually all that is open, 6 of 6 times"),
            ("slip", "Quotes: no reference, never in 6 payments; usually the last 5 digits, 6 of 6 times"),
        ]
    with translation.override("fr"):
        said = [sentence for _, sentence in paying_words.evidence(_desk(last).habit)]
    assert said[1] == (
        "Cite : aucune référence, jamais en 6 règlements ; d’habitude les 5 derniers chiffres, 6 fois sur 6"
    )


def test_of_ways_quoted_alike_the_usual_one_stands_first(tmp_path: Path) -> None:
    rows = monthly_rows(MONTHS + 1, MONTHS)
    first, second = rows["items"][-2:]
    both = first["amount"] + second["amount"]
    single = first | {"item_id": "A:S", "number": "S-1", "amount": both, "issued_on": first["issued_on"] + timedelta(9)}
    old = first | {"item_id": "A:O", "number": "O-1", "amount": 77_700, "issued_on": date(2025, 6, 2)}
    rows["items"] += [single, old]
    rows["receipts"][-1] |= {"remittance": "VIR"}
    made = {name: frame(name, some) for name, some in rows.items()}
    import_once(small_book(paid=False, customers=2).replace(**made), tmp_path / "book")
    assert [(one.name, one.times) for one in _known().ways] == [("month", MONTHS)]
    ways = [[item.item_id for item in way.items] for way in _desk(f"A:v{MONTHS}").ways]
    assert ways == [[first["item_id"], second["item_id"]], ["A:S"]], "without the habit the fewest items come first"


def test_pages_say_it_in_counts(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"
    import_once(monthly_book(MONTHS + 1, MONTHS), tmp_path / "book")
    propose_matches(job("test"), ["A"])
    user = User.objects.get(pk=getattr(person("clerk").user, "pk", 0))
    user.language = "en"
    user.save()
    client = Client()
    client.force_login(user)
    page = client.get(f"/cash/?receipt=A:v{MONTHS}").content.decode()
    assert "Settles: all that is open, 6 of 6 times" in page
    keep_habits("A", 1)
    page = client.get(reverse("customer", args=["A:0"])).content.decode()
    assert "<dt>Pays at once</dt><dd>all that is open, 6 of 6 times</dd>" in page
    assert "<dt>Quotes in the text</dt><dd>the last 5 digits, 6 of 6 times</dd>" in page
