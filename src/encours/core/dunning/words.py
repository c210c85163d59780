"""What a plan says in sentences: why an action stands there, why an item waits. Screens say it in French."""

from __future__ import annotations

from datetime import date

import polars as pl

from encours.core.base.money import money_text


def action_id(as_of: date) -> pl.Expr:
    """The same action of the same day has the same id, however often it is planned."""
    parts = [pl.col("item.entity_id"), pl.col("item.payer_id"), pl.col("item.currency")]
    return pl.concat_str(
        [*parts, pl.col("item.creditor"), pl.col("step"), pl.lit(as_of.isoformat())], separator="/", ignore_nulls=True
    )


def reason() -> pl.Expr:
    """One sentence: how many items, how late the oldest. The step stands beside it, named in the reader's language."""
    count, days = pl.col("items").list.len(), pl.col("overdue_days")
    chased = (
        pl.when(count > 1)
        .then(pl.format("{} invoices overdue, the oldest by {} days.", count, days))
        .otherwise(pl.format("One invoice overdue by {} days.", days))
    )
    ahead = pl.format("Nothing overdue; {} falls due from {}.", _asked(), "due_on")
    done = pl.lit("What was asked for has been paid.")
    return pl.when(pl.col("level") > 0).then(chased).when(pl.col("amount") > 0).then(ahead).otherwise(done)


def reasons() -> pl.Expr:
    """Up to three sentences, the most telling first; the worth of the action adds its own."""
    last = (
        pl.when(pl.col("messaged_on").is_not_null())
        .then(pl.format("The last message left on {}.", "messaged_on"))
        .otherwise(pl.lit("Nothing has been sent about it yet."))
    )
    passed = pl.format("Its step by {} is passed over: no such channel is set up.", "passed")
    held = pl.when(pl.col("held") > 0).then(
        pl.format("{} is held and not asked for.", money_text(pl.col("held"), pl.col("currency")))
    )
    asked = pl.format("{} asked for, the oldest {} days late.", _asked(), "overdue_days")
    first = pl.when(pl.col("level") > 0).then(asked)
    return pl.concat_list(first, passed, last, held).list.drop_nulls()


def _asked() -> pl.Expr:
    return money_text(pl.col("amount"), pl.col("currency"))


def held() -> pl.Expr:
    """Why a late item waits where no gate holds it: by `reason`."""
    after = pl.col("block_until")
    said = {
        "waiting": pl.coalesce(
            pl.format(
                "Its step by {} is passed over: no such channel is set up. The next is reached on {}.",
                "passed",
                "step_on",
            ),
            pl.format("The next step is reached on {}.", "step_on"),
        ),
        "paused": pl.format("A message left a short while ago; the next may follow after {}.", after),
        "capped": pl.format("Its scenario allows no further contact before {} is over.", after),
        "notice_running": pl.format("The sales owner is told first; the step follows on {}.", "goes_on"),
        "objection": pl.format("The sales owner objects: {}.", pl.col("objection").fill_null("?")),
        "ladder_ended": pl.lit("Every step of its scenario has been taken: decide what follows."),
        "no_scenario": pl.lit("No scenario fits this customer: choose one."),
    }
    return pl.coalesce(*(pl.when(pl.col("reason") == code).then(text) for code, text in said.items()))
