"""Dunning: scenarios and who follows which, the plan of the day, what it holds back and why, notices to sales."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User
from encours.store.models.workflow import Run


class DunningScenario(models.Model):
    """A scenario as data (`core.dunning.scenario.as_data`), of one entity or of all (entity empty).

    `active`: the planner follows it. `testing`: it is planned and composed, and nothing of it leaves.
    Random hold-outs stand apart (`DunningExperiment`).
    """

    entity = models.ForeignKey(Entity, null=True, on_delete=models.CASCADE)
    code = models.CharField(max_length=64)
    data = models.JSONField()
    active = models.BooleanField(default=False)
    testing = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "code"], name="scenario_of_entity", condition=models.Q(entity__isnull=False)
            ),
            models.UniqueConstraint(fields=["code"], name="scenario_of_all", condition=models.Q(entity__isnull=True)),
        ]


class ScenarioVersion(models.Model):
    """A scenario as it once stood: what was planned under a version can be read again."""

    scenario = models.ForeignKey(DunningScenario, on_delete=models.CASCADE, related_name="versions")
    version = models.IntegerField()
    data = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scenario", "version"], name="scenario_version")]


class ScenarioChoice(models.Model):
    """A customer's, or one item's, own scenario; it outranks the segments."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, null=True)
    item_id = models.CharField(max_length=190, null=True)
    scenario = models.CharField(max_length=64)
    chosen_at = models.DateTimeField()
    chosen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "customer_id"], name="scenario_choice_customer",
                condition=models.Q(item_id__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["entity", "item_id"], name="scenario_choice_item", condition=models.Q(item_id__isnull=False)
            ),
        ]  # fmt: skip


class PlannedAction(models.Model):
    """What is to be done with one customer on `day`: a message or a task, its level and its reasons.

    `action_id` is the planner's (entity, customer, step, day), so that planning again finds the row again. Amounts in
    minor units of `currency`; `euro_days` in euros times days, `days_earlier` in days; `chance_before`: euros more
    expected before the manager's date. `place`: where it stands in the worklist of its day.
    """

    class State(models.TextChoices):
        PLANNED = "planned"
        QUEUED = "queued"  # a message of it is in the outbox
        DONE = "done"
        SKIPPED = "skipped"  # a person decided against it
        WITHHELD = "withheld"  # left alone by an experiment
        SUPERSEDED = "superseded"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    action_id = models.CharField(max_length=255, unique=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL)
    day = models.DateField()
    customer_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    scenario = models.CharField(max_length=64)
    scenario_version = models.IntegerField(default=1)
    step = models.CharField(max_length=64)
    level = models.IntegerField(default=0)
    channel = models.CharField(max_length=24)
    template = models.CharField(max_length=64, blank=True, default="")
    tone = models.CharField(max_length=24, blank=True, default="")
    sender = models.CharField(max_length=64, blank=True, default="")
    creditor = models.CharField(max_length=190, null=True)  # none: ourselves; else the factor that holds the items
    signatory = models.CharField(max_length=64, null=True)
    formal = models.BooleanField(default=False)
    to = models.JSONField(default=list)  # contact roles
    cc = models.JSONField(default=list)
    mode = models.CharField(max_length=16)  # automatic, confirm, task
    amount = models.BigIntegerField()
    overdue_days = models.IntegerField(default=0)
    reason = models.TextField(blank=True, default="")
    reasons = models.JSONField(default=list)
    euro_days = models.FloatField(default=0.0)
    days_earlier = models.FloatField(null=True)
    chance_before = models.BigIntegerField(null=True)
    minutes = models.IntegerField(default=0)
    place = models.IntegerField(default=0)
    pinned_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    snoozed_until = models.DateField(null=True)
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLANNED)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    outcome = models.CharField(max_length=48, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["entity", "day", "state", "place"], name="planned_worklist"),
            models.Index(fields=["customer_id", "day"], name="planned_customer"),
        ]


class PlannedLine(models.Model):
    """An item of a planned action: what is asked for, and what of it is held back."""

    action = models.ForeignKey(PlannedAction, on_delete=models.CASCADE, related_name="lines")
    item_id = models.CharField(max_length=190, db_index=True)
    amount = models.BigIntegerField()
    held = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "item_id"], name="planned_line")]


class HeldItem(models.Model):
    """An overdue item, or a part of it, that the latest plan leaves out, with the sentence that says why.

    `customer_id`: who is written to (the payer). `gate`: the rule's code, or `waiting` where its next step is not
    reached; `also`: other gates that hold it. `task`: what frees it. `scenario`, `step`: what would ask for it.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    day = models.DateField()
    item_id = models.CharField(max_length=190)
    customer_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    gate = models.CharField(max_length=48)
    sentence = models.TextField()
    until_on = models.DateField(null=True)
    task = models.CharField(max_length=48, blank=True, default="")
    part = models.BooleanField(default=False)
    also = models.JSONField(default=list)
    scenario = models.CharField(max_length=64, blank=True, default="")
    step = models.CharField(max_length=64, blank=True, default="")
    # The day on which the step is reached: before it nothing would have left anyway.
    step_on = models.DateField(null=True)
    # Held since: a gate that holds on is counted once, not once a day.
    since_on = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["entity", "day", "gate"], name="held_gate"),
            models.Index(fields=["customer_id"], name="held_customer"),
            models.Index(fields=["item_id"], name="held_item"),
        ]


class DunningMark(models.Model):
    """What people said about chasing one customer; it outlives the plan of the day.

    `pinned_until`: their next action stands above what the model says. `snoozed_until`: not before that day.
    `strategy`: develop, protect, normal, reduce, exit; where given it outranks the customer file's.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190)
    pinned_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    pinned_until = models.DateField(null=True)
    snoozed_until = models.DateField(null=True)
    snoozed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.TextField(blank=True, default="")
    strategy = models.CharField(max_length=16, blank=True, default="")
    strategy_owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    strategy_review_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "customer_id"], name="dunning_mark")]


class StepNotice(models.Model):
    """Forty-eight hours' notice to sales before a step; no answer means go.

    `answer`: "" (none), go, objects. An objection is decided by the credit manager: `decision` upheld (until
    `until_on`) or overruled.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190)
    scenario = models.CharField(max_length=64, blank=True, default="")
    step = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    asked_of = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    hours = models.IntegerField(default=48)
    answer = models.CharField(max_length=16, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    until_on = models.DateField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=16, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["entity", "customer_id", "step"], name="step_notice")]


class DunningDay(models.Model):
    """What one plan of an entity came to; the latest row of a day replaces the earlier one.

    Amounts in minor units. `held_gates`: [gate, currency, items, amount]. `avoided`, `delayed`: customers of
    whom a gate was right, or wrong, about money since the plan before (`usecases.hindsight`).
    `stale`: [source, last day] of data that is too old.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    day = models.DateField()
    made_at = models.DateTimeField()
    stamp = models.CharField(max_length=64, blank=True, default="")
    actions = models.IntegerField(default=0)
    messages = models.IntegerField(default=0)
    tasks = models.IntegerField(default=0)
    avoided = models.IntegerField(default=0)
    delayed = models.IntegerField(default=0)
    amounts = models.JSONField(default=list)  # [currency, in actions, held, overdue]
    held_gates = models.JSONField(default=list)
    stale = models.JSONField(default=list)
    issues = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "day"], name="dunning_day")]
