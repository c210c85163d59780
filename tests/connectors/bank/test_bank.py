"""What all bank formats share: ids that hold over re-exports, amounts, balances, returns; the accounts' spellings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.connectors.base.accounts import french_iban, is_iban, known_account
from encours.connectors.base.bank import BankFile, BankLine, clean, plain_amount, reference
from encours.connectors.base.bank_codes import kind_from_cfonb, kind_from_gvc, kind_from_iso, kind_from_swift
from encours.connectors.base.contract import Options, Reading, Source, connectors
from encours.core.base.money import AmountError

_DAY = date(2026, 3, 2)


def _reading(lines: list[BankLine], opening: str | None = None, closing: str | None = None) -> Reading:
    file = BankFile("test", "file", Options())
    statement = file.open(1, "ACCOUNT", "EUR", "1")
    statement.opening = Decimal(opening) if opening else None
    statement.closing = Decimal(closing) if closing else None
    for line in lines:
        statement.count(line.amount, line.currency)
        file.add(statement, line)
    file.close(statement)
    return file.reading()


def _line(amount: str, text: str = "x", **more: object) -> BankLine:
    fields: dict[str, object] = {"number": 1, "booked_on": _DAY, "currency": "EUR", "kind": "transfer"} | more
    return BankLine(amount=Decimal(amount), remittance=text, **fields)  # type: ignore[arg-type]  # a test's shorthand


@given(st.lists(st.sampled_from([("10.00", "a"), ("10.00", "b"), ("-10.00", "a"), ("0.01", "a")]), max_size=20))
def test_equal_lines_stay_apart_and_keep_their_ids(lines: list[tuple[str, str]]) -> None:
    """n equal lines are n receipts; a longer export gives the lines of a shorter one the same ids."""
    whole = _reading([_line(*line) for line in lines]).tables["receipts"]["receipt_id"].to_list()
    assert len(set(whole)) == len(lines)
    half = _reading([_line(*line) for line in lines[: len(lines) // 2]]).tables["receipts"]["receipt_id"].to_list()
    assert whole[: len(half)] == half


def test_overlapping_statements_of_two_files_give_one_line_one_id(tmp_path: Path) -> None:
    """February to March and March to April: the lines of March bear the same ids in both files."""
    from benchmarks.camt import write_mt940

    path = tmp_path / "a.sta"
    write_mt940(path, 900)
    text = path.read_text()
    head, lines = text.split(":61:", 1)
    entries = lines.rsplit(":62F:", 1)[0].split(":61:")
    later = tmp_path / "b.sta"
    later.write_text(
        head.replace(":28C:1/1", ":28C:2/1") + ":61:" + ":61:".join(entries[500:]) + ":62F:C261231EUR1,00\n"
    )
    ids = [
        connectors()["mt940"].read(Source.of(file), Options()).tables["receipts"]["receipt_id"].to_list()
        for file in (path, later)
    ]
    assert ids[0][500:] == ids[1]


@given(st.lists(st.integers(-(10**9), 10**9), max_size=12), st.integers(-(10**9), 10**9), st.integers(-2, 2))
def test_balanced_means_that_it_adds_up(cents: list[int], opening: int, gap: int) -> None:
    lines = [_line(str(Decimal(value).scaleb(-2))) for value in cents]
    closing = opening + sum(cents) + gap
    reading = _reading(lines, str(Decimal(opening).scaleb(-2)), str(Decimal(closing).scaleb(-2)))
    row = reading.tables["statements"].row(0, named=True)
    assert row["balanced"] is (gap == 0)
    assert (row["opening"], row["closing"], row["total"]) == (opening, closing, sum(cents))
    assert reading.tables["receipts"]["amount"].sum() == sum(cents)
    assert ("balance_broken" in reading.issues["code"].to_list()) is (gap != 0)


def test_a_line_that_cannot_be_is_rejected_and_the_rest_is_read() -> None:
    lines = [_line("1"), _line("1", currency=None), _line("1", currency="XXZ"), _line("0.005")]
    lines += [_line("1", booked_on=None), _line("9" * 27)]
    reading = _reading(lines)
    assert reading.tables["receipts"]["amount"].to_list() == [100]
    assert reading.rejected is not None
    codes = ["currency_missing", "unknown_currency", "amount_impossible", "date_missing", "amount_impossible"]
    assert reading.rejected["code"].to_list() == codes


def _returns(reading: Reading) -> list[str | None]:
    return reading.tables["receipts"].filter(pl.col("kind") == "return")["returns_receipt_id"].to_list()


def test_a_return_names_its_receipt_only_where_the_file_proves_it() -> None:
    paid, back = _line("5", end_to_end_id="E"), _line("-5", end_to_end_id="E", kind="return")
    proven = _reading([paid, back])
    assert _returns(proven) == [proven.tables["receipts"]["receipt_id"][0]]
    assert _returns(_reading([paid, paid, back])) == [None], "two could be meant"
    assert _returns(_reading([paid, _line("-4", end_to_end_id="E", kind="return")])) == [None], "another amount"
    assert _returns(_reading([paid, _line("-5", kind="return")])) == [None], "no reference"
    later = _line("5", end_to_end_id="E", booked_on=date(2026, 3, 3))
    assert _returns(_reading([later, back])) == [None], "paid after it came back"


@pytest.mark.parametrize("text", ["", "1e5", "NaN", "Infinity", "1_000", "١", "1.2.3", "--1", "9" * 400, "0x1"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError):
        plain_amount(text)


def test_what_is_one() -> None:
    assert [plain_amount(text) for text in (" 12,5 ", "+3", "-0.10", "7,")] == [
        Decimal("12.5"),
        Decimal(3),
        Decimal("-0.10"),
        Decimal(7),
    ]


@given(st.text(max_size=60))
def test_cleaned_text_is_plain(text: str) -> None:
    found = clean(text)
    assert clean(found) == found
    assert found is None or (found and found == found.strip())
    assert found is None or not any(character < " " for character in found)


def test_no_reference_is_none() -> None:
    given_texts = ("NOTPROVIDED", " nonref ", "", None, "PAY-1")
    assert [reference(text) for text in given_texts] == [None, None, None, None, "PAY-1"]


def test_accounts_are_one_spelling() -> None:
    iban = french_iban("30999", "00401", "00012345678")
    assert is_iban(iban)
    spellings = (iban, f"{iban[:4]} {iban[4:8]} {iban[8:]}", f"{iban}EUR", iban[4:], f"{iban.lower()}/EUR")
    assert {known_account(text) for text in spellings} == {iban}
    assert known_account("12345678/1020304050") == "12345678/1020304050"
    assert known_account(" ") is None


def test_bank_codes() -> None:
    assert [kind_from_cfonb(code, True) for code in ("02", "18", "A1", "31", "28", "04", "62", "??")] == [
        *("cheque", "transfer", "direct_debit", "draft", "card", "cash", "other", None)
    ]
    assert [kind_from_cfonb(code, False) for code in ("B3", "10", "33", "06", "07")] == [
        *("return", "return", "return", "out", "out")
    ]
    assert kind_from_iso("PMNT", "RCDT", "ESCT", True) == "transfer"
    assert kind_from_iso("PMNT", "IDDT", "UPDD", False) == "return"
    assert kind_from_iso("PMNT", "ICDT", "CHRG", False) == "other"
    assert kind_from_iso(None, None, None, True) is None
    assert (kind_from_gvc("166", True), kind_from_gvc("109", False)) == ("transfer", "return")
    assert (kind_from_swift("103", True), kind_from_swift("CHK", True)) == ("transfer", "cheque")
