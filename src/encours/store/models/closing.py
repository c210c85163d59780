"""Arrêtés and cadrage: sealed aged balances, and the ledger's own balances to tie them to."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User


class LedgerBalance(models.Model):
    """What the ERP says a collective account stands at on a day (debit positive), from a ledger or typed in."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    account = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    on = models.DateField()
    balance = models.BigIntegerField()
    import_id = models.BigIntegerField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        indexes = [models.Index(fields=["entity", "on"], name="ledger_balance_day")]


class Closing(models.Model):
    """An arrêté: one entity, one month, sealed with its cadrage. Reopening is a reasoned, audited act."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    month = models.DateField()  # the month's last day
    state = models.CharField(max_length=16, default="sealed")  # sealed, reopened
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.TextField(blank=True, default="")
    scope = models.JSONField(default=dict)  # what is in and out, as printed
    cadrage = models.JSONField(default=list)  # per collective account: ledger, encours, decided, gap
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["entity", "month"], name="closing_month")]


class ClosingBalance(models.Model):
    """One customer's sealed aged balance, in one currency."""

    closing = models.ForeignKey(Closing, on_delete=models.CASCADE, related_name="balances")
    customer_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    not_due = models.BigIntegerField()
    buckets = models.JSONField()  # d1_30…: minor units
    credits = models.BigIntegerField()
    advances = models.BigIntegerField()
    unapplied = models.BigIntegerField()
    total = models.BigIntegerField()
