"""What chasing does to an entity's customers: the effects believed, random hold-outs, and who was in which arm."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from encours.store.models.facts import Entity


class DunningEffects(models.Model):
    """What an entity's own touches and hold-outs have taught, beside the priors; one row an entity.

    `data`: core's `Effects.as_data()`. `says`: how much of it is prior and how much own evidence. `as_of`, `stamp`,
    `engine`: the day, the state of the facts and the version that it rests on.
    """

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True)
    as_of = models.DateField()
    stamp = models.CharField(max_length=64)
    engine = models.CharField(max_length=32)
    touches = models.IntegerField()
    held_out = models.IntegerField()
    says = models.TextField()
    data = models.JSONField()
    made_at = models.DateTimeField()


class DunningExperiment(models.Model):
    """A random hold-out of a scenario: `share` of its customers is not chased for `days` days, to see what happens.

    `step`: the step that is held back; blank: every step of the scenario. Customers that are key accounts, that owe
    more than `amount_max` (minor units of the entity's currency) or have a deadline within `deadline_days` are never
    held out. Off until somebody starts it; it is ended, never deleted.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    code = models.CharField(max_length=64)
    scenario = models.CharField(max_length=64)
    step = models.CharField(max_length=64, blank=True)
    share = models.FloatField()
    days = models.IntegerField()
    amount_max = models.BigIntegerField()
    deadline_days = models.IntegerField()
    why = models.TextField(blank=True)
    started_on = models.DateField()
    ended_on = models.DateField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="experiment_code"),
            models.UniqueConstraint(
                fields=["entity", "scenario"], condition=Q(ended_on__isnull=True), name="experiment_running_once"
            ),
        ]


class ExperimentUnit(models.Model):
    """A customer that entered an experiment: its arm, and what it owed that day. Written once, before anything is sent.

    `amount` in minor units of `currency`; `items`: the items that would have been, or were, chased.
    """

    class Arm(models.TextChoices):
        CHASED = "chased"
        HELD_OUT = "held_out"

    experiment = models.ForeignKey(DunningExperiment, on_delete=models.CASCADE, related_name="units")
    customer_id = models.CharField(max_length=190, db_index=True)
    arm = models.CharField(max_length=16, choices=Arm.choices)
    entered_on = models.DateField()
    step = models.CharField(max_length=64)
    level = models.CharField(max_length=64)
    channel = models.CharField(max_length=24)
    profile = models.CharField(max_length=24)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    items = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "customer_id", "entered_on"], name="experiment_unit")
        ]
