"""What customers of the town said: a dispute, a contact, a hold that sales asks for, a notice that waits for them."""

from __future__ import annotations

from datetime import timedelta

from encours.store.models import StepNotice, Task, User
from encours.store.rights import Actor, actor_of
from encours.usecases import clock
from encours.usecases.hold_dunning import ask_hold
from encours.usecases.manage_contacts import ContactForm, add_contact
from encours.usecases.open_dispute import open_dispute


def collect_town(alice: Actor, sales: User) -> dict[str, object]:
    """Makes them; their ids as addresses name them."""
    dispute = open_dispute(alice, "A:0:late", "price", amount=1_000)
    contact = add_contact(alice, "A:0", ContactForm("accounts_payable", "Zirconia accounts", "pay@zirconia.example"))
    until = clock.today() + timedelta(days=5)
    hold = ask_hold(actor_of(sales), "A:0", "commercial", until, why="they sign on Friday")
    notice = StepNotice.objects.create(
        entity_id="A", customer_id="A:0", step="formal", asked_at=clock.now(), asked_of=sales
    )
    return {
        "dispute_id": dispute.subject_id,
        "contact_id": contact.contact_id,
        "hold_id": hold.pk,
        "notice_id": notice.pk,
        "task_id": Task.objects.get(key=f"decide_hold:{hold.pk}").pk,
    }
