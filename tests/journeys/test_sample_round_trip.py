"""What the sample writes is valid, agrees with itself, and is read back as the book it was written from."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.core.base.book import Book
from encours.core.sample.company import sample_company
from encours.core.sample.options import Sample, SampleOptions
from encours.usecases.make_sample import make_sample, write_files, write_snapshots

LAST = date(2026, 10, 31)
#: Long enough for two fiscal years and both versions of camt.
OPTIONS = SampleOptions(last_day=LAST, customers=60, months=14, seed=11)


class Written(NamedTuple):
    """A sample and the files written from it."""

    sample: Sample
    files: dict[str, list[Path]]

    @property
    def book(self) -> Book:
        """The book as it stands."""
        return self.sample.book.current()

    @property
    def entity(self) -> str:
        """The company's id."""
        return str(self.sample.book.entities["entity_id"][0])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    sample = sample_company(OPTIONS)
    return Written(sample, write_files(sample, tmp_path_factory.mktemp("sample"), LAST))


def read(path: Path, kind: str, entity: str | None = None) -> Reading:
    """The file, recognised by its content alone."""
    source = Source(path, "file")
    connector = recognise(source)
    assert connector is not None
    assert connector.name == kind
    reading = connector.read(source, Options(entity_id=entity))
    assert reading.issues.filter(pl.col("severity") == "error").rows() == []
    return reading


FACTS = ("booked_on", "amount", "currency", "kind", "payer_name", "payer_account", "remittance", "end_to_end_id")
_CHANNELS = {"camt": "camt", "cfonb140": "cfonb120", "cfonb31": "cfonb120", "mt940": "mt940", "ofx": "ofx"}


@pytest.mark.parametrize("channel", _CHANNELS)
def test_statements_come_back_entry_by_entry(written: Written, channel: str) -> None:
    account = written.sample.bank_accounts.filter(pl.col("channel") == channel).row(0, named=True)
    stem = account["name"].replace(" ", "-")
    paths = [path for path in written.files["banque"] if path.name.startswith(stem)]
    assert len(paths) == OPTIONS.months
    readings = [read(path, _CHANNELS[channel]) for path in paths]
    found = pl.concat([reading.tables["receipts"] for reading in readings])
    own = written.book.receipts.filter(pl.col("account") == account["account"])
    # Cut anywhere by the format, a long list of numbers may come back with one blank more.
    bare = pl.col("remittance").str.replace_all(" ", "")
    assert (
        found.select(FACTS).with_columns(bare).sort(FACTS).rows()
        == own.select(FACTS).with_columns(bare).sort(FACTS).rows()
    )
    assert set(found["account"]) == {account["account"]}
    back = pl.concat([reading.tables["statements"] for reading in readings])
    kept = ["account", "currency", "from_on", "to_on", "closing", "entries", "total"]
    kept += [] if channel == "ofx" else ["opening", "balanced"]  # OFX has no opening balance
    statements = written.book.statements.filter(pl.col("account") == account["account"])
    assert back.select(kept).sort("to_on").rows() == statements.select(kept).sort("to_on").rows()


def test_both_camt_versions_are_written(written: Written) -> None:
    heads = [path.read_bytes()[:200] for path in written.files["banque"] if path.suffix == ".xml"]
    assert {version for head in heads for version in (b"053.001.02", b"053.001.08") if version in head} == {
        b"053.001.02",
        b"053.001.08",
    }


def test_cfonb_records_have_120_characters(written: Written) -> None:
    for path in written.files["banque"]:
        if path.name.endswith(".cfonb120.txt"):
            lines = path.read_bytes().decode("ascii").split("\r\n")
            assert lines.pop() == ""
            assert {len(line) for line in lines} == {120}


def test_ledgers_are_named_and_shaped_as_the_law_says(written: Written) -> None:
    names = [path.name for path in written.files["comptabilite"]]
    assert names == [f"{written.entity}FEC{day}.txt" for day in ("20251231", "20261031")]
    for path in written.files["comptabilite"]:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].split("\t")[:3] == ["JournalCode", "JournalLib", "EcritureNum"]
        assert {line.count("\t") for line in lines} == {18}


def test_the_last_ledger_gives_every_balance_and_open_invoice(written: Written) -> None:
    reading = read(written.files["comptabilite"][-1], "fec", written.entity)
    book = Book.of(**dict(reading.tables)).current()
    assert balances(book) == balances(written.book)
    # What no letter touches is the same item by item; of a partial letter the ledger does not say which rest is whose.
    untouched = (pl.col("open") == pl.col("amount")) & (pl.col("ledger_account") == "411000")
    drafts = written.book.instrument_items["item_id"].implode()
    here = written.book.open_items().filter(
        untouched & ~pl.col("item_id").is_in(drafts) & (pl.col("kind") == "invoice")
    )
    there = book.open_items().filter(untouched)
    facts = ["customer_id", "number", "due_on", "amount"]
    assert set(here.select(facts).iter_rows()) - set(there.select(facts).iter_rows()) == set()
    assert here.height > 100


