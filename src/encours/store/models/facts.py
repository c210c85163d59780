"""The Book's tables at rest: one row a version, append-only.

Columns are those of `core.base.schema`, held to it by a test. Beside them stand a fact's origin (which import, which
file and line) and a few projections of the same row, marked as such: they say what the facts add up to, are written
by the store alone and can be rebuilt from the facts at any time (`encours rebuild`).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


def _text(length: int = 190, **options: object) -> models.CharField[Any, Any]:
    return models.CharField(max_length=length, **options)  # type: ignore[arg-type]  # options pass through


def _maybe_text(length: int = 190) -> models.CharField[Any, Any]:
    return models.CharField(max_length=length, null=True)


def _maybe_date() -> models.DateField[Any, Any]:
    return models.DateField(null=True)


def _maybe_money() -> models.BigIntegerField[Any, Any]:
    return models.BigIntegerField(null=True)


class Entity(models.Model):
    """A company of the group whose ledger is followed."""

    entity_id = models.CharField(max_length=64, primary_key=True)
    name = _text()
    country = _text(2)
    currency = _text(3)
    legal_id = _maybe_text(64)

    def __str__(self) -> str:
        return str(self.name)


class Fact(models.Model):
    """What every fact bears beside the Book's own columns."""

    entity_id: models.CharField[Any, Any]
    known_on = _maybe_date()
    voided = models.BooleanField(null=True)
    # Origin: where the row came from.
    import_id = models.BigIntegerField(null=True)
    file_id = models.BigIntegerField(null=True)
    line = models.BigIntegerField(null=True)
    # Projection: this row is the id's last version and is not voided.
    is_current = models.BooleanField(default=True)

    class Meta:
        abstract = True


class Customer(Fact):
    """An account in one entity's ledger."""

    customer_id = _text()
    entity_id = _text(64)
    party_id = _maybe_text()
    name = _text(255)
    kind = _text(16)
    legal_id = _maybe_text(64)
    vat_id = _maybe_text(64)
    country = _maybe_text(2)
    language = _maybe_text(8)
    segment = _maybe_text()
    importance = _maybe_text()
    strategy = _maybe_text(16)
    collector = _maybe_text()
    sales_owner = _maybe_text()
    credit_limit = _maybe_money()
    created_on = _maybe_date()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], name="customer_id"),
            models.Index(fields=["entity_id", "name"], name="customer_name", condition=Q(is_current=True)),
            models.Index(fields=["party_id"], name="customer_party", condition=Q(is_current=True)),
        ]


class CustomerLink(Fact):
    """Who pays for whom, who is a site of whom."""

    entity_id = _text(64)
    customer_id = _text()
    other_id = _text()
    role = _text(16)
    from_on = _maybe_date()
    to_on = _maybe_date()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], name="link_customer"),
            models.Index(fields=["other_id"], name="link_other"),
        ]


class PayerAlias(Fact):
    """An IBAN, a name or a reference that is known to mean a customer."""

    entity_id = _text(64)
    customer_id = _text()
    kind = _text(16)
    value = _text(255)
    source = _text()

    class Meta:
        indexes = [
            models.Index(fields=["value"], name="alias_value"),
            models.Index(fields=["customer_id"], name="alias_customer"),
        ]


class Contact(Fact):
    """A person or mailbox at a customer."""

    entity_id = _text(64)
    contact_id = _text()
    customer_id = _text()
    role = _text(32)
    name = _maybe_text(255)
    email = _maybe_text(255)
    phone = _maybe_text(64)
    address = models.TextField(null=True)
    language = _maybe_text(8)
    opt_out = _maybe_text()
    bounced_on = _maybe_date()

    class Meta:
        indexes = [
            models.Index(fields=["contact_id"], name="contact_id"),
            models.Index(fields=["customer_id"], name="contact_customer"),
        ]


