"""The promise about errors: certificates, what is audited of the automatic posts, and strata switched on and off."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User
from encours.store.models.workflow import Decision, Proposal, Run


class MatchCertificate(models.Model):
    """What was promised about errors and of which judgements; a new one is a new row, `asks` says why it must be."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)  # none: a job
    made_at = models.DateTimeField()
    made_on = models.DateField()
    target = models.FloatField()
    confidence = models.FloatField()
    value_cap = models.BigIntegerField(null=True)
    engine = models.CharField(max_length=32)
    model = models.CharField(max_length=16)  # digest of the model that gave the confidences
    asks = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(null=True)
    pictures = models.JSONField(default=dict)  # what other budgets would give, and the curve, on the day it was made
    mix = models.JSONField(default=dict)  # what was proposed since, by month and stratum, as last looked at

    class Meta:
        indexes = [models.Index(fields=["entity", "made_at"], name="certificate_entity")]


class CertificateStratum(models.Model):
    """A certificate's row of one stratum (`all`: of all receipts together); the columns are those of the engine."""

    certificate = models.ForeignKey(MatchCertificate, on_delete=models.CASCADE, related_name="strata")
    stratum = models.CharField(max_length=24)
    certified = models.BooleanField()
    threshold = models.FloatField(null=True)
    judged = models.BigIntegerField()
    letters = models.BigIntegerField()
    sample = models.BigIntegerField()
    errors = models.BigIntegerField()
    bound = models.FloatField()
    coverage = models.FloatField()
    value = models.BigIntegerField()
    value_wrong = models.BigIntegerField()
    value_bound = models.FloatField(null=True)
    coverage_value = models.FloatField()
    tests = models.BigIntegerField()
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    supports = models.FloatField(null=True)
    says = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "stratum"], name="certificate_stratum_once")]


class MatchAudit(models.Model):
    """An automatic post that the draw gave to a person to judge; `right` is empty until then.

    `chance`: of being drawn. `seed`: with the receipt's id it gives the draw again.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="match_audit")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL)
    receipt_id = models.CharField(max_length=190)
    stratum = models.CharField(max_length=24)
    via = models.CharField(max_length=16)
    threshold = models.FloatField(null=True)
    confidence = models.FloatField()
    chance = models.FloatField()
    seed = models.CharField(max_length=96)
    drawn_on = models.DateField()
    right = models.BooleanField(null=True)
    judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["entity", "right"], name="match_audit_waiting")]


class BulkConfirmation(models.Model):
    """A proposal that was confirmed among others at one stroke: nobody judged it by itself, so it certifies nothing."""

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="confirmed_in_bulk")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)


class StratumSwitch(models.Model):
    """A stratum's automatic posting went off or on again; the newest row of a stratum counts."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    stratum = models.CharField(max_length=24)
    on = models.BooleanField()
    cause = models.CharField(max_length=16)  # test_failed, person
    why = models.TextField()
    at = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)  # none: the running test

    class Meta:
        indexes = [models.Index(fields=["entity", "stratum"], name="stratum_switch")]
