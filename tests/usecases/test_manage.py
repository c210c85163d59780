"""Users, roles, delegations, portfolios and settings: each act by its right, its faults listed, each in the audit."""

from __future__ import annotations

from datetime import date

import pytest

from encours.core.base.issue import CallError
from encours.store import audit
from encours.store.models import AuditEntry, Delegation, Entity, Portfolio, Role, User
from encours.usecases.manage_delegations import Terms, end_delegation, grant_delegation
from encours.usecases.manage_portfolios import delete_portfolio, save_portfolio
from encours.usecases.manage_settings import DECLARED, change_setting, setting
from encours.usecases.manage_users import Grant, create_user, grant_role, reset_password, revoke_role, set_active
from encours.usecases.rights import Actor, NotAllowedError, actor_of

pytestmark = pytest.mark.django_db
PASSWORD = "une longue phrase de passe"


@pytest.fixture(autouse=True)
def entities() -> None:
    """Two entities."""
    for code in ("A", "B"):
        Entity.objects.create(entity_id=code, name=f"Société {code}", country="FR", currency="EUR")


@pytest.fixture
def root() -> Actor:
    """Who administers the installation."""
    return actor_of(User.objects.create(username="root@a.test", email="root@a.test", is_superuser=True))


@pytest.fixture
def admin_of_a() -> Actor:
    """Who administers entity A only."""
    user = User.objects.create(username="a@a.test", email="a@a.test")
    Role.objects.create(user=user, entity_id="A", kind="administrator")
    return actor_of(user)


@pytest.fixture
def manager_of_a() -> Actor:
    """A credit manager of A."""
    user = User.objects.create(username="m@a.test", email="m@a.test")
    Role.objects.create(user=user, entity_id="A", kind="credit_manager")
    return actor_of(user)


def acts() -> list[str]:
    """The acts in the audit, in order; the chain must hold."""
    assert audit.verify().intact
    return list(AuditEntry.objects.order_by("number").values_list("act", flat=True))


def test_a_user_is_made_with_every_fault_listed_at_once(admin_of_a: Actor) -> None:
    with pytest.raises(CallError) as caught:
        create_user(admin_of_a, "not an address", "court", language="de")
    assert len(caught.value.faults) >= 3
    user = create_user(admin_of_a, " Clerk@A.test ", PASSWORD, name="Camille Clerc")
    assert (user.email, user.first_name, user.check_password(PASSWORD)) == ("clerk@a.test", "Camille", True)
    with pytest.raises(CallError, match="already has an account"):
        create_user(admin_of_a, "clerk@a.test", PASSWORD)
    assert acts() == ["create_user"]
    assert "Camille" not in str(list(AuditEntry.objects.values_list("after", flat=True)))


def test_only_the_installation_makes_its_administrators(admin_of_a: Actor, root: Actor) -> None:
    with pytest.raises(NotAllowedError):
        create_user(admin_of_a, "boss@a.test", PASSWORD, superuser=True)
    assert create_user(root, "boss@a.test", PASSWORD, superuser=True).is_superuser


def test_roles_are_given_in_ones_own_entity_only(admin_of_a: Actor, manager_of_a: Actor) -> None:
    user = create_user(admin_of_a, "clerk@a.test", PASSWORD)
    grant_role(admin_of_a, user.pk, Grant("A", "cash_application"))
    for actor, entity in ((admin_of_a, "B"), (manager_of_a, "A")):
        with pytest.raises(NotAllowedError):
            grant_role(actor, user.pk, Grant(entity, "viewer"))
    with pytest.raises(CallError) as caught:
        grant_role(admin_of_a, user.pk, Grant("A", "emperor", portfolio_id=12345))
    assert len(caught.value.faults) == 2
    assert actor_of(user).entities == ("A",)


def test_an_entity_keeps_an_administrator(admin_of_a: Actor) -> None:
    role = Role.objects.get(entity_id="A", kind="administrator")
    with pytest.raises(CallError, match="without an administrator"):
        revoke_role(admin_of_a, role.pk)
    second = create_user(admin_of_a, "second@a.test", PASSWORD)
    grant_role(admin_of_a, second.pk, Grant("A", "administrator"))
    revoke_role(admin_of_a, role.pk)
    assert acts() == ["create_user", "grant_role", "revoke_role"]


