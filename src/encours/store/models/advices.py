"""Remittance advices: what payers and payment services say their money is for, before or after it comes."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User


class Advice(models.Model):
    """One advice. `total` is the money that comes (minor units): Σ lines less `fee`, what who collected it keeps.

    `sha256` is the digest of what was received: the same advice twice is once. `customer_id`: the one customer whose
    invoices it names. `draft`: read, and not yet taken by the person who brought it. `dismissed`: a person says that it
    is none, or that its money came another way. `text` is what was read, `issues` what the reader said of it.
    """

    class Form(models.TextChoices):
        ADVICE = "advice"
        PAYOUT = "payout"
        FACTOR = "factor"

    advice_id = models.CharField(max_length=190, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    form = models.CharField(max_length=16, choices=Form.choices, default=Form.ADVICE)
    source = models.CharField(max_length=16)
    name = models.CharField(max_length=255, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    received_on = models.DateField()
    paid_on = models.DateField(null=True)
    reference = models.CharField(max_length=140, null=True)
    payer_name = models.CharField(max_length=255, null=True)
    payer_account = models.CharField(max_length=64, null=True)
    customer_id = models.CharField(max_length=190, null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    draft = models.BooleanField(default=False)
    dismissed = models.BooleanField(default=False)
    text = models.TextField(blank=True, default="")
    issues = models.JSONField(default=list)  # of the reading: line, code, severity, message, action

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "sha256"], name="advice_once")]
        indexes = [models.Index(fields=["entity", "received_on"], name="advice_received")]


class AdviceLine(models.Model):
    """One line: `amount` is paid for the item of this number (negative: a credit note), after `deducted` was taken off
    it for `reason`. `item_id`: the item that a person says it pays, whatever its number."""

    advice = models.ForeignKey(Advice, on_delete=models.CASCADE, related_name="lines")
    line = models.IntegerField()
    number = models.CharField(max_length=190, null=True)
    amount = models.BigIntegerField()
    deducted = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=255, null=True)
    document_on = models.DateField(null=True)
    customer_hint = models.CharField(max_length=255, null=True)
    item_id = models.CharField(max_length=190, null=True)


class AdviceReceipt(models.Model):
    """A receipt that is the money of an advice, or part of it, by the last search."""

    advice = models.ForeignKey(Advice, on_delete=models.CASCADE, related_name="receipts")
    receipt_id = models.CharField(max_length=190, db_index=True)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advice", "receipt_id"], name="advice_receipt_once")]
