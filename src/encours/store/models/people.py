"""Users, what they may do in which entity, on which customers and up to which amount."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from encours.store.models.facts import Entity


class User(AbstractUser):
    """A person; signs in with the e-mail address."""

    email = models.EmailField(unique=True)
    language = models.CharField(max_length=8, default="fr")


class Portfolio(models.Model):
    """A collector's or a sales owner's customers: those whose `collector` or `sales_owner` it names, and those named
    one by one."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    collector = models.CharField(max_length=190, blank=True, default="")
    sales_owner = models.CharField(max_length=190, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="portfolio_name")]

    def __str__(self) -> str:
        return self.name


class PortfolioMember(models.Model):
    """A customer put into a portfolio by hand."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="members")
    customer_id = models.CharField(max_length=190)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portfolio", "customer_id"], name="portfolio_member")]


class Role(models.Model):
    """What a user is in one entity; several rows, several roles."""

    class Kind(models.TextChoices):
        VIEWER = "viewer"
        COLLECTOR = "collector"
        CASH_APPLICATION = "cash_application"
        CREDIT_MANAGER = "credit_manager"
        SALES = "sales"
        ADMINISTRATOR = "administrator"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="entity_roles")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    portfolio = models.ForeignKey(Portfolio, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "entity", "kind"], name="role_once")]


class Delegation(models.Model):
    """Who may do an act up to which amount, and from which amount a second signature is needed.

    Held by a role kind or by one user. Amounts in minor units of the entity's currency; none: no limit.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    act = models.CharField(max_length=48)
    role_kind = models.CharField(max_length=24, blank=True, default="")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE)
    amount_max = models.BigIntegerField(null=True, blank=True)
    second_signature_from = models.BigIntegerField(null=True, blank=True)
    second_role_kind = models.CharField(max_length=24, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)


class SavedView(models.Model):
    """Filters and columns of a screen that a user kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    screen = models.CharField(max_length=48)
    name = models.CharField(max_length=120)
    query = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "screen", "name"], name="saved_view_name")]