def test_nobody_ends_an_account_that_belongs_elsewhere_or_is_theirs(admin_of_a: Actor, root: Actor) -> None:
    both = create_user(root, "both@a.test", PASSWORD)
    for entity in ("A", "B"):
        grant_role(root, both.pk, Grant(entity, "viewer"))
    with pytest.raises(NotAllowedError):
        set_active(admin_of_a, both.pk, active=False)
    with pytest.raises(NotAllowedError):
        reset_password(admin_of_a, both.pk, PASSWORD)
    assert admin_of_a.user
    with pytest.raises(CallError, match="their own account"):
        set_active(admin_of_a, admin_of_a.user.pk, active=False)
    set_active(root, both.pk, active=False)
    both.refresh_from_db()
    assert not both.is_active


def test_a_delegation_limits_an_act_and_replaces_the_one_before(admin_of_a: Actor, manager_of_a: Actor) -> None:
    assert manager_of_a.may("write_off", "A", 10_000_00).ok
    grant_delegation(admin_of_a, Terms("A", "write_off", role_kind="credit_manager", amount_max=500_00))
    row = grant_delegation(
        admin_of_a,
        Terms("A", "write_off", role_kind="credit_manager", amount_max=1_000_00, second_signature_from=200_00),
    )
    assert manager_of_a.user
    limited = actor_of(manager_of_a.user)
    assert not limited.may("write_off", "A", 1_000_01).ok
    assert limited.may("write_off", "A", 200_00).second_signature
    assert Delegation.objects.filter(ended_at__isnull=True).count() == 1
    end_delegation(admin_of_a, row.pk)
    end_delegation(admin_of_a, row.pk)
    assert acts() == ["grant_delegation", "grant_delegation", "end_delegation"]


def test_a_delegation_says_everything_that_is_wrong_with_it(admin_of_a: Actor) -> None:
    with pytest.raises(CallError) as caught:
        grant_delegation(admin_of_a, Terms("A", "fly", role_kind="emperor", user_id=99, amount_max=-1))
    assert len(caught.value.faults) == 5
    assert admin_of_a.user
    with pytest.raises(NotAllowedError):
        grant_delegation(admin_of_a, Terms("A", "write_off", user_id=admin_of_a.user.pk))


def test_a_portfolio_that_limits_somebody_stays(manager_of_a: Actor) -> None:
    row = save_portfolio(manager_of_a, "A", "Nord", collector="Durand")
    with pytest.raises(CallError) as caught:
        save_portfolio(manager_of_a, "A", "Nord", customer_ids=["A:none"])
    assert len(caught.value.faults) == 2
    assert save_portfolio(manager_of_a, "A", "Grand Nord", portfolio_id=row.pk).pk == row.pk
    role = Role.objects.create(
        user=User.objects.create(username="c", email="c@a.test"), entity_id="A", kind="collector", portfolio=row
    )
    with pytest.raises(CallError, match="still limits"):
        delete_portfolio(manager_of_a, row.pk)
    role.delete()
    delete_portfolio(manager_of_a, row.pk)
    assert not Portfolio.objects.exists()


def test_a_setting_is_in_force_from_its_day_for_its_entity(admin_of_a: Actor, root: Actor) -> None:
    key, june, july = "ageing.limits", date(2026, 6, 30), date(2026, 7, 1)
    change_setting(root, key, [15, 45])
    change_setting(admin_of_a, key, [10, 20, 30], entity_id="A", from_on=july)
    assert setting(key, "A", june) == setting(key, "B", july) == [15, 45]
    assert setting(key, "A", july) == [10, 20, 30]
    assert setting("terms.default", "A", june) == DECLARED["terms.default"].default
    with pytest.raises(NotAllowedError):
        change_setting(admin_of_a, key, [1], entity_id="B")
    with pytest.raises(CallError, match="administers the installation"):
        change_setting(admin_of_a, key, [1])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ageing.limits", [60, 30]),
        ("ageing.limits", []),
        ("ageing.by", "mood"),
        ("fec.receivable_accounts", ["411; DROP"]),
        ("rates.main_refinancing", [{"from_on": "2026-13-01", "percent": 2}]),
        ("unknown", 1),
    ],
)
def test_a_wrong_setting_is_refused(root: Actor, key: str, value: object) -> None:
    with pytest.raises(CallError):
        change_setting(root, key, value)
    assert acts() == []
