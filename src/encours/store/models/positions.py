"""Positions: what the facts add up to per customer and per day, so that pages read one row. Rebuilt at will."""

from __future__ import annotations

from django.db import models


class CustomerPosition(models.Model):
    """A customer's balance in one currency as of `day`: one row a customer and currency."""

    customer_id = models.CharField(max_length=190)
    entity_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    name = models.CharField(max_length=255)  # beside the figures, so that a sorted page is one index scan
    collector = models.CharField(max_length=190, null=True)
    balance = models.BigIntegerField()
    not_due = models.BigIntegerField()
    d1_30 = models.BigIntegerField()
    d31_60 = models.BigIntegerField()
    d61_90 = models.BigIntegerField()
    d91_plus = models.BigIntegerField()
    overdue = models.BigIntegerField()
    credits = models.BigIntegerField()
    unapplied = models.BigIntegerField()
    open_items = models.IntegerField()
    oldest_due_on = models.DateField(null=True)
    dso_days = models.FloatField(null=True)
    exposure = models.BigIntegerField()
    credit_limit = models.BigIntegerField(null=True)
    last_receipt_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer_id", "currency"], name="position_once")]
        indexes = [
            models.Index(fields=["entity_id", "-balance"], name="position_balance"),
            models.Index(fields=["entity_id", "-overdue"], name="position_overdue"),
            models.Index(fields=["entity_id", "name"], name="position_name"),
        ]


class EntityDay(models.Model):
    """An entity's figures at the end of a day in one currency: trends, and what changed since yesterday."""

    entity_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    figures = models.JSONField()  # outstanding, overdue, buckets, credits, unapplied, dso…, each in minor units or days

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity_id", "currency", "day"], name="entity_day_once")]
