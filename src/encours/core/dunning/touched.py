"""What became of the messages that left: payments within days of each, beside those to be expected without it.

"Paid within two weeks of a reminder" credits money that would have come anyway. What would have come is read from the
same book: the daily chance of payment of late items of the same age and profile on days that no message reached, leaned
on by the payer's own. It is no random hold-out, whoever was written to was chosen: its hits count for less.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from encours.core.base.book import Book
from encours.core.base.groups import payers
from encours.core.base.invariants import MONEY_PARTS
from encours.core.dunning.effects import EVIDENCE, HARDEST, PRIORS, band

#: Days in which a message is given credit for a payment, from the day after it left (and after its post).
WINDOW_DAYS = 14
#: How far back messages and late items are looked at.
_PAST_DAYS = 730
#: First days late between which the daily chance of payment is taken as even.
_BANDS = (1, 4, 8, 11, 13, 15, 17, 19, 22, 26, 31, 38, 46, 61, 91, 181, 366, 100_000)
#: A payment surer than this within the window says nothing of the message before it.
_SURE = 0.7
#: Item-days that lean a profile's chance on all profiles', and expected payments that lean a payer on its profile, and
#: an age of its on the payer: who is late but sure pays at one age, with or without a message.
_PROFILE_DAYS, _PAYER_PAYMENTS = 300.0, 2.0
_DAY = pl.Int64


def evidence(read: Book, as_of: date, profiles: pl.DataFrame, levels: Mapping[str, int] | None = None) -> pl.DataFrame:
    """EVIDENCE of the touches of a Book read on a day (`Book.as_of`). `profiles`: customer_id, profile.

    `levels`: the level of a step's code; a level that is a number stands for itself, anything else for 1.
    """
    items = _late_items(read, as_of, profiles)
    touches = _touches(read, items, levels or {})
    if not touches.height:
        return pl.DataFrame(schema=EVIDENCE)
    windows = _windows(items, touches, as_of)
    chance = _chances(items, windows)
    usual = _overlap(windows.select("window", "item_id", "age0", start="from", stop="last"))
    usual = usual.join(windows.select("window", "payer_id", "profile"), on="window").join(
        chance["profile"], on=["profile", "band"], how="left"
    )
    usual = usual.join(chance["payer"].rename({"own": "_own"}), on="payer_id", how="left")
    usual = usual.join(chance["age"], on=["payer_id", "band"], how="left")
    own = pl.coalesce("own", "_own", pl.lit(1.0))
    expected = usual.group_by("window").agg(expected=(pl.col("days") * pl.col("daily") * own).sum())
    rows = windows.join(expected, on="window", how="left").with_columns(
        without=1.0 - (-pl.col("expected").fill_null(0.0)).exp(), shown=_shown()
    )
    return _messages(rows)


def _late_items(read: Book, as_of: date, profiles: pl.DataFrame) -> pl.DataFrame:
    """Items that were late: item_id, payer_id, profile, due, end (first day no more open; after `as_of` where it is
    open), paid (by money). Days are numbers since 1970."""
    paying = payers(read.customers, read.customer_links)[0]
    now = (as_of - date(1970, 1, 1)).days
    closed = read.allocations.filter(pl.col("reversed_on").is_null()).group_by("item_id").agg(
        ended=pl.col("allocated_on").max(), money=pl.col("kind").is_in(MONEY_PARTS).any()
    )  # fmt: skip
    rows = read.open_items().filter(
        (pl.col("amount") > 0) & pl.col("due_on").is_between(as_of - timedelta(days=_PAST_DAYS), as_of)
    )
    rows = rows.join(closed, on="item_id", how="left").join(paying, on="customer_id", how="left")
    done = (pl.col("open") <= 0) & pl.col("ended").is_not_null()
    rows = rows.with_columns(
        payer_id=pl.coalesce("payer_id", "customer_id"),
        due=pl.col("due_on").to_physical().cast(_DAY),
        end=pl.when(done).then(pl.col("ended").to_physical().cast(_DAY)).otherwise(now + 1),
        paid=done & pl.col("money"),
    )
    named = profiles.select(payer_id="customer_id", profile="profile").unique("payer_id", keep="first")
    rows = rows.filter(pl.col("end") > pl.col("due")).join(named, on="payer_id", how="left")
    return rows.select("item_id", "payer_id", pl.col("profile").fill_null("new"), "due", "end", "paid").sort("item_id")


def _touches(read: Book, items: pl.DataFrame, levels: Mapping[str, int]) -> pl.DataFrame:
    """item_id, sent, channel, level: touches by item; those without an item reached all late items of the customer."""
    level = pl.coalesce(
        pl.col("level").replace_strict(dict(levels), default=None, return_dtype=pl.Int64),
        pl.col("level").cast(pl.Int64, strict=False),
        pl.lit(1),
    ).clip(0, HARDEST)
    known = read.touches.filter(pl.col("channel").is_in([one.channel for one in PRIORS])).select(
        "customer_id", "item_id", "channel", level=level, sent=pl.col("sent_on").to_physical().cast(_DAY)
    )
    named = known.filter(pl.col("item_id").is_not_null()).join(items, on="item_id", how="inner")
    whole = known.filter(pl.col("item_id").is_null()).drop("item_id")
    wide = whole.join(items, left_on="customer_id", right_on="payer_id", how="inner")
    found = pl.concat([part.select("item_id", "sent", "channel", "level", "due", "end") for part in (named, wide)])
    live = (pl.col("sent") >= pl.col("due")) & (pl.col("sent") < pl.col("end"))
    hardest = found.filter(live).sort("item_id", "sent", "level", "channel")
    return hardest.unique(["item_id", "sent"], keep="last", maintain_order=True).drop("due", "end")


def _windows(items: pl.DataFrame, touches: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The days in which each touch is given credit: until the next touch of the item, `as_of` or WINDOW_DAYS.

    `from`, `last` (its days, also those after a payment: what was to be expected knows of none), `length`, `hit` (paid
    by then), `gone` (something else ended it).
    """
    lags = {one.channel: one.lag_days for one in PRIORS}
    now = (as_of - date(1970, 1, 1)).days
    following = pl.col("sent").shift(-1).over("item_id")
    lag = pl.col("channel").replace_strict(lags, return_dtype=pl.Int64)
    rows = touches.with_columns(
        last=pl.min_horizontal(pl.col("sent") + lag + WINDOW_DAYS, following.fill_null(now), pl.lit(now))
    )
    rows = rows.join(items, on="item_id", how="inner", maintain_order="left").with_row_index("window")
    return rows.with_columns(
        age0=pl.col("due"),
        length=pl.col("last") - pl.col("sent"),
        hit=(pl.col("end") <= pl.col("last")) & pl.col("paid"),
        gone=(pl.col("end") <= pl.col("last")) & ~pl.col("paid"),
        **{"from": pl.col("sent") + 1},
    ).filter(pl.col("length") > 0)


