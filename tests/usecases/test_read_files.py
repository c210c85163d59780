"""Files of any kind into one book: archives with care, duplicates once, entities by default, bad lines said."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.base.contract import Source
from encours.core.base.issue import CallError
from encours.usecases.convert_files import convert_files
from encours.usecases.read_files import FilesRead, ReadOptions, read_files
from encours.usecases.terms_of_files import term_settings
from tests.journeys.ledgers import IBAN, Ledger, camt


def read(*paths: Path, **options: object) -> FilesRead:
    """The paths with some options."""
    return read_files([Source.of(path) for path in paths], ReadOptions(**options))  # type: ignore[arg-type]  # test shorthand


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a ledger and a bank statement."""
    folder = tmp_path / "files"
    folder.mkdir()
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000, "AA")
    ledger.paid("20240212", "C1", "VIR CLIENT", 12000, "AA")
    ledger.write(folder, "123456789FEC20241231.txt")
    camt(folder, "releve.xml", 0, [("2024-02-12", 12000, "VIR CLIENT")])
    return folder


def test_a_folder_and_an_archive_of_it_are_the_same_book(files: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", files))
    one, other = read(files), read(archive)
    assert one.book.receipts.equals(other.book.receipts)
    assert one.book.receipts["receipt_id"].len() == 1
    assert {file.connector for file in other.files} == {"fec", "camt"}
    assert other.files[0].name.startswith("all.zip/")


def test_the_same_content_twice_is_read_once(files: Path, tmp_path: Path) -> None:
    shutil.copyfile(files / "releve.xml", tmp_path / "copie.xml")
    found = read(files, tmp_path / "copie.xml")
    assert found.issues["code"].to_list().count("duplicate_file") == 1
    assert found.book.receipts.height == 1


def test_a_zip_bomb_is_refused_and_the_rest_is_read(files: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("releve.txt", "w") as entry:
        for _ in range(160):
            entry.write(bytes(1024 * 1024))
    found = read(bomb, files)
    refused = found.issues.filter(pl.col("code") == "archive_refused")
    assert refused["file"].to_list() == ["bomb.zip"]
    assert found.book.receipts.height == 1


def test_an_archive_writes_nowhere_but_where_it_may(files: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.write(files / "releve.xml", "../../../escaped.xml")
    assert read(evil).book.receipts.height == 1
    assert not list(tmp_path.parent.rglob("escaped.xml"))


def test_the_entity_is_given_else_the_ledgers_else_the_accounts(files: Path) -> None:
    assert set(read(files, entity_id="ACME").book.receipts["entity_id"]) == {"ACME"}
    assert set(read(files).book.receipts["entity_id"]) == {"123456789"}
    alone = read(files / "releve.xml").book
    assert set(alone.receipts["entity_id"]) == {IBAN}
    assert alone.entities["entity_id"].to_list() == [IBAN]


def test_a_named_file_that_nobody_reads_is_an_error_and_one_beside_is_a_warning(files: Path) -> None:
    (files / "photo.bin").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    unknown = pl.col("code") == "unknown_kind"
    assert read(files).issues.filter(unknown)["severity"].to_list() == ["warning"]
    assert read(files / "photo.bin").issues.filter(unknown)["severity"].to_list() == ["error"]


def test_a_missing_path_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such file"):
        read(tmp_path / "nothing")


def test_each_file_has_its_record_and_each_row_its_place(files: Path) -> None:
    told: list[str] = []
    found = read(files, progress=lambda done, total, name: told.append(f"{done}/{total} {name}"))
    ledger = next(file for file in found.files if file.connector == "fec")
    assert (ledger.facts["lines"], ledger.counts["items"], len(ledger.sha256)) == (5, 1, 64)
    place = found.origins.filter(pl.col("table") == "items").row(0, named=True)
    assert (place["file"], place["line"]) == (ledger.name, 2)
    assert told[0].startswith("0/2 ")


def test_convert_writes_the_book_its_issues_and_the_rejected_lines(files: Path, tmp_path: Path) -> None:
    path = files / "123456789FEC20241231.txt"
    path.write_text(path.read_text() + "VE\tVentes\t9\t2024XX01\t411000\t\t\t\t\t\t\t1,00\t0,00\t\t\t\t\t\r\n")
    out = tmp_path / "out"
    convert_files([files], out, ReadOptions(), "csv")
    issues = pl.read_csv(out / "issues.csv")
    assert issues.columns[:2] == ["file", "line"]
    assert issues.filter(pl.col("code") == "bad_date")["line"].to_list() == [7]
    assert pl.read_csv(out / "rejected.csv")["line"].to_list() == [7]
    assert pl.read_csv(out / "items.csv").height == 1
    assert (out / "unpaired.csv").exists()


def test_a_term_fills_the_due_dates(files: Path) -> None:
    due = read(files, settings=term_settings("45 jours fin de mois")).book.items["due_on"].to_list()
    assert [str(day) for day in due] == ["2024-02-29"]
    with pytest.raises(CallError, match="--term"):
        term_settings("jamais")
