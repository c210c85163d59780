"""An entity's policy for differences: per cause a limit, a share, days, the ledger account and who looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

_ACCOUNT_LENGTH = 16
#: Who can be asked to look at a difference.
OWNERS = ("accounting", "cash_application", "collection", "sales", "logistics", "treasury", "tax", "credit")


@dataclass(frozen=True)
class Rule:
    """What an entity allows for one cause.

    `limit`: minor units of the entity's currency. `percent`: of what the chosen items come to. `days`: grace after a
    discount's last day, or how long an item must be overdue to be given up. None: nothing limits it. `gain_account`:
    where more came than was owed. `allowed`: whether the entity books this cause at all.
    """

    account: str
    owner: str
    limit: int | None = None
    percent: Decimal | None = None
    days: int | None = None
    gain_account: str = ""
    allowed: bool = True

    def account_for(self, gap: int) -> str:
        """The account of a loss (above zero) or a gain."""
        return self.gain_account if gap < 0 and self.gain_account else self.account


@dataclass(frozen=True)
class Policy:
    """Cause -> rule; a cause without one keeps the rule it ships with."""

    rules: Mapping[str, Rule]

    def rule(self, cause: str) -> Rule:
        """The rule of a cause. Raises KeyError for a cause that there is not."""
        return self.rules[cause]

    @classmethod
    def of(cls, shipped: Mapping[str, Rule], said: Mapping[str, Any]) -> Policy:
        """The shipped rules with what the entity says otherwise (as `policy_faults` accepts it)."""
        return cls({name: _changed(rule, said.get(name, {})) for name, rule in shipped.items()})


def _changed(rule: Rule, said: Mapping[str, Any]) -> Rule:
    values = dict(said)
    if values.get("percent") is not None:
        values["percent"] = Decimal(str(values["percent"]))
    return replace(rule, **values)


def policy_faults(said: Any, names: tuple[str, ...]) -> list[str]:
    """What is wrong with a policy as an entity would say it: cause -> some of the fields of Rule."""
    if not isinstance(said, Mapping):
        return ["a policy names causes and their rules"]
    faults = [f"{name} is not a cause of differences" for name in said if name not in names]
    for name, values in said.items():
        if not isinstance(values, Mapping):
            faults.append(f"{name}: give its limits, account and owner")
            continue
        faults += [f"{name}: {fault}" for fault in _faults(values)]
    return faults


def _faults(values: Mapping[str, Any]) -> list[str]:
    known = {field.name for field in fields(Rule)}
    faults = [f"a rule has no {key}" for key in values if key not in known]
    for key in ("limit", "days"):
        value = values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            faults.append("limits and days are whole numbers, zero or more")
    percent = values.get("percent")
    if percent is not None and not _is_share(percent):
        faults.append("a percentage lies between 0 and 100")
    accounts = [key for key in ("account", "gain_account") if key in values]
    if any(not _is_account(values[key], empty=key == "gain_account") for key in accounts):
        faults.append("an account has letters and digits only")
    if "owner" in values and values["owner"] not in OWNERS:
        faults.append(f"an owner is one of {', '.join(OWNERS)}")
    if not isinstance(values.get("allowed", True), bool):
        faults.append("say yes or no to whether it is allowed")
    return faults


def _is_share(percent: Any) -> bool:
    if isinstance(percent, bool) or not isinstance(percent, int | float | str):
        return False
    try:
        return 0 <= Decimal(str(percent)) <= 100
    except ArithmeticError:
        return False


def _is_account(value: Any, empty: bool) -> bool:
    if not isinstance(value, str) or len(value) > _ACCOUNT_LENGTH:
        return False
    return value.isalnum() or (empty and not value)
