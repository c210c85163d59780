"""Direct debits asked for, one credit on the statement: settled customer by customer, and undone as one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import encours.connectors.camt
import encours.connectors.pain002
import encours.connectors.pain008
from encours.store.models import Allocation, Customer, CustomerPosition, Entity, Instrument, Item, Proposal
from encours.usecases.accept_match import accept_match
from encours.usecases.apply_receipts import apply_receipts
from encours.usecases.automatic_posting import activate_automatic_posting
from encours.usecases.propose_matches import propose_matches
from encours.usecases.rights import Actor, job
from encours.usecases.undo_match import undo_match
from tests.journeys.imports import bring

pytestmark = pytest.mark.django_db
_DAY = date(2026, 3, 6)
_PAIN = Path(encours.connectors.pain008.__path__[0]) / "golden" / "collection.xml"
_REFUSED = Path(encours.connectors.pain002.__path__[0]) / "golden" / "refused.xml"
_CAMT = Path(encours.connectors.camt.__path__[0]) / "golden" / "batch_named.xml"
_OPEN = """Code client;Nom client;N° facture;Date facture;Échéance;Montant TTC;Devise
C1;MENUISERIE DUPIN;FA-2026-0101;01/02/2026;03/03/2026;1 200,00;EUR
C2;SAS HOTEL DES VIGNES;FA-2026-0102;01/02/2026;03/03/2026;1 000,10;EUR
C2;SAS HOTEL DES VIGNES;FA-2026-0107;05/02/2026;07/03/2026;1 050,00;EUR
C2;SAS HOTEL DES VIGNES;FA-2026-0120;20/02/2026;22/03/2026;75,00;EUR
C3;Garage Lemoine;FA-2026-0103;01/02/2026;03/03/2026;71,00;EUR
C4;Traiteur Le Goff;FA-2026-0110;10/02/2026;12/03/2026;1 000,00;EUR
"""


@pytest.fixture
def actor(tmp_path: Path) -> Actor:
    """A company with open invoices, the direct debits that it asked for, and the statement with their credit."""
    Entity.objects.create(entity_id="A", name="Ateliers du Lez", country="FR", currency="EUR")
    (tmp_path / "open.csv").write_text(_OPEN, encoding="utf-8")
    someone = job("journey")
    for path, known_on in ((tmp_path / "open.csv", date(2026, 3, 1)), (_PAIN, date(2026, 3, 2)), (_CAMT, _DAY)):
        owner = bring(someone, "A", [path], known_on=known_on)
        assert owner.state == "done"
    return someone


def _open() -> dict[str, int]:
    return {row.number: row.open for row in Item.objects.filter(is_current=True)}


def _batch() -> Proposal:
    return Proposal.objects.get(rule="batch", state=Proposal.State.OPEN)


def test_debtors_are_the_customers_that_the_ledger_has(actor: Actor) -> None:
    assert set(Customer.objects.values_list("customer_id", flat=True)) == {"A:C1", "A:C2", "A:C3", "A:C4"}
    drawn = dict(Instrument.objects.filter(is_current=True).values_list("customer_id", "amount"))
    assert drawn == {"A:C1": 120_000, "A:C2": 205_010, "A:C3": 7_100, "A:C4": 100_000}


def test_one_credit_is_proposed_customer_by_customer_accepted_and_undone(actor: Actor) -> None:
    before = dict(CustomerPosition.objects.values_list("customer_id", "balance"))
    propose_matches(actor, ["A"], _DAY)
    proposal = _batch()
    assert proposal.decision == "review"  # one line is tied by its amount alone
    accepted = accept_match(actor, proposal.pk)
    assert _open() == {
        "FA-2026-0101": 0, "FA-2026-0102": 0, "FA-2026-0107": 0, "FA-2026-0120": 7_500, "FA-2026-0103": 0,
        "FA-2026-0110": 100_000,
    }  # fmt: skip
    cash = Allocation.objects.filter(is_current=True, kind="cash").values_list("amount", flat=True)
    assert sum(cash) == 332_110
    balances = dict(CustomerPosition.objects.values_list("customer_id", "balance"))
    assert (balances.get("A:C2"), balances.get("A:C4")) == (7_500, 100_000)
    assert accepted.decision is not None
    undo_match(actor, accepted.decision.pk)
    assert dict(CustomerPosition.objects.values_list("customer_id", "balance")) == before


def test_the_same_batch_is_not_proposed_for_other_money_again(actor: Actor) -> None:
    propose_matches(actor, ["A"], _DAY)
    accept_match(actor, _batch().pk)
    propose_matches(actor, ["A"])  # what is accepted is known from today
    assert not Proposal.objects.filter(rule="batch", state=Proposal.State.OPEN).exclude(decision="none").exists()


def test_what_the_bank_refused_is_unpaid_under_the_same_instrument(actor: Actor) -> None:
    bring(actor, "A", [_REFUSED], known_on=_DAY)
    rows = Instrument.objects.filter(customer_id="A:C2", is_current=True)
    assert [(row.amount, row.state) for row in rows] == [(205_010, "unpaid")]


def test_a_credit_whose_lines_all_name_their_invoices_posts_by_itself(tmp_path: Path) -> None:
    Entity.objects.create(entity_id="A", name="Ateliers du Lez", country="FR", currency="EUR")
    (tmp_path / "open.csv").write_text(_OPEN, encoding="utf-8")
    named = _PAIN.read_text(encoding="utf-8").replace("NOTPROVIDED", "FA-2026-0103")
    (tmp_path / "named.xml").write_text(named, encoding="utf-8")
    someone = job("journey")
    for path, known_on in (("open.csv", date(2026, 3, 1)), ("named.xml", date(2026, 3, 2))):
        bring(someone, "A", [tmp_path / path], known_on=known_on)
    bring(someone, "A", [_CAMT], known_on=_DAY)
    activate_automatic_posting(someone, "A", why="tried by hand for a month")
    apply_receipts(someone, ["A"], day=_DAY)
    assert _open()["FA-2026-0103"] == 0
    assert Proposal.objects.get(rule="batch").state == Proposal.State.ACCEPTED
