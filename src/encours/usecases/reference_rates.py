"""The reference rates that hold for an entity: those this version knows and what its people typed in Settings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import polars as pl

from encours.core.terms.interest import Buyer, ContractRate, Interest, Regime, late_interest
from encours.core.terms.rates import RATE_SCHEMA, Kind, Rates
from encours.usecases.manage_settings import setting

_TYPED: dict[str, Kind] = {"rates.main_refinancing": "mro", "rates.legal_business": "legal_business"}
_BUYERS: dict[str, Buyer] = {"consumer": "consumer", "public": "public"}


def typed_rates(entity_id: str | None, on: date) -> list[tuple[Kind, date, int]]:
    """(kind, from, basis points) as the settings say on a day."""
    return [
        (kind, date.fromisoformat(row["from_on"]), round(float(row["percent"]) * 100))
        for key, kind in _TYPED.items()
        for row in setting(key, entity_id, on)
    ]


def reference_rates(entity_id: str | None, on: date) -> Rates:
    """The rates in force for an entity as its settings say on a day; a typed one wins over a shipped one."""
    return _with_shipped(tuple(typed_rates(entity_id, on)))


@lru_cache(maxsize=64)
def _with_shipped(typed: tuple[tuple[Kind, date, int], ...]) -> Rates:
    return Rates.shipped().with_rows(pl.DataFrame(typed, schema=RATE_SCHEMA, orient="row"))


def contract_rate(entity_id: str | None, on: date) -> ContractRate | None:
    """The rate of late payment that the entity's own terms name; None: that of the law."""
    kind, _, value = str(setting("penalties.contract", entity_id, on)).replace(",", ".").partition(" ")
    if kind == "legal":
        return ContractRate.times_legal(int(value))
    if kind == "mro":
        return ContractRate.over_mro(value)
    return ContractRate.fixed(value) if kind == "fixed" else None


def regime_of(entity_id: str, customer_kind: str | None, on: date, *, insolvent: bool = False) -> Regime:
    """Which interest a customer of the entity owes: by kind, and for companies by the entity's own terms."""
    buyer = _BUYERS.get(customer_kind or "", "business")
    return Regime(buyer, contract_rate(entity_id, on) if buyer == "business" else None, insolvent=insolvent)


def claimable(
    entity_id: str,
    customer_kind: str | None,
    amount: int,
    due_on: date,
    until: date,
    payments: Iterable[tuple[date, int]],
) -> Interest | None:
    """Late interest and indemnity that the law gives on an invoice at the end of `until`.

    None where there is none to claim: not late, a consumer, or paid in full before it was due. `payments` are whatever
    settled it, by day; what came to more than the amount is no ground for interest.
    """
    paid = sorted(payments)
    if amount <= 0 or until <= due_on or customer_kind == "consumer" or sum(minor for _, minor in paid) > amount:
        return None
    regime = regime_of(entity_id, customer_kind, until)
    found = late_interest(amount, due_on, until, reference_rates(entity_id, until), regime, paid)
    return found if found.interest else None
