"""Rights: entities, roles, portfolios, delegations with limits and a second signature."""

from __future__ import annotations

from datetime import date

import pytest

from encours.store.models import (
    Allocation,
    Customer,
    Delegation,
    Entity,
    Import,
    Item,
    Portfolio,
    PortfolioMember,
    Receipt,
    Role,
    Run,
    SavedView,
    User,
)
from encours.store.rights import ACTS, actor_of, job

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def books() -> None:
    """Two entities; in A two customers of two collectors."""
    for entity_id in ("A", "B"):
        Entity.objects.create(entity_id=entity_id, name=entity_id, country="FR", currency="EUR")
        for n, collector in enumerate(("north", "south"), start=1):
            customer_id = f"{entity_id}:{n}"
            Customer.objects.create(
                entity_id=entity_id, customer_id=customer_id, name=customer_id, kind="business", collector=collector
            )
            Item.objects.create(
                entity_id=entity_id, customer_id=customer_id, item_id=f"{customer_id}:i", number="1", kind="invoice",
                issued_on=DAY, due_on=DAY, amount=100, currency="EUR",
            )  # fmt: skip
            Receipt.objects.create(
                entity_id=entity_id, receipt_id=f"{customer_id}:r", account="512", booked_on=DAY, amount=100,
                currency="EUR", kind="transfer", origin="bank",
            )  # fmt: skip
            Allocation.objects.create(
                entity_id=entity_id, allocation_id=f"{customer_id}:a", receipt_id=f"{customer_id}:r",
                item_id=f"{customer_id}:i", amount=100, kind="cash", allocated_on=DAY, source="x",
            )  # fmt: skip


def person(name: str, *roles: tuple[str, str, Portfolio | None], superuser: bool = False) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", is_superuser=superuser)
    for entity_id, kind, portfolio in roles:
        Role.objects.create(user=user, entity_id=entity_id, kind=kind, portfolio=portfolio)
    return user


def seen(user: User, model: type, entity_ids: list[str] | None = None) -> list[str]:
    key = {Customer: "customer_id", Item: "item_id", Receipt: "receipt_id", Allocation: "allocation_id"}[model]
    return sorted(actor_of(user).scope(model, entity_ids).values_list(key, flat=True))


def test_a_stranger_and_a_blocked_account_see_nothing() -> None:
    blocked = person("blocked", ("A", "administrator", None), superuser=True)
    blocked.is_active = False
    for user in (person("stranger"), blocked):
        assert actor_of(user).entities == ()
        assert seen(user, Item) == []
        assert not actor_of(user).may("see", "A")
        assert not actor_of(user).may("manage_users", None)


def test_a_superuser_administers_every_entity() -> None:
    root = actor_of(person("root", superuser=True))
    assert root.entities == ("A", "B")
    assert all(root.may(act, entity_id) for act in ACTS for entity_id in ("A", "B"))


def test_a_role_is_of_one_entity() -> None:
    clerk = person("clerk", ("A", "cash_application", None))
    assert seen(clerk, Item) == ["A:1:i", "A:2:i"]
    assert seen(clerk, Item, ["B"]) == []
    actor = actor_of(clerk)
    assert actor.may("accept_match", "A")
    assert actor.may("accept_match", "B").why == "no_role"
    assert not actor.may("manage_users", "A")
    assert actor.may("no such act", "A").why == "unknown_act"


def test_a_portfolio_narrows_facts_and_hides_what_is_about_the_whole_entity() -> None:
    north = Portfolio.objects.create(entity_id="A", name="north", collector="north")
    collector = person("collector", ("A", "collector", north))
    assert seen(collector, Customer) == ["A:1"]
    assert seen(collector, Item) == ["A:1:i"]
    assert seen(collector, Allocation) == ["A:1:a"]
    assert seen(collector, Receipt) == ["A:1:r"], "a receipt that pays one of its items, though it names no customer"
    Import.objects.create(entity_id="A", received_at="2026-03-31T00:00Z", known_on=DAY)
    assert not actor_of(collector).scope(Import).exists()
    PortfolioMember.objects.create(portfolio=north, customer_id="A:2")
    assert seen(collector, Customer) == ["A:1", "A:2"]
    PortfolioMember.objects.create(portfolio=north, customer_id="B:2")
    assert seen(collector, Customer) == ["A:1", "A:2"], "a portfolio of A opens nothing in B"


def test_one_unlimited_role_sees_the_entity_whole() -> None:
    north = Portfolio.objects.create(entity_id="A", name="north", collector="north")
    both = person("both", ("A", "collector", north), ("A", "viewer", None))
    assert seen(both, Customer) == ["A:1", "A:2"]


def test_a_delegation_limits_a_role_and_asks_for_a_second_signature() -> None:
    clerk = actor_of(person("clerk", ("A", "cash_application", None)))
    Delegation.objects.create(
        entity_id="A", act="accept_match", role_kind="cash_application", amount_max=1000, second_signature_from=500
    )
    assert clerk.may("accept_match", "A", 499) == clerk.may("accept_match", "A")
    assert clerk.may("accept_match", "A", -500).second_signature
    assert clerk.may("accept_match", "A", 1001).why == "amount_over_limit"
    manager = actor_of(person("manager", ("A", "credit_manager", None)))
    assert manager.may("accept_match", "A", 10**9).ok


def test_a_delegation_to_a_person_says_more_than_the_role() -> None:
    sales = person("sales", ("A", "sales", None))
    assert not actor_of(sales).may("write_off", "A", 1)
    Delegation.objects.create(entity_id="A", act="write_off", user=sales, amount_max=100)
    assert actor_of(sales).may("write_off", "A", 100)
    assert actor_of(sales).may("write_off", "A", 101).why == "amount_over_limit"


def test_nobody_approves_their_own_act() -> None:
    first, second = (person(name, ("A", "credit_manager", None)) for name in ("first", "second"))
    assert actor_of(first).may_sign_second("accept_match", "A", 500, first.pk).why == "own_act"
    assert actor_of(second).may_sign_second("accept_match", "A", 500, first.pk)
    viewer = actor_of(person("viewer", ("A", "viewer", None)))
    assert not viewer.may_sign_second("accept_match", "A", 500, first.pk)


def test_a_job_works_everywhere_under_its_own_name() -> None:
    nightly = job("nightly")
    assert nightly.entities == ("A", "B")
    assert nightly.may("import_files", "C")
    assert nightly.name == "job:nightly"


def test_a_model_without_an_entity_cannot_be_scoped() -> None:
    with pytest.raises(TypeError):
        actor_of(person("x")).scope(SavedView)
    assert not actor_of(person("y")).scope(Run).exists()