class Item(Fact):
    """An invoice, credit note, down payment: one due date of one number."""

    item_id = _text()
    entity_id = _text(64)
    customer_id = _text()
    ledger_account = _maybe_text(32)
    number = _text()
    part = _maybe_text(16)
    kind = _text(16)
    issued_on = models.DateField()
    due_on = models.DateField()
    amount = models.BigIntegerField()
    currency = _text(3)
    discount_on = _maybe_date()
    discount_amount = _maybe_money()
    payment_method = _maybe_text(64)
    payment_reference = _maybe_text(64)
    order_ref = _maybe_text()
    purchase_order = _maybe_text()
    delivery_ref = _maybe_text()
    label = _maybe_text(255)
    posted_on = _maybe_date()
    # Projections of the current row.
    open = models.BigIntegerField(default=0)
    number_key = _text(default="")  # upper-case letters and digits of the number: what people type finds it

    class Meta:
        indexes = [
            models.Index(fields=["item_id"], name="item_id"),
            models.Index(fields=["customer_id", "due_on"], name="item_customer", condition=Q(is_current=True)),
            models.Index(fields=["entity_id", "due_on"], name="item_open", condition=Q(is_current=True) & ~Q(open=0)),
            models.Index(fields=["number_key"], name="item_number"),
            models.Index(fields=["amount"], name="item_amount"),
        ]


class Document(Fact):
    """A file that belongs to an item."""

    entity_id = _text(64)
    document_id = _text()
    item_id = _text()
    kind = _text(16)
    path = _text(512)
    sha256 = _text(64)

    class Meta:
        indexes = [
            models.Index(fields=["document_id"], name="document_id"),
            models.Index(fields=["item_id"], name="document_item"),
        ]


class Receipt(Fact):
    """Money in (or out, or returned) on one of our accounts."""

    receipt_id = _text()
    entity_id = _text(64)
    account = _text(64)
    booked_on = models.DateField()
    value_on = _maybe_date()
    amount = models.BigIntegerField()
    currency = _text(3)
    kind = _text(16)
    origin = _text(8)
    customer_id = _maybe_text()
    ledger_account = _maybe_text(32)
    payer_name = _maybe_text(255)
    payer_account = _maybe_text(64)
    remittance = models.TextField(null=True)
    end_to_end_id = _maybe_text()
    returns_receipt_id = _maybe_text()
    statement_id = _maybe_text()
    posted_on = _maybe_date()
    # Projections of the current row.
    unapplied = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["receipt_id"], name="receipt_id"),
            models.Index(fields=["entity_id", "booked_on"], name="receipt_booked", condition=Q(is_current=True)),
            models.Index(
                fields=["entity_id", "booked_on"],
                name="receipt_unapplied",
                condition=Q(is_current=True) & ~Q(unapplied=0),
            ),
            models.Index(fields=["customer_id"], name="receipt_customer", condition=Q(is_current=True)),
            models.Index(fields=["payer_account"], name="receipt_payer", condition=Q(is_current=True)),
            models.Index(fields=["amount"], name="receipt_amount"),
        ]


class Statement(Fact):
    """A bank statement with its balances."""

    entity_id = _text(64)
    statement_id = _text()
    account = _text(64)
    currency = _text(3)
    from_on = _maybe_date()
    to_on = _maybe_date()
    opening = _maybe_money()
    closing = _maybe_money()
    entries = models.BigIntegerField()
    total = models.BigIntegerField()
    balanced = models.BooleanField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["statement_id"], name="statement_id"),
            models.Index(fields=["entity_id", "account", "to_on"], name="statement_account"),
        ]


class Allocation(Fact):
    """What settles an item: cash of a receipt, a credit note, a discount, a loss."""

    entity_id = _text(64)
    allocation_id = _text()
    receipt_id = _maybe_text()
    item_id = _text()
    credit_item_id = _maybe_text()
    amount = models.BigIntegerField()
    receipt_amount = _maybe_money()
    kind = _text(16)
    allocated_on = models.DateField()
    earliest_on = _maybe_date()
    reversed_on = _maybe_date()
    source = _text()

    class Meta:
        indexes = [
            models.Index(fields=["allocation_id"], name="allocation_id"),
            models.Index(fields=["item_id"], name="allocation_item"),
            models.Index(fields=["receipt_id"], name="allocation_receipt"),
            models.Index(
                fields=["credit_item_id"], name="allocation_credit", condition=Q(credit_item_id__isnull=False)
            ),
        ]


