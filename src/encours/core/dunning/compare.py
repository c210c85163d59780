"""What replayed scenarios are believed to have brought forward, on the payments that really came, so that two compare.

For each message of a replay the day is known on which each item was paid without it. What the message would have made
of that day is what is believed of its channel, level and payer (`effects`): days from its reaction to the real payment,
as in `worth`, with the payment as it was. A second message about the same item reaches only those whom the first did
not. It is an estimate on one past, with the effects of today: it compares two scenarios, it proves neither.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.dunning.effects import Effects
from encours.core.dunning.replay import Replay
from encours.core.dunning.worth import SPREAD, Beside, Objective, worth

#: One row a message that chases. `euro_days` brought forward; `cost`, `penalty`, `net`: as in worth.WORTH.
BROUGHT: dict[str, pl.DataType] = {
    "action_id": pl.String(), "on": pl.Date(), "euro_days": pl.Float64(), "cost": pl.Float64(),
    "penalty": pl.Float64(), "net": pl.Float64(), "amount_eur": pl.Float64(), "minutes": pl.Int64(),
}  # fmt: skip


def brought(
    of: Replay, paid: pl.DataFrame, effects: Effects, beside: Beside, last: date, objective: Objective | None = None
) -> pl.DataFrame:
    """BROUGHT of a replay. `paid`: item_id, paid_on (day on which the last of each item came; absent: open on `last`).

    `beside`: profiles and rates; its distributions are not read.
    """
    actions = of.actions.filter(pl.col("level") > 0)
    lines = of.lines.join(actions.select("action_id"), on="action_id", how="semi")
    came = paid.group_by("item_id").agg(pl.col("paid_on").max())
    parts = [pl.DataFrame(schema=BROUGHT)]
    reached = pl.DataFrame(schema={"item_id": pl.String, "left": pl.Float64})
    for (day,), some in sorted(actions.group_by("on"), key=lambda pair: str(pair[0])):
        assert isinstance(day, date)
        asked = lines.join(some.select("action_id"), on="action_id", how="semi")
        asked = asked.join(came, on="item_id", how="left").filter(
            pl.col("paid_on").is_null() | (pl.col("paid_on") > day)
        )
        asked = asked.join(reached, on="item_id", how="left").with_columns(left=pl.col("left").fill_null(1.0))
        kept = asked.with_columns(amount=(pl.col("amount") * pl.col("left")).round(0).cast(pl.Int64))
        known = Beside(_as_it_came(asked, day, last), beside.profiles, rates=beside.rates)
        found = worth(some, kept, effects, day, known, objective)
        parts.append(
            found.join(some.select("action_id", "on", "minutes"), on="action_id").select(
                pl.col(name).cast(dtype) for name, dtype in BROUGHT.items()
            )
        )
        reached = _reached(reached, asked, found)
    return pl.concat(parts)


def _as_it_came(asked: pl.DataFrame, day: date, last: date) -> pl.DataFrame:
    """SPREAD: all of an item on the day on which it was paid; one that is open still, after the last day known."""
    rows = asked.unique("item_id", maintain_order=True).select(
        "item_id", from_on=pl.coalesce("paid_on", pl.lit(max(last, day)).dt.offset_by("1d")), days=1, p=1.0
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in SPREAD.items())


def _reached(before: pl.DataFrame, asked: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """item_id, left: the share that no message so far has reached."""
    now = asked.join(found.select("action_id", "reach"), on="action_id").group_by("item_id").agg(
        left=(pl.col("left") * (1.0 - pl.col("reach"))).min()
    )  # fmt: skip
    return pl.concat([before.join(now, on="item_id", how="anti"), now])


def totals(rows: pl.DataFrame, objective: Objective | None = None) -> dict[str, float]:
    """BROUGHT summed: euro-days, the same over what was asked for in days, cost and risk in euros, minutes."""
    euro = (objective or Objective()).euro_day
    asked = float(rows["amount_eur"].sum())
    return {
        "euro_days": round(float(rows["euro_days"].sum())),
        "days_earlier": round(float(rows["euro_days"].sum()) / asked, 2) if asked else 0.0,
        "cost_eur": round(float(rows["cost"].sum()) * euro, 2),
        "relationship_eur": round(float(rows["penalty"].sum()) * euro, 2),
        "net_euro_days": round(float(rows["net"].sum())),
    }
