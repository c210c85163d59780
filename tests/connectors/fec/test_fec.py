"""What becomes of a ledger's lines, one class after the other, and what a reader must survive."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.connectors.fec import CONNECTOR
from encours.core.base.book import Book
from encours.core.base.issue import CallError
from tests.journeys.ledgers import Ledger
from tests.shared import shared_path


def reading(ledger: Ledger, folder: Path, options: Options | None = None) -> Reading:
    """The ledger written and read."""
    path = ledger.write(folder, "123456789FEC20241231.txt")
    return CONNECTOR.read(Source.of(path), options or Options())


def book_of(found: Reading) -> Book:
    """The Book of a reading, which has no error in it."""
    assert not found.issues.filter(pl.col("severity") == "error").height, found.issues["message"].to_list()
    book = Book.of(**found.tables)
    assert not book.check().filter(pl.col("severity") == "error").height
    return book


def settlements(book: Book) -> list[tuple[str, str, int]]:
    """(number, kind, cents) of every allocation."""
    joined = book.allocations.join(book.items.select("item_id", "number"), on="item_id")
    return sorted(joined.select("number", "kind", "amount").rows())


def test_one_transfer_for_twelve_invoices_is_one_receipt(tmp_path: Path) -> None:
    ledger = Ledger()
    for n in range(12):
        ledger.invoice("20240110", "C1", f"F{n}", 12000, "AA")
    ledger.paid("20240210", "C1", "VIR", 144000, "AA")
    book = book_of(reading(ledger, tmp_path))
    assert book.receipts["amount"].to_list() == [144000]
    assert book.allocations["receipt_id"].n_unique() == 1
    assert book.open_items()["open"].sum() == 0


def test_the_lines_of_one_transfer_are_its_allocations(tmp_path: Path) -> None:
    """The same with one receivable line for each invoice, as most ledgers book it."""
    ledger = Ledger()
    for n in range(3):
        ledger.invoice("20240110", "C1", f"F{n}", 12000, f"A{n}")
    lines = [("512100", "", 36000, ""), *(("411000", "C1", -12000, f"A{n}") for n in range(3))]
    ledger.entry("BQ", "20240210", "VIR", "VIR", lines)
    book = book_of(reading(ledger, tmp_path))
    assert book.receipts["amount"].to_list() == [36000]
    assert settlements(book) == [(f"F{n}", "cash", 12000) for n in range(3)]


def test_a_deduction_is_its_own_kind_and_names_the_receipt(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 120000, "AA")
    taken = [("512100", "", 117000, ""), ("627000", "", 600, ""), ("665000", "", 2000, ""), ("445710", "", 400, "")]
    ledger.entry("BQ", "20240210", "VIR", "VIR", [*taken, ("411000", "C1", -120000, "AA")])
    book = book_of(reading(ledger, tmp_path))
    assert settlements(book) == [("F1", "cash", 117000), ("F1", "charge", 600), ("F1", "discount", 2400)]
    assert book.allocations["receipt_id"].null_count() == 0


def test_an_unlettered_deduction_still_lowers_the_balance(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 120000)
    ledger.entry(
        "BQ",
        "20240210",
        "V",
        "VIR",
        [("512100", "", 119400, ""), ("627000", "", 600, ""), ("411000", "C1", -120000, "")],
    )
    book = book_of(reading(ledger, tmp_path))
    assert book.balances()["balance"].to_list() == [0]


def test_a_constant_entry_number_does_not_make_one_entry(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000)
    ledger.paid("20240110", "C1", "VIR A", 5000)
    ledger.paid("20240110", "C2", "VIR B", 7000)
    ledger.rows = ["\t".join([*row.split("\t")[:2], "0", *row.split("\t")[3:]]) for row in ledger.rows]
    book = book_of(reading(ledger, tmp_path))
    assert sorted(book.receipts.select("customer_id", "amount").rows()) == [
        ("123456789:C1", 5000),
        ("123456789:C2", 7000),
    ]


def test_a_file_sorted_by_account_is_the_same_book(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000, "AA")
    ledger.invoice("20240111", "C2", "F2", 24000)
    ledger.paid("20240210", "C1", "VIR", 12000, "AA")
    one = book_of(reading(ledger, tmp_path))
    ledger.rows.sort(key=lambda row: row.split("\t")[4])
    other = book_of(reading(ledger, tmp_path))
    for name in ("items", "receipts", "allocations"):
        assert sorted(map(str, one.table(name).rows())) == sorted(map(str, other.table(name).rows())), name


def test_letters_of_two_customers_are_two_groups(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000, "AA")
    ledger.paid("20240210", "C2", "VIR", 12000, "AA")
    found = reading(ledger, tmp_path)
    assert not book_of(found).allocations.height
    assert found.issues["code"].to_list().count("letter_one_sided") == 2


def test_several_customers_unsettled_are_several_receipts(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.entry(
        "BQ",
        "20240210",
        "R",
        "Remise",
        [("512100", "", 300, ""), ("411000", "C1", -100, ""), ("411000", "C2", -200, "")],
    )
    book = book_of(reading(ledger, tmp_path))
    assert sorted(book.receipts.select("customer_id", "amount").rows()) == [
        ("123456789:C1", 100),
        ("123456789:C2", 200),
    ]


def test_an_advance_settles_on_the_day_of_the_invoice(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.paid("20240110", "C1", "ACOMPTE", 12000, "AA")
    ledger.invoice("20240301", "C1", "F1", 12000, "AA")
    book = book_of(reading(ledger, tmp_path))
    assert book.allocations["allocated_on"].to_list() == [date(2024, 3, 1)]
    assert book.as_booked(date(2024, 2, 1)).balances()["balance"].to_list() == [-12000]


def test_a_doubtful_claim_keeps_its_age(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000, "AA")
    ledger.entry("OD", "20241101", "D", "Douteux", [("416000", "C1", 12000, ""), ("411000", "C1", -12000, "AA")])
    book = book_of(reading(ledger, tmp_path))
    doubtful = book.items.filter(pl.col("ledger_account") == "416000")
    assert doubtful.select("issued_on", "due_on", "posted_on").rows() == [
        (date(2024, 1, 10), date(2024, 2, 9), date(2024, 11, 1))
    ]


def test_receivable_accounts_can_be_set(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.entry("VE", "20240110", "F1", "F1", [("467000", "C1", 12000, ""), ("707000", "", -12000, "")])
    assert not reading(ledger, tmp_path).tables["items"].height
    found = reading(ledger, tmp_path, Options(settings={"receivable_accounts": ["411", "467"]}))
    assert found.tables["items"]["amount"].to_list() == [12000]


def test_a_wrong_setting_is_one_error_with_every_fault(tmp_path: Path) -> None:
    path = Ledger().write(tmp_path, "x.txt")
    with pytest.raises(CallError) as caught:
        CONNECTOR.read(Source.of(path), Options(settings={"due_days": -1, "currency": "XXX"}))
    assert len(caught.value.faults) == 2


def test_a_separator_in_a_label_sets_the_line_aside(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000)
    ledger.rows.append(ledger.rows[0].replace("Facture F1", "Fac\tture"))
    found = reading(ledger, tmp_path)
    assert found.rejected is not None
    assert found.rejected.select("line", "code").rows() == [(5, "bad_amount")]
    assert found.issues.filter(pl.col("severity") == "error")["line"].to_list() == [5]
    assert found.tables["items"].height == 1


_ENTRY = st.tuples(
    st.sampled_from(
        ["sale", "money", "charge", "draft", "netting", "advance", "doubtful", "refund", "gain", "transfer"]
    ),
    st.integers(1, 5000),
    st.sampled_from(["C1", "C2"]),
    st.sampled_from(["", "AA", "AB", "aa"]),
    st.integers(1, 28),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(entries=st.lists(_ENTRY, max_size=12))
def test_the_balance_is_the_ledgers_whatever_the_letters(
    entries: list[tuple[str, int, str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random entries under random letters: Σ debit − credit per customer and account, on every day."""
    ledger = Ledger()
    for kind, cents, aux, letter, day in entries:
        ledger.entry("OD", f"202403{day:02d}", "P", kind, _lines(kind, cents, aux, letter))
    book = book_of(reading(ledger, tmp_path_factory.mktemp("fec")))
    for day in (1, 10, 20, 31):
        then = book.as_booked(date(2024, 3, day))
        sums: dict[str, int] = {}
        for on, (account, aux, cents, _) in ledger.lines:
            if account.startswith("41") and int(on[6:]) <= day:
                sums[f"123456789:{aux}"] = sums.get(f"123456789:{aux}", 0) + cents
        found = {row["customer_id"]: row["balance"] for row in then.balances().iter_rows(named=True)}
        assert {k: v for k, v in found.items() if v} == {k: v for k, v in sums.items() if v}


