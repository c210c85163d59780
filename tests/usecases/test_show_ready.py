"""Ready to send?: the share counts euros that have all they need, and each gap stands with its customer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from encours.store.models import Contact, CustomerLink, Document, Item
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.show_ready import list_gaps, show_ready
from encours.usecases.viewing import Viewing
from tests.usecases.letter_cases import a_customer, an_invoice, workshop

pytestmark = pytest.mark.django_db


def viewing() -> Viewing:
    return Viewing(job("test"), ("A",), clock.today())


def overdue(customer: str, number: str, amount: int, *, copy: bool = True, **more: object) -> None:
    due = clock.today() - timedelta(30)
    item = an_invoice(customer, number, amount, due, **{"issued_on": due - timedelta(30)} | more)
    if copy:
        Document.objects.create(
            entity_id="A", document_id=f"{item.item_id}:d", item_id=item.item_id, kind="invoice", path="x.pdf",
            sha256="0",
        )  # fmt: skip


def test_each_euro_is_ready_only_with_all_that_it_needs() -> None:
    workshop()
    whole, bare, mute = a_customer("Whole"), a_customer("Bare"), a_customer("Mute", address=None)
    overdue(whole, "F1", 60_00)
    overdue(bare, "F2", 20_00, copy=False)
    overdue(bare, "F3", 5_00)
    overdue(mute, "F4", 15_00)
    Contact.objects.filter(customer_id=mute).update(bounced_on=date(2026, 1, 1))
    an_invoice(whole, "F5", 1_000_00, clock.today() + timedelta(5))  # not due: nobody asks for it
    page = show_ready(viewing())
    (share,) = page.shares
    assert (share.overdue, share.ready) == (100_00, 65_00)
    assert share.lacking == {"recipient": 15_00, "copy": 20_00, "due": 0, "account": 0}
    rows = [(row.customer_id, row.gaps, row.why) for row in page.rows]
    assert rows == [(bare, ("copy",), ""), (mute, ("recipient",), "bounced")]
    assert [row.customer_id for row in list_gaps(viewing(), "copy")] == [bare]
    assert (page.counts["copy"], page.counts["recipient"], page.customers) == (1, 1, 3)


def test_a_letter_reaches_whom_an_e_mail_does_not_and_a_payer_is_written_to() -> None:
    workshop()
    posted, site, payer = a_customer("Posted"), a_customer("Site", address=None), a_customer("Payer")
    Contact.objects.filter(customer_id=posted).update(opt_out="email, sms")
    Contact.objects.filter(customer_id=site).delete()
    CustomerLink.objects.create(entity_id="A", customer_id=site, other_id=payer, role="payer")
    for number, one in enumerate((posted, site)):
        overdue(one, f"F{number}", 10_00)
    assert show_ready(viewing()).shares[0].share == 1.0
    Contact.objects.filter(customer_id=posted).update(opt_out="email letter")
    assert [(row.customer_id, row.why) for row in list_gaps(viewing())] == [(posted, "opted_out")]


def test_a_due_date_that_nobody_gave_and_a_currency_without_an_account_are_gaps() -> None:
    workshop()
    customer = a_customer("Dupin")
    overdue(customer, "F1", 10_00, issued_on=clock.today() - timedelta(30))
    overdue(customer, "F2", 10_00, currency="USD")
    Item.objects.filter(item_id="A:F2").update(kind="opening")
    rows = {row.currency: row for row in list_gaps(viewing())}
    assert rows["EUR"].gaps == ("due",)
    assert rows["USD"].gaps == ("due", "account")
    assert [share.share for share in show_ready(viewing()).shares] == [0.0, 0.0]
