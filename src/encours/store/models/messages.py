"""Messages that leave: templates, the outbox with what each message speaks of, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from encours.store.models.facts import Entity
from encours.store.models.people import User


class MessageTemplate(models.Model):
    """A user's own version of a template; the shipped ones are files. The active one of the highest version counts.

    `entity` null: for all entities. `code` names what it is for (courtesy, friendly, firm…), `language` is ISO 639-1.
    """

    entity = models.ForeignKey(Entity, null=True, on_delete=models.CASCADE)
    code = models.CharField(max_length=64)
    channel = models.CharField(max_length=24)
    language = models.CharField(max_length=8)
    tone = models.CharField(max_length=24)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "code", "channel", "language", "tone", "version"], name="template_version"
            ),
            models.UniqueConstraint(
                fields=["code", "channel", "language", "tone", "version"],
                condition=Q(entity__isnull=True),
                name="template_version_of_all",
            ),
        ]


class Message(models.Model):
    """One message to one customer, from its draft to what became of it. Its key is in the e-mail's Message-ID.

    `purpose`: what kind of message it is (dunning, internal, notice). `action_id`: the planned action it carries out,
    by its own text id, because plans are replaced every day. `amount` in minor units of `currency`. `language`: what
    it is written in. `send_after`: until then it can be recalled. `claimed_*`: the worker that is handing it over.
    `provider_id`: what the receiving server or provider answered. `settled_how`: what told what became of an uncertain
    one. `answered_at`: the customer replied, which holds the scenario.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        TO_CONFIRM = "to_confirm"
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        DELIVERED = "delivered"
        BOUNCED = "bounced"
        FAILED = "failed"
        UNCERTAIN = "uncertain"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    customer_id = models.CharField(max_length=190, null=True)  # none: a message to our own people
    action_id = models.CharField(max_length=255, null=True)
    purpose = models.CharField(max_length=16, default="dunning")
    channel = models.CharField(max_length=24)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    reply_to = models.CharField(max_length=255, blank=True, default="")
    sender = models.CharField(max_length=255, blank=True, default="")
    subject = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    language = models.CharField(max_length=8, default="fr")
    scenario = models.CharField(max_length=64, blank=True, default="")
    step = models.CharField(max_length=64, blank=True, default="")
    level = models.IntegerField(null=True)
    template = models.CharField(max_length=64, blank=True, default="")
    tone = models.CharField(max_length=24, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    amount = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    send_after = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=128, blank=True, default="")
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=255, blank=True, default="")
    error = models.TextField(blank=True, default="")
    settled_how = models.CharField(max_length=24, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["state", "send_after"], name="message_waiting", condition=Q(state="queued")),
            models.Index(fields=["entity", "state"], name="message_state"),
            models.Index(fields=["entity", "sent_at"], name="message_sent"),
            models.Index(fields=["customer_id"], name="message_customer"),
        ]
        constraints = [
            # One action leaves once: whatever asks twice finds the first message.
            models.UniqueConstraint(
                fields=["entity", "action_id"],
                condition=Q(action_id__isnull=False) & ~Q(state="cancelled"),
                name="message_of_action",
            ),
        ]


class MessageItem(models.Model):
    """An item that a message asks for, or shows. `amount`: what is asked; `held`: its part that is not asked for."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="lines")
    item_id = models.CharField(max_length=190, db_index=True)
    amount = models.BigIntegerField()
    held = models.BigIntegerField(default=0)


class MessageFile(models.Model):
    """An attachment: its bytes lie under their digest in the data folder (`path`, relative to it).

    `inline`: the content id by which the HTML shows it ("": an attachment).
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=512)
    inline = models.CharField(max_length=64, blank=True, default="")


class MessageEvent(models.Model):
    """What happened to a message, in order; `detail` is what a server or a person said."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    detail = models.TextField(blank=True, default="")


class MailboxMark(models.Model):
    """How far a mailbox was read: the folder's validity number and the last message read of it."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    folder = models.CharField(max_length=190)
    validity = models.BigIntegerField()
    last_uid = models.BigIntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "folder"], name="mailbox_folder")]
