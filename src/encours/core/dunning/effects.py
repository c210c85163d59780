"""How much an action speeds payment: stated priors, moved by what the user's own touches and hold-outs have shown.

The law is one of reaction. Of those who would not have paid yet, a share (`reach`) reacts; who reacts pays after
`lag_days` (the post) and then some days, `reaction_days` on average. Who does not react pays as without the action. So
a payer who pays next week anyway gains little and one who never reacts nothing, whatever the amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from encours.core.base.issue import CallError

#: Levels are told apart up to here: what comes after a formal notice is as hard as one.
HARDEST = 4
#: Messages of one's own that weigh as much as the prior, for all messages, a channel, a level of it, a profile of that.
_WEIGHT = {"all": 40.0, "channel": 30.0, "level": 30.0, "cell": 30.0}
#: How many messages a cell's prior stands for.
CELL_WEIGHT = _WEIGHT["cell"]
#: The same for one payer: a handful of calls nobody reacted to says more of it than of others; and one channel of it.
_PAYER_WEIGHT, _PAYER_CHANNEL_WEIGHT = 3.0, 3.0
#: Whoever was touched was chosen by somebody: what became of them counts for half of what a random hold-out says.
SEEN_COUNTS, HELD_OUT_COUNTS = 0.5, 1.0
_CHOSEN_MOST = 1.0
_LEAST, _MOST = 0.002, 0.95
#: What a payer's own past can make of the reach at most: it may have been reached in another way each time.
_PAYER_LEAST, _PAYER_MOST = 0.2, 4.0


@dataclass(frozen=True)
class Prior:
    """What is assumed of a channel before anything is known. `source`: where it comes from; an assumption says so."""

    channel: str
    reach: float
    reaction_days: int
    lag_days: int
    source: str


_ASSUMED = "assumption: no public measurement between companies was found"
#: Vendors tell of "up to 11 days faster" for automatic reminders, unaudited; trials with public fines found that a
#: short message raises payment, most where it names the person, and that a letter asking to call raises responses.
#: None of it gives a share of companies that react, so that these figures are assumptions, low on purpose.
PRIORS: tuple[Prior, ...] = (
    Prior("email", 0.16, 7, 0, "assumption, below the 11 days that vendors tell of automatic reminders"),
    Prior("sms", 0.14, 4, 0, "assumption; a trial on court fines found that messages raise payment"),
    Prior("voice", 0.14, 5, 0, _ASSUMED),
    Prior("call", 0.34, 6, 0, _ASSUMED),
    Prior("letter", 0.18, 8, 3, "assumption; a trial found that letters which ask for a call raise responses"),
    Prior("registered_letter", 0.32, 9, 3, _ASSUMED),
    Prior("portal", 0.08, 7, 0, _ASSUMED),
    Prior("order_hold", 0.30, 7, 2, _ASSUMED),
)
#: A harder tone moves a few more; before the due date fewer pay earlier than they would. Assumptions.
LEVELS: dict[int, float] = {0: 0.5, 1: 1.0, 2: 1.1, 3: 1.2, 4: 1.3}
#: Who forgot reacts; who pays on fixed days or is always as late waits for that day. The first and the last are what
#: practice says (leave the reliable late payer alone, look at the punctual one who slips); the figures are assumptions.
PROFILES: dict[str, float] = {
    "prompt": 1.3, "usually_prompt": 1.25, "slipping": 1.2, "irregular": 1.0, "new": 1.0, "on_a_run": 0.6,
    "late_reliable": 0.5, "drawn": 0.4, "dormant": 0.4,
}  # fmt: skip
#: Days late from which an item belongs to a band, and what its age leaves of the reach: collectors' associations tell
#: of three quarters collected at three months and ever less after; by how much for one action is an assumption.
AGES: tuple[tuple[int, float], ...] = ((-10_000, 1.0), (31, 0.9), (61, 0.75), (91, 0.6), (181, 0.4), (366, 0.2))
_AGE_WEIGHT = 12.0

#: What was seen of messages (`evidence`): `trials`: how many could have shown an effect; `hits`: payments beyond those
#: to be expected without; `source`: touches, or hold_out (random). `customer_id` is null where no payer is meant.
EVIDENCE: dict[str, pl.DataType] = {
    "source": pl.String(), "customer_id": pl.String(), "channel": pl.String(), "level": pl.Int64(),
    "profile": pl.String(), "age": pl.Int64(), "trials": pl.Float64(), "hits": pl.Float64(),
}  # fmt: skip
#: One row a cell that differs from its prior. `own_share`: how much of `reach` is own evidence (0 … 1).
CELLS: dict[str, pl.DataType] = {
    "channel": pl.String(), "level": pl.Int64(), "profile": pl.String(), "prior": pl.Float64(), "reach": pl.Float64(),
    "own_share": pl.Float64(), "messages": pl.Float64(), "held_out": pl.Float64(),
}  # fmt: skip
#: What a payer's own past makes of the reach of its cell, over all channels (null) and for one.
PAYERS: dict[str, pl.DataType] = {
    "customer_id": pl.String(), "channel": pl.String(), "factor": pl.Float64(), "messages": pl.Float64(),
}  # fmt: skip
_CELL = ("channel", "level", "profile")


@dataclass(frozen=True, eq=False)
class Effects:
    """What is believed of every channel, level and profile (CELLS), of ages (age, factor) and of payers (PAYERS)."""

    cells: pl.DataFrame
    ages: pl.DataFrame
    payers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAYERS))
    messages: float = 0.0
    held_out: float = 0.0

    def beside(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with customer_id, channel, level, profile and overdue_days, each with `reach`, `reaction_days`,
        `lag_days` and `own_share`; in the order given.

        `hoped`: the reach that only a hold-out may talk down. That messages to somebody changed little, where nobody
        drew who got one, puts it later in the list; it is no ground to give up.
        """
        keyed = rows.with_columns(
            _level=pl.col("level").fill_null(1).clip(0, HARDEST),
            _profile=known_profile(),
            _age=band(pl.col("overdue_days")),
        )
        cells = self.cells.select(
            *(pl.col(name).alias(f"_{name}") for name in _CELL), "reach", "own_share", "prior", "held_out"
        )
        keyed = keyed.join(
            cells.rename({"_channel": "channel"}), on=["channel", "_level", "_profile"], how="left",
            maintain_order="left",
        )  # fmt: skip
        keyed = keyed.join(_priors(), on="channel", how="left", maintain_order="left")
        keyed = keyed.join(self.ages.select(_age="age", _aged="factor"), on="_age", how="left", maintain_order="left")
        for key, name in ((pl.col("channel").is_null(), "_whole"), (pl.col("channel").is_not_null(), "_one")):
            part = self.payers.filter(key).select("customer_id", "channel", pl.col("factor").alias(name))
            on = ["customer_id"] if name == "_whole" else ["customer_id", "channel"]
            part = part.drop("channel") if name == "_whole" else part
            keyed = keyed.join(part, on=on, how="left", maintain_order="left")
        own = (pl.col("_whole").fill_null(1.0) * pl.col("_one").fill_null(1.0)).clip(_PAYER_LEAST, _PAYER_MOST)
        reach = pl.col("reach") * pl.col("_aged") * own
        keyed = keyed.with_columns(reach=reach.fill_null(0.0).clip(0.0, _MOST))
        usual = pl.col("_age").replace_strict(dict(AGES), return_dtype=pl.Float64)
        drawn = pl.col("held_out") >= CELL_WEIGHT
        hoped = pl.when(drawn).then("reach").otherwise(pl.max_horizontal("reach", pl.col("prior") * usual))
        return keyed.with_columns(hoped=hoped.fill_null(0.0)).select(
            *rows.columns, "reach", "hoped", "own_share", "reaction_days", "lag_days"
        )

    def says(self) -> str:
        """How much of it is prior and how much own evidence, for whoever reads the list."""
        if not self.messages and not self.held_out:
            return "Effects are stated priors: no message of your own has been followed by enough days yet."
        own, seen = round(100 * self._share()), round(self.messages)
        if not self.held_out:
            return f"Effects are {100 - own} % prior and {own} % own evidence: {seen} messages, no random hold-out."
        held = round(self.held_out)
        return f"Effects are {100 - own} % prior and {own} % own evidence: {seen} messages, {held} beside a hold-out."

    def _share(self) -> float:
        """The share of own evidence over the cells that were used, by their messages."""
        used = self.cells.filter(pl.col("messages") + pl.col("held_out") > 0)
        weight = pl.col("messages") + pl.col("held_out")
        share = used.select((pl.col("own_share") * weight).sum() / weight.sum()).item()
        return float(share) if used.height else 0.0

    def as_data(self) -> dict[str, Any]:
        """As JSON keeps it: only what differs from the priors."""
        used = self.cells.filter(pl.col("own_share") > 0)
        return {
            "cells": [list(row) for row in used.rows()],
            "ages": [list(row) for row in self.ages.rows()],
            "payers": [list(row) for row in self.payers.rows()],
            "messages": self.messages,
            "held_out": self.held_out,
        }