def _lines(kind: str, cents: int, aux: str, letter: str) -> list[tuple[str, str, int, str]]:
    other = {"sale": "707000", "netting": "401000", "refund": "512100"}
    claim = ("411000", aux, cents, letter)
    paid = ("411000", aux, -cents, letter)
    return {
        "sale": [claim, (other["sale"], "", -cents, "")],
        "refund": [claim, (other["refund"], "", -cents, "")],
        "money": [("512100", "", cents, ""), paid],
        "charge": [("512100", "", cents * 9 // 10, ""), ("627000", "", cents - cents * 9 // 10, ""), paid],
        "draft": [("413000", aux, cents, letter), paid],
        "netting": [(other["netting"], "", cents, ""), paid],
        "advance": [("512100", "", cents, ""), ("419100", aux, -cents, letter)],
        "doubtful": [("416000", aux, cents, letter), paid],
        "gain": [("512100", "", cents + 3, ""), paid, ("758000", "", -3, "")],
        "transfer": [claim, ("411000", "C3", -cents, letter)],
    }[kind]


def _corpus() -> list[tuple[str, dict[str, object]]]:
    manifest = shared_path("corpus/MANIFEST.csv")
    with manifest.open(encoding="utf-8") as file:
        return [(row["file"], json.loads(row["expected"])) for row in csv.DictReader(file) if row["format"] == "fec"]


@pytest.mark.shared
def test_real_ledgers_give_their_facts() -> None:
    """Lines, totals, customer lines, lettered lines and groups of every ledger of the sample files."""
    for name, expected in _corpus():
        source = Source.of(shared_path(f"corpus/{name}"))
        connector = recognise(source)
        assert connector is CONNECTOR
        found = connector.read(source, Options())
        # The sample's note calls DOS code page 850 "cp1252/latin": the reader says which it is.
        told = {key: value for key, value in expected.items() if key != "encoding"}
        assert {key: found.facts.get(key) for key in told} == told
        assert not book_of(found).check().filter(pl.col("severity") == "error").height


def test_a_ledger_in_francs_has_no_cents(tmp_path: Path) -> None:
    """Overseas ledgers are kept in a currency without a minor unit: 1200,00 are 1 200 XPF, and are said so."""
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 120000, "AA")
    ledger.paid("20240210", "C1", "VIR", 100000, "AA")
    found = reading(ledger, tmp_path, Options(settings={"currency": "XPF"}))
    assert book_of(found).items.select("amount", "currency").rows() == [(1200, "XPF")]
    assert found.facts["balances"] == {"411000": "200"}
    said = found.issues.filter(pl.col("code") == "letter_unbalanced")["message"].to_list()
    assert [text for text in said if "leaves 200 XPF" in text] == said != []


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("tail", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", "é".encode(), b"\x80"])
def test_a_file_that_ends_within_a_character_is_read_to_there(tmp_path: Path, mark: bytes, tail: bytes) -> None:
    ledger = Ledger()
    for n in range(3):
        ledger.invoice("20240110", "C1", f"F{n}", 12000, f"A{n}")
    path = ledger.write(tmp_path, "123456789FEC20241231.txt")
    whole = path.read_bytes()
    path.write_bytes(mark + whole + whole.splitlines()[-1][:40] + tail)
    found = CONNECTOR.read(Source.of(path), Options())
    assert found.tables["items"].height == 3
    assert found.issues.height


@pytest.mark.parametrize("printed", ["120,00", " 120,00 ", "120.00", "+120,00", "000120,00", "120", "120,0", "120,000"])
def test_an_amount_is_the_same_however_it_is_printed(tmp_path: Path, printed: str) -> None:
    """Beside plain amounts, which are read at once, and zeros, which are not read at all."""
    ledger = Ledger()
    ledger.invoice("20240110", "C1", "F1", 12000)
    ledger.invoice("20240111", "C2", "F2", 34567)
    path = ledger.write(tmp_path, "123456789FEC20241231.txt")
    path.write_bytes(path.read_bytes().replace(b"\t120,00\t", f"\t{printed}\t".encode()))
    found = CONNECTOR.read(Source.of(path), Options())
    assert found.tables["items"].select("amount").rows() == [(12000,), (34567,)]
    assert found.facts["debit"] == found.facts["credit"] == "465.67"


def test_an_accent_that_falls_between_two_pieces_is_utf8(tmp_path: Path) -> None:
    """The text is looked at piece by piece: no piece may end the reading of a character."""
    ledger = Ledger()
    for n in range(600):
        ledger.invoice("20240110", "C1", "é" * 100 + f"{n}", 12000)
    path = ledger.write(tmp_path, "123456789FEC20241231.txt")
    whole = path.read_bytes()
    for shift in range(2):
        path.write_bytes(whole.replace(b"20240110", b"20240110 " if shift else b"20240110", 1))
        found = CONNECTOR.read(Source.of(path), Options())
        assert (found.facts["encoding"], found.tables["items"].height) == ("utf-8", 600)
