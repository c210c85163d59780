"""One euro, once: ledger and bank in any order, two years in any order, and our own export again beside them."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from encours.connectors.base.contract import Source
from encours.connectors.book_folder import write_book
from encours.core.base.book import Book
from encours.core.base.schema import TABLES
from encours.usecases.read_files import FilesRead, ReadOptions, read_files
from tests.journeys.ledgers import Ledger, camt

CLOSING_24, CLOSING_25 = date(2024, 12, 31), date(2025, 12, 31)


def first_year() -> Ledger:
    """Three customers, one transfer for two invoices, one unapplied payment, open items at the end."""
    year = Ledger()
    year.invoice("20240110", "C1", "F1", 120000, "AA")
    year.invoice("20240115", "C1", "F2", 36000, "AA")
    year.paid("20240212", "C1", "VIR CLIENT UN F1 F2", 156000, "AA")
    year.invoice("20241105", "C1", "F3", 60000)
    year.invoice("20241120", "C2", "F4", 48000, "ZZ")
    year.invoice("20241201", "C2", "F5", 24000)
    year.paid("20241210", "C3", "VIR TROIS ACOMPTE", 15000)
    return year


def second_year(*, detailed: bool) -> Ledger:
    """The year after, opened line by line or with one sum a customer; C2 pays what was open."""
    year = Ledger()
    if detailed:
        opened = [
            ("411000", "C1", 60000, ""),
            ("411000", "C2", 48000, "AA"),
            ("411000", "C2", 24000, ""),
            ("411000", "C3", -15000, "AB"),
        ]
    else:
        opened = [("411000", "C1", 60000, ""), ("411000", "C2", 72000, "aa"), ("411000", "C3", -15000, "AB")]
    year.opening("20250101", opened)
    year.paid("20250110", "C2", "VIR CLIENT DEUX F4", 48000, "AA" if detailed else "aa")
    year.invoice("20250203", "C3", "F6", 15000, "AB")
    year.invoice("20250301", "C1", "F7", 12000)
    return year


def statements(folder: Path) -> list[Path]:
    """The bank of both years, with a payment that no ledger has yet."""
    old = [("2024-02-13", 156000, "VIR CLIENT UN F1 F2"), ("2024-12-10", 15000, "VIR TROIS ACOMPTE")]
    new = [("2025-01-10", 48000, "VIR CLIENT DEUX F4"), ("2025-01-20", 9900, "VIR INCONNU")]
    return [camt(folder, "2024.xml", 100000, old), camt(folder, "2025.xml", 271000, new)]


def balances(book: Book, day: date) -> dict[tuple[str, str], int]:
    """The book's balance by auxiliary and account, at accounting date."""
    then = book.as_booked(day)
    keys = ["customer_id", "ledger_account"]
    rows = pl.concat(
        [
            then.open_items().select(*keys, cents="open"),
            then.unapplied_receipts()
            .filter(pl.col("ledger_account").is_not_null())
            .select(*keys, cents=-pl.col("unapplied")),
        ]
    )
    sums = rows.group_by(keys).agg(pl.col("cents").sum()).filter(pl.col("cents") != 0)
    return {(customer.split(":")[1], account): cents for customer, account, cents in sums.iter_rows()}


def read(*paths: Path, entity: str | None = None) -> FilesRead:
    """The files as one book."""
    return read_files([Source.of(path) for path in paths], ReadOptions(entity_id=entity))


def same(one: Book, other: Book) -> bool:
    """Whether two books hold the same rows, in whatever order."""
    return all(
        sorted(map(str, one.table(name).rows())) == sorted(map(str, other.table(name).rows())) for name in TABLES
    )


