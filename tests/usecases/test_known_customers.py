"""An e-invoice beside the lists of an ERP: its buyer is the ERP's customer, its invoice the ERP's."""

from __future__ import annotations

import shutil
from pathlib import Path

import encours.connectors.einvoice
from encours.connectors.base.contract import Source
from encours.usecases.read_files import ReadOptions, read_files

_GOLDEN = Path(encours.connectors.einvoice.__path__[0]) / "golden"


def test_the_buyer_of_an_e_invoice_is_the_customer_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        "Code client;Raison sociale;SIREN;Pays\nC7;Étude Lorne;552100554;FR\n", encoding="utf-8"
    )
    (tmp_path / "open.csv").write_text(
        "Code client;N° facture;Date facture;Échéance;Montant TTC;Devise\n"
        "C7;FA-2026-101;15/01/2026;15/03/2026;1 200,00;EUR\n",
        encoding="utf-8",
    )
    text = (_GOLDEN / "invoice_cii.xml").read_text(encoding="utf-8")
    (tmp_path / "invoice.xml").write_text(text.replace("<ram:ID>00042</ram:ID>", ""), encoding="utf-8")
    read = read_files([Source.of(tmp_path)], ReadOptions(entity_id="E"))
    assert read.book.customers["customer_id"].to_list() == ["E:C7"]
    assert read.book.customers["vat_id"].to_list() == ["FR59552100554"]
    assert read.book.items.select("customer_id", "amount").rows() == [("E:C7", 120000)]
    assert read.book.documents["item_id"].to_list() == read.book.items["item_id"].to_list()


def test_an_invoice_alone_keeps_the_buyers_own_number(tmp_path: Path) -> None:
    shutil.copyfile(_GOLDEN / "invoice_cii.xml", tmp_path / "invoice.xml")
    read = read_files([Source.of(tmp_path)])
    assert read.book.customers["customer_id"].to_list() == ["732829320:00042"]
