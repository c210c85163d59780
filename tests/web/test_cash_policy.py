"""The page of the policy for differences keeps what differs from the shipped rules, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from encours.core.matching.differences.causes import shipped
from encours.usecases.difference_policy import difference_policy, said_policy
from tests.web.cast import Town


def _as_shown(client: Client) -> dict[str, Any]:
    """The form as the page gives it: every field with its value."""
    page = client.get("/cash/policy/?of=A").context["page"]
    form: dict[str, Any] = {"of": "A"}
    for row in page.rows:
        rule = row.rule
        form |= {f"{row.name}:account": rule.account, f"{row.name}:gain_account": rule.gain_account}
        form |= {f"{row.name}:owner": rule.owner, f"{row.name}:days": "" if rule.days is None else str(rule.days)}
        form[f"{row.name}:limit"] = "" if rule.limit is None else f"{rule.limit // 100},{rule.limit % 100:02d}"
        form[f"{row.name}:percent"] = "" if rule.percent is None else str(rule.percent)
        if rule.allowed:
            form[f"{row.name}:allowed"] = "on"
    return form


def test_what_is_saved_as_shown_is_nothing_of_ones_own(client_of: Callable[[str], Client], town: Town) -> None:
    client = client_of("alice")
    assert client.post("/cash/policy/save/", _as_shown(client)).status_code == 302
    assert said_policy("A") == {}


def test_a_limit_an_account_and_a_refusal_are_kept(client_of: Callable[[str], Client], town: Town) -> None:
    client = client_of("alice")
    form = _as_shown(client) | {"rounding:limit": "2,50", "rounding:account": "6588", "bank_charge:percent": "0,5"}
    del form["loss:allowed"]
    client.post("/cash/policy/save/", form)
    assert said_policy("A") == {
        "rounding": {"limit": 250, "account": "6588"},
        "bank_charge": {"percent": "0.5"},
        "loss": {"allowed": False},
    }
    policy = difference_policy("A")
    assert policy.rule("rounding").limit == 250
    assert policy.rule("discount") == shipped()["discount"]


def test_what_is_no_figure_is_refused_whole(client_of: Callable[[str], Client], town: Town) -> None:
    client = client_of("alice")
    client.post("/cash/policy/save/", _as_shown(client) | {"rounding:limit": "much", "fx:account": "7 66"})
    assert said_policy("A") == {}
