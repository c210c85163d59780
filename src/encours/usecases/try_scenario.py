"""What if: the forecast as it would be, beside the one that stands. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from encours.core.base.issue import CallError
from encours.core.forecast.scenario import Scenario
from encours.core.forecast.scenarios import rules as known_rules
from encours.store.models import ForecastCustomer
from encours.usecases.expected_files import stamp_of
from encours.usecases.forecast_head import Head, Wanted, entities_of, head_of
from encours.usecases.forecast_part import part_of
from encours.usecases.show_forecast import Week, weeks_from, weeks_of
from encours.usecases.viewing import Viewing


@dataclass(frozen=True)
class Supposed:
    """What is supposed: a rule, and the customer and the days that it needs."""

    rule: str = ""
    customer_id: str = ""
    days: int = 15


@dataclass(frozen=True)
class Tried:
    """The weeks of the forecast that stands, and of the supposed one."""

    head: Head
    supposed_is: Supposed
    customer_name: str
    timed: bool
    base: list[Week]
    supposed: list[Week]

    def rows(self) -> list[tuple[Week, Week, int]]:
        """Each week before and after, and the difference of what is expected."""
        pairs = zip(self.base, self.supposed, strict=True)
        return [(before, after, after.total.mean - before.total.mean) for before, after in pairs]

    def change(self, weeks: int) -> int:
        """What the first weeks bring more or less."""
        return sum(difference for _, _, difference in self.rows()[:weeks])

    @property
    def soon(self) -> int:
        """Of the first four weeks."""
        return self.change(4)

    @property
    def in_all(self) -> int:
        """Of all weeks."""
        return self.change(len(self.base))


def rules() -> list[tuple[str, bool, bool]]:
    """Name of each rule, whether it asks for a customer, whether for days."""
    return [(rule.name, "customer_id" in rule.asks, "days" in rule.asks) for rule in known_rules()]


def try_scenario(viewing: Viewing, wanted: Wanted, supposed: Supposed) -> Tried:
    """The forecast of the page under the scenario. Raises CallError where something is missing."""
    asked = {name: (named, timed) for name, named, timed in rules()}
    if supposed.rule not in asked:
        raise CallError(["choose one of the scenarios that are offered"])
    head = head_of(viewing, wanted, entities_of(viewing))
    if head is None or not head.latest:
        raise CallError(["there is no forecast of that day to suppose something of"])
    named, timed = asked[supposed.rule]
    name = _name(viewing, head, supposed.customer_id) if named else ""
    scenario = Scenario(
        supposed.rule, customer_id=supposed.customer_id if named else None, days=supposed.days if timed else 0
    )
    weeks = weeks_from(part_of(viewing, head.entity_id, head.day, scenario).outlook.get(head.currency, []))
    base = {week.place: week for week in _standing(viewing, head)}
    both = [week for week in weeks if week.place in base]
    return Tried(head, supposed, name, timed, [base[week.place] for week in both], both)


def _standing(viewing: Viewing, head: Head) -> list[Week]:
    """The forecast that stands; reckoned anew where facts have come in since, so that both rest on the same."""
    if stamp_of(head.entity_id) == head.stamp:
        return weeks_of(viewing, head)
    return weeks_from(part_of(viewing, head.entity_id, head.day).outlook.get(head.currency, []))


def _name(viewing: Viewing, head: Head, customer_id: str) -> str:
    rows = viewing.rows(ForecastCustomer).filter(forecast_id=head.forecast_id, customer_id=customer_id)
    name = rows.values_list("name", flat=True).first()
    if name is None:
        raise CallError(["choose a customer of whom something is open"])
    return str(name)
