"""The audit: an append-only, hash-chained record of every change by a person or a job."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One entry. It holds ids and digests, no personal data: `encours erase` leaves the chain whole.

    `digest` = SHA-256 over the previous digest and this entry's canonical JSON. Triggers refuse UPDATE and DELETE.
    """

    number = models.BigIntegerField(primary_key=True)  # 1, 2, 3…: a gap is a loss
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)  # user:<id> or job:<name>
    entity_id = models.CharField(max_length=64, blank=True, default="")
    act = models.CharField(max_length=48)
    subject = models.CharField(max_length=255, blank=True, default="")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    why = models.TextField(blank=True, default="")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["entity_id", "-number"], name="audit_entity"),
            models.Index(fields=["subject"], name="audit_subject"),
        ]
