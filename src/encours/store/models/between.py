"""What stands between two entities: money that came to one and settles what is owed to the other."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.workflow import Proposal


class MatchElsewhere(models.Model):
    """A proposal that settles items of another entity (`other`) with money that came to `entity`.

    Who has no rights in the other entity does not see the proposal.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, related_name="elsewhere")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")


class AllocationElsewhere(models.Model):
    """An allocation that `entity` bears, because the receipt is its own, on an item of `other`.

    Reading one entity's book alone shows its side only: the money that left, or the item that was settled.
    `booked_there_by`: the import in which the other entity's ledger brought its entry back.
    """

    allocation_id = models.CharField(max_length=190, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    booked_there_by = models.BigIntegerField(null=True)


class InstrumentPayment(models.Model):
    """An instrument whose state follows what becomes of a proposal that pays it, or takes its payment back.

    `items`: the items that the proposal settles (or opens) for it. `was`, `was_on`: the state that posting the proposal
    ended, `became` the one that it gave; empty where posting changed nothing, or has not come yet.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="instruments")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    instrument_id = models.CharField(max_length=190, db_index=True)
    items = models.JSONField(default=list)
    was = models.CharField(max_length=16, blank=True, default="")
    was_on = models.DateField(null=True)
    became = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "instrument_id"], name="instrument_payment")]
