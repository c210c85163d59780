"""The book folder: what is written is read back identically, and bad data is said with file and line."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encours.connectors.base.contract import Options, Source, recognise
from encours.connectors.book_folder import CONNECTOR, read_book, write_book
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from encours.core.base.schema import TABLES

ITEMS = "item_id,entity_id,customer_id,number,kind,issued_on,due_on,amount,currency"
GOOD = "E:1,E,E:C1,0001,invoice,2026-01-02,2026-02-01,1200,EUR"


def write(folder: Path, name: str, *lines: str | bytes) -> Path:
    """A CSV file of these lines in the folder."""
    raw = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    (folder / name).write_bytes(raw)
    return folder


def codes(issues: pl.DataFrame) -> list[tuple[str | None, int | None, str]]:
    """(file, line, code) of each issue."""
    return list(issues.select("file", "line", "code").iter_rows())


def test_types_come_from_the_schema(tmp_path: Path) -> None:
    book, issues = read_book(write(tmp_path, "items.csv", ITEMS, GOOD))
    assert issues.height == 0
    row = book.items.row(0, named=True)
    assert (row["number"], row["amount"], row["due_on"]) == ("0001", 1200, date(2026, 2, 1))
    assert book.items.schema == TABLES["items"].schema
    assert row["posted_on"] is None
    assert book.receipts.height == 0


def test_bad_cells_are_said_and_the_good_lines_load(tmp_path: Path) -> None:
    lines = (
        GOOD.replace("E:1", '"E:\n2"'),  # one row on lines 2 and 3
        GOOD.replace("2026-02-01", "2026-02-30").replace("1200", "12.00"),  # line 4: two bad cells
        "",
        GOOD.replace("E:1", "E:3"),
        GOOD.replace(",1200,", ",,"),  # line 7
        GOOD + ",more",  # line 8
        "E:9,E",  # line 9: broken off
    )
    book, issues = read_book(write(tmp_path, "items.csv", ITEMS, *lines))
    assert book.items["item_id"].to_list() == ["E:\n2", "E:3"]
    assert sorted(codes(issues), key=str) == [
        ("items.csv", 4, "bad_cell"),
        ("items.csv", 4, "bad_cell"),
        ("items.csv", 7, "missing_value"),
        ("items.csv", 8, "ragged_line"),
        ("items.csv", 9, "ragged_line"),
    ]


def test_lines_that_are_not_utf8_or_break_their_quotes(tmp_path: Path) -> None:
    bad = GOOD.encode().replace(b"0001", b"\xff")
    open_quote = GOOD.replace("0001", '"0001')
    book, issues = read_book(write(tmp_path, "items.csv", ITEMS, bad, open_quote, GOOD))
    assert book.items["item_id"].to_list() == ["E:1"]
    assert codes(issues) == [("items.csv", 2, "not_utf8"), ("items.csv", 3, "bad_quotes")]


@pytest.mark.parametrize("block", [7, 150, 1_000_000])
def test_rows_of_several_lines_in_blocks_of_any_size(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also below a row that is set aside, and where the line breaks stand in a column that nobody asked for."""
    monkeypatch.setattr("encours.connectors.book_folder.lines._BLOCK_BYTES", block)
    lines = [f'{GOOD.replace("E:1", f"E:{n}")},"a ""note""\r\non two lines"' for n in range(2, 12, 2)]
    book, issues = read_book(write(tmp_path, "items.csv", f"{ITEMS},note", lines[0], '"E:\n0",E', *lines[1:], GOOD))
    assert book.items["item_id"].to_list() == ["E:2", "E:4", "E:6", "E:8", "E:10"]
    assert codes(issues.filter(pl.col("severity") == "error")) == [
        ("items.csv", 4, "ragged_line"),
        ("items.csv", 14, "ragged_line"),
    ]


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = (
        GOOD.replace("E:1", '"E:\n1"'),  # lines 2 and 3
        GOOD.replace("0001", 'the "first"'),
        GOOD.replace("0001", '"first" one'),
        GOOD.replace("0001", "00\r01"),
        GOOD.replace("E:1", '"E:\n2"'),
    )
    book, issues = read_book(write(tmp_path, "items.csv", ITEMS, *lines))
    assert book.items.select("item_id", "number").rows() == [
        ("E:\n1", "0001"),
        ("E:1", 'the "first"'),
        ("E:\n2", "0001"),
    ]
    assert codes(issues) == [("items.csv", 5, "bad_quotes"), ("items.csv", 6, "bad_quotes")]


def test_absent_required_columns_are_one_error_naming_all(tmp_path: Path) -> None:
    write(tmp_path, "items.csv", "item_id,entity_id,colour", "1,E,red")
    write(tmp_path, "receipts.csv", "receipt_id", "1")
    book, issues = read_book(tmp_path)
    missing = issues.filter(pl.col("code") == "missing_columns")
    assert missing.height == 1
    for name in ("items: customer_id, number, kind", "receipts: entity_id, account, booked_on"):
        assert name in missing["message"][0]
    unknown = issues.row(by_predicate=pl.col("code") == "unknown_columns", named=True)
    assert unknown["severity"] == "info"
    assert "colour" in unknown["message"]
    assert book.items.height == book.receipts.height == 0


