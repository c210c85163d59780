"""Scenarios as data: one TOML file a part, each case a small book and what must come of it.

A case has `id` (the scenario's number, with a letter where one scenario needs several), `origin`, `asks` (the situation
in our words) and `agree`: `yes`, `no` (we decide otherwise, `because` says why; `peer` says what the other expects) or
`wish` (we want what `expect` says and do not do it yet; `because` says what is lacking). What is checked is one of

- `expect`: by receipt `decision`, `pays` (by item number, what is taken off it), and if wished `rule`, `beside`
  (deductions by kind), `customer`, `says` (a part of the reason); `opens`: what stays open once all is accepted;
- `credits`: item number → the credit note that is set against it without money;
- `gap`: a difference that a person explains, `expect` names the best `cause`, its `kind` and whether it is `inside`;
- `issues`: codes of what the check of the book finds;
- `held_by`: tests elsewhere that hold the case, where it is about posting, importing or undoing.
"""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.matching.books import DAY, book, item, receipt
from encours.core.base.book import Book
from encours.core.matching.differences import Case, Chosen

FOLDER = Path(__file__).parent
AS_OF = date(2026, 4, 1)
PAID_ON = date(2026, 3, 2)


def cases() -> list[dict[str, Any]]:
    """Every case of every file, in the order of the files."""
    files = sorted(FOLDER.glob("*.toml"))
    return [case for file in files for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]]


def minor(text: str) -> int:
    """Cents of an amount with two decimals."""
    return int(Decimal(text) * 100)


def items_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of items: `no`, `open`, and if wished `of`, `issued`, `due`, `part`, `currency`, `discount`, `rf`…"""
    rows = []
    for row in case.get("items", ()):
        given = dict(row)
        number, amount, owner = given.pop("no"), minor(given.pop("open")), given.pop("of", "c1")
        more: dict[str, Any] = {"issued_on": given.pop("issued", DAY)}
        more["due_on"] = given.pop("due", more["issued_on"] + timedelta(days=30))
        if "discount" in given:
            more["discount_amount"] = minor(given.pop("discount"))
            more["discount_on"] = given.pop("discount_on", PAID_ON)
        if "rf" in given:
            more["payment_reference"] = given.pop("rf")
        if "part" in given:
            more["item_id"] = f"E:{owner}:{number}:{given['part']}"
        rows.append(item(number, amount, owner, **more, **given))
    return rows


def receipts_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of receipts: `id`, `amount`, and if wished `text`, `on`, `account_of`, `name`, `iban`, `kind`, `origin`…"""
    rows = []
    for row in case.get("receipts", ()):
        given = dict(row)
        receipt_id, amount, text = given.pop("id"), minor(given.pop("amount")), given.pop("text", None)
        words = {"on": "booked_on", "account_of": "customer_id", "name": "payer_name", "iban": "payer_account"}
        more = {words.get(name, name): value for name, value in {"on": PAID_ON, **given}.items()}
        rows.append(receipt(receipt_id, amount, text, **more))
    return rows


def book_of(case: dict[str, Any]) -> Book:
    """The case's book: `customers` (id, name), `aliases` (of, kind, value), `links`, `settled` (what is paid)."""
    items, receipts = items_of(case), receipts_of(case)
    names = {row["customer_id"]: row["customer_id"] for row in [*items, *receipts] if row.get("customer_id")}
    names |= {row["id"]: row["name"] for row in case.get("customers", ())}
    customers = [
        {"customer_id": key, "entity_id": "E", "name": name, "kind": "business"} for key, name in sorted(names.items())
    ]
    tables: dict[str, list[dict[str, Any]]] = {"customers": customers}
    tables["payer_aliases"] = [
        {"customer_id": row["of"], "kind": row["kind"], "value": row["value"], "source": "master"}
        for row in case.get("aliases", ())
    ]
    tables["customer_links"] = [
        {"customer_id": row["customer"], "other_id": row["other"], "role": row["role"]} for row in case.get("links", ())
    ]
    tables["allocations"] = [_settled(row, place) for place, row in enumerate(case.get("settled", ()))]
    tables["disputes"] = [
        {"dispute_id": "d1", "item_id": f"E:c1:{row['no']}", "amount": minor(row["amount"]), "reason": "price",
         "opened_on": DAY + timedelta(days=20)}
        for row in case.get("disputes", ())
    ]  # fmt: skip
    tables["statements"] = [
        {"statement_id": "s1", "account": "BANK", "currency": "EUR", "opening": minor(row["opening"]),
         "closing": minor(row["closing"]), "entries": 1, "total": minor(row["total"]), "to_on": PAID_ON}
        for row in case.get("statements", ())
    ]  # fmt: skip
    gone = [{**row, "known_on": case["gone_on"], "voided": True} for row in items] if "gone_on" in case else []
    return book([*items, *gone], receipts, **tables)


def _settled(row: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "allocation_id": f"a{place}", "receipt_id": row.get("by"), "item_id": f"E:{row.get('of', 'c1')}:{row['no']}",
        "amount": minor(row["amount"]), "kind": row.get("kind", "cash"), "source": "bank",
        "allocated_on": row.get("on", PAID_ON), "reversed_on": row.get("reversed"),
    }  # fmt: skip


def gap_of(case: dict[str, Any]) -> Case:
    """What a person is asked to explain: all items of the case against the money `paid`."""
    said, rows = case["gap"], items_of(case)
    chosen = tuple(
        Chosen(
            item_id=row["item_id"], number=row["number"], kind=row["kind"], customer_id=row["customer_id"],
            issued_on=row["issued_on"], due_on=row["due_on"], amount=row["amount"], open=row["amount"],
            currency=row["currency"], discount_on=row.get("discount_on"), discount_amount=row.get("discount_amount"),
        )
        for row in rows
    )  # fmt: skip
    currency = chosen[0].currency
    return Case(
        gap=sum(one.open for one in chosen) - minor(said["paid"]), items=chosen, paid_on=said.get("on", PAID_ON),
        currency=currency, paid_in=said.get("paid_in", currency), country="FR", text=said.get("text", ""),
    )  # fmt: skip
