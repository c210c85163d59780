"""Words to our own people: the weekly digest to each sales owner, the notice before a step that may be objected to."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from encours.core.base.days import bank_calendar
from encours.core.dunning.facts import GROUP, Facts
from encours.core.dunning.result import INTERNAL
from encours.core.dunning.runs import NOTICE, notices_given, steps


def internal(of: Facts, late: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """INTERNAL: notices to give today, and on the digest's weekday, or the first worked day after it, a row a late
    customer that has a sales owner."""
    every = late.group_by("run").agg(
        amount=pl.col("item.open").sum(), items=pl.col("item.item_id").sort(),
        owner=pl.col("customer.sales_owner").first(),
        scenario=pl.col("scenario").first(), **{name: pl.col(f"item.{name}").first() for name in GROUP},
    )  # fmt: skip
    asked = leads.filter((pl.col("block") == NOTICE) & pl.col("asked_on").is_null()).select("run", "step", "goes_on")
    asked = pl.concat([asked, _coming(of, late)]).unique(["run", "step"], keep="first", maintain_order=True)
    notices = asked.join(every, on="run").with_columns(
        kind=pl.lit("notice"), to=pl.lit(of.scenarios.notice.to), template=pl.lit(of.scenarios.notice.template)
    )  # fmt: skip
    parts = [pl.DataFrame(schema=INTERNAL), _shaped(of, notices)]
    digest = of.scenarios.digest
    if digest.active and _is_digest_day(of, digest.weekday):
        rows = every.filter(pl.col("owner").is_not_null()).join(
            leads.sort("run", "level", descending=[False, True])
            .unique("run", keep="first", maintain_order=True)
            .select("run", "step", "goes_on"),
            on="run",
            how="left",
        )
        named = {"kind": pl.lit("digest"), "to": pl.lit(digest.to), "template": pl.lit(digest.template)}
        parts.append(_shaped(of, rows.with_columns(**named)))
    return pl.concat(parts).sort("kind", "owner", "customer_id", "currency", "step", nulls_last=True)


def _is_digest_day(of: Facts, weekday: int) -> bool:
    """Whether the digest leaves: on its weekday; where that is a holiday, nothing is planned then, so the next worked
    day says it."""
    asked = of.as_of - timedelta(days=(of.as_of.isoweekday() - weekday) % 7)
    return bank_calendar(of.known.settings.country).next_working(asked) == of.as_of


def _coming(of: Facts, late: pl.DataFrame) -> pl.DataFrame:
    """run, step, goes_on: steps that are reached so soon that their notice is given today, so that nothing waits."""
    if of.known.settings.assume_notices:
        return late.head(0).select("run", "step", goes_on="step_on")
    wanted = steps(of.scenarios).filter(pl.col("notice_days") > 0).select("scenario", "step", "notice_days")
    rows = late.filter((pl.col("chased") > 0) & ~pl.col("ready")).join(wanted, on=["scenario", "step"])
    rows = rows.filter(pl.col("step_on") - pl.duration(days="notice_days") <= of.as_of)
    first = rows.group_by("run", "step", maintain_order=True).agg(
        goes_on=pl.col("step_on").min(), payer_id=pl.col("item.payer_id").first()
    )  # fmt: skip
    return first.join(notices_given(of), on=["payer_id", "step"], how="anti").select("run", "step", "goes_on")


def _shaped(of: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(on=pl.lit(of.as_of), customer_id="payer_id")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in INTERNAL.items())
