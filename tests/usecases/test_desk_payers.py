"""Whose money it may be, on the desk: who paid from the account before, and for whose account it is paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from encours.store.models import Customer, Proposal, Receipt
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.accept_match import accept_match
from encours.usecases.propose_matches import propose_matches
from encours.usecases.show_desk import show_desk
from encours.usecases.viewing import Viewing
from tests.usecases.judged import load

pytestmark = pytest.mark.django_db
_IBAN = "FR7630001007941234567890185"


def _candidates(receipt_id: str) -> list[tuple[str, str]]:
    desk = show_desk(Viewing(job("test"), ("A",), clock.today()), receipt_id)
    assert desk is not None
    return [(one.customer_id, one.why) for one in desk.candidates]


def test_whose_items_money_from_the_same_account_paid(tmp_path: Path) -> None:
    load(tmp_path, customers=3)
    Receipt.objects.filter(receipt_id__in=["A:0:r", "A:2:r"]).update(payer_account=_IBAN)
    assert all(customer != "A:0" for customer, _ in _candidates("A:2:r"))
    propose_matches(job("test"), ["A"])
    accept_match(job("test"), Proposal.objects.get(receipt_id="A:0:r", state=Proposal.State.OPEN).pk)
    assert ("A:0", "iban") in _candidates("A:2:r")
    assert all(customer != "A:0" for customer, _ in _candidates("A:1:r"))


def test_for_whose_account_it_is_paid_comes_before_who_pays(tmp_path: Path) -> None:
    load(tmp_path, customers=2)
    names = dict(Customer.objects.filter(is_current=True).values_list("customer_id", "name"))
    said = {"customer_id": None, "payer_name": names["A:0"], "remittance": f"VIR — P/C {names['A:1']}"}
    Receipt.objects.filter(receipt_id="A:0:r").update(**said)
    assert _candidates("A:0:r") == [("A:1", "name"), ("A:0", "name")]