class Instrument(Fact):
    """A draft, cheque or direct debit on its way."""

    entity_id = _text(64)
    instrument_id = _text()
    customer_id = _text()
    kind = _text(16)
    amount = models.BigIntegerField()
    currency = _text(3)
    due_on = models.DateField()
    state = models.CharField(max_length=16, null=True)
    state_on = _maybe_date()
    batch_id = _maybe_text()

    class Meta:
        indexes = [
            models.Index(fields=["instrument_id"], name="instrument_id"),
            models.Index(fields=["customer_id"], name="instrument_customer"),
        ]


class InstrumentItem(Fact):
    """What an instrument covers."""

    entity_id = _text(64)
    instrument_id = _text()
    item_id = _text()
    amount = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["item_id"], name="instrument_item_item"),
            models.Index(fields=["instrument_id"], name="instrument_item_instrument"),
        ]


class Promise(Fact):
    """A promise to pay, a payment announced, an instalment agreed."""

    entity_id = _text(64)
    promise_id = _text()
    customer_id = _text()
    item_id = _maybe_text()
    amount = _maybe_money()
    made_on = models.DateField()
    due_on = models.DateField()
    kind = _text(24)

    class Meta:
        indexes = [
            models.Index(fields=["promise_id"], name="promise_id"),
            models.Index(fields=["customer_id"], name="promise_customer"),
        ]


class Dispute(Fact):
    """A claim against an item."""

    entity_id = _text(64)
    dispute_id = _text()
    item_id = _text()
    amount = models.BigIntegerField()
    reason = _text()
    opened_on = models.DateField()
    owner = _maybe_text()
    closed_on = _maybe_date()
    outcome = _maybe_text()

    class Meta:
        indexes = [
            models.Index(fields=["dispute_id"], name="dispute_id"),
            models.Index(fields=["item_id"], name="dispute_item"),
        ]


class Order(Fact):
    """An order: exposure to come, perhaps blocked."""

    order_id = _text()
    entity_id = _text(64)
    customer_id = _text()
    amount = models.BigIntegerField()
    currency = _text(3)
    ordered_on = models.DateField()
    status = models.CharField(max_length=16, null=True)
    invoice_on = _maybe_date()
    margin = _maybe_money()

    class Meta:
        indexes = [
            models.Index(fields=["order_id"], name="order_id"),
            models.Index(fields=["customer_id"], name="order_customer"),
        ]


class Touch(Fact):
    """A message or call that really left."""

    entity_id = _text(64)
    touch_id = _text()
    customer_id = _text()
    item_id = _maybe_text()
    channel = _text(24)
    level = _maybe_text(32)
    sent_on = models.DateField()
    outcome = _maybe_text()

    class Meta:
        indexes = [
            models.Index(fields=["touch_id"], name="touch_id"),
            models.Index(fields=["customer_id"], name="touch_customer"),
        ]


class Event(Fact):
    """Something that happened to a customer or an item."""

    entity_id = _text(64)
    subject = _text(16)
    subject_id = _text()
    kind = _text(64)
    on = models.DateField()
    value = _maybe_text(255)
    detail = models.TextField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject_id"], name="event_subject")]


class Rate(Fact):
    """Units of a currency for one euro. Rates belong to no entity: theirs is empty."""

    entity_id = _text(64, default="")
    currency = _text(3)
    on = models.DateField()
    rate = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["currency", "on"], name="rate_day")]


#: The Book's table name -> its model.
FACTS: dict[str, type[models.Model]] = {
    "entities": Entity,
    "customers": Customer,
    "customer_links": CustomerLink,
    "payer_aliases": PayerAlias,
    "contacts": Contact,
    "items": Item,
    "documents": Document,
    "receipts": Receipt,
    "statements": Statement,
    "allocations": Allocation,
    "instruments": Instrument,
    "instrument_items": InstrumentItem,
    "promises": Promise,
    "disputes": Dispute,
    "orders": Order,
    "touches": Touch,
    "events": Event,
    "rates": Rate,
}
