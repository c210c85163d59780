"""Sheets as companies have them: title lines, total lines, French and English headings, every way to write a number."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.connectors.sheet import CONNECTOR, Mapping, propose_mapping

OPEN_ITEMS = """Société Exemple;;;;;;;;
Postes ouverts clients au 31/03/2026;;;;;;;;
;;;;;;;;
Code client;Nom client;N° facture;Type;Date facture;Échéance;Montant TTC;Reste dû;Devise
00042;Étude Lorne;FA-2026-001;Facture;05/01/2026;04/02/2026;1 200,00;1 200,00;EUR
00042;Étude Lorne;AV-2026-003;Avoir;12/01/2026;12/01/2026;-100,00;-100,00;EUR
00042;Étude Lorne;FA-2026-007;Facture;15/02/2026;17/03/2026;2 400,50;1 400,50;EUR
00107;Garage Vellin;FA-2026-009;Facture;31/02/2026;30/04/2026;50,00;50,00;EUR
00107;Garage Vellin;FA-2026-011;Facture;01/03/2026;30/04/2026;600,00;300,00;EUR
00107;Garage Vellin;FA-2026-011;Facture;01/03/2026;31/05/2026;600,00;300,00;EUR
Total général;;;;;;4 750,50;{total};EUR
"""


def _read(tmp_path: Path, text: str, name: str = "sheet.csv", encoding: str = "utf-8", **options: object) -> Reading:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return CONNECTOR.read(Source.of(path), Options(entity_id="E", **options))  # type: ignore[arg-type]  # options by name


def _codes(reading: Reading) -> list[str]:
    return reading.issues["code"].to_list()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_open_items_below_titles_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    reading = _read(tmp_path, OPEN_ITEMS.format(total="3 150,50"), encoding=encoding)
    assert reading.facts["kind"] == "open_items"
    assert reading.facts["snapshot_on"] == "2026-03-31"
    items = reading.tables["items"]
    assert items["number"].to_list() == ["FA-2026-001", "AV-2026-003", "FA-2026-007", "FA-2026-011", "FA-2026-011"]
    assert items["amount"].to_list() == [120000, -10000, 240050, 60000, 60000]
    assert items["kind"].to_list()[:2] == ["invoice", "credit_note"]
    assert items["due_on"][0] == date(2026, 2, 4)
    assert items["item_id"].n_unique() == 5
    assert items["customer_id"].unique().sort().to_list() == ["E:00042", "E:00107"]
    assert reading.tables["customers"]["name"].to_list() == ["Étude Lorne", "Garage Vellin"]
    settled = reading.tables["allocations"]
    assert settled["amount"].sum() == 100000 + 30000 + 30000
    assert set(settled["kind"]) == {"ledger"}
    assert _codes(reading).count("date_invalid") == 1
    assert reading.rejected is not None
    assert reading.rejected["line"].to_list() == [8]


def test_a_wrong_total_is_said(tmp_path: Path) -> None:
    assert "total_differs" not in _codes(_read(tmp_path, OPEN_ITEMS.format(total="3 100,50")))
    assert "total_differs" in _codes(_read(tmp_path, OPEN_ITEMS.format(total="9 999,00")))


def test_credit_notes_without_a_sign_are_negative(tmp_path: Path) -> None:
    text = "Client;Facture;Type;Date;Échéance;Montant EUR\nA;1001;Facture;01/02/2026;03/03/2026;10,00\n"
    text += "A;1002;Avoir;02/02/2026;02/02/2026;4,00\n"
    items = _read(tmp_path, text).tables["items"]
    assert items["amount"].to_list() == [1000, -400]


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1234,56", 123456),
        ("1 234,56", 123456),
        ("1\u202f234,56", 123456),
        ("1.234,56", 123456),
        ("1234,56-", -123456),
        ("(1 234,56)", -123456),
        ("-1234,5", -123450),
        ("1 234,56 D", -123456),
        ("1 234,56 C", 123456),
        ("1 234,56 €", 123456),
        ("+12", 1200),
    ],
)
def test_amounts_as_they_are_written(tmp_path: Path, written: str, minor: int) -> None:
    text = f"Date;Libellé;Montant;Devise\n13/01/2026;VIR A;{written};EUR\n14/01/2026;VIR B;0,25;EUR\n"
    assert _read(tmp_path, text).tables["receipts"]["amount"][0] == minor


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (["13/01/2026", "02/03/2026"], date(2026, 3, 2)),
        (["01/13/2026", "02/03/2026"], date(2026, 2, 3)),
        (["2026-01-13", "2026-03-02"], date(2026, 3, 2)),
        (["13.01.26", "02.03.26"], date(2026, 3, 2)),
        (["20260113", "20260302"], date(2026, 3, 2)),
        (["13012026", "02032026"], date(2026, 3, 2)),
        (["13 janv. 2026", "2 mars 2026"], date(2026, 3, 2)),
        (["13-Jan-26", "2-Mar-26"], date(2026, 3, 2)),
        (["46035", "46083"], date(2026, 3, 2)),
        (["13/01/2026 10:15", "02/03/2026 00:00"], date(2026, 3, 2)),
    ],
)
def test_dates_by_the_column(tmp_path: Path, written: list[str], day: date) -> None:
    text = "Date;Libellé;Montant;Devise\n" + "".join(f"{value};VIR A;1,00;EUR\n" for value in written)
    reading = _read(tmp_path, text)
    assert reading.tables["receipts"]["booked_on"][1] == day
    assert "date_order_ambiguous" not in _codes(reading)


def test_an_ambiguous_order_is_said(tmp_path: Path) -> None:
    reading = _read(tmp_path, "Date;Libellé;Montant;Devise\n02/03/2026;VIR A;1,00;EUR\n")
    assert reading.tables["receipts"]["booked_on"][0] == date(2026, 3, 2)
    assert "date_order_ambiguous" in _codes(reading)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_debit_and_credit_columns(tmp_path: Path, separator: str) -> None:
    rows = [
        ["Date", "Date valeur", "Libellé", "Débit", "Crédit", "Solde", "Devise", "Compte"],
        ["13/01/2026", "14/01/2026", "VIR SEPA LORNE FA-2026-001", "", '"1 200,00"', '"1 200,00"', "EUR", "ACC1"],
        ["14/01/2026", "14/01/2026", "PRLV LOYER", '"200,50"', "", '"999,50"', "EUR", "ACC1"],
    ]
    reading = _read(tmp_path, "\n".join(separator.join(row) for row in rows))
    receipts = reading.tables["receipts"]
    assert receipts["amount"].to_list() == [120000, -20050]
    assert receipts["kind"].to_list() == ["transfer", "out"]
    statement = reading.tables["statements"].row(0, named=True)
    assert (statement["opening"], statement["closing"], statement["total"]) == (0, 99950, 99950)
    assert statement["balanced"] is True


def test_a_missing_currency_is_an_issue_never_a_default(tmp_path: Path) -> None:
    text = "Date;Libellé;Montant\n13/01/2026;VIR A;1,00\n"
    reading = _read(tmp_path, text)
    assert reading.tables["receipts"].height == 0
    assert "currency_missing" in _codes(reading)
    given = _read(tmp_path, text, settings={"currency": "EUR"})
    assert given.tables["receipts"]["currency"].to_list() == ["EUR"]


def test_equal_lines_stay_apart_and_keep_their_ids(tmp_path: Path) -> None:
    text = "Date;Libellé;Montant;Devise\n" + "13/01/2026;REMISE CHQ;50,00;EUR\n" * 3
    first, second = _read(tmp_path, text), _read(tmp_path, text)
    assert first.tables["receipts"]["receipt_id"].n_unique() == 3
    assert first.tables["receipts"]["receipt_id"].to_list() == second.tables["receipts"]["receipt_id"].to_list()


def test_a_mapping_is_proposed_saved_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(OPEN_ITEMS.format(total="3 100,50"), encoding="utf-8")
    proposal = propose_mapping(Source.of(path))
    assert proposal.mapping is not None
    assert proposal.missing == ()
    assert proposal.confidence > 0.9
    assert proposal.preview["number"].to_list()[0] == "FA-2026-001"
    saved = Mapping.from_json(proposal.mapping.to_json())
    assert saved == proposal.mapping
    # The export later has a new first column and one title line less: headings find the columns again.
    moved = "\n".join(f"x;{line}" for line in OPEN_ITEMS.format(total="3 100,50").splitlines()[1:])
    again = _read(tmp_path, moved, mapping=saved.to_json())
    assert again.tables["items"]["amount"].to_list() == [120000, -10000, 240050, 60000, 60000]


def test_a_corrected_mapping_wins(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("Quand;Quoi;Combien\n13/01/2026;VIR A;1,00\n", encoding="utf-8")
    assert propose_mapping(Source.of(path)).mapping is None
    mapping = {
        "kind": "bank_lines",
        "header_row": 1,
        "currency": "EUR",
        "account": "ACC1",
        "sign": "reversed",
        "columns": [
            {"index": 0, "heading": "Quand", "field": "booked_on", "format": "dmy"},
            {"index": 1, "heading": "Quoi", "field": "remittance"},
            {"index": 2, "heading": "Combien", "field": "amount", "format": ","},
        ],
    }
    reading = CONNECTOR.read(Source.of(path), Options(entity_id="E", mapping=mapping))
    assert reading.tables["receipts"].select("amount", "account", "remittance").rows() == [(-100, "ACC1", "VIR A")]


def test_a_wrong_mapping_is_an_issue(tmp_path: Path) -> None:
    reading = _read(tmp_path, "Date;Libellé;Montant;Devise\n13/01/2026;A;1,00;EUR\n", mapping={"kind": "bank_lines"})
    assert "mapping_invalid" in _codes(reading)
    assert reading.tables["receipts"].height == 1


def test_customers_with_payer_limit_and_contact(tmp_path: Path) -> None:
    text = "code_client\traison_sociale\tSIRET\tPays\tPlafond\tEmail\tDevise\tPayeur\n"
    text += "00042\tÉtude Lorne\t732 829 320 00074\tFrance\t10 000\tcompta@lorne.example\tEUR\t\n"
    text += "00107\tGarage Vellin\t\tBE\t\t\tEUR\t00042\n"
    reading = _read(tmp_path, text)
    customers = reading.tables["customers"]
    assert customers.select("customer_id", "legal_id", "country", "credit_limit").rows() == [
        ("E:00042", "732829320", "FR", 1000000),
        ("E:00107", None, "BE", None),
    ]
    assert reading.tables["customer_links"].rows() == [("E:00107", "E:00042", "payer")]
    assert reading.tables["contacts"]["email"].to_list() == ["compta@lorne.example"]


def test_limits_without_a_currency_are_left_out_and_told(tmp_path: Path) -> None:
    text = "code_client\traison_sociale\tSIRET\tPlafond\tEmail\n"
    text += "00042\tÉtude Lorne\t732 829 320 00074\t10 000\tcompta@lorne.example\n"
    text += "00107\tGarage Vellin\t\t\t\n"
    reading = _read(tmp_path, text)
    assert reading.tables["customers"]["credit_limit"].to_list() == [None, None]
    said = reading.issues.filter(code="currency_missing").row(0, named=True)
    assert said["message"] == "nothing says the currency of the amounts of 1 lines; they were left out"
    assert (said["severity"], said["line"]) == ("warning", 2)


def test_the_content_says_that_it_is_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text(OPEN_ITEMS.format(total=""), encoding="utf-8")
    connector = recognise(Source.of(path))
    assert connector is not None
    assert connector.name == "sheet"


def test_damaged_workbooks_are_issues(tmp_path: Path) -> None:
    for name, data in (("a.xlsx", b"PK\x03\x04 broken"), ("b.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600)):
        path = tmp_path / name
        path.write_bytes(data)
        reading = CONNECTOR.read(Source.of(path), Options(entity_id="E"))
        assert _codes(reading) == ["sheet_unreadable"]


def test_rounded_amounts_are_said(tmp_path: Path) -> None:
    reading = _read(tmp_path, "Date;Libellé;Montant;Devise\n13/01/2026;A;1,005;EUR\n14/01/2026;B;1,0251;EUR\n")
    assert "amount_rounded" in _codes(reading)
    assert reading.tables["receipts"].select(pl.col("amount").last()).item() == 103


def _ods(path: Path, rows: list[list[str]]) -> None:
    """An OpenDocument sheet by hand: what an office program writes, less its ornaments."""
    from zipfile import ZipFile

    spaces = "urn:oasis:names:tc:opendocument:xmlns:"
    cells = "".join("<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{spaces}office:1.0" '
        f'xmlns:table="{spaces}table:1.0" xmlns:text="{spaces}text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Postes">{cells}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{spaces}manifest:1.0"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{kind}"/></manifest:manifest>',
        )
        archive.writestr("content.xml", content)


def _ods_cell(value: str) -> str:
    if value.replace(".", "").isdigit():
        number = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {number}><text:p>{value}</text:p></table:table-cell>"
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def test_open_document_sheets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    _ods(
        path,
        [
            ["Code client", "N° facture", "Date facture", "Échéance", "Montant TTC", "Devise"],
            ["C7", "FA-1", "15/01/2026", "15/03/2026", "1200.5", "EUR"],
        ],
    )
    source = Source.of(path)
    assert recognise(source) is CONNECTOR
    items = CONNECTOR.read(source, Options(entity_id="E")).tables["items"]
    assert items.select("number", "amount", "due_on").rows() == [("FA-1", 120050, date(2026, 3, 15))]


def test_the_other_sheets_of_a_workbook_are_named(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        notes, data = book.add_worksheet("Notes"), book.add_worksheet("Données")
        notes.write(0, 0, "À lire")
        for row, values in enumerate([["Date", "Libellé", "Montant", "Devise"], ["13/01/2026", "VIR A", 12.5, "EUR"]]):
            data.write_row(row, 0, values)
    reading = CONNECTOR.read(Source.of(path), Options(entity_id="E"))
    assert reading.tables["receipts"]["amount"].to_list() == [1250]
    assert "sheets_unread" in _codes(reading)
