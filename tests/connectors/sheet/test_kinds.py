"""Every kind of sheet that a company exports, told apart by its headings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.sheet import CONNECTOR
from encours.connectors.sheet.kind import kinds
from encours.connectors.sheet.kinds.aged_balance import bucket_middle
from encours.core.base.book import Book
from encours.core.base.schema import TABLES

AGED = """Balance âgée au 31/03/2026
Code client;Nom;Non échu;1-30 j;31-60 j;61-90 j;> 90 j;Total;Devise
00042;Étude Lorne;1 000,00;200,00;0,00;0,00;50,00;1 250,00;EUR
00107;Garage Vellin;0,00;0,00;300,00;0,00;0,00;300,00;EUR
Total;;1 000,00;200,00;300,00;0,00;50,00;1 550,00;EUR
"""
PAYMENTS = """N° règlement;Code client;Nom client;Date règlement;Mode de règlement;Montant;Facture;Devise
R1;00042;Étude Lorne;15/03/2026;Virement;1 200,00;FA-1;EUR
R2;00107;Garage Vellin;16/03/2026;Chèque;300,00;FA-2;EUR
R3;00107;Garage Vellin;18/03/2026;Chèque;-300,00;FA-2;EUR
"""
ORDERS = """N° commande;Code client;Date commande;Montant TTC;Statut;Devise
C100;00042;13/03/2026;500,00;Bloquée;EUR
C101;00107;14/03/2026;250,00;À facturer;EUR
C101;00107;14/03/2026;100,00;À facturer;EUR
"""
CONTACTS = """Code client;Nom client;Nom contact;Fonction;Email;Téléphone
00042;Étude Lorne;Service comptable;Comptabilité fournisseurs;compta@lorne.example;0102030405
00107;Garage Vellin;Accueil;;;
"""
CHEQUES = """N° remise;N° chèque;Tireur;Date remise;Montant;Devise
REM7;0001234;Garage Vellin;15/03/2026;300,00;EUR
REM7;0001235;Étude Lorne;15/03/2026;120,50;EUR
"""


def _read(tmp_path: Path, text: str, **options: object) -> Reading:
    path = tmp_path / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return CONNECTOR.read(Source.of(path), Options(entity_id="E", settings=options))


def _checked(reading: Reading) -> Reading:
    Book.of(**{name: TABLES[name].conform(frame) for name, frame in reading.tables.items()})
    assert not (reading.issues["severity"] == "error").any(), reading.issues.rows()
    return reading


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (AGED, "aged_balance"),
        (PAYMENTS, "payments"),
        (ORDERS, "orders"),
        (CONTACTS, "contacts"),
        (CHEQUES, "cheque_deposit"),
    ],
)
def test_the_kind_is_known_by_its_headings(tmp_path: Path, text: str, kind: str) -> None:
    assert _checked(_read(tmp_path, text)).facts["kind"] == kind


def test_an_aged_balance_is_a_control_and_no_source_of_items(tmp_path: Path) -> None:
    reading = _read(tmp_path, AGED)
    assert "items" not in reading.tables
    assert reading.facts["balance_minor_by_currency"] == {"EUR": 155000}
    assert reading.facts["control_minor_by_column"] == {
        "Total": {"EUR": 155000},
        "Non échu": {"EUR": 100000},
        "1-30 j": {"EUR": 20000},
        "31-60 j": {"EUR": 30000},
        "61-90 j": {"EUR": 0},
        "> 90 j": {"EUR": 5000},
    }
    assert "aged_balance_has_no_items" in reading.issues["code"].to_list()


def test_opening_items_of_an_aged_balance_are_asked_for_and_flagged(tmp_path: Path) -> None:
    reading = _checked(_read(tmp_path, AGED, opening_items=True))
    items = reading.tables["items"]
    assert items["amount"].sum() == 155000
    assert set(items["kind"]) == {"opening"}
    due = dict(items.filter(customer_id="E:00042").select("amount", "due_on").iter_rows())
    assert due[20000] == date(2026, 3, 16)
    assert "opening_items_estimated" in reading.issues["code"].to_list()


def test_buckets_that_do_not_make_the_total_are_said(tmp_path: Path) -> None:
    reading = _read(tmp_path, AGED.replace("50,00;1 250,00", "60,00;1 250,00"))
    assert "buckets_differ" in reading.issues["code"].to_list()


@pytest.mark.parametrize(("heading", "days"), [("31-60 j", 45), ("> 90 j", 105), ("< 30", 15), ("90+", 105)])
def test_the_middle_of_a_bucket(heading: str, days: int) -> None:
    assert bucket_middle(heading) == days


def test_payments_are_ledger_receipts(tmp_path: Path) -> None:
    receipts = _read(tmp_path, PAYMENTS).tables["receipts"]
    assert receipts.select("receipt_id", "amount", "kind", "origin", "customer_id").rows() == [
        ("E:payment:R1", 120000, "transfer", "ledger", "E:00042"),
        ("E:payment:R2", 30000, "cheque", "ledger", "E:00107"),
        ("E:payment:R3", -30000, "return", "ledger", "E:00107"),
    ]
    assert receipts["remittance"][0] == "FA-1 R1"


def test_orders_by_number_with_their_status(tmp_path: Path) -> None:
    orders = _read(tmp_path, ORDERS).tables["orders"]
    assert orders.select("order_id", "amount", "status").rows() == [
        ("E:order:C100", 50000, "blocked"),
        ("E:order:C101", 35000, "open"),
    ]


def test_contacts_with_their_role(tmp_path: Path) -> None:
    contacts = _read(tmp_path, CONTACTS).tables["contacts"]
    assert contacts.select("customer_id", "role", "email").row(0) == (
        "E:00042",
        "accounts_payable",
        "compta@lorne.example",
    )


def test_who_asks_not_to_be_contacted_is_not_and_unread_words_are_said(tmp_path: Path) -> None:
    told = {"a": "oui", "b": "X", "c": "non", "d": "sms, e-mail", "e": "", "f": "voir avec Paul", "g": "true"}
    rows = [f"00042;M. {name};{name}@lorne.example;{words}" for name, words in told.items()]
    reading = _read(tmp_path, "\n".join(["Code client;Nom contact;E-mail;Ne pas contacter", *rows]) + "\n")
    found = dict(reading.tables["contacts"].select(pl.col("email").str.head(1), "opt_out").iter_rows())
    every = "email sms call voice letter"
    assert found == {"a": every, "b": every, "c": None, "d": "email sms", "e": None, "f": every, "g": every}
    warned = reading.issues.filter(pl.col("code") == "opt_out_unreadable")
    assert warned.select("line", "severity").rows() == [(7, "warning")]


def test_cheques_of_a_slip_are_instruments(tmp_path: Path) -> None:
    reading = _read(tmp_path, CHEQUES)
    cheques = reading.tables["instruments"]
    assert cheques["batch_id"].to_list() == ["REM7", "REM7"]
    assert cheques["customer_id"].to_list() == ["E:GARAGE-VELLIN", "E:ÉTUDE-LORNE"]
    assert reading.facts["slips"] == [{"slip": "REM7", "currency": "EUR", "cheques": 2, "amount_minor": 42050}]


def test_every_field_of_every_kind_is_well_formed() -> None:
    for kind in kinds().values():
        names = set(kind.fields)
        for group in (*kind.required, *kind.needed):
            assert set(group) & names, (kind.name, group)
        for name, field in kind.fields.items():
            assert field.type in ("text", "date", "amount", "sign", "currency"), (kind.name, name)
            assert field.headings or field.pattern
            for heading in field.headings:
                plain = heading.removeprefix("~")
                assert plain == plain.lower().strip()
                assert plain.isascii(), (kind.name, heading)
