"""A workshop that writes letters: its settings, three kinds of buyers, and what they have not paid."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.store.models import Allocation, Contact, Customer, Entity, Event, Item, Setting
from encours.usecases.letter_files import Chased, Letter

DAY = date(2025, 9, 10)
IBAN = "FR7630006000011234567890189"
FACTOR_IBAN = "FR7630004000031234567890143"

SETTINGS: dict[str, Any] = {
    "letters.sender": {
        "address": ["Zone du Pré-Levé", "12 rue des Tourneurs", "42000 Saint-Étienne"],
        "place": "Saint-Étienne",
        "phone": "04 77 00 00 00",
        "email": "comptes@meuleton.example",
        "vat_id": "FR32123456789",
        "legal": "Meuleton SAS au capital de 250 000 € · RCS Saint-Étienne 123 456 789",
    },
    "payment.accounts": [{"holder": "Meuleton SAS", "iban": IBAN, "bic": "AGRIFRPP", "currency": "EUR"}],
    "payment.factors": [
        {"code": "CIF", "name": "Comptoir d’affacturage", "iban": FACTOR_IBAN, "bic": "BNPAFRPP", "mention": ""}
    ],
    "letters.signatories": [
        {
            "email": "daf@meuleton.example",
            "name": "La directrice financière",
            "title": "Directrice financière",
            "delegation": "acte du président du 2 janvier 2025",
        }
    ],
}


def workshop(entity_id: str = "A", **more: Any) -> Entity:
    """The entity with its settings; `more` replaces some of them (dots written as two underscores)."""
    entity = Entity.objects.create(
        entity_id=entity_id, name="Meuleton SAS", country="FR", currency="EUR", legal_id="123456789"
    )
    for key, value in (SETTINGS | {name.replace("__", "."): value for name, value in more.items()}).items():
        Setting.objects.create(entity=entity, key=key, value=value)
    return entity


def a_customer(
    code: str, entity_id: str = "A", address: str | None = "8 quai des Forges\n69002 Lyon", **more: Any
) -> str:
    """A customer with a postal contact; its id."""
    customer_id = f"{entity_id}:{code}"
    facts = {"kind": "business", "country": "FR", "legal_id": "987654321", "language": "fr", "name": f"Société {code}"}
    Customer.objects.create(customer_id=customer_id, entity_id=entity_id, **facts | more)
    Contact.objects.create(
        contact_id=f"{customer_id}:ap", customer_id=customer_id, entity_id=entity_id, role="accounts_payable",
        name="Comptabilité fournisseurs", email=f"{code.lower()}@client.example", address=address,
    )  # fmt: skip
    return customer_id


def an_invoice(customer_id: str, number: str, amount: int, due_on: date, **more: Any) -> Chased:
    """An open invoice and the whole of it asked for."""
    entity_id = customer_id.split(":")[0]
    facts = {"issued_on": due_on.replace(day=1), "currency": "EUR", "kind": "invoice", "open": amount}
    item_id = f"{entity_id}:{number}"
    Item.objects.create(
        item_id=item_id, entity_id=entity_id, customer_id=customer_id, number=number, amount=amount, due_on=due_on,
        **facts | more,
    )  # fmt: skip
    return Chased(item_id, amount)


def a_payment(item: Chased, amount: int, on: date, kind: str = "cash") -> Chased:
    """The item after a part of it was settled."""
    number = Allocation.objects.count()
    entity_id = item.item_id.split(":")[0]
    Allocation.objects.create(
        allocation_id=f"{entity_id}:a{number}", entity_id=entity_id, item_id=item.item_id, amount=amount, kind=kind,
        allocated_on=on, source="test",
    )  # fmt: skip
    Item.objects.filter(item_id=item.item_id).update(open=item.amount - amount)
    return Chased(item.item_id, item.amount - amount, item.held)


def sold_to_factor(item: Chased, on: date = date(2025, 1, 2), value: str = "CIF") -> None:
    """The claim stands assigned to a factor."""
    Event.objects.create(
        entity_id=item.item_id.split(":")[0], subject="item", subject_id=item.item_id, kind="factor:assigned", on=on,
        value=value,
    )  # fmt: skip


def a_letter(customer_id: str, kind: Any, *items: Chased, day: date = DAY, **more: Any) -> Letter:
    """A letter about some items."""
    return Letter(customer_id.split(":")[0], customer_id, kind, items, day, **more)
