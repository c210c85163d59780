"""Runs, proposals and decisions, exports and their acknowledgement, notes and settings."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User


class Run(models.Model):
    """One run of an engine or of the nightly chain; a chain is restartable at any step."""

    name = models.CharField(max_length=48)
    entity = models.ForeignKey(Entity, null=True, on_delete=models.CASCADE)
    day = models.DateField()
    step = models.CharField(max_length=48, blank=True, default="")
    state = models.CharField(max_length=16, default="running")  # running, done, failed
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    summary = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["name", "day"], name="run_day")]


class Proposal(models.Model):
    """What an engine proposes to do with a receipt, and why."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        SUPERSEDED = "superseded"
        UNDONE = "undone"

    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    receipt_id = models.CharField(max_length=190, db_index=True)
    customer_id = models.CharField(max_length=190, null=True)
    decision = models.CharField(max_length=8)  # auto, review, none
    rule = models.CharField(max_length=48)
    # How the match knows its items, as certificates tell matches apart; "" where no family of the engine made it.
    stratum = models.CharField(max_length=24, blank=True, default="")
    confidence = models.FloatField()
    reason = models.TextField()
    alternatives = models.IntegerField(default=0)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    proposed_at = models.DateTimeField(null=True)
    # Where a delegation asks for two: who signed first. Another person must accept it.
    first_signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["entity", "state"], name="proposal_open"),
            models.Index(fields=["customer_id"], name="proposal_customer"),
        ]


class ProposalLine(models.Model):
    """One allocation that a proposal would make."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="lines")
    item_id = models.CharField(max_length=190)
    credit_item_id = models.CharField(max_length=190, null=True)
    amount = models.BigIntegerField()
    receipt_amount = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=16)


class Decision(models.Model):
    """An act of a person or a job on facts: what was decided, and what undid it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)  # none: a job
    act = models.CharField(max_length=48)
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="decisions")
    subject_id = models.CharField(max_length=190)
    amount = models.BigIntegerField(null=True)
    why = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField()
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")

    class Meta:
        indexes = [models.Index(fields=["subject_id"], name="decision_subject")]


class Export(models.Model):
    """A file that left for the ERP or a person; recalled while nothing came back."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=32)
    path = models.CharField(max_length=512)
    sha256 = models.CharField(max_length=64)
    lines = models.BigIntegerField()
    total = models.BigIntegerField()
    exported_at = models.DateTimeField()
    recalled_at = models.DateTimeField(null=True)


class ExportLine(models.Model):
    """An exported allocation under its Encours id: its return in the next ledger is an acknowledgement."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="export_lines")
    encours_id = models.CharField(max_length=64, unique=True)
    allocation_id = models.CharField(max_length=190, db_index=True)
    acknowledged_by = models.BigIntegerField(null=True)  # the import that brought it back


class Acknowledgement(models.Model):
    """An allocation of ours that the ERP brought back: its own line is not stored a second time."""

    allocation_id = models.CharField(max_length=190, unique=True)
    by_id = models.CharField(max_length=190)  # the ERP's own line
    import_id = models.BigIntegerField()


class MergedReceipt(models.Model):
    """A receipt id that gave way to another: the ledger and the bank told of the same money."""

    dropped_id = models.CharField(max_length=190, unique=True)
    kept_id = models.CharField(max_length=190)
    rule = models.CharField(max_length=64)
    import_id = models.BigIntegerField()


class Note(models.Model):
    """What a person wrote about a customer or an item."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    item_id = models.CharField(max_length=190, null=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    text = models.TextField()
    written_at = models.DateTimeField()


class Setting(models.Model):
    """A setting of an entity, or of all (entity empty), from a day on."""

    entity = models.ForeignKey(Entity, null=True, on_delete=models.CASCADE)
    key = models.CharField(max_length=64)
    value = models.JSONField()
    from_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["key"], name="setting_key")]
