"""Who is quoted is looked at, however many share the payer's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.matching.books import DAY, book, item, receipt
from encours.core.matching import propose

_IBAN = "FR7630001007941234567890185"


@pytest.mark.parametrize("sharing", [3, 8, 9, 20])
def test_a_quoted_customer_is_not_crowded_out(sharing: int) -> None:
    """A treasury pays for many customers that nothing links; it quotes one of two invoices that it pays."""
    customers = [f"c{place:02}" for place in range(sharing)]
    items = [item(f"FA77{place:03}", 100_000 + 700 * place, name) for place, name in enumerate(customers)]
    aliases: list[dict[str, Any]] = [
        {"customer_id": name, "kind": "iban", "value": _IBAN, "source": "master"} for name in customers
    ]
    paid = [items[-1], item("FA99001", 41_313, customers[-1])]
    money = receipt(
        "r", sum(one["amount"] for one in paid), f"VIR {items[-1]['number']}", payer_account=_IBAN, payer_name="TRESOR"
    )
    found = propose(book([*items, paid[1]], [money], payer_aliases=aliases), DAY + timedelta(days=60))
    told = found.decisions.row(0, named=True)
    assert (told["decision"], told["customer_id"]) == ("review", customers[-1]), told
    assert set(found.allocations["item_id"]) == {one["item_id"] for one in paid}
