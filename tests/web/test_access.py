"""Every address × everybody: walked from the URL resolver, so that a new address cannot be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.web.cast import ANONYMOUS, CAST, Town, is_whole
from tests.web.expectations import EXPECTED, SIGN_IN

_KEYS = {
    "kind": {
        "overview_chart": "dso",
        "customers_export": "csv",
        "closings_lines": "csv",
        "closing_export": "csv",
        "import_issues": "csv",
        "exports_file": "csv",
        "differences_export": "csv",
        "disputes_export": "csv",
        "ready_export": "csv",
        "signals_export": "csv",
        "signals_payers": "csv",
        "customer_items": "csv",
        "trust_disagreements_export": "csv",
        "forecast_export": "csv",
        "forecast_chart": "weeks",
        "scenario_replay_export": "csv",
    },
    "part": "weeks",
    "key": "x",
    "uidb36": "1",
}


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern


@cache
def _named() -> dict[str, URLPattern]:
    return {str(pattern.name): pattern for pattern in _patterns(get_resolver().url_patterns)}


def _address(name: str, town: Town) -> str:
    wanted = _named()[name].pattern.converters or dict.fromkeys(_named()[name].pattern.regex.groupindex)
    values = {}
    for key in wanted:
        known = _KEYS.get(key)
        values[key] = town.ids.get(key) or (known[name] if isinstance(known, dict) else known)
    return reverse(name, kwargs=values)


def test_every_address_has_an_expectation() -> None:
    assert set(_named()) == set(EXPECTED) | set(SIGN_IN)


#: Who asks every database: one who may see all, one who may see a portfolio. What the others may is not its business.
_ASKING = ("alice", "colette")


@pytest.mark.parametrize(
    "name",
    [name if name in _ASKING else pytest.param(name, marks=pytest.mark.one_database) for name in (*CAST, ANONYMOUS)],
)
def test_every_address_answers_as_declared(name: str, town: Town, client_of: Callable[[str], Client]) -> None:
    assert is_whole(town)
    wrong = []
    client = client_of(name)
    signed_in = deepcopy(client.cookies)
    for url_name, expected in EXPECTED.items():
        address = _address(url_name, town) + expected.query
        client.cookies = deepcopy(signed_in)  # whatever the last address did to them
        with transaction.atomic():  # each address meets the same town
            answer = getattr(client, expected.method)(address, expected.data(town))
            if hasattr(answer, "streaming_content"):
                list(answer.streaming_content)
            transaction.set_rollback(True)
        wanted = 302 if name == ANONYMOUS else expected.of(name)
        if answer.status_code != wanted:
            wrong.append(f"{expected.method} {address}: {answer.status_code}, not {wanted}")
        if name == ANONYMOUS and not answer.headers.get("Location", "").startswith("/account/login/"):
            wrong.append(f"{address} does not send a visitor to the sign-in page")
    assert not wrong, "\n".join(wrong)


@pytest.mark.one_database
@pytest.mark.parametrize(("name", "place"), [(ANONYMOUS, 0), ("nemo", 1)])
def test_sign_in_pages_answer_as_declared(
    name: str, place: int, town: Town, client_of: Callable[[str], Client]
) -> None:
    wrong = []
    for url_name, statuses in SIGN_IN.items():
        answer = client_of(name).get(_address(url_name, town))
        if answer.status_code != statuses[place]:
            wrong.append(f"{url_name}: {answer.status_code}, not {statuses[place]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.one_database
@pytest.mark.parametrize("url_name", [name for name, expected in EXPECTED.items() if expected.method == "post"])
def test_what_changes_something_is_never_done_by_a_link(
    url_name: str, town: Town, client_of: Callable[[str], Client]
) -> None:
    assert client_of("alice").get(_address(url_name, town)).status_code == 405