def band(days: pl.Expr) -> pl.Expr:
    """The age band (first day late) that days late fall into."""
    found = pl.lit(AGES[0][0], dtype=pl.Int64)
    for start, _ in AGES[1:]:
        found = pl.when(days >= start).then(pl.lit(start, dtype=pl.Int64)).otherwise(found)
    return found


def known_profile() -> pl.Expr:
    """The `profile` of a row; a name that is not known counts as new."""
    return pl.when(pl.col("profile").is_in(list(PROFILES))).then("profile").otherwise(pl.lit("new"))


def _priors() -> pl.DataFrame:
    return pl.DataFrame(
        [(one.channel, one.reaction_days, one.lag_days) for one in PRIORS],
        schema={"channel": pl.String, "reaction_days": pl.Int64, "lag_days": pl.Int64}, orient="row",
    )  # fmt: skip


def prior_effects() -> Effects:
    """The priors alone: what stands before anything was sent."""
    rows = [
        (one.channel, level, profile, min(_MOST, one.reach * hard * who))
        for one in PRIORS for level, hard in LEVELS.items() for profile, who in PROFILES.items()
    ]  # fmt: skip
    schema = {name: CELLS[name] for name in ("channel", "level", "profile", "prior")}
    cells = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        reach=pl.col("prior"), own_share=0.0, messages=0.0, held_out=0.0
    )
    ages = pl.DataFrame(AGES, schema={"age": pl.Int64, "factor": pl.Float64}, orient="row")
    return Effects(cells.select(pl.col(name).cast(dtype) for name, dtype in CELLS.items()).sort(_CELL), ages)


