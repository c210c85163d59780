"""Who among our people owns a customer: the sales owner that the customer's record names, as a user."""

from __future__ import annotations

from collections.abc import Iterable

from encours.store.models import Role, User


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


def _names(user: User) -> list[str]:
    full = user.get_full_name().casefold()
    return [user.email.casefold(), user.email.split("@")[0].casefold(), *([full] if full else [])]
