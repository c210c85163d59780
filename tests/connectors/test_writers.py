"""The writers on what generated books do not have: markup in names, odd currencies, long texts, refused calls."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.connectors.camt.write import write_camt053
from encours.connectors.cfonb120.write import amount, pieces, write_cfonb120
from encours.connectors.einvoice.write import InvoiceWritten, PartyWritten, write_einvoice
from encours.connectors.fec.write import file_name, write_fec
from encours.connectors.mt940.write import swift_text, write_mt940
from encours.connectors.ofx.write import write_ofx
from encours.connectors.sheet.write import write_table
from encours.core.base.schema import TABLES

DAY = date(2026, 3, 16)
IBAN = "FR7619901001000000000123477"


def statement(total: int, currency: str = "EUR", entries: int = 1) -> dict[str, Any]:
    """A statement of one day."""
    return {
        "statement_id": "s", "account": IBAN, "currency": currency, "from_on": DAY, "to_on": DAY,
        "opening": -500, "closing": total - 500, "entries": entries, "total": total, "balanced": True,
    }  # fmt: skip


def receipts(*rows: dict[str, Any], currency: str = "EUR") -> pl.DataFrame:
    """Receipts of that statement."""
    base = {
        "entity_id": "e", "account": IBAN, "booked_on": DAY, "value_on": DAY, "currency": currency,
        "kind": "transfer", "origin": "bank",
    }  # fmt: skip
    filled = [{**base, "receipt_id": f"e:R{number}", **row} for number, row in enumerate(rows)]
    return TABLES["receipts"].conform(pl.DataFrame(filled))


def read(path: Path) -> Reading:
    """The file as its connector reads it."""
    connector = recognise(Source.of(path))
    assert connector is not None
    return connector.read(Source.of(path), Options())


@pytest.mark.parametrize("version", ["02", "08"])
def test_camt_escapes_markup_and_keeps_signs(tmp_path: Path, version: str) -> None:
    rows = receipts(
        {"amount": 1234, "payer_name": "A & B <SARL>", "remittance": 'FACT "12" & 13 < 14'},
        {"amount": -99, "kind": "out", "remittance": "FRAIS"},
    )
    path = tmp_path / "a.xml"
    write_camt053(statement(1135, entries=2), rows, path, version=version, owner="C & Cie")
    found = read(path).tables["receipts"]
    assert sorted(found.select("amount", "payer_name", "remittance").rows()) == sorted(
        rows.select("amount", "payer_name", "remittance").rows()
    )


def test_camt_writes_the_currency_s_own_decimals(tmp_path: Path) -> None:
    for currency, text in (("JPY", b">1234<"), ("BHD", b">1.234<")):
        path = tmp_path / f"{currency}.xml"
        write_camt053(statement(1234, currency), receipts({"amount": 1234}, currency=currency), path)
        assert text in path.read_bytes()
        assert read(path).tables["receipts"]["amount"].to_list() == [1234]


def test_camt_refuses_another_version(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="13"):
        write_camt053(statement(1), receipts({"amount": 1}), tmp_path / "a.xml", version="13")


def test_cfonb_amounts_bear_their_sign_in_the_last_digit() -> None:
    assert amount(1397193) == "0000000139719C"
    assert amount(-24210) == "0000000002421}"
    assert amount(0) == "0000000000000{"


@given(st.text(alphabet="ABC 12", max_size=200))
def test_pieces_lose_no_character_that_fits(text: str) -> None:
    text = " ".join(text.split())
    parts = pieces(text, 31, 70, 70, 70)
    assert all(len(part) <= width for part, width in zip(parts, (31, 70, 70, 70), strict=True))
    kept = "".join(parts).replace(" ", "")
    assert text.replace(" ", "").startswith(kept)
    if len(text) <= 31:
        assert parts[0] == text


@given(st.integers(-(10**13) + 1, 10**13 - 1))
def test_cfonb_amounts_come_back(minor: int) -> None:
    from encours.connectors.cfonb120.read import _amount

    assert _amount(amount(minor), "2", "EUR") * 100 == minor


def test_a_deposit_is_one_line_in_each_format(tmp_path: Path) -> None:
    rows = receipts({"amount": 100, "kind": "cheque"}, {"amount": 250, "kind": "cheque"})
    rows = rows.with_columns(line_id=pl.lit("deposit"))
    for name, write in (("a.txt", write_cfonb120), ("a.sta", write_mt940), ("a.ofx", write_ofx)):
        write(statement(350), rows, tmp_path / name)
        assert read(tmp_path / name).tables["receipts"]["amount"].to_list() == [350]
    write_camt053(statement(350), rows, tmp_path / "a.xml")
    reading = read(tmp_path / "a.xml")
    assert sorted(reading.tables["receipts"]["amount"]) == [100, 250]
    assert reading.tables["statements"]["entries"].to_list() == [1]


def test_an_empty_month_is_a_statement_without_entries(tmp_path: Path) -> None:
    none = receipts({"amount": 1}).clear()
    for name, write in (
        ("a.txt", write_cfonb120),
        ("a.sta", write_mt940),
        ("a.ofx", write_ofx),
        ("a.xml", write_camt053),
    ):
        write(statement(0, entries=0), none, tmp_path / name)
        reading = read(tmp_path / name)
        assert reading.tables["receipts"].height == 0
        assert reading.tables["statements"]["closing"].to_list() == [-500]


def test_swift_text_keeps_only_what_the_network_carries() -> None:
    assert swift_text("Société Générale & Fils ?20 n°3") == "Societe Generale Fils 20 n3"
    assert swift_text(None) == ""


def test_mt940_long_texts_come_back_whole(tmp_path: Path) -> None:
    text = " ".join(f"FA26-{number:06d}" for number in range(11))
    name = "UN NOM QUI EST TRES LONG MAIS PAS TROP"
    rows = receipts({"amount": 5, "remittance": text, "payer_name": name, "end_to_end_id": "E2E-1"})
    write_mt940(statement(5), rows, tmp_path / "a.sta")
    found = read(tmp_path / "a.sta").tables["receipts"].row(0, named=True)
    assert (found["remittance"], found["payer_name"], found["end_to_end_id"]) == (text, name, "E2E-1")
    assert all(len(line) <= 65 for line in (tmp_path / "a.sta").read_text(encoding="ascii").splitlines())


def test_fec_texts_cannot_break_its_lines(tmp_path: Path) -> None:
    line = {
        "journal": "VE", "journal_name": "Ventes", "entry": "1", "day": DAY, "account": "411000",
        "account_name": "Clients", "customer_code": "C1", "customer_name": "A\tB|C\nD", "piece": "F1", "piece_on": DAY,
        "label": "Facture €", "debit": 123, "credit": 0, "letter": None, "lettered_on": None, "due_on": DAY,
    }  # fmt: skip
    schema = {"letter": pl.String, "lettered_on": pl.Date}
    path = tmp_path / file_name("012345678", date(2026, 12, 31))
    write_fec(pl.DataFrame([line], schema_overrides=schema), path, due_dates=False, encoding="iso-8859-15")
    assert path.name == "012345678FEC20261231.txt"
    header, row, rest = path.read_bytes().decode("iso-8859-15").split("\r\n")
    assert rest == ""
    assert header.count("\t") == row.count("\t") == 17
    assert "A B C D" in row
    assert "\t1,23\t0,00\t" in row
    assert "Facture €" in row


def test_tables_print_cents_of_each_currency(tmp_path: Path) -> None:
    frame = pl.DataFrame({"Code": ["001", "002", "003"], "Solde": [-5, 1234, 1234], "Devise": ["EUR", "JPY", "BHD"]})
    write_table(frame, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1:] == ["001;-0,05;EUR", "002;1234;JPY", "003;1,234;BHD"]


def test_an_unknown_syntax_is_refused(tmp_path: Path) -> None:
    invoice = InvoiceWritten(
        "F1", DAY, None, "EUR", PartyWritten("A"), PartyWritten("B"), 100, 20, 2000, "Fournitures"
    )  # fmt: skip
    with pytest.raises(ValueError, match="edifact"):
        write_einvoice(invoice, tmp_path / "a.xml", "edifact")


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_an_invoice_with_the_least_it_needs_is_valid(tmp_path: Path, syntax: str) -> None:
    facturx = pytest.importorskip("facturx", reason="the extra einvoice-write brings the schemas")
    invoice = InvoiceWritten(
        "F<1>", DAY, None, "EUR", PartyWritten("A & B"), PartyWritten("C"), 100, 20, 2000, "x < y"
    )  # fmt: skip
    path = tmp_path / "a.xml"
    write_einvoice(invoice, path, syntax)
    assert facturx.xml_check_xsd(path.read_bytes())
    assert b"F&lt;1&gt;" in path.read_bytes()