def test_a_name_that_is_empty_loads_for_check_to_report(tmp_path: Path) -> None:
    book, issues = read_book(write(tmp_path, "customers.csv", "customer_id,name,kind", "0007,,business"))
    assert issues.height == 0
    assert book.customers["customer_id"].to_list() == ["0007"]
    assert "missing_value" in book.check()["code"].to_list()


def test_parquet_columns_of_other_types(tmp_path: Path) -> None:
    row = dict(zip(ITEMS.split(","), GOOD.split(","), strict=True))
    frame = pl.DataFrame([row, {**row, "due_on": "soon"}]).with_columns(
        amount=pl.lit(1200.0), issued_on=pl.datetime(2026, 1, 2)
    )
    frame.write_parquet(tmp_path / "items.parquet")
    book, issues = read_book(tmp_path)
    assert book.items.select("amount", "issued_on").row(0) == (1200, date(2026, 1, 2))
    assert codes(issues) == [("items.parquet", 2, "bad_cell")]
    frame.with_columns(amount=pl.lit([1])).write_parquet(tmp_path / "items.parquet")
    book, issues = read_book(tmp_path)
    assert codes(issues) == [("items.parquet", None, "wrong_type")]


def test_both_formats_of_one_table_warn(tmp_path: Path) -> None:
    write_book(Book.of(), tmp_path)
    write(tmp_path, "items.csv", ITEMS, GOOD)
    book, issues = read_book(tmp_path)
    assert book.items.height == 0
    assert issues["code"].to_list() == ["two_files_of_one_table"]
    write_book(book, tmp_path)
    assert not (tmp_path / "items.csv").exists()


def test_zip_and_hostile_zip(tmp_path: Path) -> None:
    path = tmp_path / "book.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("book/items.csv", f"{ITEMS}\n{GOOD}\n")
        archive.writestr("../../receipts.csv", "receipt_id\n1\n")
        archive.writestr("readme.txt", "hello")
    book, issues = read_book(path)
    assert book.items.height == 1
    assert issues.height == 0
    assert recognise(Source.of(path)) is CONNECTOR
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert isinstance(read_book(path)[1], pl.DataFrame)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("items.csv", "w") as entry:
        for _ in range(80):
            entry.write(b"\0" * 1024 * 1024)
    book, issues = read_book(path)
    assert issues["code"].to_list() == ["unreadable_zip"]


def test_truncated_at_every_byte(tmp_path: Path) -> None:
    for name in ("items.csv", "items.parquet"):
        folder = tmp_path / f"whole {name}"
        book, _ = read_book(write(tmp_path, "items.csv", ITEMS, GOOD))
        write_book(book, folder, name.rsplit(".", 1)[1])
        whole = (folder / name).read_bytes()
        for cut in range(0, len(whole), 1 if name.endswith("csv") else 23):
            (folder / name).write_bytes(whole[:cut])
            part, issues = read_book(folder / name)
            assert part.items.height == 0 or part.items.equals(book.items)
            assert issues.height or part.items.equals(book.items) or b"\n" not in whole[: cut - 1]


def test_nothing_there_and_no_path(tmp_path: Path) -> None:
    assert read_book(tmp_path)[1]["code"].to_list() == ["not_a_book"]
    with pytest.raises(CallError, match="no such folder"):
        read_book(tmp_path / "absent")
    with pytest.raises(CallError, match="neither parquet nor csv"):
        write_book(Book.of(), tmp_path, "xlsx")


def test_recognised_by_content(tmp_path: Path) -> None:
    write(tmp_path, "items.csv", ITEMS, GOOD)
    for path in (tmp_path, tmp_path / "items.csv"):
        assert recognise(Source.of(path)) is CONNECTOR
    reading = CONNECTOR.read(Source.of(tmp_path / "items.csv"), Options())
    assert reading.tables["items"].height == 1
    assert CONNECTOR.sniff(b"item_id;amount\n", "items.csv") == 0


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)
dates = st.dates(date(1950, 1, 1), date(2150, 12, 31))
rows = st.fixed_dictionaries(
    {
        "item_id": texts.filter(str.strip),
        "customer_id": texts.filter(str.strip),
        "label": st.none() | texts,
        "amount": st.integers(-(2**63), 2**63 - 1),
        "due_on": dates,
        "voided": st.none() | st.booleans(),
        "known_on": st.none() | dates,
    }
)


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(rows, min_size=1, max_size=5))
def test_round_trip(tmp_path: Path, file_format: str, drawn: list[dict[str, object]]) -> None:
    constant = {"entity_id": "E", "number": "0", "kind": "invoice", "issued_on": date(2026, 1, 1), "currency": "EUR"}
    frame = pl.DataFrame(
        [{**constant, **row} for row in drawn],
        schema_overrides={k: v for k, v in TABLES["items"].schema.items() if k in {**constant, **drawn[0]}},
    )
    book = Book.of(items=frame)
    write_book(book, tmp_path, file_format)
    back, issues = read_book(tmp_path)
    assert issues.height == 0
    for name, table in book.tables().items():
        assert back.table(name).equals(table), name
