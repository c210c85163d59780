"""What clerks do with receipts beside matching them: causes of differences, advances, takes, what is no customer's."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User
from encours.store.models.workflow import Decision, Proposal


class DifferenceLine(models.Model):
    """A part of a proposal that is not plain cash, with its one cause.

    `kind` is the allocation's, "" where the amount stays open; `amount` in the item's currency and sign; `worth` what
    is given up with it in the entity's currency (null: no rate is known; 0: nothing is given up). `outside`: why the
    entity's policy alone does not let it be booked. `allocation_id`: what posting the proposal writes for it.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="differences")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    item_id = models.CharField(max_length=190, null=True)
    cause = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, blank=True, default="")
    amount = models.BigIntegerField()
    worth = models.BigIntegerField(null=True)
    account = models.CharField(max_length=16)
    owner = models.CharField(max_length=32)
    proof = models.TextField()
    outside = models.TextField(blank=True, default="")
    allocation_id = models.CharField(max_length=190, null=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["item_id"], name="difference_item")]


class HandMatch(models.Model):
    """What a person's own match asks for beside its lines, done when it is posted: now or with a second signature.

    `dispute`: reason, owner, item_id, amount of the dispute for the gap (null: none). `customer_id`: on whose account
    the rest of the money is to stand.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="by_hand")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    why = models.TextField(blank=True, default="")
    dispute = models.JSONField(null=True)
    customer_id = models.CharField(max_length=190, null=True)


class ReplacedProposal(models.Model):
    """An engine's proposal that a person's own match took the place of; `same`: it said just the same."""

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="replaced")
    by = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="replaces")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    same = models.BooleanField()


class ReceiptTake(models.Model):
    """Who works on a receipt: a take lapses some minutes after its last sign of life."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    receipt_id = models.CharField(max_length=190, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    taken_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class NotCustomer(models.Model):
    """A receipt that is no customer's, as long as the row is there: it goes when the decision is undone."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    receipt_id = models.CharField(max_length=190, unique=True)
    reason = models.CharField(max_length=24)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT)


class Advance(models.Model):
    """Money of a receipt that a person put on a customer's account, as long as the row is there.

    `amount`: what was not applied that day, in the receipt's currency.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    receipt_id = models.CharField(max_length=190, unique=True)
    customer_id = models.CharField(max_length=190, db_index=True)
    former_customer_id = models.CharField(max_length=190, null=True)
    amount = models.BigIntegerField()
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT)