def _overlap(spans: pl.DataFrame) -> pl.DataFrame:
    """window, item_id, band, days: the days of each span (`start` … `stop`, from `age0` on) in each band of age."""
    bands = pl.DataFrame({"band": range(len(_BANDS) - 1), "low": _BANDS[:-1], "high": _BANDS[1:]})
    rows = spans.filter(pl.col("stop") >= pl.col("start")).join(bands, how="cross")
    first = pl.max_horizontal(pl.col("start") - pl.col("age0"), pl.col("low"))
    last = pl.min_horizontal(pl.col("stop") - pl.col("age0"), pl.col("high") - 1)
    return rows.with_columns(days=(last - first + 1).cast(_DAY)).filter(pl.col("days") > 0)


def _chances(items: pl.DataFrame, windows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """`profile`: profile, band, daily (chance of payment on a day without a message); `payer`: payer_id, own (factor);
    `age`: the same by band.

    The day of payment counts as a day at risk; those that a message's window covers are left out with their payments.
    """
    whole = _overlap(
        items.select("item_id", age0="due", start=pl.col("due") + 1, stop=pl.col("end") - (~pl.col("paid")).cast(_DAY))
    )
    # A window goes no further than the item's own end, which lies in one band only.
    covered = windows.select("item_id", "age0", start="from", stop=pl.min_horizontal("last", "end"))
    days = _overlap(covered).group_by("item_id", "band").agg(covered=pl.col("days").sum())
    free = whole.join(days, on=["item_id", "band"], how="left").with_columns(
        days=(pl.col("days") - pl.col("covered").fill_null(0)).clip(0, None)
    )
    hit = windows.filter("hit").select("item_id").unique()
    paid = items.filter("paid").join(hit, on="item_id", how="anti").select("item_id", age=pl.col("end") - pl.col("due"))
    at = pl.lit(0, dtype=_DAY)
    for place, low in enumerate(_BANDS[1:-1], start=1):
        at = pl.when(pl.col("age") >= low).then(pl.lit(place, dtype=_DAY)).otherwise(at)
    paid = paid.select("item_id", band=at, paid=pl.lit(1.0))
    free = free.join(paid, on=["item_id", "band"], how="left").join(
        items.select("item_id", "payer_id", "profile"), on="item_id"
    )
    by_band = free.group_by("band").agg(all=(pl.col("paid").sum() + 0.5) / (pl.col("days").sum() + 50.0))
    daily = free.group_by("profile", "band").agg(pl.col("paid").sum(), pl.col("days").sum()).join(by_band, on="band")
    daily = daily.select(
        "profile", "band",
        daily=(pl.col("paid") + _PROFILE_DAYS * pl.col("all")) / (pl.col("days") + _PROFILE_DAYS),
    )  # fmt: skip
    own = free.join(daily, on=["profile", "band"]).with_columns(usual=pl.col("days") * pl.col("daily"))
    whole = _own(own.with_columns(lean=pl.lit(1.0)), ["payer_id"])
    ages = _own(own.join(whole.rename({"own": "lean"}), on="payer_id"), ["payer_id", "band"])
    return {"profile": daily, "payer": whole, "age": ages}


def _own(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """How much likelier than its profile a payer pays on a day without a message; few days lean on `lean`."""
    paid, usual, lean = pl.col("paid").sum(), pl.col("usual").sum(), pl.col("lean").first()
    return rows.group_by(by).agg(own=(paid + _PAYER_PAYMENTS * lean) / (usual + _PAYER_PAYMENTS))


def _shown() -> pl.Expr:
    """The share of reactions that would show within a window of `length` days: nobody pays before the post is there."""
    days = {one.channel: one.reaction_days for one in PRIORS}
    lags = {one.channel: one.lag_days for one in PRIORS}
    wait = pl.col("length") - pl.col("channel").replace_strict(lags, return_dtype=pl.Int64)
    stays = 1.0 - 1.0 / pl.col("channel").replace_strict(days, return_dtype=pl.Float64)
    return pl.when(wait > 0).then(1.0 - stays.pow(wait)).otherwise(0.0)


def _messages(rows: pl.DataFrame) -> pl.DataFrame:
    """EVIDENCE, one row a message: its items share one trial, for they are paid together or not at all."""
    told = rows.filter(~pl.col("gone") & (pl.col("without") <= _SURE))
    share = 1.0 / pl.len().over("payer_id", "sent", "channel", "level")
    rows = told.with_columns(share=share, age=band(pl.col("sent") - pl.col("due")))
    found = rows.group_by("payer_id", "sent", "channel", "level", "profile").agg(
        age=pl.col("age").max(),
        trials=(pl.col("share") * pl.col("shown") * (1.0 - pl.col("without"))).sum(),
        hits=(pl.col("share") * (pl.col("hit").cast(pl.Float64) - pl.col("without"))).sum(),
    )
    found = found.with_columns(source=pl.lit("touches")).rename({"payer_id": "customer_id"})
    return found.sort("customer_id", "sent", "channel", "level").select(
        pl.col(name).cast(dtype) for name, dtype in EVIDENCE.items()
    )