def read_effects(data: Mapping[str, Any]) -> Effects:
    """Effects as `as_data` told them, on the priors of this version. Raises CallError for anything else."""
    prior = prior_effects()
    try:
        cells = pl.DataFrame(data["cells"], schema=CELLS, orient="row")
        ages = pl.DataFrame(data["ages"], schema=dict(prior.ages.schema), orient="row")
        payers = pl.DataFrame(data["payers"], schema=PAYERS, orient="row")
        kept = prior.cells.join(cells, on=list(_CELL), how="anti")
        return Effects(pl.concat([kept, cells]).sort(_CELL), ages, payers, data["messages"], data["held_out"])
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as fault:
        raise CallError([f"these are no effects of actions: {fault}"]) from fault


def updated(evidence: pl.DataFrame, prior: Effects | None = None) -> Effects:
    """The priors moved by EVIDENCE, from the whole to the cell and the payer: each stage leans on the one above it.

    A stage's reach is multiplied by (weight + hits) / (weight + hits expected), the weight in messages: with as many of
    one's own it lies half-way between the prior and what was seen.
    """
    before = prior or prior_effects()
    if not evidence.height:
        return before
    rows = evidence.with_columns(
        profile=known_profile(),
        level=pl.col("level").fill_null(1).clip(0, HARDEST),
        counts=pl.when(pl.col("source") == "hold_out").then(HELD_OUT_COUNTS).otherwise(SEEN_COUNTS),
    )
    rows = rows.join(before.cells.select(*_CELL, "prior"), on=list(_CELL), how="inner", maintain_order="left")
    rows = rows.join(before.ages, on="age", how="left", maintain_order="left")
    rows = rows.with_columns(reached=pl.col("prior") * pl.col("factor").fill_null(1.0))
    cells = before.cells.with_columns(shift=1.0, kept=1.0)
    for stage, by in (("all", []), ("channel", ["channel"])):
        rows, cells = _stage(rows, cells, by, _WEIGHT[stage])
    # Payers before levels and ages: whoever reacts to nothing reaches the last level, which is not to blame for it.
    own = _payers(rows)
    rows = _as_payers(rows, own)
    for stage, by in (("level", ["channel", "level"]), ("cell", list(_CELL))):
        rows, cells = _stage(rows, cells, by, _WEIGHT[stage])
    ages = _aged(rows, before.ages)
    counts = rows.group_by(_CELL).agg(
        messages=pl.col("trials").filter(pl.col("source") != "hold_out").sum(),
        held_out=pl.col("trials").filter(pl.col("source") == "hold_out").sum(),
    )
    made = cells.drop("messages", "held_out").join(counts, on=list(_CELL), how="left", maintain_order="left")
    # What the prior still weighs keeps its part, however often the stages agree that nothing was seen.
    reach = pl.max_horizontal(pl.col("prior") * pl.col("shift"), pl.col("prior") * pl.col("kept"))
    made = made.with_columns(
        reach=reach.clip(_LEAST, _MOST),
        own_share=1.0 - pl.col("kept"),
        messages=pl.col("messages").fill_null(0.0),
        held_out=pl.col("held_out").fill_null(0.0),
    )
    return Effects(
        made.select(pl.col(name).cast(dtype) for name, dtype in CELLS.items()).sort(_CELL),
        ages,
        own,
        float(counts["messages"].sum()),
        float(counts["held_out"].sum()),
    )


