"""What an action is worth: the cash it brings forward, in euro-days, less its cost and what it costs the relationship.

Without the action an item is paid as behaviour's distribution says. With it, a share of those who would not have paid
yet reacts (`effects`). Both give a chance of being unpaid at the end of each day; what lies between them, added up over
the days to come, are the days by which payment comes earlier. An invoice of 1,000 euros paid ten days earlier is
10,000 euro-days. Beyond HORIZON_DAYS nothing is counted: by then another step would have been taken anyway.

    left without(t) = S(t),  left with(t) = S(t) · (1 − reach · F(t)),  days earlier = reach · Σ S(t) · F(t)

F(t) = 1 − q^(t − lag): of those who react, who has paid t days after it; q = 1 − 1 / reaction_days. An item that
would be paid on day T is unpaid on T − 1 days, so the sum is the mean over T of A(T) = Σ F(t), t < T: a closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from encours.core.base.issue import CallError
from encours.core.base.money import exponent_expr
from encours.core.dunning.effects import Effects
from encours.core.dunning.known import PROFILES
from encours.core.dunning.scenario import ORDER_HOLD

#: Days after which an action is no longer the reason for a payment.
HORIZON_DAYS = 60
EURO_DAYS, BEFORE = "euro_days", "before"
#: An item of which nothing is foreseen is taken to be paid evenly within so many days (assumption).
_UNKNOWN_DAYS = 90
#: Contacts of the last month by which the reach of one more is divided: who was called yesterday has been reached.
_TIRES = 0.5
#: What a share of a year's margin a contact puts at risk, by level (assumptions), and how a channel bears on it.
_RISK = {0: 0.000005, 1: 0.00001, 2: 0.00003, 3: 0.00008, 4: 0.0004}
_HARSH = {"email": 0.5, "portal": 0.3, "sms": 0.8, "voice": 1.0, "call": 1.0, "letter": 1.0, "registered_letter": 3.0,
          ORDER_HOLD: 3.0}  # fmt: skip
#: What the stated strategy makes of it: who is to grow is spared, who is to go is not.
_STRATEGY = {"develop": 2.5, "protect": 1.5, "normal": 1.0, "reduce": 0.4, "exit": 0.0}
#: Margin of a customer of which none is known, as a share of its sales (assumption).
_MARGIN = 0.2

#: Distributions of payment days: evenly within the `days` of a row; what is missing to 1 is later, or never.
SPREAD: dict[str, pl.DataType] = {
    "item_id": pl.String(), "from_on": pl.Date(), "days": pl.Int64(), "p": pl.Float64(),
}  # fmt: skip
#: The last contacts of a customer (who is written to): messages of the last 30 days, the day of the last.
CONTACTS: dict[str, pl.DataType] = {"customer_id": pl.String(), "contacts": pl.Int64(), "last_on": pl.Date()}
#: One row an action. `amount_eur`: what it asks for in euros (face value where no rate is known). `days_earlier`: mean
#: over that amount. `euros_before`, `chance_before`: more euros expected by the day of the objective, and the chance
#: of payment by then with the action. `cost`, `penalty`: in euro-days, as is `net`; `priority`: net of the objective.
#: `chase` false: it asks for money and costs more than it brings, also by the effect that may still be hoped for.
#: `chance_30`: of being paid in 30 days without it.
#: `own_share`: how much of the effect is own evidence.
WORTH: dict[str, pl.DataType] = {
    "action_id": pl.String(), "euro_days": pl.Float64(), "days_earlier": pl.Float64(), "amount_eur": pl.Float64(),
    "cost": pl.Float64(), "penalty": pl.Float64(), "net": pl.Float64(), "priority": pl.Float64(),
    "chase": pl.Boolean(), "euros_before": pl.Float64(), "chance_before": pl.Float64(), "chance_30": pl.Float64(),
    "reach": pl.Float64(), "own_share": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Objective:
    """What the day's work is for, and what it costs.

    `kind`: euro_days, or before (euros received until the end of the day `by`, a month's end). `yearly_rate`: what a
    euro that is late costs a year: the money, and the risk that grows with its age, which weighs more (collectors'
    associations say that a quarter of what is three months late is lost). It turns euros of cost into euro-days.
    `minute_cost` in euros; `channel_cost` in euros a piece (postage, a text message). All are assumptions to be set.
    """

    kind: str = EURO_DAYS
    by: date | None = None
    yearly_rate: float = 0.30
    minute_cost: float = 0.70
    channel_cost: Mapping[str, float] = field(
        default_factory=lambda: {"sms": 0.12, "voice": 0.12, "letter": 1.80, "registered_letter": 7.00}
    )

    def check(self, as_of: date) -> None:
        """Raises CallError naming every fault."""
        faults = []
        if self.kind not in (EURO_DAYS, BEFORE):
            faults.append(f"{self.kind} is no objective of a day's work: take {EURO_DAYS} or {BEFORE}")
        if self.kind == BEFORE and (self.by is None or self.by <= as_of):
            faults.append("euros received before a day need a day after the plan's")
        if self.yearly_rate <= 0 or self.minute_cost < 0:
            faults.append("money costs more than nothing, and a minute no less")
        if faults:
            raise CallError(faults)

    @property
    def euro_day(self) -> float:
        """What a euro costs a day."""
        return self.yearly_rate / 365


@dataclass(frozen=True, eq=False)
class Beside:
    """What is known beside actions: distributions, profiles (known.PROFILES), contacts, rates (the Book's)."""

    spread: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPREAD))
    profiles: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PROFILES))
    contacts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CONTACTS))
    rates: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"currency": pl.String, "on": pl.Date, "rate": pl.Float64})
    )


