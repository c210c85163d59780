"""A later list that leaves a cell empty, or has no such column, takes nothing away of what is known of a customer."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from encours.store.models import Contact, Customer, Entity, Import
from encours.store.rights import job
from encours.usecases.import_files import import_now
from tests.usecases.books import folder, small_book

pytestmark = pytest.mark.django_db

FULL = """Code client;Nom du client;Type de client;Segment;Plafond;Devise;E-mail;Téléphone
C100;MENUISERIE EXEMPLE;Mairie;Public;15000,00;EUR;compta@exemple.fr;0102030405
C200;GARAGE MODELE;;Auto;8000,00;EUR;garage@modele.fr;
"""


@pytest.fixture(autouse=True)
def _entity() -> None:
    Entity.objects.create(entity_id="A", name="Société A", country="FR", currency="EUR")


def bring(home: Path, name: str, text: str) -> Import:
    path = home / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return import_now(job("test"), "A", [path])


def customer(code: str = "C100") -> Customer:
    return Customer.objects.get(customer_id=f"A:{code}", is_current=True)


def contact(code: str = "C100") -> Contact:
    return Contact.objects.get(contact_id=f"A:{code}:contact", is_current=True)


def test_a_list_without_names_takes_no_name_and_an_empty_cell_nothing(tmp_path: Path) -> None:
    bring(tmp_path, "full", FULL)
    assert (customer().name, customer().kind, customer().credit_limit) == ("MENUISERIE EXEMPLE", "public", 1_500_000)
    bring(
        tmp_path,
        "limits",
        "Code client;Segment;Plafond;Devise;Téléphone\nC100;;20000,00;EUR;\nC200;Garages;;EUR;0607080910\n",
    )
    one, two = customer(), customer("C200")
    assert (one.name, one.kind, one.segment, one.credit_limit) == ("MENUISERIE EXEMPLE", "public", "Public", 2_000_000)
    assert (two.name, two.segment, two.credit_limit) == ("GARAGE MODELE", "Garages", 800_000)
    assert (contact().email, contact().phone) == ("compta@exemple.fr", "0102030405")
    assert (contact("C200").email, contact("C200").phone) == ("garage@modele.fr", "0607080910")


def test_what_a_list_does_say_counts(tmp_path: Path) -> None:
    bring(tmp_path, "full", FULL)
    bring(
        tmp_path,
        "new",
        FULL.replace("MENUISERIE EXEMPLE;Mairie", "MENUISERIE NOUVELLE;Entreprise").replace("15000", "0"),
    )
    assert (customer().name, customer().kind, customer().credit_limit) == ("MENUISERIE NOUVELLE", "business", 0)


def test_the_same_partial_list_again_is_nothing_new(tmp_path: Path) -> None:
    bring(tmp_path, "full", FULL)
    partial = "Code client;Plafond;Devise\nC100;20000,00;EUR\nC200;8000,00;EUR\n"
    assert bring(tmp_path, "first", partial).counts["customers"] == {"new": 0, "same": 1, "changed": 1}
    again = bring(tmp_path, "second", partial + "\n")
    assert again.counts["customers"] == {"new": 0, "same": 2, "changed": 0}
    assert Customer.objects.filter(customer_id="A:C100").count() == 2


def test_what_a_person_wrote_since_survives_a_list_that_is_silent_on_it(tmp_path: Path) -> None:
    bring(tmp_path, "full", FULL)
    Contact.objects.filter(contact_id="A:C100:contact", is_current=True).update(
        opt_out="email", bounced_on="2026-03-01"
    )
    bring(tmp_path, "phones", "Code client;Téléphone\nC100;0199999999\n")
    assert (contact().phone, contact().opt_out, str(contact().bounced_on)) == ("0199999999", "email", "2026-03-01")
    bring(tmp_path, "mails", "Code client;E-mail\nC100;autre@exemple.fr\n")
    assert (contact().email, contact().opt_out, contact().bounced_on) == ("autre@exemple.fr", "email", None)


def test_a_book_folder_says_all_there_is(tmp_path: Path) -> None:
    book = small_book(paid=False, customers=1)
    full = book.customers.with_columns(segment=pl.lit("Auto"))
    import_now(job("test"), None, [folder(book.replace(customers=full), tmp_path / "full")])
    import_now(job("test"), None, [folder(book.replace(customers=book.customers), tmp_path / "bare")])
    assert Customer.objects.get(customer_id="A:0", is_current=True).segment is None
