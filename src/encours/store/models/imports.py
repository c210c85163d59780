"""Imports: the files that came in, what they said, what was wrong with them."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity
from encours.store.models.people import User


class SourceProfile(models.Model):
    """A source of files: what it declares itself to be, and the column mapping that a user corrected once."""

    class Scope(models.TextChoices):
        SNAPSHOT = "snapshot"  # complete on its day: what is absent was settled
        PERIOD = "period"  # all that happened between two days
        CHANGES = "changes"  # some facts, absence means nothing

    entity = models.ForeignKey(Entity, null=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    connector = models.CharField(max_length=48)
    scope = models.CharField(max_length=16, choices=Scope.choices, default=Scope.CHANGES)
    fingerprint = models.CharField(max_length=64, db_index=True)  # of the headings: the next file finds its profile
    mapping = models.JSONField(null=True)
    options = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="source_name")]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One act of importing: all its files or none of them."""

    class State(models.TextChoices):
        RECEIVED = "received"
        READ = "read"  # parsed, previewed, nothing in the book yet
        HELD = "held"  # waits for a person (a suspect snapshot, a mapping to confirm)
        LOADING = "loading"
        DONE = "done"
        FAILED = "failed"
        DISCARDED = "discarded"

    entity = models.ForeignKey(Entity, null=True, on_delete=models.PROTECT)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    source = models.ForeignKey(SourceProfile, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVED)
    received_at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True)
    known_on = models.DateField()  # the day on which its facts became known to us
    scope = models.CharField(max_length=16, default=SourceProfile.Scope.CHANGES)
    day = models.DateField(null=True)  # the day a snapshot shows
    counts = models.JSONField(default=dict)  # table -> {new, same, changed}
    held_because = models.TextField(blank=True, default="")
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # believes it
    progress = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["entity", "-received_at"], name="import_entity")]


class ImportFile(models.Model):
    """A file of an import, kept as it came."""

    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=512)  # below the data folder
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    connector = models.CharField(max_length=48, blank=True, default="")
    kind = models.CharField(max_length=64, blank=True, default="")
    facts = models.JSONField(default=dict)
    rows = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)


class ImportIssue(models.Model):
    """What was wrong, where, and what to do."""

    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="issues")
    file = models.ForeignKey(ImportFile, null=True, on_delete=models.CASCADE, related_name="issues")
    line = models.BigIntegerField(null=True)
    code = models.CharField(max_length=64)
    severity = models.CharField(max_length=8)
    message = models.TextField()
    action = models.TextField(blank=True, default="")
    table = models.CharField(max_length=32, blank=True, default="")
    key = models.CharField(max_length=255, blank=True, default="")


class RejectedLine(models.Model):
    """A line that could not be read, as it stood, to be corrected and sent again."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="rejected_lines")
    line = models.BigIntegerField(null=True)
    text = models.TextField()
    code = models.CharField(max_length=64)


class Snapshot(models.Model):
    """A full list of open items as of a day, per source: what it held and its total, to compare the next one with."""

    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="snapshots")
    source = models.ForeignKey(SourceProfile, on_delete=models.CASCADE)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    day = models.DateField()
    items = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "entity", "day"], name="snapshot_day")]


class FactStamp(models.Model):
    """One committed change of an entity's facts: the copies in Parquet bear the stamp of the last one they hold.

    Rates belong to no entity: theirs is empty. The token tells this history from another one with the same numbers
    (a database that was restored): a copy whose token is not in here is made anew.
    """

    entity_id = models.CharField(max_length=64)
    number = models.BigIntegerField()
    token = models.CharField(max_length=32)
    import_id = models.BigIntegerField(null=True)
    marks = models.JSONField(default=dict)  # table -> the number of the entity's last row in it
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity_id", "number"], name="fact_stamp_once")]