def worth(
    actions: pl.DataFrame,
    lines: pl.DataFrame,
    effects: Effects,
    as_of: date,
    beside: Beside | None = None,
    objective: Objective | None = None,
) -> pl.DataFrame:
    """WORTH, one row an action in the order given. `actions`, `lines`: plan.ACTIONS and plan.LINES.

    Items without a distribution are taken to be paid after 45 days on average. Raises CallError.
    """
    known, aim = beside or Beside(), objective or Objective()
    aim.check(as_of)
    rows = _with_customer(actions, known)
    rows = effects.beside(rows)
    tired = 1.0 + _TIRES * pl.col("contacts")
    rows = rows.with_columns(reach=pl.col("reach") / tired, hoped=pl.col("hoped") / tired)
    items = lines.join(
        rows.select("action_id", "reach", "reaction_days", "lag_days", "euro"), on="action_id", how="inner"
    )
    items = _timed(items, known.spread, as_of, aim.by or as_of)
    items = items.with_columns(eur=pl.col("amount") * pl.col("euro"))
    by_action = items.group_by("action_id").agg(
        euro_days=(pl.col("eur") * pl.col("earlier")).sum(),
        amount_eur=pl.col("eur").sum(),
        euros_before=(pl.col("eur") * pl.col("gained")).sum(),
        chance_before=_by_amount("with_by"),
        chance_30=_by_amount("paid_30"),
    )
    rows = rows.join(by_action, on="action_id", how="left", maintain_order="left")
    return _net(rows, aim)


def _by_amount(name: str) -> pl.Expr:
    return (pl.col("eur") * pl.col(name)).sum() / pl.col("eur").sum()