def test_ledger_and_bank_of_the_same_months_in_either_order(tmp_path: Path) -> None:
    ledger = first_year()
    fec = ledger.write(tmp_path, "123456789FEC20241231.txt")
    bank = statements(tmp_path)[0]
    one, other = read(fec, bank), read(bank, fec)
    assert same(one.book, other.book)
    assert sorted(one.book.receipts["amount"]) == [15000, 156000]
    assert set(one.book.receipts["origin"]) == {"bank"}
    assert one.relations.select("ledger_account", "agreed").rows() == [("512100", 2)]
    assert balances(one.book, CLOSING_24) == ledger.balances()
    assert not one.unpaired.height


@pytest.mark.parametrize("detailed", [True, False])
def test_two_years_in_any_order_are_exact_at_both_closings(tmp_path: Path, detailed: bool) -> None:
    old, new = first_year(), second_year(detailed=detailed)
    files = [
        old.write(tmp_path, "123456789FEC20241231.txt"),
        new.write(tmp_path, "123456789FEC20251231.txt"),
        *statements(tmp_path),
    ]
    books = [read(*order).book for order in itertools.islice(itertools.permutations(files), 0, None, 5)]
    assert all(same(books[0], book) for book in books[1:])
    book = books[0]
    assert balances(book, CLOSING_24) == old.balances()
    assert balances(book, CLOSING_25) == new.balances()
    assert sorted(book.receipts["amount"]) == [9900, 15000, 48000, 156000]
    assert not book.items.filter(pl.col("kind") == "opening").height, "every opening gave way to its detail"
    paid = book.as_booked(CLOSING_25).open_items().filter(pl.col("open") == 0)["number"].to_list()
    assert sorted(paid) == ["F1", "F2", "F4", "F6"]
    assert not book.check().filter(pl.col("severity") == "error").height


def test_our_own_export_beside_its_files_is_the_same_book(tmp_path: Path) -> None:
    files = [
        first_year().write(tmp_path, "123456789FEC20241231.txt"),
        second_year(detailed=False).write(tmp_path, "123456789FEC20251231.txt"),
        *statements(tmp_path),
    ]
    once = read(*files).book
    write_book(once, tmp_path / "book")
    assert same(once, read(tmp_path / "book", *files).book)
    assert same(once, read(*files, tmp_path / "book").book)


def test_a_gap_between_two_years_is_shown_and_kept(tmp_path: Path) -> None:
    """The auditor booked 10 € more in last year's closing than the file we hold: no balance hides it."""
    old, new = first_year(), Ledger()
    new.opening("20250101", [("411000", "C1", 61000, ""), ("411000", "C2", 72000, ""), ("411000", "C3", -15000, "")])
    result = read(old.write(tmp_path, "123456789FEC20241231.txt"), new.write(tmp_path, "123456789FEC20251231.txt"))
    assert balances(result.book, CLOSING_24) == old.balances()
    assert balances(result.book, CLOSING_25) == new.balances()
    gap = result.book.items.filter(pl.col("kind") == "opening")
    assert gap.select("customer_id", "amount").rows() == [("123456789:C1", 1000)]
    assert result.issues.filter(pl.col("code") == "opening_gap").height == 1


def test_files_one_after_the_other_read_as_if_together(tmp_path: Path) -> None:
    """Each file is joined to the book that stands: whatever the order, no euro is lost or doubled."""
    old, new = first_year(), second_year(detailed=True)
    files = [
        old.write(tmp_path, "123456789FEC20241231.txt"),
        new.write(tmp_path, "123456789FEC20251231.txt"),
        *statements(tmp_path),
    ]
    for number, order in enumerate(itertools.islice(itertools.permutations(files), 0, None, 7)):
        folder, stands = tmp_path / f"book{number}", Book.of()
        for path in order:
            known = [folder] if folder.exists() else []
            stands = read(*known, path, entity="123456789").book
            write_book(stands, folder)
        assert sorted(stands.receipts["amount"]) == [9900, 15000, 48000, 156000], [path.name for path in order]
        assert balances(stands, CLOSING_24) == old.balances(), [path.name for path in order]
        assert balances(stands, CLOSING_25) == new.balances(), [path.name for path in order]
