"""Portfolios: a collector's or a sales owner's customers, by their name and one by one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import Customer, Portfolio, PortfolioMember, Role
from encours.usecases import clock
from encours.usecases.rights import Actor, require


def save_portfolio(
    actor: Actor,
    entity_id: str,
    name: str,
    collector: str = "",
    customer_ids: Sequence[str] = (),
    portfolio_id: int | None = None,
    sales_owner: str = "",
) -> Portfolio:
    """Makes a portfolio, or changes the one with `portfolio_id`. Raises CallError listing every fault."""
    require(actor, "manage_portfolios", entity_id)
    name = name.strip()
    if faults := _faults(entity_id, name, customer_ids, portfolio_id):
        raise CallError(faults)
    with transaction.atomic():
        row = Portfolio(entity_id=entity_id) if portfolio_id is None else Portfolio.objects.get(pk=portfolio_id)
        row.name, row.collector, row.sales_owner = name, collector.strip(), sales_owner.strip()
        row.save()
        row.members.all().delete()
        PortfolioMember.objects.bulk_create(
            PortfolioMember(portfolio=row, customer_id=c) for c in sorted(set(customer_ids))
        )
        after = {
            "collector_set": bool(row.collector),
            "sales_owner_set": bool(row.sales_owner),
            "members": len(set(customer_ids)),
        }
        audit.append(
            clock.now(), actor.name, "save_portfolio", entity_id=entity_id, subject=f"portfolio:{row.pk}", after=after
        )
    return row


def delete_portfolio(actor: Actor, portfolio_id: int) -> None:
    """Removes a portfolio that limits nobody any more (CallError otherwise)."""
    row = Portfolio.objects.filter(pk=portfolio_id).first()
    if row is None:
        raise CallError([f"there is no portfolio {portfolio_id}"])
    require(actor, "manage_portfolios", row.entity_id)
    if Role.objects.filter(portfolio=row).exists():
        raise CallError([f"{row.name} still limits a user: change that role first"])
    with transaction.atomic():
        audit.append(
            clock.now(), actor.name, "delete_portfolio", entity_id=row.entity_id, subject=f"portfolio:{row.pk}"
        )
        row.delete()


def _faults(entity_id: str, name: str, customer_ids: Sequence[str], portfolio_id: int | None) -> list[str]:
    faults = [] if name else ["a portfolio needs a name"]
    same = Portfolio.objects.filter(entity_id=entity_id, name=name).values_list("pk", flat=True)
    if name and set(same) - {portfolio_id}:
        faults.append(f"{name} is the name of another portfolio")
    if portfolio_id is not None and not Portfolio.objects.filter(pk=portfolio_id, entity_id=entity_id).exists():
        faults.append(f"there is no portfolio {portfolio_id} in {entity_id}")
    wanted = set(customer_ids)
    known = set(
        Customer.objects.filter(entity_id=entity_id, customer_id__in=wanted, is_current=True).values_list(
            "customer_id", flat=True
        )
    )
    return faults + [f"there is no customer {missing} in {entity_id}" for missing in sorted(wanted - known)]
