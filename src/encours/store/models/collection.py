"""What customers say and what people do about it: calls, promises and plans, holds, disputes' care, tasks, comments."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from encours.store.models.facts import Entity
from encours.store.models.people import User


class ContactOutcome(models.Model):
    """A contact with a customer and what came of it; `touch_id` is the fact of it.

    `outcome` is one of usecases/contact_outcomes.py; `items` the ids it was about ([]: all that is due). `data` holds
    what the outcome needs (days as ISO texts, amounts in minor units): on, amount, currency, reference, reason…
    `key` makes a form that is sent twice one contact. `promises`, `holds` and tasks it made name it.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    touch_id = models.CharField(max_length=190, unique=True)
    key = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=24)
    outcome = models.CharField(max_length=32)
    contact_id = models.CharField(max_length=190, null=True)
    action_id = models.CharField(max_length=255, null=True)  # the planned action that it answers
    items = models.JSONField(default=list)
    detail = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)


class PaymentPlan(models.Model):
    """Instalments agreed with a customer: each is a promise of its own. `total` in minor units of `currency`."""

    class State(models.TextChoices):
        STANDING = "standing"
        KEPT = "kept"
        BROKEN = "broken"
        ENDED = "ended"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    items = models.JSONField(default=list)
    why = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.STANDING)
    agreed_on = models.DateField()
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    key = models.CharField(max_length=64, unique=True)
    ended_on = models.DateField(null=True)


class PromiseResult(models.Model):
    """What became of a promise: one row a promise, imported or recorded here.

    `held_until`: the last day on which reminders of it wait. `amount`: what was promised; `asked` what of its items
    was open that day (null: what is open when it is due). `paid`: what came towards it by the day it was judged, in
    minor units of `currency`; `evidence`: the allocations and receipts that say so.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        KEPT = "kept"
        PARTLY = "partly"  # some money came, not all of it: broken, and told as what it is
        BROKEN = "broken"
        WITHDRAWN = "withdrawn"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    promise_id = models.CharField(max_length=190, unique=True)
    customer_id = models.CharField(max_length=190, db_index=True)
    item_id = models.CharField(max_length=190, null=True)
    kind = models.CharField(max_length=24)  # promise, payment_announced, instalment
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    made_on = models.DateField()
    due_on = models.DateField()
    held_until = models.DateField()
    reference = models.CharField(max_length=140, blank=True, default="")
    outcome = models.ForeignKey(ContactOutcome, null=True, on_delete=models.SET_NULL, related_name="promises")
    plan = models.ForeignKey(PaymentPlan, null=True, on_delete=models.SET_NULL, related_name="instalments")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    judged_on = models.DateField(null=True)
    paid = models.BigIntegerField(default=0)
    evidence = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["entity", "state", "due_on"], name="promise_result_due")]


class Hold(models.Model):
    """Reminders of a customer (item_id null) or of an item stopped by a person until a day.

    Asked for by sales (`state` asked) it holds nothing until somebody who may decides.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        STANDING = "standing"
        REFUSED = "refused"
        LIFTED = "lifted"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    item_id = models.CharField(max_length=190, null=True, db_index=True)
    reason = models.CharField(max_length=32)
    why = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.STANDING)
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    from_on = models.DateField()
    until_on = models.DateField()
    outcome = models.ForeignKey(ContactOutcome, null=True, on_delete=models.SET_NULL, related_name="holds")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, default="")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["entity", "state", "until_on"], name="hold_standing")]


class DisputeCare(models.Model):
    """Who settles a dispute and by when; the dispute itself is a fact. `owner` null: whoever has the fact's role."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    dispute_id = models.CharField(max_length=190, unique=True)
    customer_id = models.CharField(max_length=190, db_index=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    expected = models.CharField(max_length=32, blank=True, default="")  # the outcome that is likely: credit_note…
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")


class Task(models.Model):
    """Something a person must do. `owner` null: whoever has `owner_role` (a role's code, or a dispute's owner).

    `key` (null: made by hand) makes what raises a task twice raise one: it names the kind and its cause. `origin`: what
    it is about beside customer and item, as kind:id (dispute:…, promise:…, hold:…, notice:…, outcome:…).
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=190, null=True)
    customer_id = models.CharField(max_length=190, null=True, db_index=True)
    item_id = models.CharField(max_length=190, null=True)
    action_id = models.CharField(max_length=255, null=True)
    origin = models.CharField(max_length=255, blank=True, default="")
    title = models.CharField(max_length=255, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="tasks")
    owner_role = models.CharField(max_length=32, blank=True, default="")
    due_on = models.DateField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "key"], name="task_once")]
        indexes = [
            models.Index(fields=["entity", "due_on"], name="task_open", condition=Q(state="open")),
            models.Index(fields=["owner", "due_on"], name="task_owner", condition=Q(state="open")),
        ]


class Comment(models.Model):
    """What a person wrote to colleagues about a customer, or a thing of theirs; `mentions` are numbers of users."""

    class Subject(models.TextChoices):
        CUSTOMER = "customer"
        ITEM = "item"
        DISPUTE = "dispute"
        TASK = "task"

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    customer_id = models.CharField(max_length=190, db_index=True)
    subject = models.CharField(max_length=16, choices=Subject.choices)
    subject_id = models.CharField(max_length=190, db_index=True)
    key = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    text = models.TextField()
    mentions = models.JSONField(default=list)
    at = models.DateTimeField()


class Absence(models.Model):
    """A person is away from a day to a day, both included; their tasks are the stand-in's."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    from_on = models.DateField()
    to_on = models.DateField()
    stand_in = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "to_on"], name="absence_user")]


class SalesDigest(models.Model):
    """The week's letter to a sales owner, once a week: which customers, what was asked. `message` its outbox key."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    week_on = models.DateField()  # the Monday
    customers = models.JSONField(default=list)
    message = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "user", "week_on"], name="digest_once")]
