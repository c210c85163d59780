"""How customers pay: each entity's model, what is expected of every open item, payers' habits, who changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from encours.store.models.facts import Entity


class PaymentModel(models.Model):
    """The model of an entity's payment days, kept from night to night, and what it foresaw last.

    `reason`: why it was learnt (first, moved, grown, old, version). `drift`: what it was asked last, with the figures.
    `as_of`, `stamp`, `engine`: the day, the state of the facts and the version that the rows beside it rest on. The
    text can be megabytes long: pages defer it.
    """

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True)
    learnt_on = models.DateField()
    payments = models.IntegerField()
    basis = models.CharField(max_length=16)  # model, own_median
    says = models.TextField()
    trial = models.JSONField()
    reason = models.CharField(max_length=16)
    text = models.TextField()
    drift = models.JSONField()
    lag_days = models.IntegerField()
    as_of = models.DateField()
    stamp = models.CharField(max_length=64)
    engine = models.CharField(max_length=32)
    made_at = models.DateTimeField()


class ItemPrediction(models.Model):
    """When an open item is expected, as of the last night; and, where it is late, what its payer's habit says of it.

    The columns are those of core's predictions and flags; `kind`: leave_alone until `until_on`, p90_passed, watch.
    `shift_says`: the sentence of the rule that moved it.
    """

    item_id = models.CharField(max_length=190, primary_key=True)
    entity_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=190, db_index=True)
    payer_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    open = models.BigIntegerField()
    due_on = models.DateField()
    as_of = models.DateField()
    p10_on = models.DateField()
    p50_on = models.DateField()
    p90_on = models.DateField()
    expected_on = models.DateField()
    p_late = models.FloatField()
    p_unpaid_90 = models.FloatField()
    p_partial = models.FloatField()
    basis = models.CharField(max_length=16)
    payments = models.IntegerField()
    shift = models.CharField(max_length=32, null=True)
    shift_says = models.TextField(null=True)
    kind = models.CharField(max_length=16, null=True)
    until_on = models.DateField(null=True)
    days_late = models.IntegerField(null=True)
    own_p90 = models.IntegerField(null=True)
    p_abnormal = models.FloatField(null=True)
    sentence = models.TextField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entity_id", "kind"], name="prediction_kind")]


class PayerProfile(models.Model):
    """A customer's habit: the named profile with its figures, the next money, and what is left alone and its cost.

    The habit is the payer's; amounts are the customer's own, in minor units of `currency`. `next_*`: null where no
    money can be foreseen. `late_cost`: what a year of the customer's own late payment costs.
    """

    customer_id = models.CharField(max_length=190, primary_key=True)
    entity_id = models.CharField(max_length=64, db_index=True)
    payer_id = models.CharField(max_length=190)
    as_of = models.DateField()
    profile = models.CharField(max_length=24)
    why = models.TextField()
    payments = models.IntegerField()
    figures = models.JSONField()
    currency = models.CharField(max_length=3, null=True)
    next_on = models.DateField(null=True)
    next_from_on = models.DateField(null=True)
    next_to_on = models.DateField(null=True)
    next_amount = models.BigIntegerField(null=True)
    next_items = models.IntegerField(null=True)
    next_due_on = models.DateField(null=True)
    alone_items = models.IntegerField()
    alone_amount = models.BigIntegerField()
    alone_until_on = models.DateField(null=True)
    cost_currency = models.CharField(max_length=3, null=True)
    late_cost = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entity_id", "profile"], name="payer_profile")]


class Signal(models.Model):
    """An alert on a payer, from the night that raised it to the one that found it gone.

    `since_on`: the day that it is about, where there is one (the habit changed, the P90 was passed); `amount`: the
    payer's late money in `currency` when it was last seen.
    """

    entity_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=190, db_index=True)
    kind = models.CharField(max_length=24)
    raised_on = models.DateField()
    since_on = models.DateField(null=True)
    seen_on = models.DateField()
    gone_on = models.DateField(null=True)
    chance = models.FloatField()
    sentence = models.TextField()
    evidence = models.JSONField()
    currency = models.CharField(max_length=3, null=True)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "kind"], condition=Q(gone_on__isnull=True), name="signal_standing_once"
            )
        ]
        indexes = [models.Index(fields=["entity_id", "gone_on", "raised_on"], name="signal_entity")]
