"""What left as entries comes back with the ERP's next ledger: acknowledged, never a second fact; the cadrage is nil."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from encours.core.entries import Bank
from encours.store import audit
from encours.store.models import (
    Acknowledgement,
    Allocation,
    Decision,
    EntryBatch,
    ExportLine,
    Item,
    Proposal,
    ProposalLine,
    Receipt,
)
from encours.usecases.accept_match import accept_match
from encours.usecases.book_advance import book_advance
from encours.usecases.entry_rules import change_bank
from encours.usecases.export_entries import export_entries, read_batch
from encours.usecases.import_files import import_now
from encours.usecases.rights import job
from encours.usecases.tie_ledger import tie_ledger
from encours.usecases.undo_match import undo_match
from tests.journeys.ledgers import IBAN, Ledger, camt

pytestmark = pytest.mark.django_db
ENTITY = "123456789"
CLOSING = date(2025, 3, 31)


def sales() -> Ledger:
    """A month that ties bank and ledger, and two invoices that are open."""
    year = Ledger()
    for number, cents in enumerate((120_000, 36_000, 48_011), start=1):
        year.invoice(f"202501{number:02d}", "C1", f"F{number}", cents, f"AA{'ABC'[number - 1]}")
        year.paid(f"202502{number:02d}", "C1", f"VIR CLIENT UN F{number}", cents, f"AA{'ABC'[number - 1]}")
    year.invoice("20250203", "C1", "F7", 100_000)
    year.invoice("20250204", "C2", "F8", 60_000)
    return year


def bank(folder: Path) -> Path:
    """The bank's statement of both months."""
    lines = [(f"2025-02-{n:02d}", cents, f"VIR CLIENT UN F{n}") for n, cents in enumerate((120_000, 36_000, 48_011), 1)]
    return camt(folder, "bank.xml", 0, [*lines, ("2025-03-10", 98_000, "VIR UN F7"), ("2025-03-11", 60_000, "VIR F8")])


