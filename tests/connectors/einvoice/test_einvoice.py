"""E-invoices as receivables: parts, prepayments, signs, who sold to whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.connectors.einvoice import CONNECTOR

_GOLDEN = Path(__file__).resolve().parents[3] / "src/encours/connectors/einvoice/golden"


def _read(name: str, entity: str | None = None) -> Reading:
    return CONNECTOR.read(Source.of(_GOLDEN / name), Options(entity_id=entity))


def _edited(tmp_path: Path, name: str, old: str, new: str) -> Reading:
    path = tmp_path / "edited.xml"
    text = (_GOLDEN / name).read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return CONNECTOR.read(Source.of(path), Options())


def test_an_invoice_with_its_customer_and_original() -> None:
    reading = _read("invoice_cii.xml")
    assert reading.entity_id == "732829320"
    row = reading.tables["items"].row(0, named=True)
    assert (row["item_id"], row["amount"], row["currency"]) == ("732829320:FA-2026-101", 120000, "EUR")
    assert (row["issued_on"], row["due_on"]) == (date(2026, 1, 15), date(2026, 3, 15))
    assert row["purchase_order"] == "PO-88"
    customer = reading.tables["customers"].row(0, named=True)
    assert (customer["customer_id"], customer["legal_id"], customer["party_id"]) == (
        "732829320:00042",
        "552100554",
        "552100554",
    )
    document = reading.tables["documents"].row(0, named=True)
    assert document["kind"] == "e_invoice"
    assert len(document["sha256"]) == 64
    assert reading.issues.is_empty()


def test_instalments_are_parts_and_the_prepaid_part_is_applied() -> None:
    reading = _read("instalments_cii.xml")
    items = reading.tables["items"]
    assert items.select("part", "due_on", "amount").rows() == [
        ("1", date(2026, 2, 15), 60000),
        ("2", date(2026, 3, 15), 60000),
    ]
    prepaid = reading.tables["allocations"].row(0, named=True)
    assert (prepaid["amount"], prepaid["kind"], prepaid["source"]) == (20000, "cash", "prepaid")
    assert prepaid["item_id"].endswith(":1")


def test_instalments_that_do_not_sum_stay_one_item(tmp_path: Path) -> None:
    reading = _edited(tmp_path, "instalments_cii.xml", "600.00", "500.00")
    assert reading.tables["items"]["amount"].to_list() == [120000]
    assert "instalments_differ" in reading.issues["code"].to_list()


def test_a_credit_note_is_negative_and_due_where_ubl_says_it() -> None:
    row = _read("credit_note_ubl.xml").tables["items"].row(0, named=True)
    assert (row["kind"], row["amount"], row["due_on"]) == ("credit_note", -12000, date(2026, 2, 28))


def test_a_pdf_is_read_by_the_invoice_inside(tmp_path: Path) -> None:
    plain = tmp_path / "upload"
    plain.write_bytes((_GOLDEN / "factur_x.pdf").read_bytes())
    assert recognise(Source.of(plain)) is CONNECTOR
    assert _read("factur_x.pdf").facts["number"] == "FA-2026-103"


@pytest.mark.parametrize("entity", ["552100554", "FR59552100554", "FR 59 552100554"])
def test_an_invoice_that_the_entity_received_is_left_out(entity: str) -> None:
    reading = _read("invoice_cii.xml", entity)
    assert "items" not in reading.tables
    assert reading.issues["code"].to_list() == ["invoice_received"]


def test_any_other_entity_is_the_seller() -> None:
    assert _read("invoice_cii.xml", "ACME").tables["items"]["entity_id"].to_list() == ["ACME"]


def test_a_missing_currency_is_an_issue_never_a_default(tmp_path: Path) -> None:
    reading = _edited(tmp_path, "invoice_cii.xml", "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", "")
    assert "items" not in reading.tables
    assert "currency_missing" in reading.issues["code"].to_list()


def test_a_due_date_in_words_counts(tmp_path: Path) -> None:
    words = "<ram:SpecifiedTradePaymentTerms><ram:Description>Payable au 20/03/2026</ram:Description>"
    text = (_GOLDEN / "invoice_cii.xml").read_text(encoding="utf-8")
    start, end = text.index("<ram:SpecifiedTradePaymentTerms>"), text.index("</ram:SpecifiedTradePaymentTerms>")
    path = tmp_path / "words.xml"
    path.write_text(text[:start] + words + text[end:], encoding="utf-8")
    assert CONNECTOR.read(Source.of(path), Options()).tables["items"]["due_on"].to_list() == [date(2026, 3, 20)]
    path.write_text(text[:start] + text[end + len("</ram:SpecifiedTradePaymentTerms>") :], encoding="utf-8")
    reading = CONNECTOR.read(Source.of(path), Options())
    assert reading.tables["items"]["due_on"].to_list() == [date(2026, 1, 15)]
    assert "due_date_missing" in reading.issues["code"].to_list()


def test_a_doctype_is_refused(tmp_path: Path) -> None:
    reading = _edited(tmp_path, "invoice_cii.xml", "<rsm:CrossIndustryInvoice", "<!DOCTYPE x><rsm:CrossIndustryInvoice")
    assert reading.issues["code"].to_list() == ["hostile_xml"]


def test_totals_that_do_not_tie_are_said(tmp_path: Path) -> None:
    reading = _edited(tmp_path, "invoice_cii.xml", "<ram:DuePayableAmount>1200.00", "<ram:DuePayableAmount>1100.00")
    assert "payable_differs" in reading.issues["code"].to_list()
