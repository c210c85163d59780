"""Who among our people owns a customer: the sales owner that the customer's record names, as a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from encours.connectors.base.mime import bare
from encours.core.base.opt_outs import refused
from encours.store.models import Contact, Role, User
from encours.usecases.send_notices import Outside

#: Roles of contacts that are ours, not the customer's.
_SALES = ("sales_owner", "sales")


def sales_users(entity_id: str, owners: Iterable[str]) -> dict[str, int]:
    """Name of a sales owner in the book -> the number of the user who is meant; one who is nobody here is left out.

    Meant is who has the sales role with a portfolio of that name, else whose address or full name it is.
    """
    roles = Role.objects.filter(entity_id=entity_id, kind=Role.Kind.SALES, user__is_active=True)
    people = {role.user_id: role for role in roles.select_related("user", "portfolio").order_by("pk")}
    by_name: dict[str, int] = {}
    for role in people.values():
        for name in _names(role.user):
            by_name.setdefault(name, role.user_id)
    for role in people.values():  # a portfolio says it outright
        if role.portfolio is not None and role.portfolio.sales_owner:
            by_name[role.portfolio.sales_owner.casefold()] = role.user_id
    wanted = {owner for owner in owners if owner}
    return {owner: by_name[owner.casefold()] for owner in wanted if owner.casefold() in by_name}


def owners_outside(owners: Mapping[str, str]) -> dict[str, Outside]:
    """Customer -> its sales owner as the book knows them, of customer -> the name in its record.

    It is the record's own text where that is an address, else the customer's contact of a sales role: of that name
    before another. Who refuses e-mails, or whose address bounced, is nobody.
    """
    found = {one: Outside("", address) for one, owner in owners.items() if (address := bare(owner))}
    rows = Contact.objects.filter(
        customer_id__in=set(owners) - set(found), is_current=True, role__in=_SALES, bounced_on__isnull=True
    )
    for row in rows.order_by("contact_id"):
        named = (row.name or "").casefold() == owners[row.customer_id].casefold()
        if bare(row.email or "") and "email" not in refused(row.opt_out) and (named or row.customer_id not in found):
            found[row.customer_id] = Outside(row.name or "", row.email or "", row.language or "")
    return found


def _names(user: User) -> list[str]:
    full = user.get_full_name().casefold()
    return [user.email.casefold(), user.email.split("@")[0].casefold(), *([full] if full else [])]