def _with_customer(actions: pl.DataFrame, known: Beside) -> pl.DataFrame:
    """Actions with what is known of their customer, `contacts` of the last month and `euro` (euros a minor unit)."""
    given = known.profiles.unique("customer_id", keep="first", maintain_order=True)
    profiles = given.select(
        (pl.col(name) if name in given.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in PROFILES.items()
    )
    rows = actions.join(profiles, on="customer_id", how="left", maintain_order="left")
    rows = rows.join(known.contacts, on="customer_id", how="left", maintain_order="left")
    last = known.rates.sort("on").group_by("currency", maintain_order=True).agg(pl.col("rate").last())
    rows = rows.join(
        last.select("currency", pl.col("rate").cast(pl.Float64)), on="currency", how="left", maintain_order="left"
    )
    unit = pl.lit(10.0).pow(-exponent_expr(pl.col("currency")).fill_null(2).cast(pl.Float64))
    return rows.with_columns(pl.col("contacts").fill_null(0), euro=unit / pl.col("rate").fill_null(1.0))


def _timed(items: pl.DataFrame, spread: pl.DataFrame, as_of: date, by: date) -> pl.DataFrame:
    """Lines with `earlier` (days), `gained` and `with_by` (chance of payment by `by`: more, and in all), `paid_30`."""
    wanted = items.select("item_id", "action_id", "reach", "reaction_days", "lag_days")
    cells = _standing(spread.lazy(), as_of, max(HORIZON_DAYS, (by - as_of).days))
    # An item whose every day lies beyond the horizon has no row left, one without a distribution has none at all.
    told = spread.lazy().select("item_id").unique().with_columns(p=pl.lit(0.0))
    rest = wanted.lazy().select("item_id").unique().join(told, on="item_id", how="left").select(
        "item_id", start=pl.lit(1, dtype=pl.Int64), last=pl.lit(_UNKNOWN_DAYS, dtype=pl.Int64),
        p=pl.col("p").fill_null(1.0),
    )  # fmt: skip
    cells = pl.concat([cells, rest])
    whole = wanted.lazy().join(cells, on="item_id", how="inner").with_columns(
        q=1.0 - 1.0 / pl.col("reaction_days").cast(pl.Float64),
    )  # fmt: skip
    size = pl.col("last") - pl.col("start") + 1
    found = whole.group_by("action_id", "item_id").agg(
        pl.col("reach").first(), pl.col("q").first(), pl.col("lag_days").first(),
        counted=(pl.col("p") * _mean_waited()).sum(),
        inside=pl.col("p").sum(),
        paid_30=(pl.col("p") * ((31 - pl.col("start")).clip(0, None) / size).clip(0.0, 1.0)).sum(),
        paid_by=(pl.col("p") * (((by - as_of).days + 1 - pl.col("start")).clip(0, None) / size).clip(0.0, 1.0)).sum(),
    )  # fmt: skip
    late = (1.0 - pl.col("inside")).clip(0.0, 1.0) * _waited(pl.lit(HORIZON_DAYS + 1))
    reacted = 1.0 - pl.col("q").pow(((by - as_of).days - pl.col("lag_days")).clip(0, None))
    found = found.with_columns(
        earlier=pl.col("reach") * (pl.col("counted") + late),
        gained=pl.col("reach") * (1.0 - pl.col("paid_by")) * reacted,
    ).with_columns(with_by=pl.col("paid_by") + pl.col("gained"))
    said = found.select("action_id", "item_id", "earlier", "gained", "with_by", "paid_30")
    return items.join(said.collect(), on=["action_id", "item_id"], how="left", maintain_order="left")


def _standing(spread: pl.LazyFrame, as_of: date, days: int) -> pl.LazyFrame:
    """item_id, start, last (days from `as_of` on), p: what distributions say of items that are still open.

    One made on an earlier day is cut there: what it expected by now has not come, and the rest grows by as much.
    """
    start = (pl.col("from_on") - pl.lit(as_of)).dt.total_days()
    rows = spread.select("item_id", "p", start=start, days=pl.col("days").cast(pl.Int64))
    over = ((1 - pl.col("start")) / pl.col("days")).clip(0.0, 1.0) * pl.col("p")
    gone = rows.filter(pl.col("start") < 1).group_by("item_id").agg(gone=over.sum())
    rows = rows.filter((pl.col("start") <= days) & (pl.col("start") + pl.col("days") > 1))
    rows = rows.join(gone, on="item_id", how="left").with_columns(left=1.0 - pl.col("gone").fill_null(0.0))
    return rows.select(
        "item_id",
        start=pl.max_horizontal("start", pl.lit(1)),
        last=pl.col("start") + pl.col("days") - 1,
        p=pl.when(pl.col("left") > 1e-6).then((pl.col("p") - over) / pl.col("left")).otherwise(0.0),
    )


def _waited(day: pl.Expr) -> pl.Expr:
    """A(T): Σ F(t) over the days t < T, of an item that would be paid on day T after the action."""
    days = (day - 1 - pl.col("lag_days")).clip(0, None).cast(pl.Float64)
    return days - pl.col("q") * (1.0 - pl.col("q").pow(days)) / (1.0 - pl.col("q"))


def _summed(day: pl.Expr) -> pl.Expr:
    """Σ A(T) over the days T up to `day`, in closed form."""
    days = (day - 1 - pl.col("lag_days")).clip(0, None).cast(pl.Float64)
    ratio = pl.col("q") / (1.0 - pl.col("q"))
    powers = (1.0 - pl.col("q").pow(days + 1)) / (1.0 - pl.col("q"))
    return days * (days + 1) / 2 - ratio * (days + 1 - powers)


def _mean_waited() -> pl.Expr:
    """The mean of A over the days of a row, none of them counted beyond the horizon."""
    end = pl.lit(HORIZON_DAYS + 1)
    stop = pl.min_horizontal(pl.col("last"), end)
    inside = pl.when(pl.col("start") <= stop).then(_summed(stop) - _summed(pl.col("start") - 1)).otherwise(0.0)
    beyond = (pl.col("last") - pl.max_horizontal(pl.col("start") - 1, end)).clip(0, None)
    return (inside + beyond * _waited(end)) / (pl.col("last") - pl.col("start") + 1)


def _net(rows: pl.DataFrame, aim: Objective) -> pl.DataFrame:
    piece = pl.col("channel").replace_strict(dict(aim.channel_cost), default=0.0, return_dtype=pl.Float64)
    cost = (pl.col("minutes").fill_null(0) * aim.minute_cost + piece) / aim.euro_day
    rows = rows.with_columns(
        pl.col("euro_days", "amount_eur", "euros_before", "chance_before", "chance_30").fill_null(0.0),
        cost=cost,
        penalty=_penalty() / aim.euro_day,
    )
    rows = rows.with_columns(
        days_earlier=pl.when(pl.col("amount_eur") > 0).then(pl.col("euro_days") / pl.col("amount_eur")).otherwise(0.0),
        net=pl.col("euro_days") - pl.col("cost") - pl.col("penalty"),
    )
    rows = rows.with_columns(priority=_brought(aim) - pl.col("cost") - pl.col("penalty"))
    more = pl.when(pl.col("reach") > 0).then(pl.col("hoped") / pl.col("reach")).otherwise(1.0)
    hoped = pl.col("priority") + (more - 1.0) * _brought(aim)
    rows = rows.with_columns(chase=(hoped > 0) | (pl.col("level").fill_null(1) == 0))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in WORTH.items())


