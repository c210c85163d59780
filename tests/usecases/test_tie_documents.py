"""Printed invoices find their items by number, or say why not."""

from __future__ import annotations

from pathlib import Path

from encours.connectors.base.contract import Options, Source, recognise
from encours.connectors.invoice_pdf import CONNECTOR
from encours.usecases.read_files import ReadOptions, read_files
from encours.usecases.tie_documents import tie_documents
from tests.core.matching.books import book, item

_PDF = Path(__file__).resolve().parents[2] / "src/encours/connectors/invoice_pdf/golden/FA-2026-101.pdf"


def _printed(path: str, *candidates: str) -> dict[str, object]:
    return {"path": path, "sha256": "ab" * 32, "candidates": list(candidates)}


def test_a_pdf_is_tied_by_the_number_in_its_text(tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(_PDF.read_bytes())
    assert recognise(Source.of(scan)) is CONNECTOR
    reading = CONNECTOR.read(Source.of(scan), Options())
    documents, issues = tie_documents(book([item("FA-2026-101", 100)], []).items, reading.facts["documents"])  # type: ignore[arg-type]  # a fact is JSON
    assert documents.select("item_id", "kind", "path").rows() == [("E:c1:FA-2026-101", "invoice", "scan.pdf")]
    assert issues.is_empty()


def test_a_damaged_pdf_is_tied_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "Facture FA-0007.pdf"
    path.write_bytes(b"%PDF-1.4 damaged")
    reading = CONNECTOR.read(Source.of(path), Options())
    assert "pdf_unreadable" in reading.issues["code"].to_list()
    documents, _ = tie_documents(book([item("FA-0007", 100)], []).items, reading.facts["documents"])  # type: ignore[arg-type]  # a fact is JSON
    assert documents["path"].to_list() == ["Facture FA-0007.pdf"]


def test_the_name_wins_over_the_text() -> None:
    items = book([item("FA-0007", 100), item("FA-0008", 100)], []).items
    documents, _ = tie_documents(items, [_printed("a.pdf", "FA0008", "FA0007")])
    assert documents["item_id"].to_list() == ["E:c1:FA-0008"]


def test_parts_share_a_document_and_namesakes_of_two_customers_do_not() -> None:
    parts = [item("FA-0007", 100, item_id=f"p{n}", part=str(n)) for n in (1, 2)]
    documents, _ = tie_documents(book(parts, []).items, [_printed("a.pdf", "FA0007")])
    assert documents["item_id"].to_list() == ["p1", "p2"]
    namesakes = book([item("FA-0007", 100), item("FA 0007", 100, "c2")], []).items
    documents, issues = tie_documents(namesakes, [_printed("a.pdf", "FA0007"), _printed("b.pdf", "X9999")])
    assert documents.is_empty()
    assert issues["code"].to_list() == ["document_ambiguous", "document_untied"]


def test_a_printed_invoice_beside_its_open_item_becomes_its_document(tmp_path: Path) -> None:
    (tmp_path / "open.csv").write_text(
        "Code client;N° facture;Date facture;Échéance;Montant TTC;Devise\n"
        "00042;FA-2026-101;15/01/2026;15/03/2026;1 200,00;EUR\n",
        encoding="utf-8",
    )
    (tmp_path / "scan.pdf").write_bytes(_PDF.read_bytes())
    read = read_files([Source.of(tmp_path)], ReadOptions(entity_id="E"))
    assert read.book.documents.select("kind", "path").rows() == [("invoice", "scan.pdf")]
    assert read.book.documents["item_id"].to_list() == read.book.items["item_id"].to_list()