@pytest.fixture
def mode(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The book, with a decision on each of the two receipts, the bank account kept in this mode."""
    import_now(job("test"), None, [sales().write(tmp_path, f"{ENTITY}FEC20251231.txt"), bank(tmp_path)])
    how = str(request.param)
    change_bank(job("test"), ENTITY, IBAN, Bank(how, "512100", "BQ"))
    decide("F7", 98_000, ("cash", 98_000), ("discount", 2_000))
    decide("F8", 60_000, ("cash", 60_000))
    return how


def decide(number: str, amount: int, *lines: tuple[str, int]) -> Decision:
    """The receipt of this amount settles an invoice."""
    money = Receipt.objects.get(amount=amount, is_current=True, ledger_account=None)
    item = Item.objects.get(number=number, is_current=True)
    row = Proposal.objects.create(
        entity_id=ENTITY, receipt_id=money.receipt_id, decision="review", rule="by_hand", confidence=1.0, reason="test"
    )
    for kind, part in lines:
        ProposalLine.objects.create(proposal=row, item_id=item.item_id, amount=part, kind=kind)
    decision = accept_match(job("test"), row.pk).decision
    assert decision is not None
    return decision


def next_ledger(folder: Path, name: str, how: str, *batches: EntryBatch, lettered: bool = True) -> Path:
    """The ERP's ledger after it booked our batches: its own lines with our letters, and ours."""
    year = sales()
    if how == "suspense":
        for day, cents in (("20250310", 98_000), ("20250311", 60_000)):
            year.entry("BQ", day, "VIR", "A identifier", [("512100", "", cents, ""), ("471000", "", -cents, "")])
    path = year.write(folder, f"{ENTITY}FEC20251231.txt")
    ours = [read_batch(job("test"), batch.pk, "fec")[1].decode().splitlines()[1:] for batch in batches]
    text = path.read_bytes().decode()
    if lettered:
        for batch in batches:
            for row in batch.letters.filter(subject="item").exclude(letter=""):
                text = _with_letter(text, row.reference, row.letter)
    target = folder / name / f"{ENTITY}FEC20251231.txt"
    target.parent.mkdir()
    target.write_bytes((text + "".join(line + "\r\n" for part in ours for line in part)).encode())
    return target


def _with_letter(text: str, number: str, letter: str) -> str:
    lines = []
    for line in text.split("\r\n"):
        cells = line.split("\t")
        if len(cells) == 18 and cells[8] == number and cells[4].startswith("411"):
            cells[13], cells[14] = letter, "20250331"
        lines.append("\t".join(cells))
    return "\r\n".join(lines)


def standing() -> list[tuple[Any, ...]]:
    """What is settled by what, and what is open: the book without where it was said."""
    rows = Allocation.objects.filter(is_current=True, reversed_on=None)
    return sorted(rows.values_list("item_id", "receipt_id", "kind", "amount")) + sorted(
        Item.objects.filter(is_current=True).values_list("item_id", "number", "open", "amount")
    )


@pytest.mark.parametrize("mode", ["full", "suspense"], indirect=True)
@pytest.mark.parametrize("lettered", [True, False])
def test_the_return_is_an_acknowledgement(mode: str, lettered: bool, tmp_path: Path) -> None:
    before, money = standing(), Receipt.objects.filter(is_current=True).count()
    (batch,) = export_entries(job("test"), ENTITY)
    assert batch.control["totals"] == {"EUR": 158_000}
    import_now(job("test"), None, [next_ledger(tmp_path, "erp", mode, batch, lettered=lettered)])
    assert standing() == before
    assert Receipt.objects.filter(is_current=True).count() == money
    assert Acknowledgement.objects.count() == 3
    assert not ExportLine.objects.filter(acknowledged_by=None).exists()
    cadrage = tie_ledger(job("test"), ENTITY, CLOSING)
    assert cadrage.ties, cadrage.accounts
    assert not cadrage.decided.height
    assert export_entries(job("test"), ENTITY) == []
    assert audit.verify().intact
    import_now(job("test"), None, [next_ledger(tmp_path, "again", mode, batch, lettered=not lettered)])
    assert standing() == before


@pytest.mark.parametrize("mode", ["full", "suspense"], indirect=True)
def test_a_counter_entry_returns_too(mode: str, tmp_path: Path) -> None:
    (batch,) = export_entries(job("test"), ENTITY)
    import_now(job("test"), None, [next_ledger(tmp_path, "erp", mode, batch)])
    wrong = Decision.objects.get(act="accept_match", amount=60_000)
    undo_match(job("test"), wrong.pk, "another customer paid")
    assert tie_ledger(job("test"), ENTITY, CLOSING).ties
    (back,) = export_entries(job("test"), ENTITY)
    assert back.control["totals"] == {"EUR": -60_000}
    before = standing()
    import_now(job("test"), None, [next_ledger(tmp_path, "later", mode, batch, back)])
    assert standing() == before
    assert not ExportLine.objects.filter(acknowledged_by=None).exists()
    assert Item.objects.get(number="F8", is_current=True).open == 60_000
    money = Receipt.objects.get(amount=60_000, is_current=True)
    assert (money.unapplied, money.ledger_account, money.customer_id) == (60_000, None, None)
    today = tie_ledger(job("test"), ENTITY, date(2100, 1, 1))
    assert today.ties, today.accounts


@pytest.mark.parametrize("mode", ["letters"], indirect=True)
def test_letters_alone_come_back(mode: str, tmp_path: Path) -> None:
    """The ERP books the bank lines on the customers; ours are the letters, and the discount as an entry."""
    (batch,) = export_entries(job("test"), ENTITY)
    assert set(batch.lines.values_list("account", flat=True)) == {"665000", "411000"}
    letters = {row.reference: row.letter for row in batch.letters.filter(subject="item")}
    assert batch.letters.filter(subject="payment").count() == 2
    before, money = standing(), Receipt.objects.filter(is_current=True).count()
    year = sales()
    year.paid("20250310", "C1", "VIR UN F7", 98_000, letters["F7"])
    year.paid("20250311", "C2", "VIR F8", 60_000, letters["F8"])
    path = year.write(tmp_path, f"{ENTITY}FEC20251231.txt")
    for number, letter in letters.items():
        path.write_bytes((_with_letter(path.read_bytes().decode(), number, letter)).encode())
    ours = read_batch(job("test"), batch.pk, "fec")[1].decode().splitlines()[1:]
    path.write_bytes((path.read_bytes().decode() + "".join(line + "\r\n" for line in ours)).encode())
    import_now(job("test"), None, [path])
    assert standing() == before
    assert Receipt.objects.filter(is_current=True).count() == money
    assert not ExportLine.objects.filter(acknowledged_by=None).exists()
    cadrage = tie_ledger(job("test"), ENTITY, CLOSING)
    assert cadrage.ties, cadrage.accounts
    assert mode == "letters"


@pytest.mark.parametrize("mode", ["full"], indirect=True)
def test_what_the_erp_changed_counts_as_it_says(mode: str, tmp_path: Path) -> None:
    """The bookkeeper moved our entry to another customer."""
    (batch,) = export_entries(job("test"), ENTITY)
    path = next_ledger(tmp_path, "erp", mode, batch)
    lines = [line.split("\t") for line in path.read_bytes().decode().split("\r\n")]
    for cells in lines:
        if len(cells) == 18 and cells[6] == "C2" and cells[8].startswith("ENC"):
            cells[6] = "C1"
    path.write_bytes(("\r\n".join("\t".join(cells) for cells in lines)).encode())
    owner = import_now(job("test"), None, [path])
    assert "own_entry_changed" in set(owner.issues.values_list("code", flat=True))
    cadrage = tie_ledger(job("test"), ENTITY, CLOSING)
    assert cadrage.ties, cadrage.accounts


def test_an_advance_ties_before_and_after_its_return(tmp_path: Path) -> None:
    """Money without an invoice: decided and not booked, then on 4191, then taken by an invoice."""
    import_now(job("test"), None, [sales().write(tmp_path, f"{ENTITY}FEC20251231.txt"), bank(tmp_path)])
    change_bank(job("test"), ENTITY, IBAN, Bank("full", "512100", "BQ"))
    money = Receipt.objects.get(amount=60_000, is_current=True)
    book_advance(job("test"), money.receipt_id, f"{ENTITY}:C2")
    assert tie_ledger(job("test"), ENTITY, CLOSING).ties
    (first,) = export_entries(job("test"), ENTITY)
    import_now(job("test"), None, [next_ledger(tmp_path, "erp", "full", first)])
    assert Receipt.objects.get(amount=60_000, is_current=True).ledger_account == "419100"
    cadrage = tie_ledger(job("test"), ENTITY, CLOSING)
    assert cadrage.ties, cadrage.accounts
    item = Item.objects.get(number="F8", is_current=True)
    row = Proposal.objects.create(
        entity_id=ENTITY, receipt_id=money.receipt_id, decision="review", rule="by_hand", confidence=1.0, reason="test"
    )
    ProposalLine.objects.create(proposal=row, item_id=item.item_id, amount=60_000, kind="cash")
    accept_match(job("test"), row.pk)
    (second,) = export_entries(job("test"), ENTITY)
    assert set(second.lines.values_list("account", "net")) == {("419100", 60_000), ("411000", -60_000)}
    before = standing()
    import_now(job("test"), None, [next_ledger(tmp_path, "later", "full", first, second)])
    assert standing() == before
    cadrage = tie_ledger(job("test"), ENTITY, date(2100, 1, 1))
    assert cadrage.ties, cadrage.accounts
    assert not ExportLine.objects.filter(acknowledged_by=None).exists()
