"""Late interest (pénalités de retard) by half-year, and the 40 € indemnity: C. com. L441-10 II and D441-5."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from encours.core.base.issue import CallError
from encours.core.base.money import round_half_even
from encours.core.terms.rates import Rate, Rates, half_years

Buyer = Literal["business", "consumer", "public"]
DayCount = Literal["365", "360", "actual"]

INDEMNITY_CENTS = 4000  # D441-5: fixed sum for collection costs, in euro, once an invoice
DEFAULT_MARGIN_BP = 1000  # L441-10 II: main refinancing rate + 10 points where the contract says nothing
PUBLIC_MARGIN_BP = 800  # Code de la commande publique R2192-31
FLOOR_MULTIPLE = 3  # L441-10 II: a contract rate is not below three times the legal rate


@dataclass(frozen=True)
class ContractRate:
    """The rate a contract names: `fixed` (basis points), `mro` + margin, or `legal` × multiple."""

    kind: Literal["fixed", "mro", "legal"]
    value: int

    @classmethod
    def fixed(cls, percent: Decimal | str) -> ContractRate:
        """A yearly rate in percent."""
        return cls("fixed", int(Decimal(percent) * 100))

    @classmethod
    def over_mro(cls, points: Decimal | str) -> ContractRate:
        """The main refinancing rate of the half-year and so many points."""
        return cls("mro", int(Decimal(points) * 100))

    @classmethod
    def times_legal(cls, multiple: int) -> ContractRate:
        """So many times the legal rate (professional creditor) of the half-year."""
        return cls("legal", multiple)


@dataclass(frozen=True)
class Regime:
    """Which interest is due: the buyer's kind, the contract's rate where it has one, and how days are counted.

    `insolvent`: insolvency law forbids payment of the debt, so the indemnity cannot be claimed.
    """

    buyer: Buyer = "business"
    contract: ContractRate | None = None
    day_count: DayCount = "365"
    insolvent: bool = False


@dataclass(frozen=True)
class Line:
    """Interest of days `first` to `last` (both included) on `principal` minor units; `interest` is not rounded."""

    first: date
    last: date
    days: int
    rate_bp: int
    principal: int
    interest: Decimal


@dataclass(frozen=True)
class Interest:
    """Interest in the invoice's minor units, rounded once over all lines, and the indemnity in euro cents."""

    lines: tuple[Line, ...]
    interest: int
    indemnity_cents: int
    warnings: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        """Days late."""
        return sum(line.days for line in self.lines)


def late_interest(
    amount: int,
    due_on: date,
    until: date,
    rates: Rates,
    regime: Regime | None = None,
    payments: Iterable[tuple[date, int]] = (),
) -> Interest:
    """Interest on an invoice's amount with tax, from the day after `due_on` to `until` (included).

    `payments` are (day, minor units) received before `until`; money bears interest on the day it arrives. A delay over
    half-years is split by half-year, except for public buyers, whose rate is that of the half-year in which interest
    began (R2192-31). Consumers owe neither. Raises CallError where payments exceed the amount, or no rate is known.
    """
    regime = regime or Regime()
    paid = sorted((day, minor) for day, minor in payments if day < until)
    if sum(minor for _, minor in paid) > amount:
        raise CallError(["more was paid than the invoice's amount"])
    if regime.buyer == "consumer":
        return Interest((), 0, 0, ("No penalties or indemnity from a consumer: they are for professionals only.",))
    first = due_on + timedelta(days=1)
    lines: list[Line] = []
    warnings: dict[str, None] = {}
    frozen = _rate(regime, rates, first, warnings) if regime.buyer == "public" and first <= until else None
    for start, end, principal in _spans(amount, first, until, paid):
        for part_from, part_to in half_years(start, end) if frozen is None else [(start, end)]:
            rate = _rate(regime, rates, part_from, warnings) if frozen is None else frozen
            lines.append(_line(part_from, part_to, rate, principal, regime.day_count))
    total = round_half_even(sum((line.interest for line in lines), Decimal(0)))
    owed = bool(lines) and not regime.insolvent
    return Interest(tuple(lines), total, INDEMNITY_CENTS if owed else 0, tuple(warnings))


def _spans(amount: int, first: date, until: date, paid: Sequence[tuple[date, int]]) -> Iterable[tuple[date, date, int]]:
    """(first day, last day, principal) of each stretch between payments."""
    for day, minor in paid:
        if day >= first and amount > 0:
            yield first, day, amount
            first = day + timedelta(days=1)
        amount -= minor
    if first <= until and amount > 0:
        yield first, until, amount


def _line(first: date, last: date, rate_bp: int, principal: int, day_count: DayCount) -> Line:
    days = (last - first).days + 1
    yearly = Decimal(principal) * rate_bp / 10_000
    if day_count != "actual":
        return Line(first, last, days, rate_bp, principal, yearly * days / int(day_count))
    interest = Decimal(0)
    for year in range(first.year, last.year + 1):
        start, end = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        interest += yearly * ((end - start).days + 1) / (366 if calendar.isleap(year) else 365)
    return Line(first, last, days, rate_bp, principal, interest)


def _rate(regime: Regime, rates: Rates, day: date, warnings: dict[str, None]) -> int:
    """The rate of the day's half-year under the regime, in basis points."""
    if regime.buyer == "public":
        return _sure(rates.half_year("mro", day), "main refinancing", day, warnings) + PUBLIC_MARGIN_BP
    if regime.contract is None:
        # The floor binds contract rates only: where it is higher (2024), the default stays as it is.
        return _sure(rates.half_year("mro", day), "main refinancing", day, warnings) + DEFAULT_MARGIN_BP
    contract = regime.contract
    legal = _sure(rates.half_year("legal_business", day), "legal", day, warnings)
    if contract.kind == "fixed":
        rate = contract.value
    elif contract.kind == "mro":
        rate = _sure(rates.half_year("mro", day), "main refinancing", day, warnings) + contract.value
    else:
        rate = legal * contract.value
    floor = FLOOR_MULTIPLE * legal
    if rate < floor:
        half = f"H{1 if day.month <= 6 else 2} {day.year}"
        text = (
            f"The contract's {_percent(rate)} is below three times the legal rate in {half}; {_percent(floor)} is used."
        )
        warnings[text] = None
    return max(rate, floor)


def _sure(rate: Rate | None, name: str, day: date, warnings: dict[str, None]) -> int:
    if rate is None:
        raise CallError([f"no {name} rate is known on {day}; add it to the rates"])
    if not rate.sure:
        half = f"H{1 if day.month <= 6 else 2} {day.year}"
        text = f"The {name} rate of {half} is not known yet; {_percent(rate.bp)} of {rate.since} is carried on."
        warnings[text] = None
    return rate.bp


def _percent(bp: int) -> str:
    return f"{bp / 100:.2f} %"
