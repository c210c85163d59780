"""Addresses that came back: the contact bears the day, and nobody writes to it until a person mends it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from encours.connectors.base.mime import bare
from encours.store import audit, parquet
from encours.store.models import Contact, Message
from encours.usecases import clock
from encours.usecases.deciding import write_fact


def bounce_contacts(message: Message, addresses: Iterable[str]) -> int:
    """Marks the customer's contacts with these addresses as bounced today; how many. Marked twice is marked once."""
    wanted = {bare(one).casefold() for one in addresses} - {""}
    count, merged = 0, None
    with transaction.atomic():
        parquet.lock_entity(message.entity_id)
        rows = Contact.objects.filter(customer_id=message.customer_id, is_current=True, bounced_on__isnull=True)
        for row in rows:
            if bare(row.email or "").casefold() not in wanted:
                continue
            merged = write_fact("contacts", {"contact_id": row.contact_id, "bounced_on": clock.today()}, row.entity_id)
            audit.append(
                clock.now(), "job:outbox", "bounce_contact", entity_id=row.entity_id, subject=row.contact_id,
                after={"message": str(message.pk)},
            )  # fmt: skip
            count += 1
    if merged is not None:
        parquet.ensure(message.entity_id)
    return count