def _counted(value: str, weight: float) -> pl.Expr:
    """Σ of a column over rows as they count; whoever was touched was chosen, so that all of them together never count
    for more than _CHOSEN_MOST times the prior; hold-outs do."""
    held = pl.col("source") == "hold_out"
    chosen = (pl.col("counts") * pl.col("trials")).filter(~held).sum()
    least = (weight * _CHOSEN_MOST / chosen).clip(0.0, 1.0)
    part = pl.col("counts") * pl.col(value)
    return part.filter(held).sum() + pl.when(chosen > 0).then(part.filter(~held).sum() * least).otherwise(0.0)


def _moved(weight: float) -> pl.Expr:
    """How the reach moves: hits over what was expected, leaning on 1 by `weight` messages."""
    trials, expected = _counted("trials", weight), _counted("expected", weight)
    usual = pl.when(trials > 0).then(expected / trials).otherwise(1.0)
    seen = _counted("hits", weight).clip(0.0, None)  # nobody pays later for having been asked
    return ((weight * usual + seen) / (weight * usual + expected)).clip(0.02, 5.0)


def _stage(rows: pl.DataFrame, cells: pl.DataFrame, by: list[str], weight: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One stage: the factor of each group, put on what is expected of its rows and on its cells."""
    rows = rows.with_columns(expected=pl.col("trials") * pl.col("reached"))
    said = {"move": _moved(weight), "lean": weight / (weight + _counted("trials", weight))}
    if not by:
        move, lean = rows.select(**said).row(0)
        rows = rows.with_columns(reached=pl.col("reached") * move)
        return rows, cells.with_columns(shift=pl.col("shift") * move, kept=pl.min_horizontal("kept", lean))
    found = rows.group_by(by).agg(**said).sort(by)
    rows = rows.join(found.drop("lean"), on=by, how="left", maintain_order="left")
    rows = rows.with_columns(reached=pl.col("reached") * pl.col("move")).drop("move")
    cells = cells.join(found, on=by, how="left", maintain_order="left").with_columns(
        shift=pl.col("shift") * pl.col("move").fill_null(1.0),
        kept=pl.min_horizontal("kept", pl.col("lean").fill_null(1.0)),
    )
    return rows, cells.drop("move", "lean")


def _aged(rows: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """What each age leaves of the reach, once the cells have been moved."""
    rows = rows.with_columns(expected=pl.col("trials") * pl.col("reached"))
    seen = rows.group_by("age").agg(move=_moved(_AGE_WEIGHT / 0.2))
    return before.join(seen, on="age", how="left", maintain_order="left").select(
        "age", factor=pl.col("factor") * pl.col("move").fill_null(1.0).clip(0.6, 1.4)
    )


def _as_payers(rows: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Rows with what is expected of them by what their payer's own past says."""
    whole, one = own.filter(pl.col("channel").is_null()), own.filter(pl.col("channel").is_not_null())
    rows = rows.join(whole.select("customer_id", _f="factor"), on="customer_id", how="left", maintain_order="left")
    rows = rows.join(
        one.select("customer_id", "channel", _g="factor"), on=["customer_id", "channel"], how="left",
        maintain_order="left",
    )  # fmt: skip
    by = pl.col("_f").fill_null(1.0) * pl.col("_g").fill_null(1.0)
    return rows.with_columns(reached=(pl.col("reached") * by).clip(_LEAST, _MOST)).drop("_f", "_g")


def _payers(rows: pl.DataFrame) -> pl.DataFrame:
    """PAYERS: each payer's own factor over all channels, then of each of its channels beyond that."""
    known = rows.filter(pl.col("customer_id").is_not_null() & (pl.col("source") != "hold_out"))
    # Who reacts is told by the payer's own messages, all of them, as if nobody had chosen.
    known = known.with_columns(
        counts=pl.lit(1.0), source=pl.lit("hold_out"), expected=pl.col("trials") * pl.col("reached")
    )
    whole = known.group_by("customer_id").agg(factor=_moved(_PAYER_WEIGHT), messages=pl.col("trials").sum())
    rest = known.join(whole.select("customer_id", _f="factor"), on="customer_id", maintain_order="left")
    rest = rest.with_columns(expected=pl.col("trials") * (pl.col("reached") * pl.col("_f")).clip(_LEAST, _MOST))
    one = rest.group_by("customer_id", "channel").agg(
        factor=_moved(_PAYER_CHANNEL_WEIGHT), messages=pl.col("trials").sum()
    )
    both = pl.concat([whole.with_columns(channel=pl.lit(None, dtype=pl.String)).select(*PAYERS), one.select(*PAYERS)])
    both = both.with_columns(pl.col("factor").clip(_PAYER_LEAST, _PAYER_MOST))
    return both.select(pl.col(name).cast(dtype) for name, dtype in PAYERS.items()).sort("customer_id", "channel")
