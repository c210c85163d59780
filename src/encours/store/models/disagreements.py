"""Where the engine and the ERP's own letters say different things of a receipt, and what a person judged of it."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User


class MatchDisagreement(models.Model):
    """A proposal beside letters that say another thing; `verdict` is empty until a person judged.

    `ours` and `letter` are what each takes off which item: a list of [item_id, amount, kind]. `digest` is that of both:
    the same disagreement is one row, however often it is found. `origin`: the proposal stood (`proposal`), or the day
    was replayed (`replay`). `confidence`, `stratum`, `model`: the engine's, from before it knew the letter. `gone`: the
    letters have changed since, and say the same or nothing any more.
    """

    class Verdict(models.TextChoices):
        OURS = "ours"
        LETTER = "letter"
        NEITHER = "neither"
        UNKNOWN = "unknown"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    receipt_id = models.CharField(max_length=190)
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=16)
    proposal_id = models.BigIntegerField(null=True)
    found_on = models.DateField()
    booked_on = models.DateField()
    lettered_on = models.DateField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    customer_id = models.CharField(max_length=190, null=True)
    rule = models.CharField(max_length=48)
    stratum = models.CharField(max_length=24)
    decision = models.CharField(max_length=8)
    confidence = models.FloatField()
    model = models.CharField(max_length=16)
    reason = models.TextField()
    ours = models.JSONField()
    letter = models.JSONField()
    apart = models.BigIntegerField()  # half of what the two take off items otherwise, in minor units
    gone = models.BooleanField(default=False)
    verdict = models.CharField(max_length=8, blank=True, default="")
    judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "digest"], name="disagreement_once")]
        indexes = [
            models.Index(fields=["entity", "verdict", "gone"], name="disagreement_waiting"),
            models.Index(fields=["receipt_id"], name="disagreement_receipt"),
        ]


class ReplayedDay(models.Model):
    """A booked day of the past that was replayed by an engine's model: it is not replayed again by the same one."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    day = models.DateField()
    model = models.CharField(max_length=16)
    receipts = models.IntegerField()  # of the day
    compared = models.IntegerField()  # of these, with a proposal and with letters
    agreed = models.IntegerField()
    differ = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "day", "model"], name="replayed_once")]
