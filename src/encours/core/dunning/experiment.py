"""A random hold-out: some customers are not chased for a while, and what becomes of both arms says what chasing does.

Off unless somebody starts one. Which arm a customer is in follows from its name and the experiment's alone: the same
today, tomorrow, after a restart and on another machine, and nobody can choose it. The effect is read from payment times
of which some are still to come: those are counted as open until today, never as unpaid for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from encours.core.base.issue import CallError
from encours.core.dunning.effects import AGES, EVIDENCE
from encours.core.dunning.fields import Fault

CHASED, HELD_OUT = "chased", "held_out"
#: Fewer customers or payments in an arm say nothing that an interval could hold.
FEWEST_CUSTOMERS, FEWEST_PAYMENTS = 20, 10
#: A customer's own ranking that says key account: the words of the ready-made scenario for them, in small letters.
KEY_ACCOUNT = ("key", "a+", "strategic")
_DRAWS, _LEVEL = 1000, 0.95
Floats = npt.NDArray[np.float64]

#: Customers that entered, one row each time: `amount` in euros; `paid_on` null while it is open; `left_on`: last day
#: on which it counted (another reason ended it: a dispute, a credit note), null while nothing did. `channel`, `level`,
#: `profile`: of the action that was done, or would have been.
UNITS: dict[str, pl.DataType] = {
    "customer_id": pl.String(), "arm": pl.String(), "entered_on": pl.Date(), "amount": pl.Float64(),
    "paid_on": pl.Date(), "left_on": pl.Date(), "channel": pl.String(), "level": pl.Int64(), "profile": pl.String(),
}  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """A hold-out of a scenario's step (None: all). `share` of its customers is not chased for `days` days.

    Never held out: key accounts, who owes more than `amount_max` (minor units), who has a deadline within
    `deadline_days`.
    """

    code: str
    scenario: str
    share: float
    amount_max: int
    step: str | None = None
    days: int = 21
    deadline_days: int = 30

    def __post_init__(self) -> None:
        """Raises CallError naming every fault."""
        faults = []
        if not 0 < self.share <= 0.5:
            faults.append(
                Fault("a hold-out takes more than nobody and at most half of the customers", self.scenario, "share")
            )
        if not 7 <= self.days <= 60:
            faults.append(Fault("a hold-out lasts from 7 to 60 days", self.scenario, "days"))
        if self.amount_max <= 0:
            faults.append(
                Fault("a hold-out needs an amount above which nobody is held out", self.scenario, "amount_max")
            )
        if faults:
            raise CallError(faults)


def arm(experiment: Experiment, customer_id: str) -> str:
    """The arm of a customer: by a hash of both names, the same everywhere and for ever."""
    digest = blake2b(f"{experiment.code}/{customer_id}".encode(), digest_size=8).digest()
    return HELD_OUT if int.from_bytes(digest, "big") < experiment.share * 2**64 else CHASED


def entering(
    experiment: Experiment, actions: pl.DataFrame, customers: pl.DataFrame, deadlines: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """The actions (plan.ACTIONS) that take part today, each with `arm`; who may not be held out takes no part.

    `customers`: customer_id, importance. `deadlines`: item_id, deadline_on. An action of an arm held out is not done.
    """
    rows = actions.filter((pl.col("scenario") == experiment.scenario) & (pl.col("level") > 0) & ~pl.col("formal"))
    if experiment.step is not None:
        rows = rows.filter(pl.col("step") == experiment.step)
    near = deadlines.filter(
        (pl.col("deadline_on") - pl.lit(as_of)).dt.total_days() <= experiment.days + experiment.deadline_days
    )
    pressing = rows.explode("items", empty_as_null=True).filter(pl.col("items").is_in(near["item_id"].implode()))
    keys = customers.filter(pl.col("importance").str.strip_chars().str.to_lowercase().is_in(KEY_ACCOUNT))["customer_id"]
    rows = rows.filter(
        (pl.col("amount") <= experiment.amount_max)
        & ~pl.col("customer_id").is_in(keys.implode())
        & ~pl.col("action_id").is_in(pressing["action_id"].implode())
    )
    arms = [arm(experiment, one) for one in rows["customer_id"]]
    return rows.with_columns(arm=pl.Series(arms, dtype=pl.String)).sort("action_id")


@dataclass(frozen=True)
class Effect:
    """What an experiment has shown within `days` days of entering; null where it has too little.

    `earlier_days`: by how much payment of a chased customer comes earlier, at most `days`; `share`: more of the amount
    that is paid by then; `euro_days`, `euros`: the same over all that was chased. Each with its 95 % interval.
    """

    days: int
    chased: int
    held_out: int
    chased_paid: int
    held_out_paid: int
    enough: bool
    says: str
    earlier_days: float | None = None
    earlier_low: float | None = None
    earlier_high: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None
    euro_days: float | None = None
    euros: float | None = None
    euros_low: float | None = None
    euros_high: float | None = None


def effect(units: pl.DataFrame, as_of: date, days: int) -> Effect:
    """The effect that UNITS show at the end of `as_of`, each unit followed for `days` days from the day after it
    entered. Raises CallError for an arm that is none."""
    if wrong := sorted(set(units["arm"]) - {CHASED, HELD_OUT}):
        raise CallError([f"{name} is no arm of an experiment" for name in wrong])
    rows = units.filter(pl.col("entered_on") < as_of).sort("customer_id", "entered_on")
    rows = _followed(rows, as_of, days)
    arms = {name: rows.filter(pl.col("arm") == name) for name in (CHASED, HELD_OUT)}
    people = {name: part["customer_id"].n_unique() for name, part in arms.items()}
    paid = {name: int(part["paid"].sum()) for name, part in arms.items()}
    counts = (days, people[CHASED], people[HELD_OUT], paid[CHASED], paid[HELD_OUT])
    few = min(people.values()) < FEWEST_CUSTOMERS or min(paid.values()) < FEWEST_PAYMENTS
    if few:
        return Effect(*counts, enough=False, says=_too_little(people, paid))
    # Half a unit in an arm must have been followed to the end, or the last days rest on nobody.
    if any(_reached(part, days) < FEWEST_PAYMENTS for part in arms.values()):
        return Effect(
            *counts, enough=False, says=f"Too early to say: too few customers have been followed {days} days."
        )
    return _measured(arms, counts, days)


def hold_out_evidence(units: pl.DataFrame, as_of: date, days: int) -> pl.DataFrame:
    """effects.EVIDENCE of the chased of an experiment: what they paid within the days beyond those held out.

    Only units of which it is known what became of them count; nothing, where an arm has too few. What few held out can
    say of many chased is as much as they are, so that each chased one counts for less.
    """
    rows = _followed(units.filter(pl.col("entered_on") < as_of), as_of, days)
    rows = rows.filter(pl.col("paid") | (pl.col("time") >= days))
    held, chased = (rows.filter(pl.col("arm") == name) for name in (HELD_OUT, CHASED))
    if min(held.height, chased.height) < FEWEST_CUSTOMERS:
        return pl.DataFrame(schema=EVIDENCE)
    usual = float(held["paid"].cast(pl.Float64).mean() or 0.0)  # type: ignore[arg-type]  # a mean of numbers
    counts = held.height / (held.height + chased.height)
    found = chased.with_columns(
        source=pl.lit("hold_out"), customer_id=pl.lit(None, dtype=pl.String), age=pl.lit(AGES[0][0]),
        trials=pl.lit(counts * (1.0 - usual)), hits=counts * (pl.col("paid").cast(pl.Float64) - usual),
    )  # fmt: skip
    return found.select(pl.col(name).cast(dtype) for name, dtype in EVIDENCE.items())


def _too_little(people: dict[str, int], paid: dict[str, int]) -> str:
    return (
        f"Too little to say: {people[HELD_OUT]} customers held out, {paid[HELD_OUT]} of them paid; "
        f"{people[CHASED]} chased, {paid[CHASED]} paid."
    )


def _followed(rows: pl.DataFrame, as_of: date, days: int) -> pl.DataFrame:
    """Rows with `time` (days followed, 1 … days) and `paid` (payment ended it)."""
    seen = (pl.lit(as_of) - pl.col("entered_on")).dt.total_days()
    left = (pl.col("left_on") - pl.col("entered_on")).dt.total_days()
    until = pl.min_horizontal(seen, left, pl.lit(days))
    pays = (pl.col("paid_on") - pl.col("entered_on")).dt.total_days().clip(1, None)
    paid = (pays <= until).fill_null(False)
    time = pl.when(paid).then(pays).otherwise(until)
    return rows.with_columns(paid=paid, time=time.cast(pl.Int64)).filter(pl.col("time") >= 1)


def _reached(part: pl.DataFrame, days: int) -> int:
    """Units of an arm of which it is known, paid or not, what became of them within the days."""
    return part.filter(pl.col("paid") | (pl.col("time") >= days)).height


def _measured(arms: dict[str, pl.DataFrame], counts: tuple[int, int, int, int, int], days: int) -> Effect:
    """Difference of mean days unpaid (restricted to `days`), plainly and by amount; intervals by drawing customers."""
    found = {name: _drawn(part, days, seed) for seed, (name, part) in enumerate(sorted(arms.items()))}
    plain = found[HELD_OUT]["mean"] - found[CHASED]["mean"]
    weighed = found[HELD_OUT]["weighed"] - found[CHASED]["weighed"]
    share = found[CHASED]["share"] - found[HELD_OUT]["share"]
    amount = float(arms[CHASED]["amount"].sum())
    low, high = _interval(plain)
    share_low, share_high = _interval(share)
    says = _said(plain[0], low, high, amount * share[0], days)
    return Effect(
        *counts, enough=True, says=says,
        earlier_days=float(plain[0]), earlier_low=low, earlier_high=high,
        share=float(share[0]), share_low=share_low, share_high=share_high,
        euro_days=float(amount * weighed[0]), euros=float(amount * share[0]),
        euros_low=amount * share_low, euros_high=amount * share_high,
    )  # fmt: skip


def _said(earlier: float, low: float, high: float, euros: float, days: int) -> str:
    if low <= 0 <= high:
        return f"No effect is proven yet: {earlier:.1f} days earlier ({low:.1f} to {high:.1f}) within {days} days."
    return (
        f"Chased customers pay {earlier:.1f} days earlier ({low:.1f} to {high:.1f}); "
        f"{euros:.0f} EUR more in {days} days."
    )


def _interval(drawn: Floats) -> tuple[float, float]:
    low, high = np.quantile(drawn[1:], [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def _drawn(part: pl.DataFrame, days: int, seed: int) -> dict[str, Floats]:
    """`mean` (days unpaid, at most `days`), the same by amount (`weighed`), and the `share` of the amount paid by then:
    first of all units, then of _DRAWS draws of customers. A customer's units are drawn together: they are not apart."""
    _, customer = np.unique(part["customer_id"].to_numpy(), return_inverse=True)
    count = int(customer.max()) + 1
    chance = np.random.default_rng(seed)
    often = chance.multinomial(count, np.full(count, 1 / count), size=_DRAWS)
    weights = np.vstack([np.ones(count), often])[:, customer]
    time, paid = part["time"].to_numpy(), part["paid"].to_numpy()
    amount = part["amount"].to_numpy()
    plain, weighed = (_unpaid(weights * by, time, paid, days) for by in (np.ones(len(time)), amount))
    return {
        "mean": plain[:, :-1].sum(axis=1),
        "weighed": weighed[:, :-1].sum(axis=1),
        "share": 1.0 - weighed[:, -1],
    }


def _unpaid(weights: Floats, time: npt.NDArray[np.int64], paid: npt.NDArray[np.bool_], days: int) -> Floats:
    """The chance of being unpaid at the end of each of days 0 … `days` (Kaplan and Meier), a row a draw."""
    ends = (time[:, None] == np.arange(1, days + 1)).astype(np.float64)  # a unit is at risk on its last day, too
    at_risk = np.cumsum((weights @ ends)[:, ::-1], axis=1)[:, ::-1]
    events = weights @ (ends * paid[:, None])
    hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
    left: Floats = np.cumprod(np.hstack([np.ones((len(weights), 1)), 1.0 - hazard]), axis=1)
    return left
