"""What puts an action where it stands in the list, in three sentences: its effect first, then what speaks loudest."""

from __future__ import annotations

import polars as pl

from encours.core.base.money import exponent_expr
from encours.core.dunning.effects import known_profile
from encours.core.dunning.known import PROFILES

_SHOWN = 3
#: Fewer days than this are written as none.
_HARDLY = 0.05
#: A payer's own past is worth a word from so many of its messages, and from so much more or less than others react.
_MESSAGES, _MORE, _LESS = 3.0, 1.25, 0.6
#: Below this share of promises kept a payer's word is worth little.
_BROKEN = 0.5


def told(
    actions: pl.DataFrame, worth: pl.DataFrame, profiles: pl.DataFrame, payers: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Actions (result.ACTIONS) with `priority` and `reasons` of their worth (WORTH); what chases nothing keeps its own.

    `profiles`: known.PROFILES. `payers`: effects.PAYERS, what each payer's own past says.
    """
    given = profiles.unique("customer_id", keep="first", maintain_order=True)
    known = given.select(
        "customer_id", *(name for name in ("profile", "promise_kept", "alert", "strategy") if name in given.columns)
    )
    absent = [name for name in ("profile", "promise_kept", "alert", "strategy") if name not in known.columns]
    known = known.with_columns(pl.lit(None, dtype=PROFILES[name]).alias(name) for name in absent)
    rows = actions.join(worth.drop("priority"), on="action_id", how="left", maintain_order="left")
    rows = rows.drop("priority").join(
        worth.select("action_id", "priority"), on="action_id", how="left", maintain_order="left"
    )
    rows = rows.join(known, on="customer_id", how="left", maintain_order="left")
    rows = rows.join(_own(payers), on="customer_id", how="left", maintain_order="left")
    said = pl.concat_list(_effect(), _against(), _payer(), _promises(), _profile(), _odds(), _age())
    said = said.list.drop_nulls().list.head(_SHOWN)
    kept = pl.when(pl.col("level") > 0).then(said).otherwise("reasons")
    return rows.with_columns(reasons=kept).select(actions.columns)


def _own(payers: pl.DataFrame | None) -> pl.DataFrame:
    """customer_id, factor, messages: over all channels."""
    if payers is None:
        return pl.DataFrame(schema={"customer_id": pl.String, "factor": pl.Float64, "messages": pl.Float64})
    return payers.filter(pl.col("channel").is_null()).select("customer_id", "factor", "messages")


def _whole(amount: pl.Expr) -> pl.Expr:
    """Minor units rounded to whole units, as text with their currency: 48000 EUR."""
    unit = exponent_expr(pl.col("currency")).fill_null(2).replace_strict(
        {n: 10**n for n in (0, 2, 3, 4)}, return_dtype=pl.Int64
    )  # fmt: skip
    return pl.format("{} {}", (amount / unit).round(0).cast(pl.Int64), "currency")


def _days(value: pl.Expr) -> pl.Expr:
    """Days as people say them: whole ones, and one decimal below two."""
    return (
        pl.when(value >= 2)
        .then(value.round(0).cast(pl.Int64).cast(pl.String))
        .otherwise(value.round(1).cast(pl.String))
    )


def _effect() -> pl.Expr:
    brings = pl.format("≈ {} days earlier on {}.", _days(pl.col("days_earlier")), _whole(pl.col("amount")))
    nothing = pl.format("Leave it: ≈ {} days earlier on {} are worth less than what it costs.",
                        _days(pl.col("days_earlier")), _whole(pl.col("amount")))  # fmt: skip
    hardly = pl.lit("Leave it: a reminder would change hardly anything.")
    chase, little = pl.col("chase").fill_null(True), pl.col("days_earlier") < _HARDLY
    return pl.when(chase & ~little).then(brings).when(~chase & little).then(hardly).when(~chase).then(nothing)


def _against() -> pl.Expr:
    """What weighs against it: the relationship, where that costs more than the minutes do."""
    heavy = (pl.col("penalty") > pl.col("cost")) & (pl.col("penalty") > 0.5 * pl.col("euro_days"))
    return (
        pl.when(heavy & (pl.col("strategy") == "develop"))
        .then(pl.lit("A customer to develop: spare it what a call to somebody else would bring."))
        .when(heavy)
        .then(pl.lit("An important customer: each contact weighs."))
    )


def _payer() -> pl.Expr:
    enough = pl.col("messages") >= _MESSAGES
    count = pl.col("messages").round(0).cast(pl.Int64)
    deaf = pl.format("Its last {} messages changed little.", count)
    hears = pl.format("It reacts more than others do: seen on {} messages.", count)
    return (
        pl.when(enough & (pl.col("factor") <= _LESS)).then(deaf).when(enough & (pl.col("factor") >= _MORE)).then(hears)
    )


def _promises() -> pl.Expr:
    kept = (100 * pl.col("promise_kept")).round(0).cast(pl.Int64)
    return pl.when(pl.col("promise_kept") < _BROKEN).then(pl.format("It keeps {} % of its promises.", kept))


def _profile() -> pl.Expr:
    """What its habit says of a reminder, where it says something."""
    said = {
        "slipping": "It pays later and later: who slips reacts.",
        "prompt": "It usually pays on time: this one was probably forgotten.",
        "usually_prompt": "It usually pays on time: this one was probably forgotten.",
        "late_reliable": "It is always as late: a reminder moves little.",
        "on_a_run": "It pays on fixed days: a reminder moves little.",
    }
    return known_profile().replace_strict(said, default=None, return_dtype=pl.String)


def _odds() -> pl.Expr:
    chance = (100 * pl.col("chance_30")).round(0).cast(pl.Int64)
    return pl.when(pl.col("chance_30").is_not_null()).then(
        pl.format("Left alone, {} % of it comes within 30 days.", chance)
    )


def _age() -> pl.Expr:
    return pl.format("The oldest item is {} days late.", "overdue_days")
