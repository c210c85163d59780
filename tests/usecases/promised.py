"""Files that say what became of promises: money that came, the day that the bank reaches, a payment taken back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from encours.store.rights import job
from encours.usecases.import_files import import_now
from tests.usecases.books import folder
from tests.usecases.clerks import a_receipt, two_entities


def money_came(tmp_path: Path, name: str, item: str, amount: int, booked: date) -> None:
    """The bank's file and the ERP's letter of a payment."""
    customer = "A:0" if item in ("F1", "F2") else "A:1"
    letter = {
        "allocation_id": f"A:{name}:a", "receipt_id": f"A:{name}", "item_id": f"A:{item}", "amount": amount,
        "kind": "cash", "allocated_on": booked, "source": "fec",
    }  # fmt: skip
    receipt = a_receipt("A", name, amount, booked_on=booked, customer_id=customer)
    book = two_entities([], receipts=[receipt], allocations=[letter], items=[])
    import_now(job("test"), None, [folder(book, tmp_path / name)])


def bank_reaches(tmp_path: Path, day: date) -> None:
    """A line of nobody's: the bank's data covers the day."""
    book = two_entities([], receipts=[a_receipt("A", f"to-{day}", 1, booked_on=day)])
    import_now(job("test"), None, [folder(book, tmp_path / f"to-{day}")])


def taken_back(tmp_path: Path, name: str, item: str, amount: int, on: date) -> None:
    """The ERP's word that a letter stands no more: the payment came back."""
    letter = {
        "allocation_id": f"A:{name}:a", "receipt_id": f"A:{name}", "item_id": f"A:{item}", "amount": amount,
        "kind": "cash", "allocated_on": on - timedelta(days=2), "reversed_on": on, "source": "fec",
    }  # fmt: skip
    book = two_entities([], allocations=[letter], items=[])
    import_now(job("test"), None, [folder(book, tmp_path / f"{name}-back")])
