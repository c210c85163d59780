"""A note on a customer, in the words of whoever writes it."""

from __future__ import annotations

from encours.store.models import Customer, Note
from encours.usecases import clock
from encours.usecases.rights import require
from encours.usecases.viewing import Viewing

_LONGEST = 4_000


def write_note(viewing: Viewing, customer_id: str, text: str) -> bool:
    """Keeps a note; False without a customer to see, a person who writes, or a text. Raises NotAllowedError."""
    customer = viewing.every_entity().facts(Customer).filter(customer_id=customer_id).first()
    author = viewing.actor.user
    if customer is None or author is None or not text.strip():
        return False
    require(viewing.actor, "write_note", customer.entity_id)
    Note.objects.create(
        entity_id=customer.entity_id,
        customer_id=customer_id,
        user=author,
        text=text.strip()[:_LONGEST],
        written_at=clock.now(),
    )
    return True
