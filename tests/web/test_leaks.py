"""Nothing of another entity, or outside a portfolio, reaches anybody: lists, search, exports, past days, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from encours.usecases import clock
from tests.web.cast import IBAN, Town

_ON = f"on={clock.today() - timedelta(days=1)}"
_FORECAST = (
    "/forecast/",
    "/forecast/?of=A&part=customers",
    "/forecast/?of=A&part=changes",
    "/forecast/customers.csv?of=A",
    "/forecast/items.csv?of=A",
    "/forecast/changes.csv?of=A",
)
_LISTS = (
    "/", "/customers/", "/customers/export.csv", "/receipts/?state=all", "/search/?q={}", "/overview/chart/dso/",
    "/signals/", "/signals/?view=alone", "/signals/?view=passed", "/signals/export.csv?view=alone",
    "/signals/payers.csv", "/customer/items/A:0.csv", "/customer/items/A:0.csv?level=group",
    *_FORECAST,
)  # fmt: skip
_ASKED = ("Zirconia", "ZIR-001", "1234,56", IBAN["A"], "A:0", "123456780")


def _pages(client: Client, *prefix: str) -> list[tuple[str, str]]:
    addresses = [page.format(text) for page in _LISTS for text in (_ASKED if "{}" in page else ("",))]
    found = []
    for address in [*prefix, *addresses]:
        answer = client.get(address, follow=True)
        found.append((address, answer.content.decode()))
    return found


@pytest.mark.parametrize("name", ["victor", "nemo"])
@pytest.mark.parametrize("prefix", ["/", "/?entity=A", f"/?{_ON}&reading=known", f"/?entity=A&{_ON}&reading=booked"])
def test_another_entity_never_shows(name: str, prefix: str, town: Town, client_of: Callable[[str], Client]) -> None:
    for address, text in _pages(client_of(name), prefix):
        # What was asked for may be said again: in the search box and in the heading.
        body = re.sub(r"<h1>Search: [^<]*</h1>|<title>[^<]*</title>", "", text).split("<main", 1)[-1]
        assert "Zirconia" not in body, address
        assert "ZIRCONIA" not in body, address
        assert "ZIR-001<" not in body, address


@pytest.mark.parametrize("prefix", ["/", f"/?{_ON}&reading=known", f"/?{_ON}&reading=booked"])
def test_a_portfolio_shows_its_own_customers_only(prefix: str, town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("colette")
    seen = ""
    for address, text in _pages(client, prefix):
        for other in ("Zirconia 1", "Zirconia 2", "Zirconia 3", "ZIR-101", "ZIRCONIA 2"):
            assert other not in text, address
        seen += text
    assert "Zirconia 0" in seen


@pytest.mark.parametrize(
    "address",
    [
        "/forecast/customer/A:1",
        "/customer/A:1",
        "/customer/statement/A:1.pdf",
        "/item/A:1:late",
        "/item/document/A:1:d",
        "/receipt/A:2:r",
    ],
)
def test_an_address_outside_the_portfolio_is_not_found(
    address: str, town: Town, client_of: Callable[[str], Client]
) -> None:
    assert client_of("colette").get(address).status_code == 404
    assert client_of("colette").get(f"{address}?{_ON}").status_code == 404


def test_who_sees_both_entities_may_look_at_one(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("alice")
    both = client.get("/customers/").content.decode()
    assert "Zirconia 0" in both
    assert "Basalte 0" in both
    one = client.get("/customers/?entity=B").content.decode()
    assert "Zirconia 0" not in one
    assert "Basalte 0" in one
    assert "Zirconia 0" not in client.get("/customers/").content.decode()  # the choice is kept
    assert client.get("/customer/A:0").status_code == 200  # an address names its entity itself


def test_a_total_of_an_entity_is_not_told_to_a_portfolio(town: Town, client_of: Callable[[str], Client]) -> None:
    page = client_of("colette").get("/").content.decode()
    assert "not computable for a portfolio" in page
    assert "Your portfolio only" in page
