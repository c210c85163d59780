"""What is known on the day of a plan beside the Book: frames that a use case hands over, each empty by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from encours.core.base.issue import CallError

Schema = dict[str, pl.DataType]
_TEXT, _DAY, _MONEY, _SHARE = pl.String(), pl.Date(), pl.Int64(), pl.Float64()

#: When each item is expected: the columns of behaviour's predictions that are used.
PREDICTIONS: Schema = {"item_id": _TEXT, "p10_on": _DAY, "p50_on": _DAY, "p90_on": _DAY, "p_late": _SHARE}
#: Late items beside their payer's habit: leave_alone (until a day), p90_passed, watch.
FLAGS: Schema = {"item_id": _TEXT, "flag": _TEXT, "until_on": _DAY}
#: How a customer pays and what it weighs: shares of 1; median delay in days; promise_kept: share of promises kept;
#: sales_share, overdue_share: of the entity's; margin_share: of its sales; strategy and who owns it until when.
PROFILES: Schema = {
    "customer_id": _TEXT, "profile": _TEXT, "alert": _TEXT, "payments": pl.Int64(), "delay_median": _SHARE,
    "delay_p90": _SHARE, "share_late": _SHARE, "promise_kept": _SHARE, "paid_year": _MONEY, "sales_share": _SHARE,
    "overdue_share": _SHARE, "margin_share": _SHARE, "strategy": _TEXT, "strategy_owner": _TEXT,
    "strategy_review_on": _DAY,
}  # fmt: skip
#: Matches that wait for a person: money that has come and probably settles the item.
PROPOSALS: Schema = {
    "receipt_id": _TEXT, "customer_id": _TEXT, "item_id": _TEXT, "amount": _MONEY, "confidence": _SHARE,
}  # fmt: skip
#: Money that is said to come: announced payments (item null: any of the customer's) and remittance advices.
#: `held_until`: the last day on which it holds a message back.
EXPECTED: Schema = {
    "customer_id": _TEXT, "item_id": _TEXT, "amount": _MONEY, "on": _DAY, "held_until": _DAY, "source": _TEXT,
}  # fmt: skip
#: The last day that bank statements and the ledger reach, and how many days usually lie between two of them.
#: `account`: the bank account that is meant (null: all of the source); whoever pays into others is not concerned.
FRESHNESS: Schema = {
    "entity_id": _TEXT, "source": _TEXT, "last_on": _DAY, "every_days": pl.Int64(), "account": _TEXT,
}  # fmt: skip
#: Holds by people; of an item, a customer, or (both null) a whole entity.
HOLDS: Schema = {
    "hold_id": _TEXT, "entity_id": _TEXT, "customer_id": _TEXT, "item_id": _TEXT, "reason": _TEXT, "author": _TEXT,
    "until_on": _DAY,
}  # fmt: skip
#: Scenarios chosen by hand, for a customer or one item.
CHOSEN: Schema = {"customer_id": _TEXT, "item_id": _TEXT, "scenario": _TEXT}
#: A sales owner objects to a step; until_on null: until the credit manager has decided.
OBJECTIONS: Schema = {"customer_id": _TEXT, "step": _TEXT, "until_on": _DAY, "reason": _TEXT}
#: Notices given before a step: the day on which the sales owner was told.
NOTICES: Schema = {"customer_id": _TEXT, "step": _TEXT, "asked_on": _DAY}

SCHEMAS: dict[str, Schema] = {
    "predictions": PREDICTIONS, "flags": FLAGS, "profiles": PROFILES, "proposals": PROPOSALS, "expected": EXPECTED,
    "freshness": FRESHNESS, "holds": HOLDS, "chosen": CHOSEN, "objections": OBJECTIONS, "notices": NOTICES,
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What holds for every scenario of an entity.

    `cap`: contacts per customer in `cap_days` days. `floors`: whole units by currency, below which nobody is asked.
    `announced_days`: working days that announced money holds after its day. `habit_days`: an item expected within so
    many days, inside its payer's habit, is left alone. `unapplied_days`: working days that money on the account holds
    what it could settle; `unapplied_share`: below this share of the overdue it holds nothing. `quiet_days`: days on
    which nothing leaves. `promise_grace`: days after a promise's day before it is broken. `country`: whose holidays.
    `assume_notices`: every notice to a sales owner counts as given in time (a book folder remembers none).
    """

    cap: int = 3
    cap_days: int = 7
    floors: Mapping[str, Decimal] = field(default_factory=lambda: {"EUR": Decimal(15)})
    announced_days: int = 3
    habit_days: int = 5
    unapplied_days: int = 5
    unapplied_share: float = 0.05
    quiet_days: tuple[str, ...] = ()
    promise_grace: int = 2
    country: str | None = "FR"
    assume_notices: bool = False


def _none(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMAS[name])


@dataclass(frozen=True, eq=False)
class Known:
    """The frames of SCHEMAS and the rules. Build one with `Known.of(flags=…)`, which completes what is absent."""

    predictions: pl.DataFrame = field(default_factory=lambda: _none("predictions"))
    flags: pl.DataFrame = field(default_factory=lambda: _none("flags"))
    profiles: pl.DataFrame = field(default_factory=lambda: _none("profiles"))
    proposals: pl.DataFrame = field(default_factory=lambda: _none("proposals"))
    expected: pl.DataFrame = field(default_factory=lambda: _none("expected"))
    freshness: pl.DataFrame = field(default_factory=lambda: _none("freshness"))
    holds: pl.DataFrame = field(default_factory=lambda: _none("holds"))
    chosen: pl.DataFrame = field(default_factory=lambda: _none("chosen"))
    objections: pl.DataFrame = field(default_factory=lambda: _none("objections"))
    notices: pl.DataFrame = field(default_factory=lambda: _none("notices"))
    settings: Rules = field(default_factory=Rules)

    @classmethod
    def of(cls, settings: Rules | None = None, **frames: pl.DataFrame) -> Known:
        """Known of the given frames; absent columns are null, unknown ones dropped. Raises CallError naming every
        unknown frame."""
        if faults := [f"{name} is no frame of what is known" for name in frames if name not in SCHEMAS]:
            raise CallError(faults)
        made = {name: _conform(frame, SCHEMAS[name]) for name, frame in frames.items()}
        return cls(**made, settings=settings or Rules())


def _conform(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )
