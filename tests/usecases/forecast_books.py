"""A book with a past to learn from: every week each customer is invoiced and pays some days after the due date."""

from __future__ import annotations

from datetime import date, timedelta

from encours.core.base.book import Book
from tests.usecases.books import DAY, frame

CUSTOMERS, WEEKS, TERMS = 6, 40, 30


def paying_book(entity_id: str = "A", until: date = DAY, applied: bool = True) -> Book:
    """Customer n pays n days after the due date what is due by then; the last one is invoiced in dollars.

    `until`: nothing that happened later. Without `applied` the receipts of the last four weeks stand unapplied.
    """
    ids = [f"{entity_id}:{n}" for n in range(CUSTOMERS)]
    items, receipts, allocations = [], [], []
    for number, customer in enumerate(ids):
        for week in range(WEEKS):
            issued = DAY - timedelta(days=7 * (WEEKS - week) - number)
            if issued > until:
                continue
            item, paid = f"{customer}:{week}", issued + timedelta(days=TERMS + number)
            amount, currency = 10_000 + 100 * number + week, "USD" if number == CUSTOMERS - 1 else "EUR"
            items.append(
                {
                    "item_id": item,
                    "entity_id": entity_id,
                    "customer_id": customer,
                    "number": f"F-{number}-{week}",
                    "kind": "invoice",
                    "issued_on": issued,
                    "due_on": issued + timedelta(days=TERMS),
                    "amount": amount,
                    "currency": currency,
                }
            )
            if paid > until:
                continue
            receipts.append(
                {
                    "receipt_id": f"{item}:r",
                    "entity_id": entity_id,
                    "account": "512",
                    "booked_on": paid,
                    "amount": amount,
                    "currency": currency,
                    "kind": "transfer",
                    "origin": "bank",
                    "customer_id": customer,
                }
            )
            if applied or paid <= DAY - timedelta(days=28):
                allocations.append(
                    {
                        "allocation_id": f"{item}:a",
                        "receipt_id": f"{item}:r",
                        "item_id": item,
                        "amount": amount,
                        "kind": "cash",
                        "allocated_on": paid,
                        "source": "fec",
                    }
                )
    own = {"entity_id": entity_id, "name": f"Société {entity_id}", "country": "FR", "currency": "EUR"}
    people = [{"customer_id": c, "entity_id": entity_id, "name": f"Client {c}", "kind": "business"} for c in ids]
    return Book.of(
        entities=frame("entities", [own]),
        customers=frame("customers", people),
        items=frame("items", items),
        receipts=frame("receipts", receipts),
        allocations=frame("allocations", allocations),
    )
