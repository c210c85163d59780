"""A company with late customers and a plan: what the outbox is tried with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from encours.core.base.book import Book
from encours.store.models import Message, PlannedAction, PlannedLine, Setting
from encours.usecases import clock
from tests.kept import import_once
from tests.usecases.books import frame
from tests.usecases.clerks import an_item

IBAN = "FR7630006000011234567890189"
FACTOR_IBAN = "FR1420041010050500013M02606"


def late_book(customers: int = 2, *, items: int = 2) -> Book:
    """Entity A, customers 0…n-1 with late invoices F<customer><place>, one contact each, in French but for the last."""
    today = clock.today()
    ids = [str(number) for number in range(customers)]
    rows = [
        an_item(
            "A", one, f"F{one}{place}", 100_000 + 1_000 * place, issued_on=today - timedelta(days=60 + place),
            due_on=today - timedelta(days=30 + place),
        )
        for one in ids
        for place in range(items)
    ]  # fmt: skip
    return Book.of(
        entities=frame("entities", [{"entity_id": "A", "name": "Société A", "country": "FR", "currency": "EUR"}]),
        customers=frame(
            "customers",
            [
                {"customer_id": f"A:{one}", "entity_id": "A", "name": f"Client <{one}> & fils", "kind": "business",
                 "country": "FR", "language": "en" if one == ids[-1] and customers > 1 else "fr"}
                for one in ids
            ],
        ),
        contacts=frame(
            "contacts",
            [
                {"contact_id": f"A:c{one}", "customer_id": f"A:{one}", "role": "accounts_payable",
                 "name": f"Comptabilité {one}", "email": f"compta{one}@client.example"}
                for one in ids
            ],
        ),
        items=frame("items", rows),
    )  # fmt: skip


def load_late(tmp_path: Path, customers: int = 2, *, items: int = 2) -> None:
    """The book imported, settings made, nothing in test mode."""
    import_once(late_book(customers, items=items), tmp_path / "book")
    make_mail_ready()


def make_mail_ready() -> None:
    """What A needs before anything can leave; nothing is in test mode."""
    always = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}
    account = {"holder": "Société A", "iban": IBAN, "bic": "AGRIFRPP", "currency": "EUR"}
    keep("mail.window", always)
    keep("mail.test_mode", False)
    keep("mail.per_minute", 6_000)
    keep("mail.sender", {"address": "recouvrement@example.com", "name": "Société A", "reply_to": "team",
                         "team": "equipe@example.com"})  # fmt: skip
    keep("payment.accounts", [account])


def keep(key: str, value: Any) -> None:
    """A setting of A."""
    Setting.objects.create(entity_id="A", key=key, value=value)


def to_server(port: int, **more: Any) -> None:
    """Mail of A goes to a server on this machine."""
    keep("mail.channel", {"host": "127.0.0.1", "port": port, "security": "none", "auth": "none", "timeout": 5, **more})


def plan_action(number: str = "0", **more: Any) -> PlannedAction:
    """A planned action for a customer with all its items."""
    today = clock.today()
    values: Mapping[str, Any] = {
        "entity_id": "A", "action_id": f"A|A:{number}|firm|{today}", "day": today, "customer_id": f"A:{number}",
        "currency": "EUR", "scenario": "sme", "step": "firm", "level": 2, "channel": "email",
        "template": "reminder_firm", "tone": "firm", "sender": "collector", "to": ["accounts_payable"], "cc": [],
        "mode": "confirm", "amount": 0, "overdue_days": 31, **more,
    }  # fmt: skip
    action = PlannedAction.objects.create(**values)
    from encours.store.models import Item

    rows = Item.objects.filter(customer_id=action.customer_id, is_current=True).order_by("due_on")
    PlannedLine.objects.bulk_create([PlannedLine(action=action, item_id=row.item_id, amount=row.open) for row in rows])
    return action


def now_due() -> None:
    """The ten minutes of recall are over for everything that is queued."""
    Message.objects.filter(state=Message.State.QUEUED).update(send_after=clock.now() - timedelta(seconds=1))
