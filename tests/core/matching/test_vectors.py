"""Cases of other systems, retold with data of our own; `agree` says where we decide otherwise, `note` why."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.matching.books import book, item, receipt
from encours.core.matching import propose

_FILE = Path(__file__).parent / "vectors" / "exact.jsonl"
_VECTORS = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


def _minor(text: str) -> int:
    return int(Decimal(text) * 100)


@pytest.mark.parametrize("vector", _VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector: dict[str, Any]) -> None:
    items = [
        item(row["number"], _minor(row["open"]), row["customer"], currency=row.get("currency", "EUR"))
        for row in vector["given"]["open_items"]
    ]
    receipts = [
        receipt(
            row["id"],
            _minor(row["amount"]),
            row["text"],
            booked_on=date.fromisoformat(row["date"]),
            customer_id=row.get("customer"),
            kind=row.get("kind", "transfer"),
        )
        for row in vector["given"]["receipts"]
    ]
    of = book(items, receipts)
    proposals = propose(of, date(2026, 4, 1))
    numbers = dict(of.items.select("item_id", "number").iter_rows())
    for receipt_id, wanted in vector["expect"].items():
        decision = proposals.decisions.filter(receipt_id=receipt_id)["decision"].item()
        assert decision == wanted["decision"], vector["note"]
        if "items" in wanted:
            lines = proposals.allocations.filter(receipt_id=receipt_id)["item_id"]
            assert sorted(numbers[item_id] for item_id in lines) == wanted["items"]


def test_every_vector_names_its_origin_and_our_view() -> None:
    for vector in _VECTORS:
        assert vector["origin"]
        assert vector["agree"] in ("yes", "no", "partly")
        assert vector["agree"] == "yes" or vector["note"]
