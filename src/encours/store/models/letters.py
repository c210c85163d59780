"""Letters on their way through a print provider, and statements that customers may open by a link."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.messages import Message
from encours.store.models.people import User


class PrintBatch(models.Model):
    """Letters that are handed to a print provider together: a folder of PDFs with its index.

    `state`: writing (claimed, the folder is not whole yet), left (the folder is there, the letters count as sent).
    `total`: what the letters ask for, by currency, in minor units. `sha256`: of the index.
    """

    class State(models.TextChoices):
        WRITING = "writing"
        LEFT = "left"

    name = models.CharField(max_length=64, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)  # none: a job
    state = models.CharField(max_length=16, choices=State.choices, default=State.WRITING)
    made_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    letters = models.IntegerField(default=0)
    pages = models.IntegerField(default=0)
    total = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["entity", "state"], name="print_batch_state")]


class PrintedLetter(models.Model):
    """One letter of a batch, under its file name; what the provider and the post said of it.

    `proof`: posted, delivered, refused, returned; `tracking`: the number of the registered letter; `proof_on`: the day
    of the last news; `detail`: why it came back.
    """

    batch = models.ForeignKey(PrintBatch, on_delete=models.PROTECT, related_name="printed")
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="printed")
    name = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    pages = models.IntegerField(default=0)
    proof = models.CharField(max_length=16, blank=True, default="")
    proof_on = models.DateField(null=True)
    tracking = models.CharField(max_length=64, blank=True, default="")
    detail = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "name"], name="printed_letter_name")]
        indexes = [models.Index(fields=["tracking"], name="printed_letter_tracking")]


class PublishedStatement(models.Model):
    """A statement that its customer may open by a signed link until `expires_at`, or until it is revoked.

    `token`: the random part of the link and the file's name; the process that serves it knows nothing else.
    """

    token = models.CharField(max_length=64, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    day = models.DateField()
    language = models.CharField(max_length=8)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    published_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64)
