"""Journal entries that left for the ERP: batches, their lines, what they cover, the letters that go with them."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.workflow import Export


class EntryBatch(models.Model):
    """Entries of one bank account in one period that left together, numbered through the entity.

    `control`: entries, lines, debit, credit, and by currency totals (the money booked), statements (the bank lines
    that they are of) and rests (what of those stays unapplied). `digests`: file kind -> sha256.
    """

    export = models.OneToOneField(Export, on_delete=models.PROTECT, related_name="batch")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    number = models.IntegerField()
    bank = models.CharField(max_length=64)
    mode = models.CharField(max_length=8)
    period = models.DateField()  # the first day of the month
    journals = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    control = models.JSONField()
    digests = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "number"], name="entry_batch_number")]


class EntryLine(models.Model):
    """A line of an entry as it left. `net`: debit − credit in minor units of the batch's currency."""

    batch = models.ForeignKey(EntryBatch, on_delete=models.CASCADE, related_name="lines")
    number = models.CharField(max_length=24)  # of the entry
    journal = models.CharField(max_length=6)
    day = models.DateField()
    piece = models.CharField(max_length=16, db_index=True)  # the entry's Encours id
    main = models.CharField(max_length=16, db_index=True)  # that of its decision's first entry
    account = models.CharField(max_length=32)
    auxiliary = models.CharField(max_length=190, blank=True, default="")
    auxiliary_name = models.CharField(max_length=255, blank=True, default="")
    label = models.CharField(max_length=120)
    net = models.BigIntegerField()
    foreign_amount = models.BigIntegerField(null=True)
    foreign_currency = models.CharField(max_length=3, blank=True, default="")
    letter = models.CharField(max_length=8, blank=True, default="")
    role = models.CharField(max_length=16)
    item_id = models.CharField(max_length=190, blank=True, default="", db_index=True)
    receipt_id = models.CharField(max_length=190, db_index=True)
    counter = models.BooleanField(default=False)


class EntryCover(models.Model):
    """A settlement that a batch took along; `piece` is null where only letters were missing.

    `cash` of the receipt in its currency, `from_advance` of it was taken from 4191; `worth` off the claim in the
    entity's. Reversals (`counter`) bear negative amounts.
    """

    batch = models.ForeignKey(EntryBatch, on_delete=models.CASCADE, related_name="covers")
    allocation_id = models.CharField(max_length=190, db_index=True)
    encours_id = models.CharField(max_length=64)
    piece = models.CharField(max_length=16, null=True, db_index=True)
    receipt_id = models.CharField(max_length=190, db_index=True)
    item_id = models.CharField(max_length=190, blank=True, default="")
    kind = models.CharField(max_length=16)
    cash = models.BigIntegerField()
    cash_currency = models.CharField(max_length=3)
    from_advance = models.BigIntegerField(default=0)
    worth = models.BigIntegerField()
    counter = models.BooleanField(default=False)


class EntryLetter(models.Model):
    """A line of the ledger to be lettered; a blank letter takes the one off that it bore."""

    batch = models.ForeignKey(EntryBatch, on_delete=models.CASCADE, related_name="letters")
    account = models.CharField(max_length=32)
    auxiliary = models.CharField(max_length=190, blank=True, default="")
    letter = models.CharField(max_length=8, blank=True, default="")
    subject = models.CharField(max_length=8)  # item, payment, entry
    reference = models.CharField(max_length=190)
    erp_line = models.CharField(max_length=190)
    day = models.DateField()
    net = models.BigIntegerField()
    item_id = models.CharField(max_length=190, blank=True, default="")
    receipt_id = models.CharField(max_length=190, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["item_id"], name="entry_letter_item")]