def _brought(aim: Objective) -> pl.Expr:
    """What the objective counts, in euro-days: a euro received before a day spares the month until the next one."""
    return pl.col("euros_before") * 30 if aim.kind == BEFORE else pl.col("euro_days")


def _penalty() -> pl.Expr:
    """What a contact puts at risk, in euros: a share of the customer's yearly margin, by level, channel, strategy.

    Who owes more than its share of sales has less to complain of; each contact of the last month counts again.
    """
    margin = pl.col("paid_year").fill_null(0) * pl.col("euro") * pl.col("margin_share").fill_null(_MARGIN)
    risk = pl.col("level").fill_null(1).clip(0, 4).replace_strict(_RISK, return_dtype=pl.Float64)
    harsh = pl.col("channel").replace_strict(_HARSH, default=1.0, return_dtype=pl.Float64)
    plan = pl.col("strategy").replace_strict(_STRATEGY, default=1.0, return_dtype=pl.Float64)
    both = pl.col("sales_share") + pl.col("overdue_share")
    fair = pl.when(both > 0).then((2 * pl.col("sales_share") / both).clip(0.25, 1.5)).otherwise(1.0).fill_null(1.0)
    return margin.clip(0.0, None) * risk * harsh * plan * fair * (1 + pl.col("contacts"))


def contacts(touches: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """CONTACTS of the Book's touches on a day: a message to many items of a customer counts once."""
    sent = touches.filter((pl.col("sent_on") <= as_of) & (pl.col("channel") != ORDER_HOLD)).unique(
        ["customer_id", "sent_on", "channel"]
    )
    recent = pl.col("sent_on") > pl.lit(as_of).dt.offset_by("-30d")
    found = sent.group_by("customer_id").agg(contacts=recent.sum(), last_on=pl.col("sent_on").max())
    return found.select(pl.col(name).cast(dtype) for name, dtype in CONTACTS.items()).sort("customer_id")


def spread_of(predictions: pl.DataFrame) -> pl.DataFrame:
    """SPREAD from P10, P50 and P90 alone (item_id, p10_on, p50_on, p90_on, as_of): where no distribution was kept.

    A tenth evenly until P10, two fifths until P50, two fifths until P90, the last tenth as late again.
    """
    steps = (("as_of", "p10_on", 0.1), ("p10_on", "p50_on", 0.4), ("p50_on", "p90_on", 0.4))
    parts = [
        predictions.select(
            "item_id",
            from_on=pl.col(first).dt.offset_by("1d"),
            days=(pl.col(last) - pl.col(first)).dt.total_days(),
            p=pl.lit(p),
        )
        for first, last, p in steps
    ]
    tail = (pl.col("p90_on") - pl.col("p50_on")).dt.total_days().clip(7, None)
    parts.append(predictions.select("item_id", from_on=pl.col("p90_on").dt.offset_by("1d"), days=tail, p=pl.lit(0.1)))
    rows = pl.concat(parts)
    # Where two of the days are one, their share falls on that day.
    one = rows.with_columns(
        from_on=pl.when(pl.col("days") < 1).then(pl.col("from_on").dt.offset_by("-1d")).otherwise("from_on"),
        days=pl.col("days").clip(1, None),
    )
    return one.select(pl.col(name).cast(dtype) for name, dtype in SPREAD.items()).sort("item_id", "from_on")
