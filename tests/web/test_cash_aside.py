"""Money that is no customer's leaves the queue together, under the name that the engine's reason suggests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import NotCustomer, Proposal, Receipt
from tests.web.cast import Town

_QUEUE = "/cash/?tab=none"


def _held(rule: str, *numbers: int) -> list[str]:
    """Receipts of A that the engine holds for no customer's."""
    ids = [f"A:{number}:r" for number in numbers]
    Proposal.objects.filter(receipt_id__in=ids).delete()
    for one in ids:
        Proposal.objects.create(
            entity_id="A", receipt_id=one, decision="none", rule=rule, confidence=0.0, reason="", state="open"
        )
    assert Receipt.objects.filter(receipt_id__in=ids, is_current=True).count() == len(ids)
    return ids


@pytest.mark.parametrize(
    ("rule", "reason"), [("money_out", "payment_made"), ("return_fee", "bank_fee"), ("not_from_customer", "other")]
)
def test_a_group_is_set_aside_at_once_and_named(
    town: Town, client_of: Callable[[str], Client], rule: str, reason: str
) -> None:
    ids = _held(rule, 2, 3)
    client = client_of("camille")
    page = client.get(_QUEUE).content.decode()
    assert f'<input type="hidden" name="rule" value="{rule}">' in page
    client.post("/cash/aside/", {"rule": rule, "receipt": ids})
    assert set(NotCustomer.objects.filter(receipt_id__in=ids).values_list("reason", flat=True)) == {reason}
    assert not any(f'data-receipt="{one}"' in client.get(_QUEUE).content.decode() for one in ids)


def test_the_desk_begins_with_the_likely_reason(town: Town, client_of: Callable[[str], Client]) -> None:
    (one,) = _held("money_out", 2)
    page = client_of("camille").get(f"{_QUEUE}&receipt={one}").content.decode()
    assert '<option value="payment_made" selected>' in page


def test_what_is_not_the_engines_word_for_it_has_no_button(town: Town, client_of: Callable[[str], Client]) -> None:
    _held("no_fit", 2, 3)
    assert 'name="rule" value="no_fit"' not in client_of("camille").get(_QUEUE).content.decode()
