"""Accounts that are printed, signatories, the public address: checked, changed by who may, no names in the audit."""

from __future__ import annotations

import json

import pytest

from encours.core.base.issue import CallError
from encours.store.models import AuditEntry, Entity, Role, User
from encours.store.rights import Actor, actor_of
from encours.usecases import clock
from encours.usecases.change_letter_settings import change_letter_settings
from encours.usecases.letter_setup import accounts_of
from encours.usecases.manage_settings import DECLARED, setting
from encours.usecases.rights import NotAllowedError
from tests.usecases.letter_cases import IBAN, SETTINGS

pytestmark = pytest.mark.django_db
_ACCOUNT = {"holder": "", "iban": IBAN, "bic": "AGRIFRPP", "currency": "EUR"}


def someone(kind: str) -> Actor:
    Entity.objects.get_or_create(entity_id="A", name="A", country="FR", currency="EUR")
    user = User.objects.create_user(kind, f"{kind}@example.com")
    Role.objects.create(user=user, entity_id="A", kind=kind)
    return actor_of(user)


def test_an_account_is_changed_by_who_may_print_it_and_the_rest_by_who_manages_settings() -> None:
    manager, collector = someone("credit_manager"), someone("collector")
    assert change_letter_settings(manager, "A", {"payment.accounts": [_ACCOUNT]}) == 1
    assert change_letter_settings(manager, "A", {"payment.accounts": [_ACCOUNT]}) == 0
    assert accounts_of("A", clock.today())["EUR"].iban == IBAN
    with pytest.raises(NotAllowedError):
        change_letter_settings(collector, "A", {"payment.accounts": [_ACCOUNT]})
    with pytest.raises(NotAllowedError):
        change_letter_settings(manager, "A", {"letters.notice_days": 10})


def test_the_audit_holds_the_account_and_no_name_of_a_signatory() -> None:
    administrator = someone("administrator")
    change_letter_settings(administrator, "A", {"payment.accounts": [_ACCOUNT]} | {
        key: SETTINGS[key] for key in ("letters.signatories", "letters.sender")
    })  # fmt: skip
    kept = json.dumps([[row.before, row.after] for row in AuditEntry.objects.filter(act="change_setting")])
    assert IBAN in kept
    assert "directrice" not in kept
    assert "meuleton.example" not in kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("payment.accounts", [_ACCOUNT | {"iban": "FR7630006000011234567890188"}]),
        ("payment.accounts", [_ACCOUNT | {"bic": "AGRI"}]),
        ("payment.accounts", [_ACCOUNT, _ACCOUNT]),
        ("payment.accounts", [{"iban": IBAN}]),
        ("payment.factors", [{"code": "X"}]),
        ("letters.signatories", [{"email": "", "name": "", "title": "", "delegation": ""}]),
        ("letters.sender", {"address": ["line"] * 7}),
        ("letters.sender", {"street": "x"}),
        ("letters.window", "middle"),
        ("letters.notice_days", 0),
        ("portal.public_address", "http://plain.example"),
        ("penalties.contract", "legal"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_changed(key: str, value: object) -> None:
    administrator = someone("administrator")
    with pytest.raises(CallError):
        change_letter_settings(
            administrator,
            "A",
            {"letters.notice_days": 12, key: value} if key != "letters.notice_days" else {key: value},
        )
    assert setting("letters.notice_days", "A", clock.today()) == DECLARED["letters.notice_days"].default
