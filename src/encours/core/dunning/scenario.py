"""Scenarios as data: whom they are for, and the steps by which a late item is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Channel = Literal["email", "letter", "registered_letter", "sms", "voice", "call", "portal", "order_hold"]
#: automatic: leaves by itself after its checks; confirm: a person looks first; task: a person does it.
Mode = Literal["automatic", "confirm", "task"]
Operator = Literal["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "is_null", "not_null"]
Value = str | int | Decimal | bool | tuple[str, ...] | None

#: No way to the customer: a hold of its orders is proposed to the credit manager. Nothing blocks an order by itself.
ORDER_HOLD: Channel = "order_hold"
CHANNELS: tuple[Channel, ...] = (
    "email", "letter", "registered_letter", "sms", "voice", "call", "portal", ORDER_HOLD,
)  # fmt: skip
#: Those by which a message can leave: there is a connector for each. By the others a person does what a task says.
CARRIED: tuple[Channel, ...] = ("email", "letter", "registered_letter")
MODES: tuple[Mode, ...] = ("automatic", "confirm", "task")
OPERATORS: tuple[Operator, ...] = ("eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "is_null", "not_null")
#: What a step's days count from; beside these `event:<kind>`.
DUE, OLDEST, PREVIOUS, EVENT = "due", "oldest_overdue", "previous", "event:"
#: Events that the planner finds itself; every other kind is looked for in the Book's events.
ISSUED, BROKEN, REJECTED, PAID = "issued", "promise_broken", "direct_debit_rejected", "paid"
#: Days that a task nobody did may hold up the step after it, where the step says nothing.
PATIENCE = 5


@dataclass(frozen=True)
class Condition:
    """`column op value`, for example customer.kind eq business.

    Columns: customer.* and item.* (the Book's), profile.* (known.PROFILES), position.* (facts.POSITION). Amounts are
    whole units of the row's currency (150 is 150.00 EUR), not cents.
    """

    column: str
    op: Operator
    value: Value = None


@dataclass(frozen=True)
class Window:
    """When a message may leave: weekdays (1 Monday … 7 Sunday) and spans of local time ("09:00", "18:00")."""

    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    hours: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cap:
    """At most `contacts` touches over `channels` (none: any) within `days` days, the day itself included."""

    contacts: int
    days: int
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step. It is reached `days` after its anchor (before, where negative), or at the end of that month.

    `level` 0 does not chase: courtesy before the due date, thanks, a question about an invoice just issued. From 1 on
    the steps are a ladder in the order given: an item climbs one at a time, and only when a message really left.
    `amount_min`, `amount_max`: whole units of the currency, of what the message asks for. `notice_hours`: the sales
    owner is told so long before and may object. `signatory`: the role whose delegation signs a formal notice.
    `patience`: days after which a task that nobody did no longer holds up the next step.
    """

    code: str
    names: Mapping[str, str]
    level: int
    anchor: str
    days: int
    channel: Channel
    template: str
    end_of_month: bool = False
    tone: str = "neutral"
    sender: str = "collector"
    to: tuple[str, ...] = ("accounts_payable",)
    cc: tuple[str, ...] = ()
    mode: Mode = "confirm"
    when: tuple[Condition, ...] = ()
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    window: Window | None = None
    notice_hours: int = 0
    formal: bool = False
    signatory: str | None = None
    minutes: int = 2
    patience: int = PATIENCE

    @property
    def event(self) -> str | None:
        """The event that the days count from, where they do."""
        return self.anchor.removeprefix(EVENT) if self.anchor.startswith(EVENT) else None

    @property
    def chases(self) -> bool:
        """Whether it asks for money that is overdue."""
        return self.level > 0

    @property
    def passed_over(self) -> bool:
        """Whether it can never be done: no connector carries its channel, and no person does it."""
        return self.mode != "task" and self.channel not in CARRIED

    @property
    def climbs(self) -> bool:
        """Whether it is a rung of the ladder; steps after an event stand beside it."""
        return self.chases and self.event is None

    def name(self, language: str = "en") -> str:
        """Its name in a language, else in English, else any."""
        return self.names.get(language) or self.names.get("en") or next(iter(self.names.values()), self.code)


@dataclass(frozen=True)
class Scenario:
    """Whom it is for, and its steps. The scenario of lowest `priority` whose conditions all hold is followed.

    A segment without item.* conditions is a matter of the customer; with them, of the item. `pause_days`: days between
    two messages to one customer. `caps`: more than so many contacts are held back. `inactive` ones are kept, not
    followed.
    """

    code: str
    names: Mapping[str, str]
    priority: int
    segment: tuple[Condition, ...]
    steps: tuple[Step, ...]
    pause_days: int = 3
    caps: tuple[Cap, ...] = ()
    key_accounts: bool = False
    active: bool = True

    def step(self, code: str) -> Step:
        """The step of a code. Raises KeyError."""
        found = next((step for step in self.steps if step.code == code), None)
        if found is None:
            raise KeyError(code)
        return found

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the steps, in order."""
        return tuple(step.code for step in self.steps)

    @property
    def ladder(self) -> tuple[Step, ...]:
        """The steps that an item climbs, in order."""
        return tuple(step for step in self.steps if step.climbs)

    def name(self, language: str = "en") -> str:
        """Its name in a language, else in English, else any."""
        return self.names.get(language) or self.names.get("en") or next(iter(self.names.values()), self.code)


@dataclass(frozen=True)
class Digest:
    """The weekly word to each sales owner: their overdue customers and what is asked of them."""

    weekday: int = 1
    to: str = "sales_owner"
    template: str = "sales_digest"
    active: bool = True


@dataclass(frozen=True)
class Notice:
    """The word to the sales owner before a step that bears `notice_hours`."""

    to: str = "sales_owner"
    template: str = "step_notice"


@dataclass(frozen=True)
class Scenarios:
    """All scenarios of an entity and its internal steps, in the order in which they are asked."""

    scenarios: tuple[Scenario, ...]
    digest: Digest = field(default_factory=Digest)
    notice: Notice = field(default_factory=Notice)

    @property
    def active(self) -> tuple[Scenario, ...]:
        """Those that are followed, the lowest priority first."""
        return tuple(sorted((one for one in self.scenarios if one.active), key=lambda one: (one.priority, one.code)))

    def get(self, code: str) -> Scenario | None:
        """The scenario of a code."""
        return next((one for one in self.scenarios if one.code == code), None)