def balances(book: Book) -> dict[str, int]:
    """Balance of each customer that has one."""
    rows = book.balances().filter(pl.col("balance") != 0)
    return dict(rows.select("customer_id", "balance").iter_rows())


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_open_items_come_back(written: Written, suffix: str) -> None:
    path = next(p for p in written.files["exports"] if p.name.startswith("postes") and p.suffix == suffix)
    reading = read(path, "sheet", written.entity)
    book = Book.of(entities=written.book.entities, **dict(reading.tables)).current()
    assert balances(book) == balances(written.book)
    here = written.book.open_items().filter(pl.col("open") != 0).select("number", "due_on", "amount", "open")
    there = (
        book.open_items().filter(~pl.col("number").str.starts_with("R")).select("number", "due_on", "amount", "open")
    )
    assert sorted(there.rows()) == sorted(here.rows())


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_customers_come_back(written: Written, suffix: str) -> None:
    path = next(p for p in written.files["exports"] if p.name.startswith("clients") and p.suffix == suffix)
    tables = read(path, "sheet", written.entity).tables
    facts = ["customer_id", "name", "kind", "legal_id", "vat_id", "collector", "credit_limit", "created_on"]
    assert tables["customers"].select(facts).rows() == written.book.customers.select(facts).rows()
    payers = tables["customer_links"].filter(pl.col("role") == "payer").select("customer_id", "other_id")
    own = written.book.customer_links.filter(pl.col("role") == "payer").select("customer_id", "other_id")
    assert sorted(payers.rows()) == sorted(own.rows())


def test_the_aged_balance_is_the_open_items_by_age(written: Written) -> None:
    path = next(p for p in written.files["exports"] if p.name.startswith("balance") and p.suffix == ".csv")
    rows = [line.split(";") for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]]
    printed = {f"{written.entity}:{row[0]}": int(row[-1].replace(",", "")) for row in rows}
    assert {customer: balance for customer, balance in printed.items() if balance} == balances(written.book)
    for row in rows:
        cents = [int(cell.replace(",", "")) for cell in row[3:]]
        assert sum(cents[:-1]) == cents[-1]


def test_invoices_come_back(written: Written) -> None:
    numbers = {}
    for path in written.files["factures"]:
        tables = read(path, "einvoice").tables
        row = tables["items"].row(0, named=True)
        numbers[row["number"]] = (row["issued_on"], row["due_on"], row["amount"], row["currency"], row["kind"])
    own = written.book.items.filter(pl.col("number").is_in(list(numbers)))
    assert numbers == {
        row["number"]: (row["issued_on"], row["due_on"], row["amount"], row["currency"], row["kind"])
        for row in own.iter_rows(named=True)
    }
    assert len(numbers) > 50
    assert {path.suffixes[0] for path in written.files["factures"]} >= {".cii", ".ubl"}


def test_invoices_are_valid_by_their_schemas(written: Written) -> None:
    facturx = pytest.importorskip("facturx", reason="the extra einvoice-write brings the schemas")
    for path in written.files["factures"]:
        data = path.read_bytes()
        if path.suffix == ".pdf":
            assert facturx.get_xml_from_pdf(data, check_xsd=True)[0] == "factur-x.xml"
        else:
            assert facturx.xml_check_xsd(data)


def test_daily_snapshots_hold_each_day_s_balances(written: Written, tmp_path: Path) -> None:
    days = [LAST - timedelta(days=n) for n in (0, 1, 45)]
    for day, path in zip(days, write_snapshots(written.sample, tmp_path, days), strict=True):
        reading = read(path, "sheet", written.entity)
        book = Book.of(entities=written.book.entities, **dict(reading.tables)).current()
        assert balances(book) == balances(written.sample.book.as_of(day))


def test_one_euro_once_from_all_files_together(written: Written) -> None:
    from encours.usecases.read_files import read_files

    paths = [*written.files["comptabilite"], *written.files["banque"]]
    result = read_files([Source.of(path) for path in paths])
    assert balances(result.book.current()) == balances(written.book)
    # One transfer of a group may become a receipt an account of the ledger: the money of each day is the same.
    keys = ["account", "booked_on"]
    both = [book.receipts.group_by(keys).agg(pl.col("amount").sum()) for book in (result.book.current(), written.book)]
    assert sorted(both[0].rows()) == sorted(both[1].rows())
    assert result.book.receipts.height - written.book.receipts.height <= written.book.receipts.height // 100


def test_lists_and_invoices_beside_the_ledgers_change_no_balance(written: Written) -> None:
    from encours.usecases.read_files import read_files

    lists = [path for path in written.files["exports"] if path.suffix == ".csv"]
    paths = [*written.files["comptabilite"], *lists, *written.files["factures"]]
    result = read_files([Source.of(path) for path in paths])
    assert balances(result.book.current()) == balances(written.book)
    assert result.book.check().filter(pl.col("severity") == "error").rows() == []
    assert result.issues.filter(pl.col("code") == "opening_gap").rows() == []


def test_the_command_s_use_case_writes_book_truth_and_files(tmp_path: Path) -> None:
    from encours.connectors.book_folder import read_book

    options = SampleOptions(last_day=LAST, customers=50, months=6, seed=2)
    steps: list[str] = []
    made = make_sample(tmp_path / "out", options, files=True, file_format="csv", say=steps.append)
    book, issues = read_book(tmp_path / "out")
    assert issues.filter(pl.col("severity") == "error").rows() == []
    for name, frame in made.sample.book.tables().items():
        assert book.table(name).equals(frame), name
    for name in ("truth_allocations", "truth_payments", "truth_receipts", "truth_customers"):
        assert (tmp_path / "out" / f"{name}.csv").exists()
    assert {"comptabilite", "banque", "exports", "factures"} == set(made.files)
    assert all(path.stat().st_size for paths in made.files.values() for path in paths)
    assert steps
